// SPDX-License-Identifier: Apache-2.0
// A ring of 16 banks of 8-byte words. Words that follow each other lie in different banks, so a run of up to 16 words from any word
// on is one access: cipher blocks need no more alignment than 8 bytes.
//
// A read answers two clocks later, and its answer stays until the next one's.
module chain_store
  import chain_pkg::*;
#(
  parameter int unsigned WriteWords = 8,
  parameter int unsigned ReadWords = 16
) (
  input  logic                       clk_i,
  input  logic                       write_i,
  input  place_t                     write_place_i,
  input  logic [4:0]                 write_words_i,  // 1 to WriteWords
  input  logic [64*WriteWords-1:0]   write_data_i,
  input  logic                       advance_i,      // a clock that counts for reads; in others they stand still
  input  logic                       read_i,
  input  place_t                     read_place_i,
  output logic [64*ReadWords-1:0]    read_data_o
);

  localparam int unsigned BankBits = $clog2(RowWords);
  typedef logic [BankBits-1:0] bank_t;

  logic                 read_q;
  bank_t                first_q;          // bank of the word read first
  logic [63:0]          words_q[RowWords];

  always_ff @(posedge clk_i) begin
    if (advance_i) begin
      read_q <= read_i;
      if (read_i) first_q <= read_place_i[BankBits-1:0];
      if (read_q) for (int unsigned i = 0; i < ReadWords; i++) read_data_o[64*i+:64] <= words_q[first_q+bank_t'(i)];
    end
  end

  for (genvar b = 0; b < RowWords; b++) begin : gen_bank
    logic [63:0] rows[StoreRows];
    bank_t       nth_written, nth_read;  // this bank's word in the run

    assign nth_written = bank_t'(b) - write_place_i[BankBits-1:0];
    assign nth_read    = bank_t'(b) - read_place_i[BankBits-1:0];

    // Blocking, as in ram_1r1w.
    // verilator lint_off BLKSEQ
    always_ff @(posedge clk_i) begin
      if (advance_i && read_i) begin
        if (32'(nth_read) < ReadWords) words_q[b] <= rows[row_t'((read_place_i + place_t'(nth_read)) >> BankBits)];
      end
      if (write_i) begin
        if (5'(nth_written) < write_words_i) begin
          rows[row_t'((write_place_i + place_t'(nth_written)) >> BankBits)] = write_data_i[64*32'(nth_written)+:64];
        end
      end
    end
    // verilator lint_on BLKSEQ
  end

endmodule
