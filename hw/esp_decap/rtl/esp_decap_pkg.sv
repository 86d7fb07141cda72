// SPDX-License-Identifier: Apache-2.0
// What the stages of decapsulation tell each other of a packet.
package esp_decap_pkg;

  import layout_pkg::*;
  import parse_pkg::*;
  import path_pkg::*;

  // The two ways through decryption.
  localparam int unsigned Ways = 2;
  localparam int unsigned WayGcm = 0;
  localparam int unsigned WayChain = 1;

  // Its plaintext waits for a verdict.
  typedef struct packed {
    decap_t     packet;
    logic       icv_ok;
    logic [7:0] next_header;  // of ESP, like the next
    logic [7:0] pad_length;
  } opened_t;

  // What becomes of it.

  typedef struct packed {
    logic         drop;
    drop_e        reason;
    logic [31:0]  generation;
    logic [10:0]  sa_index;
    logic [31:0]  spi;
    logic [15:0]  policy_id;
    logic [7:0]   skip;        // bytes before what was protected
    frame_bytes_t keep;        // and its own
    logic         ipv6;        // the packet that leaves
    logic         transport;   // it has its IP header anew in front
    logic [3:0]   extra_words;  // of that
    logic [6:0]   lead;        // bytes in front of what was protected
    logic         congested;   // RFC 3168 9.1.1: CE outside, which an inner packet that knows of ECN takes over
  } release_t;

  // The IP header of a transport-mode packet that leaves.
  typedef struct packed {
    outer_t      outer;
    extras_t     extras;
    logic [7:0]  protocol;
    logic [15:0] total;
  } header_request_t;

endpackage
