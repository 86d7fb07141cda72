// SPDX-License-Identifier: Apache-2.0
// What the card knows of a packet from its headers, and what has been decided about it.
package parse_pkg;
  import layout_pkg::*;

  localparam int unsigned EthernetBytes = 14;
  localparam int unsigned Ipv4Bytes = 20;  // without options
  localparam int unsigned Ipv6Bytes = 40;  // without extension headers
  localparam int unsigned MaxOptionBytes = 40;  // of IPv4
  localparam int unsigned WindowBytes = 128;  // of a frame: Ethernet, IP with options or 48 bytes of extension headers, UDP, SPI, sequence number, IV

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

  // The first that decides. (Checks that begin Open do not wait for those before them.)
  function automatic verdict_t first_of(verdict_t first, verdict_t second);
    return first.fate == Undecided ? second : first;
  endfunction

  // What a frame carries from its admission on.
  typedef struct packed {
    logic [31:0]  generation;    // in force when it was admitted; bit 0 is its bank
    frame_bytes_t length;        // of the frame
    logic         decapsulated;  // it was received in the SA that the rest names, and opened by the card
    logic [31:0]  spi;
    logic [15:0]  sa_index;
    logic [15:0]  policy_id;     // of the SA
  } admission_t;

  // An IP header, of either version.
  typedef struct packed {
    logic         ipv6;
    logic         df;                // IPv4
    logic         fragment;          // more fragments, or an offset
    logic [6:0]   header;            // bytes: with options; with the extension headers that were read
    logic [7:0]   tos;               // IPv6: traffic class
    logic [15:0]  total;             // bytes of the packet
    logic [15:0]  identification;    // IPv4
    logic [19:0]  flow_label;        // IPv6
    logic [7:0]   ttl;               // IPv6: hop limit
    logic [7:0]   protocol;          // of what follows the header
    logic [7:0]   next_header;       // IPv6: as the header says itself
    logic [2:0]   last_extension;    // IPv6: units of 8 bytes from the header to the last extension header
    logic [15:0]  checksum;          // IPv4
    address_t     source;
    address_t     destination;
    logic         opens;             // a TCP connection: SYN without ACK, in a whole packet
    logic [15:0]  source_port;       // as the SPD wants them: 0 where there is none
    logic [15:0]  destination_port;
  } ip_t;

  // What lies behind the header of a packet to us from the WAN.
  typedef struct packed {
    logic        keepalive;    // a NAT-keepalive, RFC 3948 2.3
    logic        present;      // ESP, bare or in UDP, or AH
    logic        ah;
    logic        encap;        // in UDP
    logic [15:0] bytes;        // ESP: SPI to ICV; AH: from its first byte to the packet's end
    logic [31:0] spi;
    logic [31:0] seq;          // low half
    logic [63:0] iv;           // ESP
    logic [7:0]  next_header;  // AH
    logic [10:0] ah_bytes;     // AH: as its length field says
  } ipsec_t;

  // IPv6 extension headers, as far as they are read.
  localparam int unsigned MaxExtensions = 4;
  localparam int unsigned ExtensionBytes = 48;
  localparam int unsigned ExtensionLatency = 2 * MaxExtensions + 2;
  localparam int unsigned ParseLatency = ExtensionLatency + 5;

  typedef struct packed {
    logic       malformed;    // one ends behind the payload
    logic       too_many;     // a fifth one, or one that ends behind ExtensionBytes
    logic       fragment;     // as in ip_t
    logic       later;        // a fragment that is not the first
    logic [2:0] units;        // of 8 bytes, that they take; of what is neither malformed nor too_many, as is the next
    logic [2:0] last;         // units before the last one, likewise
    logic [7:0] next_header;  // behind the last
  } extensions_t;

  localparam address_t MappedPrefix = 128'h0000_0000_0000_0000_0000_ffff_0000_0000;  // RFC 4291 2.5.5.2

  function automatic address_t mapped(logic [31:0] ipv4);
    return MappedPrefix | address_t'(ipv4);
  endfunction

  function automatic logic is_mapped(address_t address);
    return address[127:32] == MappedPrefix[127:32];
  endfunction

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
