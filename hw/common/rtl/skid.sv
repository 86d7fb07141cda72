// SPDX-License-Identifier: Apache-2.0
// A pair of registers between two ends, so that no path runs on, neither of words nor of `ready`: a word every clock, each a clock later.
module skid #(
  parameter int unsigned Width = 32
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic             valid_i,
  output logic             ready_o,
  input  logic [Width-1:0] data_i,
  output logic             valid_o,
  input  logic             ready_i,
  output logic [Width-1:0] data_o
);

  logic             spare_valid_q;  // a word that came in the clock in which the output stopped
  logic [Width-1:0] spare_q;
  logic             free;

  assign ready_o = !spare_valid_q;
  assign free    = !valid_o || ready_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_o       <= 1'b0;
      spare_valid_q <= 1'b0;
    end else begin
      if (free) valid_o <= valid_i || spare_valid_q;
      spare_valid_q <= !free && (valid_i || spare_valid_q);
    end
    if (free && (valid_i || spare_valid_q)) data_o <= spare_valid_q ? spare_q : data_i;
    if (!free && valid_i && !spare_valid_q) spare_q <= data_i;
  end

endmodule
