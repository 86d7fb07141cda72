// SPDX-License-Identifier: Apache-2.0
// When each step of a lookup happens, in clocks from its request.
package lookup_pkg;

  import layout_pkg::*;

  localparam int unsigned Pace = 2;            // clocks from one request to the next, at least
  localparam int unsigned NextHopLatency = 1;  // next_hop_table

  // interval_search: two clocks a level (read, compare), and one to enter.
  function automatic int unsigned search_latency(int unsigned intervals);
    return 1 + 2 * $clog2(intervals);
  endfunction

  // principal_table: hash, read, compare, choose.
  localparam int unsigned PrincipalLatency = bucket_hash_pkg::Latency + 3;

  // Of a lookup that knows `sender` clocks after its request who sent the packet; the principal table needs PrincipalLatency.
  // The six bitmaps are read together, when the last search is done: the principal's, since it begins with an answer.
  function automatic int unsigned bitmap_read(int unsigned sender);
    return sender + search_latency(PrincipalIntervals);
  endfunction
  // The first match's row is read as soon as it is known, and the route's row with it.
  function automatic int unsigned row_read(int unsigned sender);
    return bitmap_read(sender) + 1 + rule_match_pkg::Latency;
  endfunction

  function automatic int unsigned latency(int unsigned sender);
    return row_read(sender) + 2;
  endfunction

endpackage
