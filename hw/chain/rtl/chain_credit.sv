// SPDX-License-Identifier: Apache-2.0
// Counts what is left of something. What is taken or given back is counted a clock later, so that neither needs an adder.
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

  logic [Bits-1:0] left_q;
  logic            took_q, gave_q;
  logic            one_q, more_q;  // left_q

  assign some_o = more_q || (one_q && !took_q);
  assign all_o  = left_q == Bits'(Count) && !took_q;

  always_ff @(posedge clk_i) begin
    took_q <= rst_ni && take_i;
    gave_q <= rst_ni && give_i;
    if (!rst_ni) begin
      left_q <= Bits'(Count);
      one_q  <= 1'b0;
      more_q <= 1'b1;
    end else if (took_q != gave_q) begin
      left_q <= gave_q ? left_q + Bits'(1) : left_q - Bits'(1);
      one_q  <= left_q == (gave_q ? Bits'(0) : Bits'(2));
      more_q <= left_q > (gave_q ? Bits'(0) : Bits'(2));
    end
    if (rst_ni) begin
      if (take_i) assert (some_o) else $error("took what was not there");
      if (gave_q) assert (left_q != Bits'(Count)) else $error("gave back what nobody held");
    end
  end

endmodule
