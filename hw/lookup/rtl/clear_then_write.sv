// SPDX-License-Identifier: Apache-2.0
// What a table's memories listen to: after reset a walk that zeroes every row of both banks, then the table writes, a clock late.
//
// A walk over more rows than a memory has only repeats itself there.
module clear_then_write
  import layout_pkg::*, stream_pkg::*;
#(
  parameter int unsigned Rows = 256  // a bank
) (
  input  logic         clk_i,
  input  logic         rst_ni,
  input  table_write_t table_write_i,
  output logic         clearing_o,    // table_write_o is a row to be zeroed
  output table_write_t table_write_o
);

  localparam int unsigned IndexBits = $clog2(Rows);
  if (Rows != 1 << IndexBits) $fatal(1, "Rows must be a power of two");

  logic               valid_q, bank_q;
  table_e             table_id_q;
  logic [15:0]        row_q;
  logic [511:0]       data_q;
  logic [IndexBits:0] next_row;  // of the walk

  assign next_row = {bank_q, row_q[IndexBits-1:0]} + (IndexBits + 1)'(1);

  always_ff @(posedge clk_i) begin
    valid_q <= rst_ni && table_write_i.valid;
    if (!rst_ni) begin
      clearing_o <= 1'b1;
      bank_q     <= 1'b0;
      row_q      <= '0;
      data_q     <= '0;
    end else if (clearing_o) begin
      clearing_o      <= next_row != '0;
      {bank_q, row_q} <= {next_row[IndexBits], 16'(next_row[IndexBits-1:0])};
      assert (!table_write_i.valid) else $error("a table write while rows are zeroed");
    end else if (table_write_i.valid) begin
      table_id_q <= table_write_i.table_id;
      bank_q     <= table_write_i.bank;
      row_q      <= table_write_i.row;
      data_q     <= table_write_i.data;
    end
  end

  assign table_write_o = '{valid: valid_q, table_id: table_id_q, bank: bank_q, row: row_q, data: data_q};

endmodule
