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
    logic [3:0]  extra_words;     // of 4 bytes, that its extras take
    logic [7:0]  next_header;     // IPv6 with extras: of the header itself
    logic [2:0]  last_extension;  // likewise: units of 8 bytes before the last extension header
  } outer_t;

  // The extras of an IP header: options, or extension headers. Byte 0 in bits 7:0, zero behind the last.
  localparam int unsigned MaxExtraBytes = ExtensionBytes;
  typedef logic [8*MaxExtraBytes-1:0] extras_t;

  localparam int unsigned IpHeaderLatency = 7;  // clocks that ip_header takes

  // Of one without extras.
  function automatic logic [6:0] header_bytes(logic ipv6);
    return ipv6 ? 7'(Ipv6Bytes) : 7'(Ipv4Bytes);
  endfunction

  function automatic logic [6:0] extra_bytes(outer_t outer);
    return {1'b0, outer.extra_words, 2'b00};
  endfunction

  function automatic outer_t own_header(ip_t ip);
    return '{
      ipv6:           ip.ipv6,
      tos:            ip.tos,
      df:             ip.df,
      identification: ip.identification,
      flow_label:     ip.flow_label,
      ttl:            ip.ttl,
      source:         ip.source,
      destination:    ip.destination,
      extra_words:    4'(ip.header[6:2] - (ip.ipv6 ? 5'(Ipv6Bytes / 4) : 5'(Ipv4Bytes / 4))),
      next_header:    ip.next_header,
      last_extension: ip.last_extension
    };
  endfunction

  // What the header itself says of what follows it: extension headers, or `protocol` at once.
  function automatic logic [7:0] first_next_header(outer_t outer, logic [7:0] protocol);
    return outer.ipv6 && outer.extra_words != '0 ? outer.next_header : protocol;
  endfunction

  // IPv6: the last of them names `protocol`.
  function automatic extras_t with_protocol(extras_t extras, outer_t outer, logic [7:0] protocol);
    with_protocol = extras;
    for (int unsigned i = 0; i < MaxExtraBytes / 8; i++) begin
      if (outer.ipv6 && outer.extra_words != '0 && outer.last_extension == 3'(i)) with_protocol[64*i+:8] = protocol;
    end
  endfunction

  // The first eight bytes of the IP header in front of AH as AH hashes them: what may change on the way is zero (RFC 4302
  // 3.3.3.1). `total` is the packet's.
  function automatic logic [63:0] hashed_front(outer_t outer, logic [15:0] total);
    return outer.ipv6 ? {8'h60, 24'd0, total - 16'(Ipv6Bytes), first_next_header(outer, IpAh), 8'd0}
                      : {4'd4, 4'd5 + outer.extra_words, 8'd0, total, outer.identification, 16'd0};
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
    extras_t     extras;            // as they are sent
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
    leaving_t   leaving;
    logic       ah;
    logic       ipv6;         // outside
    logic [3:0] extra_words;  // likewise
  } chained_t;

  // What stands in front of ESP or AH; byte 0 in bits 7:0, zero behind the last.
  typedef struct packed {
    logic [111:0] ethernet;
    logic [319:0] ip;           // without its extras
    logic [6:0]   front_bytes;  // of both
    logic [447:0] rest;         // the extras, and UDP when encap
    logic [6:0]   rest_bytes;
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
    extras_t     extras;            // as they came
    logic [7:0]  next_header;       // AH
    logic [15:0] total;             // bytes of the packet
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
