// SPDX-License-Identifier: Apache-2.0
// A memory with one write port and one read port (block RAM or UltraRAM).
//
// A read answers in the next clock and holds until the next read. A read of the row that is written in the same clock returns the
// old word. No reset: what must start as zero is written as zero by its owner.
module ram_1r1w #(
  parameter int unsigned Width = 32,
  parameter int unsigned Rows = 512,
  localparam int unsigned IndexBits = $clog2(Rows)
) (
  input  logic                 clk_i,
  input  logic                 write_i,
  input  logic [IndexBits-1:0] write_row_i,
  input  logic [Width-1:0]     write_data_i,
  input  logic                 read_i,
  input  logic [IndexBits-1:0] read_row_i,
  output logic [Width-1:0]     read_data_o
);

  if (Rows != 1 << IndexBits) $fatal(1, "Rows must be a power of two, at least 2");

  logic [Width-1:0] rows[Rows];

  // Written by a blocking assignment behind the read: only this process touches the rows, and a simulator need not keep a copy of
  // each write until the clock's end.
  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin
    if (read_i) read_data_o <= rows[read_row_i];
    if (write_i) rows[write_row_i] = write_data_i;
  end
  // verilator lint_on BLKSEQ

endmodule
