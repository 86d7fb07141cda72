// SPDX-License-Identifier: Apache-2.0
// Sends the frames of several streams out of an Ethernet port, whole frames in turn, with the port's VLAN tag, and counts them
// as they are without it.
module tx_port
  import stream_pkg::*, host_if_pkg::*;
#(
  parameter int unsigned Inputs = 2
) (
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic [11:0]  vlan_i,            // of the port; 0: none
  stream_if.snk        in[Inputs],
  input  flight_t      flight_i[Inputs],  // beside every beat
  output logic         tvalid_o,
  input  logic         tready_i,
  output logic [511:0] tdata_o,
  output logic [63:0]  tkeep_o,
  output logic         tlast_o,
  output frame_count_t sent_o,
  output flight_t      leave_o,           // of the frame sent
  output logic         busy_o
);

  stream_if joined (.clk_i, .rst_ni);
  stream_if whole (.clk_i, .rst_ni);
  stream_if out (.clk_i, .rst_ni);
  logic     sent;
  logic [15:0] before_q;  // bytes of the frame's beats before this one

  // Beside a frame.
  typedef struct packed {
    flight_t flight;
    logic    has_tag;
  } side_t;

  flight_t joined_flight;
  side_t   whole_side, side;

  frame_arbiter #(
    .Inputs(Inputs),
    .SideT (flight_t)
  ) u_arbiter (
    .clk_i,
    .rst_ni,
    .in,
    .side_i(flight_i),
    .out   (joined),
    .side_o(joined_flight)
  );

  vlan_tag u_tag (.clk_i, .rst_ni, .vlan_i, .in(joined), .out(whole), .tagged_o(whole_side.has_tag));

  assign whole_side.flight = joined_flight;

  beat_register #(.SideT(side_t)) u_out (
    .clk_i,
    .rst_ni,
    .in    (whole),
    .side_i(whole_side),
    .out,
    .side_o(side)
  );

  assign tvalid_o  = out.valid;
  assign out.ready = tready_i;
  assign tdata_o   = out.beat.data;
  assign tkeep_o   = {64{1'b1}} >> out.beat.empty;
  assign tlast_o   = out.beat.last;
  assign sent      = out.valid && out.ready && out.beat.last;
  assign sent_o    = '{valid: sent, bytes: before_q + 16'd64 - {10'b0, out.beat.empty} - (side.has_tag ? 16'd4 : 16'd0)};
  assign leave_o   = '{valid: sent && side.flight.valid, bank: side.flight.bank};
  assign busy_o    = joined.valid || out.valid;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) before_q <= '0;
    else if (out.valid && out.ready) before_q <= out.beat.last ? '0 : before_q + 16'd64;
  end

endmodule
