// SPDX-License-Identifier: Apache-2.0
// The rule bitmaps of one field, a row's width of rules in a memory of its own: all are read at once.
module rule_bitmaps
  import layout_pkg::*, stream_pkg::*;
#(
  parameter int unsigned Intervals = 256,  // a bank
  localparam int unsigned IndexBits = $clog2(Intervals)
) (
  input  logic                 clk_i,
  input  logic                 clearing_i,     // table_write_i's row is one of all tables
  input  logic                 write_i,        // it is one of this table
  input  table_write_t         table_write_i,
  input  logic                 read_i,
  input  logic                 bank_i,
  input  logic [IndexBits-1:0] interval_i,
  output logic [SpdRules-1:0]  rules_o         // in the next clock, held
);

  // Rules RowBits * i and up: rows Intervals * i and up. The walk after reset zeroes all of them together.
  for (genvar i = 0; i < SpdRules / RowBits; i++) begin : gen_part
    banked_rows #(
      .Width(RowBits),
      .Rows (Intervals)
    ) u_rows (
      .clk_i,
      .write_i(write_i && (clearing_i || table_write_i.row >> IndexBits == 16'(i))),
      .table_write_i,
      .data_i (table_write_i.data),
      .read_i,
      .bank_i,
      .row_i  (interval_i),
      .data_o (rules_o[RowBits*i +: RowBits])
    );
  end

endmodule
