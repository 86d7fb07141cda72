// SPDX-License-Identifier: Apache-2.0
// Registers between two streams, so that no path runs on, neither of beats nor of `ready`: a beat every clock, each a clock later.
// `side_i` belongs to the beat at the input, `side_o` to the one at the output.
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

  logic              spare_valid_q;  // a beat that came in the clock in which the output stopped
  stream_pkg::beat_t spare_q;
  SideT              spare_side_q;
  logic              free;

  assign in.ready = !spare_valid_q;
  assign free     = !out.valid || out.ready;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      out.valid     <= 1'b0;
      spare_valid_q <= 1'b0;
    end else begin
      if (free) out.valid <= in.valid || spare_valid_q;
      spare_valid_q <= !free && (in.valid || spare_valid_q);
    end
    if (free && (in.valid || spare_valid_q)) begin
      out.beat <= spare_valid_q ? spare_q : in.beat;
      side_o   <= spare_valid_q ? spare_side_q : side_i;
    end
    if (!free && in.valid && !spare_valid_q) begin
      spare_q      <= in.beat;
      spare_side_q <= side_i;
    end
  end

endmodule
