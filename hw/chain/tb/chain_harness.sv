// SPDX-License-Identifier: Apache-2.0
// chain with its structs and streams brought out as plain ports, for the test.
module chain_harness
  import layout_pkg::*, stream_pkg::*, chain_pkg::*;
#(
  parameter int unsigned Contexts = 64
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
  output logic                   busy_o,

  input  logic                   out_valid_i,
  output logic                   out_ready_o,
  input  logic [511:0]           out_data_i,
  input  logic [5:0]             out_empty_i,
  input  logic                   out_last_i,
  input  logic [SaIndexBits-1:0] out_sa_index_i,
  input  logic [3:0]             out_cipher_i,
  input  logic [3:0]             out_integrity_i,
  input  logic                   out_ah_i,
  input  logic                   out_esn_i,
  input  logic [31:0]            out_spi_i,
  input  logic [63:0]            out_seq_i,
  input  logic [13:0]            out_ciphertext_i,
  input  logic [31:0]            out_side_i,
  output logic                   out_room_o,
  output logic                   out_valid_o,
  input  logic                   out_ready_i,
  output logic [511:0]           out_data_o,
  output logic [5:0]             out_empty_o,
  output logic                   out_last_o,
  output logic [31:0]            out_side_o,
  output logic [255:0]           out_icv_o,
  input  logic                   in_valid_i,
  output logic                   in_ready_o,
  input  logic [511:0]           in_data_i,
  input  logic [5:0]             in_empty_i,
  input  logic                   in_last_i,
  input  logic [SaIndexBits-1:0] in_sa_index_i,
  input  logic [3:0]             in_cipher_i,
  input  logic [3:0]             in_integrity_i,
  input  logic                   in_ah_i,
  input  logic                   in_esn_i,
  input  logic [31:0]            in_spi_i,
  input  logic [63:0]            in_seq_i,
  input  logic [13:0]            in_ciphertext_i,
  input  logic [31:0]            in_side_i,
  output logic                   in_room_o,
  output logic                   in_valid_o,
  input  logic                   in_ready_i,
  output logic [511:0]           in_data_o,
  output logic [5:0]             in_empty_o,
  output logic                   in_last_o,
  output logic [31:0]            in_side_o,
  output logic                   in_icv_ok_o,
  output logic [15:0]            in_trailer_o
);

  stream_if out_from (.clk_i, .rst_ni);
  stream_if out_to (.clk_i, .rst_ni);
  assign out_from.valid = out_valid_i;
  assign out_from.beat  = '{data: out_data_i, empty: out_empty_i, last: out_last_i};
  assign out_ready_o    = out_from.ready;
  assign out_valid_o    = out_to.valid;
  assign out_to.ready   = out_ready_i;
  assign {out_data_o, out_empty_o, out_last_o} = out_to.beat;

  stream_if in_from (.clk_i, .rst_ni);
  stream_if in_to (.clk_i, .rst_ni);
  assign in_from.valid = in_valid_i;
  assign in_from.beat  = '{data: in_data_i, empty: in_empty_i, last: in_last_i};
  assign in_ready_o    = in_from.ready;
  assign in_valid_o    = in_to.valid;
  assign in_to.ready   = in_ready_i;
  assign {in_data_o, in_empty_o, in_last_o} = in_to.beat;

  chain #(
    .OutSideT(logic [31:0]),
    .InSideT (logic [31:0]),
    .Contexts(Contexts)
  ) u_chain (
    .clk_i,
    .rst_ni,
    .table_write_i('{valid: write_i, table_id: table_e'(write_table_i), bank: 1'b0, row: write_row_i, data: write_data_i}),
    .table_ready_o(write_ready_o),
    .wipe_i,
    .wiping_o,
    .out_plain    (out_from),
    .out_packet_i ('{sa_index: out_sa_index_i, cipher: out_cipher_i, integrity: out_integrity_i, ah: out_ah_i, esn: out_esn_i,
                     spi: out_spi_i, seq: out_seq_i, ciphertext: out_ciphertext_i}),
    .out_side_i,
    .out_room_o,
    .out_esp      (out_to),
    .out_side_o,
    .out_icv_o,
    .in_esp       (in_from),
    .in_packet_i  ('{sa_index: in_sa_index_i, cipher: in_cipher_i, integrity: in_integrity_i, ah: in_ah_i, esn: in_esn_i,
                     spi: in_spi_i, seq: in_seq_i, ciphertext: in_ciphertext_i}),
    .in_side_i,
    .in_room_o,
    .in_plain     (in_to),
    .in_side_o,
    .in_icv_ok_o,
    .in_trailer_o,
    .busy_o
  );

endmodule
