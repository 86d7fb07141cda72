// SPDX-License-Identifier: Apache-2.0
// The rows of a table in two banks: a packet reads the bank it was admitted under while a table load writes the other.
module banked_rows
  import stream_pkg::*;
#(
  parameter int unsigned Width = 512,
  parameter int unsigned Rows = 256,  // a bank
  localparam int unsigned IndexBits = $clog2(Rows)
) (
  input  logic                 clk_i,
  input  logic                 write_i,        // table_write_i's row is one of this table
  input  table_write_t         table_write_i,  // its bank and row
  input  logic [Width-1:0]     data_i,         // what is kept of its data
  input  logic                 read_i,
  input  logic                 bank_i,
  input  logic [IndexBits-1:0] row_i,
  output logic [Width-1:0]     data_o          // in the next clock, held
);

  ram_1r1w #(
    .Width(Width),
    .Rows (2 * Rows)
  ) u_rows (
    .clk_i,
    .write_i,
    .write_row_i ({table_write_i.bank, table_write_i.row[IndexBits-1:0]}),
    .write_data_i(data_i),
    .read_i,
    .read_row_i  ({bank_i, row_i}),
    .read_data_o (data_o)
  );

endmodule
