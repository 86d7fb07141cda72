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
    logic [7:0] next_header;
    logic [7:0] pad_length;
  } opened_t;

  typedef struct packed {
    logic         drop;
    drop_e        reason;
    logic [31:0]  generation;
    logic [10:0]  sa_index;
    logic [31:0]  spi;
    logic [15:0]  policy_id;
    logic [2:0]   skip;        // bytes before the inner packet
    frame_bytes_t keep;        // and before the padding
  } release_t;

endpackage
