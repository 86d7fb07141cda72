// SPDX-License-Identifier: Apache-2.0
// sa_out with its structs brought out as plain ports, and a hand that turns a row's sequence number on, for the test.
module sa_out_harness
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

  input  logic                   row_valid_i,
  input  logic [15:0]            row_sa_index_i,
  output logic                   row_valid_o,
  output logic [511:0]           row_o,

  input  logic                   number_valid_i,
  input  logic [15:0]            number_sa_index_i,
  input  logic [511:0]           number_row_i,
  input  logic [13:0]            number_bytes_i,
  output logic                   number_valid_o,
  output logic                   accept_o,
  output logic [7:0]             drop_o,
  output logic [63:0]            seq_o,
  output logic                   soft_limit_o,
  output logic                   hard_limit_o,

  input  logic                   capture_valid_i,
  input  logic [SaIndexBits-1:0] capture_sa_index_i,
  output logic                   capture_valid_o,
  output logic [511:0]           capture_o,

  input  logic                   turn_i,  // the row is as if turn_seq_i had been its last number, and nothing else had happened
  input  logic [SaIndexBits-1:0] turn_row_i,
  input  logic [63:0]            turn_seq_i,

  output logic [7:0]             latency_o
);

  number_t number;

  assign latency_o    = 8'(NumberLatency);
  assign accept_o     = number.accept;
  assign drop_o       = 8'(number.drop);
  assign seq_o        = number.seq;
  assign soft_limit_o = number.soft_limit;
  assign hard_limit_o = number.hard_limit;

  sa_out u_sa_out (
    .clk_i,
    .rst_ni,
    .table_write_i   ('{valid: write_i, table_id: table_e'(write_table_i), bank: 1'b0, row: write_row_i, data: write_data_i}),
    .wipe_i,
    .wiping_o,
    .row_valid_i,
    .row_sa_index_i,
    .row_valid_o,
    .row_o,
    .number_valid_i,
    .number_request_i('{sa_index: number_sa_index_i, row: sa_out_t'(number_row_i), bytes: number_bytes_i}),
    .number_valid_o,
    .number_o        (number),
    .capture_valid_i,
    .capture_sa_index_i,
    .capture_valid_o,
    .capture_o
  );

  /* verilator lint_off MULTIDRIVEN */  // a test reaches into the memory: 2^32 packets would take too long
  always_ff @(posedge clk_i) if (turn_i) u_sa_out.u_state.u_memory.rows[turn_row_i] <= 193'(turn_seq_i);
  /* verilator lint_on MULTIDRIVEN */

endmodule
