// SPDX-License-Identifier: Apache-2.0
// A fifo between two streams.
module beat_fifo #(
  parameter int unsigned Depth = 512,  // beats
  localparam int unsigned UsedBits = $clog2(Depth + 2)
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  stream_if.snk               in,
  stream_if.src               out,
  output logic [UsedBits-1:0] used_o  // beats inside
);

  fifo #(
    .Width($bits(stream_pkg::beat_t)),
    .Depth(Depth)
  ) u_fifo (
    .clk_i,
    .rst_ni,
    .valid_i(in.valid),
    .ready_o(in.ready),
    .data_i (in.beat),
    .valid_o(out.valid),
    .ready_i(out.ready),
    .data_o (out.beat),
    .used_o
  );

endmodule
