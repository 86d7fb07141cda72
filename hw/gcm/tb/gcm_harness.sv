// SPDX-License-Identifier: Apache-2.0
// gcm with its structs brought out as plain ports, for the test.
module gcm_harness
  import layout_pkg::*;
#(
  parameter bit Decrypt = 1'b0
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,

  input  logic                   write_i,
  input  logic [7:0]             write_table_i,
  input  logic [15:0]            write_row_i,
  input  logic [511:0]           write_data_i,
  output logic                   write_ready_o,
  input  logic                   wipe_i,
  output logic                   wiping_o,

  input  logic                   valid_i,
  output logic                   ready_o,
  input  logic                   first_i,
  input  logic [SaIndexBits-1:0] sa_index_i,
  input  logic [63:0]            iv_i,
  input  logic                   gmac_i,
  input  logic [127:0]           aad_i,
  input  logic [4:0]             aad_bytes_i,
  input  logic [13:0]            length_i,
  input  logic [511:0]           data_i,

  output logic                   valid_o,
  output logic                   last_o,
  output logic [511:0]           data_o,
  output logic                   tag_valid_o,
  output logic [127:0]           tag_o,

  // what the test must know of the build
  output logic                   decrypt_o,
  output logic                   has_tail_o,  // of length_i
  output logic [7:0]             latency_o,
  output logic [7:0]             tag_latency_o
);

  assign decrypt_o     = Decrypt;
  assign has_tail_o    = gcm_pkg::has_tail(length_i);
  assign latency_o     = 8'(gcm_pkg::Latency);
  assign tag_latency_o = 8'(gcm_pkg::TagLatency);

  gcm #(
    .Decrypt(Decrypt)
  ) u_gcm (
    .clk_i,
    .rst_ni,
    .table_write_i('{valid: write_i, table_id: table_e'(write_table_i), bank: 1'b0, row: write_row_i, data: write_data_i}),
    .table_ready_o(write_ready_o),
    .wipe_i,
    .wiping_o,
    .valid_i,
    .ready_o,
    .first_i,
    .packet_i     ('{sa_index: sa_index_i, iv: iv_i, gmac: gmac_i, aad: aad_i, aad_bytes: aad_bytes_i, length: length_i}),
    .data_i,
    .valid_o,
    .last_o,
    .data_o,
    .tag_valid_o,
    .tag_o
  );

endmodule
