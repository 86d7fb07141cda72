// SPDX-License-Identifier: Apache-2.0
// Counts what is left of something. Whether any is left stands in a register.
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

  assign all_o = left_q == Bits'(Count);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      left_q <= Bits'(Count);
      some_o <= 1'b1;
    end else if (take_i != give_i) begin
      left_q <= give_i ? left_q + 1'b1 : left_q - 1'b1;
      some_o <= give_i || left_q != Bits'(1);
    end
    if (rst_ni) begin
      if (take_i) assert (some_o) else $error("took what was not there");
      if (give_i) assert (!all_o) else $error("gave back what nobody held");
    end
  end

endmodule
