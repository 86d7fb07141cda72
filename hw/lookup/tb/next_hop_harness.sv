// SPDX-License-Identifier: Apache-2.0
// next_hop_table with its structs brought out field by field, for the test.
module next_hop_harness
  import layout_pkg::*, stream_pkg::*;
(
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic         write_valid_i,
  input  logic [7:0]   write_table_id_i,
  input  logic         write_bank_i,
  input  logic [15:0]  write_row_i,
  input  logic [511:0] write_data_i,
  output logic         table_ready_o,
  input  logic         read_i,
  input  logic         bank_i,
  input  logic [7:0]   row_i,
  output logic [511:0] next_hop_o
);

  table_write_t write;
  assign write = '{
    valid: write_valid_i, table_id: table_e'(write_table_id_i), bank: write_bank_i, row: write_row_i, data: write_data_i
  };

  next_hop_table u_next_hop (.clk_i, .rst_ni, .table_write_i(write), .table_ready_o, .read_i, .bank_i, .row_i, .next_hop_o);

endmodule
