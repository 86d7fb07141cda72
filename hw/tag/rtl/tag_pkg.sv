// SPDX-License-Identifier: Apache-2.0
// The tag of a user's packet, and when it is known what it says (hw/README.md, "the user's tag").
package tag_pkg;
  import layout_pkg::*, parse_pkg::*, host_if_pkg::*;

  typedef struct packed {
    logic        present;
    logic        plain;    // without a check
    logic [31:0] handle;
    logic [63:0] check;    // its first byte most significant
  } tag_t;

  // What is asked about a packet.
  typedef struct packed {
    sender_t  sender;
    tag_t     tag;
    address_t source;
    address_t destination;
  } claim_t;

  // What came of a tag, by which it is counted; all 0: there was none, or the host knew better.
  typedef struct packed {
    logic ok;
    logic unknown;
    logic forged;
    logic plain;
  } tag_counts_t;

  // tag_check: two clocks to the row, the check, two to the answer.
  localparam int unsigned CheckLatency = 2 + siphash_36_pkg::Latency + 2;
  // From parse's answer, which is asked for in the same clock.
  localparam int unsigned SenderLatency = CheckLatency - ParseLatency;

endpackage
