// SPDX-License-Identifier: Apache-2.0
// What travels between the card's engines.
package stream_pkg;

  import layout_pkg::*;

  localparam int unsigned BeatBytes = 64;

  // One clock of a frame.
  typedef struct packed {
    logic [511:0] data;   // byte 0 in bits 7:0
    logic [5:0]   empty;  // bytes without content at the end of the last beat; 0 in every other
    logic         last;
  } beat_t;

  // One row of a table load. `valid` lasts one clock a row, and its source raises it only while the common `ready` is high, so a
  // memory that listens needs no handshake of its own. `ready` is the AND of all owners that need time (key setup, wiping).
  typedef struct packed {
    logic         valid;
    table_e       table_id;
    logic         bank;
    logic [15:0]  row;
    logic [511:0] data;
  } table_write_t;

  // Keys of one packet's lookup.
  typedef struct packed {
    logic        bank;
    address_t    source;
    address_t    destination;
    logic [15:0] source_port;
    logic [15:0] destination_port;
    logic [7:0]  protocol;
  } lookup_key_t;

  // And what it found.
  typedef struct packed {
    logic [15:0] principal;
    logic        hit;  // an SPD rule matched
    spd_rule_t   rule;
    route_t      route;
  } lookup_result_t;

endpackage
