// SPDX-License-Identifier: Apache-2.0
// tag_strip with its streams and structures brought out as plain ports, for the test.
module tag_strip_harness
  import parse_pkg::*, host_if_pkg::*, tag_pkg::*;
(
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic         in_valid_i,
  output logic         in_ready_o,
  input  logic [511:0] in_data_i,
  input  logic [5:0]   in_empty_i,
  input  logic         in_last_i,
  input  frame_bytes_t in_length_i,
  input  logic         in_known_i,
  input  logic [15:0]  in_principal_i,
  output logic         out_valid_o,
  input  logic         out_ready_i,
  output logic [511:0] out_data_o,
  output logic [5:0]   out_empty_o,
  output logic         out_last_o,
  output frame_bytes_t out_length_o,
  output logic         out_known_o,
  output logic [15:0]  out_principal_o,
  output logic         present_o,
  output logic         plain_o,
  output logic [31:0]  handle_o,
  output logic [63:0]  check_o,
  output logic         busy_o
);

  stream_if in (.clk_i, .rst_ni);
  stream_if out (.clk_i, .rst_ni);
  sender_t  sender;
  tag_t     tag;

  tag_strip u_tag_strip (
    .clk_i,
    .rst_ni,
    .in,
    .length_i(in_length_i),
    .sender_i('{known: in_known_i, principal: in_principal_i}),
    .out,
    .length_o(out_length_o),
    .sender_o(sender),
    .tag_o   (tag),
    .busy_o
  );

  assign in.valid    = in_valid_i;
  assign in.beat     = '{data: in_data_i, empty: in_empty_i, last: in_last_i};
  assign in_ready_o  = in.ready;
  assign out_valid_o = out.valid;
  assign out.ready   = out_ready_i;
  assign out_data_o  = out.beat.data;
  assign out_empty_o = out.beat.empty;
  assign out_last_o  = out.beat.last;

  assign {out_known_o, out_principal_o}          = sender;
  assign {present_o, plain_o, handle_o, check_o} = tag;

endmodule
