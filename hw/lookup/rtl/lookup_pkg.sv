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

  // The six bitmaps are read together, when the last search is done: the principal's, since it begins with an answer.
  localparam int unsigned BitmapRead = PrincipalLatency + search_latency(NarrowIntervals);
  // The first match's row is read as soon as it is known, and the route's row with it.
  localparam int unsigned RowRead = BitmapRead + 1 + rule_match_pkg::Latency;

  localparam int unsigned Latency = RowRead + 2;  // lookup

endpackage
