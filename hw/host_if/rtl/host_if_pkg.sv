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
    address_t    source;  // of an event
    logic [13:0] length;  // bytes of the frame; 0: an event without a packet
  } notice_t;

  // Who sent a frame that the host gives back, when it says so.
  typedef struct packed {
    logic        known;
    logic [15:0] principal;
  } sender_t;

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
    logic [15:0] bytes;  // without FCS and VLAN tag
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
    logic         tag_ok;
    logic         tag_unknown;
    logic         tag_forged;
    logic         tag_plain;
  } counts_t;

  // ---- within host_if ---------------------------------------------------------------------------------------------------------

  // Pulses of the rings.
  typedef struct packed {
    logic       host_tx;
    logic       host_rx;
    logic       events;
    logic [1:0] events_lost;
  } host_counts_t;

  // Events that are told once until the host has read them: who sends rubbish must not fill the ring. Of an upcall, which of them it
  // is, if any.
  localparam int unsigned ToldOnce = 2;

  function automatic logic [ToldOnce-1:0] told_once(upcall_e upcall);
    return {upcall == UpcallTagRejected, upcall == UpcallSpiUnknown};
  endfunction

  // A ring as the host has set it up.
  typedef struct packed {
    logic [63:0] address;  // of slot 0
    logic [31:0] slots;    // 0: stopped
    logic [31:0] host;     // slots the host has given back (rx) or filled (tx)
    logic        runs;     // slots and address are as the layout demands; 0 in the clock behind a change
  } ring_t;

  localparam int unsigned MaxSlots = 4096;

  // A power of two.
  function automatic logic slots_fit(logic [31:0] slots);
    slots_fit = 1'b0;
    for (int unsigned n = 1; n <= MaxSlots; n *= 2) slots_fit |= slots == 32'(n);
  endfunction

  localparam int unsigned SlotBits = $clog2(MaxSlots);

  // Of a slot's number what is its place in the ring.
  function automatic logic [SlotBits-1:0] place_mask(ring_t ring);
    return SlotBits'(ring.slots - 32'd1);
  endfunction

  // Of a beat of slot `place`.
  function automatic logic [63:0] slot_address(ring_t ring, logic [SlotBits-1:0] place, logic [7:0] beat);
    return ring.address + 64'({place, beat, 6'd0});
  endfunction


  localparam int unsigned BurstBeats = 64;  // the longest burst: 4 KiB, which none may cross

  // A burst that a client wants to read. It has room for all of it, so the answer is never kept waiting.
  typedef struct packed {
    logic        valid;
    logic [63:0] address;  // multiple of 64
    logic [6:0]  beats;    // 1 to BurstBeats
  } read_request_t;

  typedef struct packed {
    logic [511:0] data;
    logic         last;   // of the burst
    logic         error;  // the data is nothing
  } read_beat_t;

endpackage
