// SPDX-License-Identifier: Apache-2.0
// Counts what is left of something. What is taken is counted a clock later, so that taking it needs no adder.
module chain_credit #(
  parameter int unsigned Count = 64
) (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic take_i,
  input  logic give_i,
  output logic some_o,
  output logic all_o    // nothing is taken
);

  localparam int unsigned Bits = $clog2(Count + 1);

  logic [Bits-1:0] left_d, left_q;
  logic            took_q;
  logic            one_q, more_q;  // left_q

  assign left_d = left_q + Bits'(give_i) - Bits'(took_q);
  assign some_o = more_q || (one_q && !took_q);
  assign all_o  = left_q == Bits'(Count) && !took_q;

  always_ff @(posedge clk_i) begin
    took_q <= rst_ni && take_i;
    left_q <= rst_ni ? left_d : Bits'(Count);
    one_q  <= rst_ni && left_d == Bits'(1);
    more_q <= !rst_ni || left_d > Bits'(1);
    if (rst_ni) begin
      if (take_i) assert (some_o) else $error("took what was not there");
      if (give_i) assert (left_q != Bits'(Count)) else $error("gave back what nobody held");
    end
  end

endmodule
