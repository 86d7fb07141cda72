// SPDX-License-Identifier: Apache-2.0
// What a table's memories listen to: after reset a walk that zeroes every row of both banks, then the table writes, a clock late.
//
// A walk over more rows than a memory has only repeats itself there.
module clear_then_write
  import stream_pkg::*;
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

  always_ff @(posedge clk_i) begin
    table_write_o.valid <= rst_ni && table_write_i.valid;
    if (!rst_ni) begin
      clearing_o         <= 1'b1;
      table_write_o.bank <= 1'b0;
      table_write_o.row  <= '0;
      table_write_o.data <= '0;
    end else if (clearing_o) begin
      clearing_o <= {table_write_o.bank, table_write_o.row[IndexBits-1:0]} != '1;
      {table_write_o.bank, table_write_o.row[IndexBits-1:0]} <= {table_write_o.bank, table_write_o.row[IndexBits-1:0]} + 1'b1;
      assert (!table_write_i.valid) else $error("a table write while rows are zeroed");
    end else if (table_write_i.valid) begin
      table_write_o <= table_write_i;
    end
  end

endmodule
