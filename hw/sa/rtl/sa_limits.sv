// SPDX-License-Identifier: Apache-2.0
// Counts a packet against the limits of its SA. Combinational; a limit of 0 is none.
module sa_limits
  import layout_pkg::*;
(
  input  logic [63:0] packets_i,
  input  logic [63:0] bytes_i,
  input  logic [13:0] more_bytes_i,
  input  sa_limits_t  limits_i,
  output logic [63:0] packets_o,  // with this packet
  output logic [63:0] bytes_o,
  output logic        soft_o,     // this packet is the one that reaches a soft limit
  output logic        hard_o      // this packet would pass a hard limit
);

  logic carry;

  assign packets_o        = packets_i + 64'd1;
  assign {carry, bytes_o} = {1'b0, bytes_i} + 65'(more_bytes_i);

  assign soft_o = (limits_i.soft_packets != '0 && packets_o == limits_i.soft_packets) ||
                  (limits_i.soft_bytes != '0 && bytes_i < limits_i.soft_bytes && bytes_o >= limits_i.soft_bytes);
  assign hard_o = (limits_i.hard_packets != '0 && packets_i >= limits_i.hard_packets) ||
                  (limits_i.hard_bytes != '0 && (carry || bytes_o > limits_i.hard_bytes));

endmodule
