// SPDX-License-Identifier: Apache-2.0
// Joins frames of several streams into one: a whole frame at a time, in turn.
//
// Whose turn it is stands in a register: it passes on with a frame's last beat, or in a clock in which its owner offers nothing.
module frame_arbiter
  import stream_pkg::*;
#(
  parameter int unsigned Inputs = 2,
  parameter type SideT = logic
) (
  input  logic  clk_i,
  input  logic  rst_ni,
  stream_if.snk in[Inputs],
  input  SideT  side_i[Inputs],
  stream_if.src out,
  output SideT  side_o
);

  localparam int unsigned IndexBits = Inputs == 1 ? 1 : $clog2(Inputs);

  stream_if             chosen (.clk_i, .rst_ni);
  logic                 inside_q;  // a frame of input turn_q is under way
  logic [IndexBits-1:0] turn_q, next;
  logic [Inputs-1:0]    valid;
  beat_t                beat[Inputs];
  logic                 ready, take;

  for (genvar i = 0; i < Inputs; i++) begin : gen_in
    assign valid[i]    = in[i].valid;
    assign beat[i]     = in[i].beat;
    assign in[i].ready = ready && turn_q == IndexBits'(i);
  end

  // The first that offers behind the one whose turn it is, else the first of all. (No modulo: of a number of inputs that is no power
  // of two it is a divider, a hundred LUTs deep.)
  always_comb begin
    next = turn_q;
    for (int i = Inputs - 1; i >= 0; i--) if (valid[i] && i < int'(turn_q)) next = IndexBits'(i);
    for (int i = Inputs - 1; i >= 0; i--) if (valid[i] && i > int'(turn_q)) next = IndexBits'(i);
  end

  // (Said input by input: of an index Yosys makes a shifter.)
  SideT chosen_side;

  always_comb begin
    chosen.valid = 1'b0;
    chosen.beat  = beat[0];
    chosen_side  = side_i[0];
    for (int i = 0; i < Inputs; i++) begin
      if (turn_q == IndexBits'(i)) begin
        chosen.valid = valid[i];
        chosen.beat  = beat[i];
        chosen_side  = side_i[i];
      end
    end
  end

  assign ready = chosen.ready;
  assign take  = chosen.valid && ready;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      inside_q <= 1'b0;
      turn_q   <= '0;
    end else begin
      if (take) inside_q <= !chosen.beat.last;
      if (take ? chosen.beat.last : !inside_q && !chosen.valid) turn_q <= next;
    end
  end

  beat_register #(.SideT(SideT)) u_out (
    .clk_i,
    .rst_ni,
    .in    (chosen),
    .side_i(chosen_side),
    .out,
    .side_o
  );

endmodule
