// SPDX-License-Identifier: Apache-2.0
// RFC 4303 3.4.3: what the anti-replay window says of a sequence number, and what it becomes when the packet is accepted.
// Combinational. Bit i of the window stands for top - i.
module replay_window #(
  parameter int unsigned Window = 128
) (
  input  logic signed [64:0]  distance_i,   // sequence number - top
  input  logic [Window-1:0]   window_i,
  output logic                old_o,        // left of the window
  output logic                duplicate_o,  // inside, and received before
  output logic                newer_o,      // right of the window: it becomes top
  output logic [Window-1:0]   window_o      // with the packet
);

  localparam int unsigned PlaceBits = $clog2(Window);
  if (Window != 1 << PlaceBits) $fatal(1, "Window must be a power of two");

  localparam logic signed [64:0] Oldest = 65'sd1 - $signed(65'(Window));  // the left edge: still inside

  logic [PlaceBits-1:0] ahead, behind;
  logic                 far_ahead;

  assign ahead     = distance_i[PlaceBits-1:0];
  assign behind    = -ahead;
  assign far_ahead = distance_i[64:PlaceBits] != '0;

  assign newer_o     = distance_i > 65'sd0;
  assign old_o       = distance_i < Oldest;
  assign duplicate_o = !newer_o && !old_o && window_i[behind];

  always_comb begin
    window_o = window_i;
    if (newer_o) begin
      window_o = (far_ahead ? '0 : window_i << ahead) | Window'(1);
    end else begin
      window_o[behind] = 1'b1;
    end
  end

endmodule
