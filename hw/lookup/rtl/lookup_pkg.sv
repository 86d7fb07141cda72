// SPDX-License-Identifier: Apache-2.0
// What the callers of the lookups must know.
package lookup_pkg;

  localparam int unsigned Pace = 2;            // clocks from one request to the next, at least
  localparam int unsigned Latency = 40;        // lookup: clocks from valid_i to valid_o
  localparam int unsigned NextHopLatency = 1;  // next_hop_table: clocks from read_i to next_hop_o

endpackage
