// SPDX-License-Identifier: Apache-2.0
// A register between two streams, so that no path runs on: a beat every clock, each a clock later. `side_i` belongs to the beat at
// the input, `side_o` to the one at the output.
module beat_register #(
  parameter type SideT = logic
) (
  input  logic  clk_i,
  input  logic  rst_ni,
  stream_if.snk in,
  input  SideT  side_i,
  stream_if.src out,
  output SideT  side_o
);

  assign in.ready = !out.valid || out.ready;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) out.valid <= 1'b0;
    else if (in.ready) out.valid <= in.valid;
    if (in.valid && in.ready) begin
      out.beat <= in.beat;
      side_o   <= side_i;
    end
  end

endmodule
