// SPDX-License-Identifier: Apache-2.0
// What the deciding stages tell the movers: the exit of a packet and what its frame becomes on the way.
package path_pkg;
  import layout_pkg::*;
  import sa_pkg::*;
  import parse_pkg::*;
  import host_if_pkg::*;

  typedef enum logic [1:0] {
    ExitDrop,
    ExitHost,
    ExitForward,  // towards an Ethernet port
    ExitEngine    // into encapsulation or decapsulation
  } exit_e;

  typedef struct packed {
    exit_e        exit;
    drop_e        drop;    // ExitDrop
    notice_t      notice;  // ExitHost; its generation is the packet's for every exit
    logic [6:0]   skip;    // of the frame: bytes that go away in front
    frame_bytes_t keep;    // and bytes that stay
    logic         rewrite;  // with what follows: MAC addresses, TTL and checksum
    logic         ipv6;
    logic [47:0]  destination_mac;
    logic [47:0]  source_mac;
    logic [7:0]   ttl;       // as it is sent
    logic [15:0]  checksum;  // likewise; IPv4
  } job_t;

  localparam logic [15:0] EthertypeIpv4 = 16'h0800;
  localparam logic [15:0] EthertypeIpv6 = 16'h86dd;

  localparam logic [1:0] EcnCe = 2'b11;  // RFC 3168 5: congestion experienced

  // Of IP's protocol or next header (IANA).
  localparam logic [7:0] IpIpv4 = 8'd4;
  localparam logic [7:0] IpUdp = 8'd17;
  localparam logic [7:0] IpIpv6 = 8'd41;
  localparam logic [7:0] IpEsp = 8'd50;
  localparam logic [7:0] IpAh = 8'd51;
  localparam logic [7:0] IpNone = 8'd59;

  // The IP header in front of ESP or AH: made by us, or of a transport-mode packet, as it came.
  typedef struct packed {
    logic        ipv6;
    logic [7:0]  tos;
    logic        df;              // IPv4, as is identification
    logic [15:0] identification;
    logic [19:0] flow_label;      // IPv6
    logic [7:0]  ttl;
    address_t    source;
    address_t    destination;
  } outer_t;

  localparam int unsigned IpHeaderLatency = 5;  // clocks that ip_header takes

  // Of one without options.
  function automatic logic [6:0] header_bytes(logic ipv6);
    return ipv6 ? 7'(Ipv6Bytes) : 7'(Ipv4Bytes);
  endfunction

  // Of a packet with a plain header.
  function automatic outer_t own_header(ip_t ip);
    return '{
      ipv6:           ip.ipv6,
      tos:            ip.tos,
      df:             ip.df,
      identification: ip.identification,
      flow_label:     ip.flow_label,
      ttl:            ip.ttl,
      source:         ip.source,
      destination:    ip.destination
    };
  endfunction

  // The first eight bytes of the IP header in front of AH as AH hashes them: what may change on the way is zero (RFC 4302
  // 3.3.3.1). `total` is the packet's.
  function automatic logic [63:0] hashed_front(outer_t outer, logic [15:0] total);
    return outer.ipv6 ? {8'h60, 24'd0, total - 16'(Ipv6Bytes), IpAh, 8'd0} : {8'h45, 8'd0, total, outer.identification, 16'd0};
  endfunction

  // What the exit of a protected packet asks.
  typedef struct packed {
    logic [31:0]  generation;  // the packet's
    logic         oversize;    // it is for the host to fragment
    frame_bytes_t length;      // of the frame
  } leaving_t;

  // What encapsulation needs of one packet.
  typedef struct packed {
    leaving_t    leaving;
    logic [10:0] sa_index;
    logic [31:0] spi;
    outer_t      outer;
    logic        encap;
    logic [15:0] source_port;       // of UDP
    logic [15:0] destination_port;
    logic [47:0] destination_mac;
    logic [47:0] source_mac;
    logic        ah;
    logic [6:0]  ah_bytes;          // AH with ICV and padding
    logic        chained;           // it goes by the chain engine
    logic [3:0]  cipher;
    logic [3:0]  integrity;
    logic        esn;
    logic [63:0] seq;
    logic [7:0]  next_header;       // of what is protected
    logic [3:0]  padding;           // bytes of ESP's
    logic [13:0] ciphertext;        // bytes: of ESP with padding and trailer, of AH the payload
    logic [15:0] outer_total;       // bytes of the packet sent
  } encap_t;

  // What of it waits beside a packet in the chain engine.
  typedef struct packed {
    leaving_t leaving;
    logic     ah;
    logic     ipv6;  // outside
  } chained_t;

  // What stands in front of ESP or AH; byte 0 in bits 7:0.
  typedef struct packed {
    logic [111:0] ethernet;
    logic [383:0] ip;        // IP, and UDP when encap; zero behind their last byte
    logic [6:0]   bytes;     // of both
  } outer_header_t;

  // What decapsulation needs of one packet.
  typedef struct packed {
    logic [31:0] generation;
    logic [10:0] sa_index;
    sa_in_t      row;
    logic [63:0] seq;
    logic [63:0] iv;
    logic        iv_cut;            // its end is in what the cipher calls payload
    logic        chained;           // it goes by the chain engine
    logic [13:0] ciphertext;        // bytes: of ESP with padding and trailer, of AH what it protects
    outer_t      outer;
    logic [7:0]  next_header;       // AH
    logic [6:0]  ah_bytes;          // AH
  } decap_t;

  // Bytes that ESP makes of a payload: padding to a multiple of the cipher's block, and the two trailer bytes (RFC 4303 2.4).
  function automatic logic [15:0] ciphertext_bytes(logic [15:0] payload, logic [3:0] cipher);
    logic [15:0] block = 16'(block_bytes(cipher));  // a power of two, and even
    logic [15:0] whole;                             // ones where a multiple of it may have them
    for (int unsigned i = 0; i < 16; i++) whole[i] = (block & ((16'd2 << i) - 16'd1)) != '0;
    return (payload + (block | 16'd1)) & whole;  // + 2 + block - 1, rounded down
  endfunction

  // AES-GCM and AES-GMAC keep up with the wire. All others go through the chain engine, as far as it has room.
  function automatic logic chained_cipher(logic [3:0] cipher);
    return !(cipher inside {CipherAesGcm, CipherAesGmac});
  endfunction

endpackage
