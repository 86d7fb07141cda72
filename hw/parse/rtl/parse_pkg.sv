// SPDX-License-Identifier: Apache-2.0
// What the card knows of a packet from its headers, and what has been decided about it.
package parse_pkg;
  import layout_pkg::*;

  localparam int unsigned EthernetBytes = 14;
  localparam int unsigned WindowBytes = 128;  // of a frame: Ethernet, IPv4 with options, UDP, SPI, sequence number, IV

  // Bytes of a frame, up to MaxFrame (9216).
  typedef logic [13:0] frame_bytes_t;

  // The first check that fails decides; what comes after leaves the verdict alone.
  typedef enum logic [1:0] {
    Undecided,
    Dropped,
    ForHost
  } fate_e;

  typedef struct packed {
    fate_e   fate;
    drop_e   drop;    // when Dropped
    upcall_e upcall;  // when ForHost
  } verdict_t;

  localparam verdict_t Open = '{fate: Undecided, drop: DropIllegalState, upcall: UpcallLocal};

  function automatic verdict_t drop_if(verdict_t verdict, logic failed, drop_e reason);
    drop_if = verdict;
    if (verdict.fate == Undecided && failed) begin
      drop_if.fate = Dropped;
      drop_if.drop = reason;
    end
  endfunction

  function automatic verdict_t host_if(verdict_t verdict, logic wanted, upcall_e reason);
    host_if = verdict;
    if (verdict.fate == Undecided && wanted) begin
      host_if.fate   = ForHost;
      host_if.upcall = reason;
    end
  endfunction

  // What a frame carries from its admission on.
  typedef struct packed {
    logic [31:0]  generation;    // in force when it was admitted; bit 0 is its bank
    frame_bytes_t length;        // of the frame
    logic         decapsulated;  // it was received in the SA that the rest names, and deciphered by the card
    logic [31:0]  spi;
    logic [15:0]  sa_index;
    logic [15:0]  policy_id;     // of the SA
  } admission_t;

  typedef struct packed {
    logic [3:0]  ihl;    // in words of 4 bytes
    logic [7:0]  tos;
    logic [15:0] total;  // total length
    logic        df;
    logic        fragment;  // MF or an offset
    logic [7:0]  ttl;
    logic [7:0]  protocol;
    logic [15:0] checksum;
    logic [31:0] source;
    logic [31:0] destination;
    logic [15:0] source_port;       // as the SPD wants them: 0 where there is none
    logic [15:0] destination_port;
  } ipv4_t;

  // What lies behind the IPv4 header of a packet to us from the WAN.
  typedef struct packed {
    logic        keepalive;  // a NAT-keepalive, RFC 3948 2.3
    logic        present;    // an ESP packet, bare or in UDP
    logic        encap;      // in UDP
    logic [15:0] bytes;      // SPI to ICV
    logic [31:0] spi;
    logic [31:0] seq;        // low half
    logic [63:0] iv;
  } esp_t;

  // RFC 1071: the ones' complement sum of two 16-bit words.
  function automatic logic [15:0] sum16(logic [15:0] a, logic [15:0] b);
    logic [16:0] sum;
    sum   = {1'b0, a} + {1'b0, b};
    sum16 = sum[15:0] + {15'b0, sum[16]};
  endfunction

  // The checksum after the TTL went down by one, RFC 1624 equation 3: HC' = ~(~HC + ~m + m'), where ~m + m' is 0xfeff
  // since the TTL is the first byte of its word.
  function automatic logic [15:0] checksum_ttl_less_one(logic [15:0] checksum);
    return ~sum16(~checksum, 16'hfeff);
  endfunction

endpackage
