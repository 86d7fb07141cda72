// SPDX-License-Identifier: Apache-2.0
// Gives every word back a constant number of clocks later. Between words the output holds.
//
// A ring memory with one running index: nothing shifts, so an idle line costs nothing in simulation and long ones become
// shift-register LUTs or distributed RAM on the card.
module delay_line #(
  parameter int unsigned Width = 32,
  parameter int unsigned Clocks = 4
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic             valid_i,
  input  logic [Width-1:0] data_i,
  output logic             valid_o,  // valid_i, Clocks ago
  output logic [Width-1:0] data_o
);

  if (Clocks < 2) $fatal(1, "Clocks must be 2 or more: use a register");

  localparam int unsigned IndexBits = $clog2(Clocks);

  logic [Width-1:0]     ring[1 << IndexBits];
  logic [IndexBits-1:0] index_q;  // where this clock writes
  logic [IndexBits-1:0] oldest;   // written Clocks - 1 ago
  logic [Clocks-1:0]    valid_q;  // bit i: there was a word i + 1 clocks ago

  assign oldest  = index_q - IndexBits'(Clocks - 1);
  assign valid_o = valid_q[Clocks-1];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      index_q <= '0;
      valid_q <= '0;
    end else begin
      index_q <= index_q + IndexBits'(1);
      valid_q <= {valid_q[Clocks-2:0], valid_i};
    end
  end

  // Blocking, as in ram_1r1w.
  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin
    if (valid_q[Clocks-2]) data_o <= ring[oldest];
    if (valid_i) ring[index_q] = data_i;
  end
  // verilator lint_on BLKSEQ

endmodule
