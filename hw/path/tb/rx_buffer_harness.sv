// SPDX-License-Identifier: Apache-2.0
// rx_buffer with its stream brought out as plain ports, for the test.
module rx_buffer_harness
  import parse_pkg::*;
#(
  parameter int unsigned Beats = 512
) (
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic [11:0]  vlan_i,
  input  logic         rx_tvalid,
  input  logic [511:0] rx_tdata,
  input  logic [63:0]  rx_tkeep,
  input  logic         rx_tlast,
  input  logic         rx_tuser,
  output logic         out_valid_o,
  input  logic         out_ready_i,
  output logic [511:0] out_data_o,
  output logic [5:0]   out_empty_o,
  output logic         out_last_o,
  output frame_bytes_t length_o,
  output logic         received_o,
  output logic [31:0]  bytes_o,
  output logic         overflow_o,
  output logic         error_o,
  output logic         vlan_o,
  output logic         busy_o
);

  stream_if out (.clk_i, .rst_ni);

  rx_buffer #(
    .Beats(Beats)
  ) u_rx_buffer (
    .clk_i,
    .rst_ni,
    .vlan_i,
    .rx_tvalid,
    .rx_tdata,
    .rx_tkeep,
    .rx_tlast,
    .rx_tuser,
    .out,
    .length_o,
    .received_o,
    .bytes_o,
    .overflow_o,
    .error_o,
    .vlan_o,
    .busy_o
  );

  assign out_valid_o = out.valid;
  assign out.ready   = out_ready_i;
  assign out_data_o  = out.beat.data;
  assign out_empty_o = out.beat.empty;
  assign out_last_o  = out.beat.last;

endmodule
