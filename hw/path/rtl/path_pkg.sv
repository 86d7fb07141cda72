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

  typedef enum logic [1:0] {
    KeepHeaders,
    RewriteFrame,  // MAC addresses, TTL and checksum of an Ethernet frame
    RewritePacket  // TTL and checksum of an IPv4 packet without Ethernet header
  } rewrite_e;

  typedef struct packed {
    exit_e        exit;
    drop_e        drop;    // ExitDrop
    notice_t      notice;  // ExitHost; its generation is the packet's for every exit
    logic [6:0]   skip;    // of the frame: bytes that go away in front
    frame_bytes_t keep;    // and bytes that stay
    rewrite_e     rewrite;
    logic [47:0]  destination_mac;
    logic [47:0]  source_mac;
    logic [7:0]   ttl;       // as it is sent
    logic [15:0]  checksum;  // likewise
  } job_t;

  // What encapsulation needs of one packet.
  typedef struct packed {
    logic        bank;
    logic [10:0] sa_index;
    logic [31:0] spi;
    logic [31:0] source;       // of the outer header, like all that follow
    logic [31:0] destination;
    logic        encap;
    logic [15:0] source_port;
    logic [15:0] destination_port;
    logic [7:0]  ttl;
    logic [7:0]  tos;
    logic        df;
    logic [47:0] destination_mac;
    logic [47:0] source_mac;
    logic [3:0]  cipher;
    logic [3:0]  integrity;
    logic        esn;
    logic [63:0] seq;
    logic [15:0] total;        // of the inner packet
    logic [13:0] ciphertext;   // bytes
    logic [15:0] outer_total;
  } encap_t;

  // What decapsulation needs of one packet.
  typedef struct packed {
    logic [31:0] generation;
    logic [10:0] sa_index;
    sa_in_t      row;
    logic [63:0] seq;
    logic [63:0] iv;
    logic [13:0] ciphertext;   // bytes
    logic [31:0] source;       // outer
  } decap_t;

  // Ciphertext bytes of an inner packet: padding to a multiple of the cipher's block, and the two trailer bytes (RFC 4303 2.4).
  function automatic logic [15:0] ciphertext_bytes(logic [15:0] total, logic [3:0] cipher);
    logic [15:0] rest = 16'(block_bytes(cipher)) - 16'd1;
    return (total + 16'd2 + rest) & ~rest;
  endfunction

  // Bytes of an outer packet without its ciphertext: IPv4, UDP when encap, ESP.
  function automatic logic [6:0] outer_overhead(sa_out_t row);
    return (row.encap ? 7'd28 : 7'd20) + esp_overhead(row.cipher, row.integrity);
  endfunction

  // AES-GCM and AES-GMAC keep up with the wire. All others go through the chain engine, as far as it has room.
  function automatic logic chained_cipher(logic [3:0] cipher);
    return !(cipher inside {CipherAesGcm, CipherAesGmac});
  endfunction

endpackage
