// SPDX-License-Identifier: Apache-2.0
// The way into one direction: frames of its MAC and frames the host injects, joined, admitted and parsed.
//
// A frame holds the generation in force when it is admitted. It waits at `frame` for its job, while what was read of
// its headers goes to the deciders.
module entrance
  import layout_pkg::*, stream_pkg::*, parse_pkg::*, host_if_pkg::*;
#(
  parameter int unsigned Jobs = 64
) (
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic         enable_i,
  input  logic [47:0]  mac_i,            // of the port
  input  logic [11:0]  vlan_i,           // likewise; 0: none
  input  logic [31:0]  generation_i,
  // frames in
  input  logic         rx_tvalid,
  input  logic [511:0] rx_tdata,
  input  logic [63:0]  rx_tkeep,
  input  logic         rx_tlast,
  input  logic         rx_tuser,
  stream_if.snk        inject,
  input  frame_bytes_t inject_length_i,  // beside every beat
  // frames out, and their headers
  stream_if.src        frame,
  input  logic         done_i,           // the job of a frame let in has been carried out
  output logic         valid_o,
  output admission_t   admission_o,
  output verdict_t     verdict_o,
  output ip_t          ip_o,
  output ipsec_t       ipsec_o,
  // what happened
  output frame_count_t received_o,
  output drop_t        drop_o,           // before admission
  output flight_t      admit_o,
  output logic         busy_o
);

  stream_if     entering[2] (.clk_i, .rst_ni);
  frame_bytes_t entering_length[2];
  stream_if     joined (.clk_i, .rst_ni);
  frame_bytes_t joined_length;
  logic         received, overflow, error, vlan;
  logic [31:0]  received_bytes;
  logic         rx_busy;

  rx_buffer u_rx_buffer (
    .clk_i,
    .rst_ni,
    .vlan_i,
    .rx_tvalid,
    .rx_tdata,
    .rx_tkeep,
    .rx_tlast,
    .rx_tuser,
    .out       (entering[0]),
    .length_o  (entering_length[0]),
    .received_o(received),
    .bytes_o   (received_bytes),
    .overflow_o(overflow),
    .error_o   (error),
    .vlan_o    (vlan),
    .busy_o    (rx_busy)
  );

  assign received_o = '{valid: received, bytes: 16'(received_bytes)};
  assign drop_o     = '{
    valid:  overflow || error || vlan,
    reason: overflow ? DropRxOverflow : error ? DropRxError : DropVlan
  };

  assign entering[1].valid  = inject.valid;
  assign entering[1].beat   = inject.beat;
  assign inject.ready       = entering[1].ready;
  assign entering_length[1] = inject_length_i;

  frame_arbiter #(
    .Inputs(2),
    .SideT (frame_bytes_t)
  ) u_join (
    .clk_i,
    .rst_ni,
    .in    (entering),
    .side_i(entering_length),
    .out   (joined),
    .side_o(joined_length)
  );

  admission_t               admission, window_admission;
  logic                     admitted, window_valid, admit_busy;
  logic [8*WindowBytes-1:0] window;

  assign admission = '{
    generation:   generation_i,
    length:       joined_length,
    decapsulated: 1'b0,
    spi:          '0,
    sa_index:     '0,
    policy_id:    '0
  };
  assign admit_o = '{valid: admitted, bank: generation_i[0]};

  admit #(.Jobs(Jobs)) u_admit (
    .clk_i,
    .rst_ni,
    .in         (joined),
    .admission_i(admission),
    .admitted_o (admitted),
    .frame,
    .done_i,
    .valid_o    (window_valid),
    .window_o   (window),
    .admission_o(window_admission),
    .busy_o     (admit_busy)
  );

  parse u_parse (
    .clk_i,
    .rst_ni,
    .enable_i,
    .mac_i,
    .valid_i    (window_valid),
    .window_i   (window),
    .admission_i(window_admission),
    .valid_o,
    .admission_o,
    .verdict_o,
    .ip_o,
    .ipsec_o
  );

  assign busy_o = rx_busy || joined.valid || admit_busy;

  wire unused = &{1'b0, received_bytes};

endmodule
