// SPDX-License-Identifier: Apache-2.0
// Requests and answers of the SA engines.
package sa_pkg;

  import layout_pkg::*;

  // Clocks from request to answer.
  localparam int unsigned RowLatency = 1;      // sa_out: static row
  localparam int unsigned NumberLatency = 4;   // sa_out: sequence number
  localparam int unsigned AdmitLatency = 7;    // sa_in: admission
  localparam int unsigned AcceptLatency = 4;   // sa_in: after the ICV

  // One request every two clocks at most, at each port: a read-modify-write never meets itself.
  localparam int unsigned Pace = 2;

  // ---- types of SAs -----------------------------------------------------------------------------------------------------------

  // The ICV is the cipher's own, or else that of the integrity algorithm.
  function automatic logic [6:0] icv_bytes(logic [3:0] cipher, logic [3:0] integrity);
    return cipher_icv_bytes(cipher) != '0 ? cipher_icv_bytes(cipher) : integrity_icv_bytes(integrity);
  endfunction

  // RFC 8221 4: encryption without integrity is not done. A row that asks for it, or for what has no name, or for AH with
  // encryption, is as good as empty.
  function automatic logic protects(logic protocol, logic [3:0] cipher, logic [3:0] integrity);
    return block_bytes(cipher) != '0 && icv_bytes(cipher, integrity) != '0 &&
           (protocol == ProtocolEsp || cipher == CipherNull);
  endfunction

  // Bytes of an ESP packet in front of its ciphertext: SPI, sequence number, IV.
  function automatic logic [6:0] esp_fixed(logic [3:0] cipher);
    return 7'd8 + iv_bytes(cipher);
  endfunction

  // And with its ICV: all but the ciphertext.
  function automatic logic [6:0] esp_overhead(logic [3:0] cipher, logic [3:0] integrity);
    return esp_fixed(cipher) + icv_bytes(cipher, integrity);
  endfunction

  // RFC 4302 2: next header, length, reserved, SPI, sequence number; the ICV follows.
  localparam int unsigned AhFixedBytes = 12;

  // Bytes of an AH that we send, with ICV and padding (RFC 4302 2.2, 2.6).
  function automatic logic [6:0] ah_bytes(logic align8, logic [3:0] integrity);
    logic [6:0] bytes = 7'(AhFixedBytes) + integrity_icv_bytes(integrity);
    return align8 ? (bytes + 7'd7) & ~7'd7 : bytes;  // an ICV is a multiple of 4
  endfunction

  // ---- sa_out -----------------------------------------------------------------------------------------------------------------

  typedef struct packed {
    logic [15:0] sa_index;
    sa_out_t     row;    // as the row port gave it
    logic [13:0] bytes;  // that count: of ESP the ciphertext, of AH what it protects
  } number_request_t;

  typedef struct packed {
    logic        accept;
    drop_e       drop;        // when not accepted: sa_empty, seq_exhausted or hard_limit
    logic [63:0] seq;         // of this packet
    logic        soft_limit;  // event: this packet reached a soft limit
    logic        hard_limit;  // event: this packet made the SA expire
  } number_t;

  // ---- anti-replay ------------------------------------------------------------------------------------------------------------

  // A window's words of 64 sequence numbers: see replay_window.
  localparam int unsigned RingPlaces = MostReplayWindow / 64;
  typedef logic [$clog2(RingPlaces)-1:0] ring_place_t;

  typedef struct packed {
    logic [RingPlaces-1:0] live;    // places of the ring that hold a word
    logic [63:0]           newest;  // the word of top
    logic [63:0]           top;     // highest sequence number accepted
  } window_t;

  // The place of a sequence number's word. The low half of an extended number tells it.
  function automatic ring_place_t ring_place(logic [31:0] seq_low);
    return seq_low[6+:$bits(ring_place_t)];
  endfunction

  // ---- sa_in ------------------------------------------------------------------------------------------------------------------

  typedef struct packed {
    logic [31:0] spi;
    address_t    destination;  // outer
    logic        ipv6;         // the outer header
    logic        ah;
    logic [31:0] seq;          // as in the ESP or AH header
    logic [15:0] bytes;        // SPI to ICV; AH: to the packet's end; 12 at least
    logic [10:0] ah_bytes;     // AH: as its length field says
  } admit_request_t;

  typedef struct packed {
    logic                   accept;
    drop_e                  drop;       // when not: spi_unknown, esp_malformed, ah_malformed, hard_limit, replay_old or replay_duplicate
    logic [SaIndexBits-1:0] sa_index;
    sa_in_t                 row;
    logic [63:0]            seq;        // whole: high half inferred with ESN, zero without
    logic [13:0]            ciphertext; // bytes; AH: that it protects
  } admit_t;

  typedef struct packed {
    logic [SaIndexBits-1:0] sa_index;
    sa_in_t                 row;     // sa_index, row and seq as admission gave them
    logic [63:0]            seq;
    logic [13:0]            bytes;   // that count
    logic                   icv_ok;
  } accept_request_t;

  typedef struct packed {
    logic  accept;
    drop_e drop;        // when not: spi_unknown, hard_limit, replay_old, replay_duplicate or icv_mismatch
    logic  soft_limit;  // event: this packet reached a soft limit
    logic  hard_limit;  // event: this packet made the SA expire
  } accept_t;

endpackage
