// SPDX-License-Identifier: Apache-2.0
// beat_fifo with its streams brought out as plain ports, for the test.
module beat_fifo_harness #(
  parameter int unsigned Depth = 4
) (
  input  logic                      clk_i,
  input  logic                      rst_ni,
  input  logic                      in_valid_i,
  output logic                      in_ready_o,
  input  logic [31:0]               in_data_i,  // the lowest word of the beat
  input  logic [5:0]                in_empty_i,
  input  logic                      in_last_i,
  output logic                      out_valid_o,
  input  logic                      out_ready_i,
  output logic [31:0]               out_data_o,
  output logic [5:0]                out_empty_o,
  output logic                      out_last_o,
  output logic [$clog2(Depth+2)-1:0] used_o
);

  stream_if in (.clk_i, .rst_ni);
  stream_if out (.clk_i, .rst_ni);

  assign in.valid   = in_valid_i;
  assign in.beat    = '{data: 512'(in_data_i), empty: in_empty_i, last: in_last_i};
  assign in_ready_o = in.ready;

  assign out_valid_o = out.valid;
  assign out.ready   = out_ready_i;
  assign out_data_o  = out.beat.data[31:0];
  assign out_empty_o = out.beat.empty;
  assign out_last_o  = out.beat.last;

  beat_fifo #(.Depth(Depth)) u_beat_fifo (.clk_i, .rst_ni, .in, .out, .used_o);

  wire unused = &{1'b0, out.beat.data[511:32]};

endmodule
