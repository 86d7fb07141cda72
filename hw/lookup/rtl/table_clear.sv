// SPDX-License-Identifier: Apache-2.0
// Walks over the rows of a table once after reset, for its owner to zero them.
module table_clear #(
  parameter int unsigned Rows = 512,
  localparam int unsigned IndexBits = $clog2(Rows)
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  output logic               clearing_o,
  output logic [IndexBits-1:0] row_o
);

  if (Rows != 1 << IndexBits) $fatal(1, "Rows must be a power of two");

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      clearing_o <= 1'b1;
      row_o      <= '0;
    end else if (clearing_o) begin
      clearing_o <= row_o != '1;
      row_o      <= row_o + IndexBits'(1);
    end
  end

endmodule
