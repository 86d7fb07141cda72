// SPDX-License-Identifier: Apache-2.0
// sa_in with its structs brought out as plain ports, and a hand that turns a row's window on, for the test.
module sa_in_harness
  import layout_pkg::*;
  import sa_pkg::*;
(
  input  logic                   clk_i,
  input  logic                   rst_ni,

  input  logic                   write_i,
  input  logic [7:0]             write_table_i,
  input  logic [15:0]            write_row_i,
  input  logic [511:0]           write_data_i,
  input  logic                   wipe_i,
  output logic                   wiping_o,

  input  logic                   admit_valid_i,
  input  logic [31:0]            admit_spi_i,
  input  address_t               admit_destination_i,
  input  logic                   admit_ipv6_i,
  input  logic                   admit_ah_i,
  input  logic [31:0]            admit_seq_i,
  input  logic [15:0]            admit_bytes_i,
  input  logic [10:0]            admit_ah_bytes_i,
  output logic                   admit_valid_o,
  output logic                   admit_o,
  output logic [7:0]             admit_drop_o,
  output logic [SaIndexBits-1:0] admit_sa_index_o,
  output logic [511:0]           admit_row_o,
  output logic [63:0]            admit_seq_o,
  output logic [13:0]            admit_ciphertext_o,

  input  logic                   accept_valid_i,
  input  logic [SaIndexBits-1:0] accept_sa_index_i,
  input  logic [511:0]           accept_row_i,
  input  logic [63:0]            accept_seq_i,
  input  logic [13:0]            accept_bytes_i,
  input  logic                   accept_icv_ok_i,
  output logic                   accept_valid_o,
  output logic                   accept_o,
  output logic [7:0]             accept_drop_o,
  output logic                   soft_limit_o,
  output logic                   hard_limit_o,

  input  logic                   capture_valid_i,
  input  logic [SaIndexBits-1:0] capture_sa_index_i,
  output logic                   capture_valid_o,
  output logic [511:0]           capture_o,

  input  logic                   turn_i,  // the row is as if turn_top_i had been received, and nothing else
  input  logic [SaIndexBits-1:0] turn_row_i,
  input  logic [63:0]            turn_top_i,

  output logic [7:0]             admit_latency_o,
  output logic [7:0]             accept_latency_o
);

  admit_t  admit;
  accept_t accept;

  assign admit_latency_o  = 8'(AdmitLatency);
  assign accept_latency_o = 8'(AcceptLatency);

  assign admit_o          = admit.accept;
  assign admit_drop_o     = 8'(admit.drop);
  assign admit_sa_index_o = admit.sa_index;
  assign admit_row_o      = admit.row;
  assign admit_seq_o      = admit.seq;
  assign admit_ciphertext_o = admit.ciphertext;
  assign accept_o         = accept.accept;
  assign accept_drop_o    = 8'(accept.drop);
  assign soft_limit_o     = accept.soft_limit;
  assign hard_limit_o     = accept.hard_limit;

  sa_in u_sa_in (
    .clk_i,
    .rst_ni,
    .table_write_i   ('{valid: write_i, table_id: table_e'(write_table_i), bank: 1'b0, row: write_row_i, data: write_data_i}),
    .wipe_i,
    .wiping_o,
    .admit_valid_i,
    .admit_request_i ('{spi: admit_spi_i, destination: admit_destination_i, ipv6: admit_ipv6_i,
                        ah: admit_ah_i, seq: admit_seq_i, bytes: admit_bytes_i,
                        ah_bytes: admit_ah_bytes_i}),
    .admit_valid_o,
    .admit_o         (admit),
    .accept_valid_i,
    .accept_request_i('{sa_index: accept_sa_index_i, row: sa_in_t'(accept_row_i), seq: accept_seq_i, bytes: accept_bytes_i,
                        icv_ok: accept_icv_ok_i}),
    .accept_valid_o,
    .accept_o        (accept),
    .capture_valid_i,
    .capture_sa_index_i,
    .capture_valid_o,
    .capture_o
  );

  window_t turned;
  assign turned = '{live: '0, newest: 64'd1 << turn_top_i[5:0], top: turn_top_i};

  /* verilator lint_off MULTIDRIVEN */  // a test reaches into the memories: 2^32 packets would take too long
  always_ff @(posedge clk_i) begin
    if (turn_i) begin
      u_sa_in.u_state.u_memory.rows[turn_row_i] <= 385'(turned);
      u_sa_in.u_copy.rows[turn_row_i] <= 193'(turned);
    end
  end
  /* verilator lint_on MULTIDRIVEN */

endmodule
