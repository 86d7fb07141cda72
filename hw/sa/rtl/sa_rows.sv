// SPDX-License-Identifier: Apache-2.0
// The static rows of one SA table: written by table loads, read once a packet. Only their first bits are kept: the rest is reserved.
//
// While `wiping_i` walks over the rows they become zero, and every row reads as zero already: an empty row, whose packets are dropped.
module sa_rows
  import layout_pkg::*;
  import stream_pkg::*;
#(
  parameter table_e Table = TableSaOut,
  parameter int unsigned Width = RowBits
) (
  input  logic                   clk_i,
  input  table_write_t           table_write_i,
  input  logic                   wiping_i,
  input  logic [SaIndexBits-1:0] wipe_row_i,
  input  logic                   read_i,
  input  logic [15:0]            read_row_i,   // beyond the table: an empty row
  output logic [RowBits-1:0]     read_data_o   // in the next clock
);

  logic             empty_q;
  logic [Width-1:0] data;

  ram_1r1w #(
    .Width(Width),
    .Rows (SaRows)
  ) u_memory (
    .clk_i,
    .write_i     (wiping_i || (table_write_i.valid && table_write_i.table_id == Table)),
    .write_row_i (wiping_i ? wipe_row_i : table_write_i.row[SaIndexBits-1:0]),
    .write_data_i(wiping_i ? '0 : table_write_i.data[Width-1:0]),
    .read_i,
    .read_row_i  (read_row_i[SaIndexBits-1:0]),
    .read_data_o (data)
  );

  always_ff @(posedge clk_i) if (read_i) empty_q <= wiping_i || read_row_i >= 16'(SaRows);

  assign read_data_o = empty_q ? '0 : RowBits'(data);

endmodule
