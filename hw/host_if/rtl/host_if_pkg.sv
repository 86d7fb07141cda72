// SPDX-License-Identifier: Apache-2.0
// What the card's engines tell the host's side.
package host_if_pkg;

  import layout_pkg::*;

  // What the host is told of a packet or an event. The ring adds slot number and clock and makes an rx_descriptor_t of it.
  typedef struct packed {
    upcall_e     upcall;
    port_e       port;
    logic [31:0] generation;
    logic [31:0] spi;
    logic [15:0] sa_index;
    logic [15:0] policy_id;
    logic [15:0] principal;
    logic        outbound;
    logic        decapsulated;
    logic [31:0] source;
    logic [13:0] length;  // bytes of the frame; 0: an event without a packet
  } notice_t;

  // A packet begins or ceases to hold a bank of the tables.
  typedef struct packed {
    logic valid;
    logic bank;
  } flight_t;

  // A packet ended inside the card.
  typedef struct packed {
    logic  valid;
    drop_e reason;
  } drop_t;

  // A frame passed a port.
  typedef struct packed {
    logic        valid;
    logic [15:0] bytes;  // without FCS
  } frame_count_t;

  // Pulses for the counters of the same names; the host's own (host_rx, host_tx, events, events_lost) are counted inside.
  typedef struct packed {
    frame_count_t lan_rx;
    frame_count_t wan_rx;
    frame_count_t lan_tx;
    frame_count_t wan_tx;
    logic         esp_out;
    logic         esp_in;
    logic         bypass_out;
    logic         bypass_in;
  } counts_t;

endpackage
