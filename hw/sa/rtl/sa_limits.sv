// SPDX-License-Identifier: Apache-2.0
// Counts a packet against the limits of its SA. Combinational; a limit of 0 is none.
module sa_limits
  import layout_pkg::*;
(
  input  logic [63:0] packets_i,
  input  logic [63:0] bytes_i,
  input  logic [13:0] more_bytes_i,
  input  logic [63:0] soft_packets_i,
  input  logic [63:0] hard_packets_i,
  input  logic [63:0] soft_bytes_i,
  input  logic [63:0] hard_bytes_i,
  output logic [63:0] packets_o,  // with this packet
  output logic [63:0] bytes_o,
  output logic        soft_o,     // this packet is the one that reaches a soft limit
  output logic        hard_o      // this packet would pass a hard limit
);

  logic carry;

  assign packets_o        = packets_i + 64'd1;
  assign {carry, bytes_o} = {1'b0, bytes_i} + 65'(more_bytes_i);

  assign soft_o = (soft_packets_i != '0 && packets_o == soft_packets_i) ||
                  (soft_bytes_i != '0 && bytes_i < soft_bytes_i && bytes_o >= soft_bytes_i);
  assign hard_o = (hard_packets_i != '0 && packets_i >= hard_packets_i) ||
                  (hard_bytes_i != '0 && (carry || bytes_o > hard_bytes_i));

endmodule
