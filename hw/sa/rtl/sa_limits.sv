// SPDX-License-Identifier: Apache-2.0
// Counts a packet against the limits of its SA; a limit of 0 is none.
//
// Limits and the packet's bytes come with `take_i`, the SA's counts a clock later: what of the limits is left for the packet is known
// by then, so that nothing is added before it is compared.
module sa_limits
  import layout_pkg::*;
(
  input  logic        clk_i,
  input  logic        take_i,
  input  sa_limits_t  limits_i,
  input  logic [13:0] more_bytes_i,
  input  logic [63:0] packets_i,    // a clock later, as are the answers
  input  logic [63:0] bytes_i,
  output logic [63:0] packets_o,    // with this packet
  output logic [63:0] bytes_o,
  output logic        soft_o,       // this packet is the one that reaches a soft limit
  output logic        hard_o        // this packet would pass a hard limit
);

  logic [13:0]        more_q;
  logic [63:0]        soft_packets_q, soft_bytes_q, hard_packets_q;
  logic               soft_packets_on_q, soft_bytes_on_q, hard_packets_on_q, hard_bytes_on_q;
  logic signed [64:0] soft_from_q, hard_from_q;  // bytes before the packet that reaches or passes the limit
  logic               carry;

  always_ff @(posedge clk_i) begin
    if (take_i) begin
      more_q            <= more_bytes_i;
      soft_packets_on_q <= limits_i.soft_packets != '0;
      soft_bytes_on_q   <= limits_i.soft_bytes != '0;
      hard_packets_on_q <= limits_i.hard_packets != '0;
      hard_bytes_on_q   <= limits_i.hard_bytes != '0;
      soft_packets_q    <= limits_i.soft_packets - 64'd1;
      soft_bytes_q      <= limits_i.soft_bytes;
      hard_packets_q    <= limits_i.hard_packets;
      soft_from_q       <= signed'({1'b0, limits_i.soft_bytes}) - signed'(65'(more_bytes_i));
      hard_from_q       <= signed'({1'b0, limits_i.hard_bytes}) - signed'(65'(more_bytes_i));
    end
  end

  assign packets_o        = packets_i + 64'd1;
  assign {carry, bytes_o} = {1'b0, bytes_i} + 65'(more_q);

  assign soft_o = (soft_packets_on_q && packets_i == soft_packets_q) ||
                  (soft_bytes_on_q && bytes_i < soft_bytes_q && signed'({1'b0, bytes_i}) >= soft_from_q && !carry);
  assign hard_o = (hard_packets_on_q && packets_i >= hard_packets_q) ||
                  (hard_bytes_on_q && signed'({1'b0, bytes_i}) > hard_from_q);

endmodule
