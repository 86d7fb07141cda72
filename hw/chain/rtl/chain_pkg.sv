// SPDX-License-Identifier: Apache-2.0
// Types and sizes of the engine of chained modes.
package chain_pkg;

  import layout_pkg::*;

  // What is said of a packet, beside every beat of it.
  typedef struct packed {
    logic [SaIndexBits-1:0] sa_index;
    logic [3:0]             cipher;      // cipher_e
    logic [3:0]             integrity;   // integrity_e
    logic                   esn;
    logic [31:0]            spi;
    logic [63:0]            seq;
    logic [13:0]            ciphertext;  // bytes: inner packet, padding, trailer
  } chain_packet_t;

endpackage
