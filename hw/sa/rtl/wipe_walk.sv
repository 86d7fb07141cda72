// SPDX-License-Identifier: Apache-2.0
// Walks over every SA row once, after reset and after each `wipe_i` (a pulse).
module wipe_walk
  import layout_pkg::*;
(
  input  logic                   clk_i,
  input  logic                   rst_ni,
  input  logic                   wipe_i,
  output logic                   wiping_o,
  output logic [SaIndexBits-1:0] row_o
);

  always_ff @(posedge clk_i) begin
    if (!rst_ni || wipe_i) begin
      wiping_o <= 1'b1;
      row_o    <= '0;
    end else if (wiping_o) begin
      wiping_o <= row_o != '1;
      row_o    <= row_o + SaIndexBits'(1);
    end
  end

endmodule
