// SPDX-License-Identifier: Apache-2.0
// Counts a packet against the limits of its SA; a limit of 0 is none.
//
// Limits and the packet's bytes come with `limits_valid_i`, the SA's counts with `counts_valid_i` a clock later, the answers stand a clock
// after that: what of the limits is left for the packet is known before the counts are, so that nothing is added before it is compared.
module sa_limits
  import layout_pkg::*;
(
  input  logic        clk_i,
  input  logic        limits_valid_i,
  input  sa_limits_t  limits_i,
  input  logic [13:0] more_bytes_i,
  input  logic        counts_valid_i,
  input  logic [63:0] packets_i,
  input  logic [63:0] bytes_i,
  output logic [63:0] packets_o,      // with this packet
  output logic [63:0] bytes_o,
  output logic        soft_o,         // this packet is the one that reaches a soft limit
  output logic        hard_o          // this packet would pass a hard limit
);

  // Of the limits: packets and bytes before the packet that reaches a soft one, or passes a hard one.
  logic [13:0]        more_1_q;
  logic [63:0]        soft_packets_1_q, soft_bytes_1_q, hard_packets_1_q, hard_bytes_1_q;
  logic signed [64:0] soft_from_1_q, hard_from_1_q;
  logic [63:0]        no_wrap_1_q;  // up to it the count of bytes does not wrap with this packet

  // Of the counts.
  logic [13:0]        more_2_q;
  logic [63:0]        packets_2_q, bytes_2_q;
  logic [3:0]         soft_packets_2_q;  // 16 bits each are those of the packet that reaches it
  logic               soft_packets_on_2_q, soft_bytes_on_2_q;
  logic               soft_below_2_q, soft_reached_2_q, wraps_2_q;  // of bytes: before the packet, with it; and it wraps
  logic               hard_packets_2_q, hard_packets_on_2_q, hard_bytes_2_q, hard_bytes_on_2_q;

  always_ff @(posedge clk_i) begin
    if (limits_valid_i) begin
      more_1_q         <= more_bytes_i;
      soft_packets_1_q <= limits_i.soft_packets - 64'd1;
      soft_bytes_1_q   <= limits_i.soft_bytes;
      hard_packets_1_q <= limits_i.hard_packets;
      hard_bytes_1_q   <= limits_i.hard_bytes;
      soft_from_1_q    <= signed'({1'b0, limits_i.soft_bytes}) - signed'(65'(more_bytes_i));
      hard_from_1_q    <= signed'({1'b0, limits_i.hard_bytes}) - signed'(65'(more_bytes_i));
      no_wrap_1_q      <= ~64'(more_bytes_i);
    end
    if (counts_valid_i) begin
      more_2_q    <= more_1_q;
      packets_2_q <= packets_i;
      bytes_2_q   <= bytes_i;
      for (int unsigned i = 0; i < 4; i++) soft_packets_2_q[i] <= packets_i[16*i+:16] == soft_packets_1_q[16*i+:16];
      soft_packets_on_2_q <= soft_packets_1_q != '1;
      soft_below_2_q      <= bytes_i < soft_bytes_1_q;
      soft_reached_2_q    <= signed'({1'b0, bytes_i}) >= soft_from_1_q;
      wraps_2_q           <= bytes_i > no_wrap_1_q;
      soft_bytes_on_2_q   <= soft_bytes_1_q != '0;
      hard_packets_2_q    <= packets_i >= hard_packets_1_q;
      hard_packets_on_2_q <= hard_packets_1_q != '0;
      hard_bytes_2_q      <= signed'({1'b0, bytes_i}) > hard_from_1_q;
      hard_bytes_on_2_q   <= hard_bytes_1_q != '0;
    end
  end

  assign packets_o = packets_2_q + 64'd1;
  assign bytes_o   = bytes_2_q + 64'(more_2_q);
  assign soft_o    = (soft_packets_on_2_q && soft_packets_2_q == '1) || (soft_bytes_on_2_q && soft_below_2_q && soft_reached_2_q && !wraps_2_q);
  assign hard_o    = (hard_packets_on_2_q && hard_packets_2_q) || (hard_bytes_on_2_q && hard_bytes_2_q);

endmodule
