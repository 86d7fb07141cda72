// SPDX-License-Identifier: Apache-2.0
// First in, first out: words of any width. The oldest word stands at the output before it is taken (show-ahead).
//
// A memory with registered output behind it, so deep ones become block RAM. A word written appears two clocks later. `used_o`
// counts every word inside, including the one at the output: a feeder without back-pressure reserves against it. Whether there is
// room, and a word in the memory, stands in registers, so that no path runs through them.
module fifo #(
  parameter int unsigned Width = 32,
  parameter int unsigned Depth = 16,  // of the memory; one word more fits into the output register
  localparam int unsigned UsedBits = $clog2(Depth + 2)
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                valid_i,
  output logic                ready_o,
  input  logic [Width-1:0]    data_i,
  output logic                valid_o,
  input  logic                ready_i,
  output logic [Width-1:0]    data_o,
  output logic [UsedBits-1:0] used_o
);

  localparam int unsigned IndexBits = $clog2(Depth);
  if (Depth != 1 << IndexBits || Depth < 2) $fatal(1, "Depth must be a power of two, at least 2");

  logic [Width-1:0]     words[Depth];
  logic [IndexBits-1:0] write_q, read_q;
  logic [IndexBits:0]   count_q;         // words in the memory
  logic                 some_q, full_q;  // it is not 0; it is Depth
  logic                 put, get;

  assign ready_o = !full_q;
  assign put     = valid_i && !full_q;
  assign get     = some_q && (!valid_o || ready_i);  // into the output register
  assign used_o  = UsedBits'(count_q) + UsedBits'(valid_o);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      write_q <= '0;
      read_q  <= '0;
      count_q <= '0;
      some_q  <= 1'b0;
      full_q  <= 1'b0;
      valid_o <= 1'b0;
    end else begin
      if (put) write_q <= write_q + 1'b1;
      if (get) read_q <= read_q + 1'b1;
      if (put != get) begin
        count_q <= put ? count_q + 1'b1 : count_q - 1'b1;
        some_q  <= put || count_q != (IndexBits + 1)'(1);
        full_q  <= put && count_q == (IndexBits + 1)'(Depth - 1);
      end
      if (get) valid_o <= 1'b1;
      else if (ready_i) valid_o <= 1'b0;
    end
  end

  // Blocking, as in ram_1r1w. A word is never read in the clock that writes it.
  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin
    if (get) data_o <= words[read_q];
    if (put) words[write_q] = data_i;
  end
  // verilator lint_on BLKSEQ

endmodule
