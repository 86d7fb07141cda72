// SPDX-License-Identifier: Apache-2.0
// A skid between two streams. `side_i` belongs to the beat at the input, `side_o` to the one at the output.
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

  skid #(
    .Width($bits(stream_pkg::beat_t) + $bits(SideT))
  ) u_skid (
    .clk_i,
    .rst_ni,
    .valid_i(in.valid),
    .ready_o(in.ready),
    .data_i ({in.beat, side_i}),
    .valid_o(out.valid),
    .ready_i(out.ready),
    .data_o ({out.beat, side_o})
  );

endmodule
