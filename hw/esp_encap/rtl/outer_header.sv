// SPDX-License-Identifier: Apache-2.0
// Builds what stands in front of ESP or AH: Ethernet, IP with its extras, UDP when encap (RFC 3948 2.1; its checksum is 0, RFC 6935 over IPv6). One
// packet a clock, each header path_pkg::IpHeaderLatency clocks later.
module outer_header
  import parse_pkg::*, path_pkg::*;
(
  input  logic          clk_i,
  input  logic          rst_ni,
  input  logic          valid_i,
  input  encap_t        packet_i,
  output logic          valid_o,
  output outer_header_t header_o
);

  // What waits for the IP header.
  typedef struct packed {
    logic [47:0] destination_mac;
    logic [47:0] source_mac;
    logic        ipv6;
    extras_t     extras;
    logic [3:0]  extra_words;
    logic        encap;
    logic [15:0] source_port;
    logic [15:0] destination_port;
    logic [15:0] udp_bytes;
  } rest_t;

  rest_t        rest_in, rest;
  logic [6:0]   ip_bytes;          // with extras
  logic [111:0] ethernet;          // first byte most significant, like the next
  logic [63:0]  udp;
  logic [63:0]  udp_swapped;       // byte 0 in bits 7:0, like the next
  logic [319:0] ip;                // without its extras

  assign ip_bytes = header_bytes(packet_i.outer.ipv6) + extra_bytes(packet_i.outer);
  assign rest_in  = '{
    destination_mac:  packet_i.destination_mac,
    source_mac:       packet_i.source_mac,
    ipv6:             packet_i.outer.ipv6,
    extras:           packet_i.extras,
    extra_words:      packet_i.outer.extra_words,
    encap:            packet_i.encap,
    source_port:      packet_i.source_port,
    destination_port: packet_i.destination_port,
    udp_bytes:        packet_i.outer_total - 16'(ip_bytes)
  };

  ip_header u_ip (
    .clk_i,
    .rst_ni,
    .valid_i,
    .outer_i   (packet_i.outer),
    .extras_i  (packet_i.extras),
    .total_i   (packet_i.outer_total),
    .protocol_i(packet_i.encap ? IpUdp : packet_i.ah ? IpAh : IpEsp),
    .valid_o,
    .header_o  (ip)
  );

  delay_line #(
    .Width ($bits(rest_t)),
    .Clocks(IpHeaderLatency)
  ) u_rest (
    .clk_i,
    .rst_ni,
    .valid_i,
    .data_i (rest_in),
    .valid_o(),  // with the IP header
    .data_o (rest)
  );

  assign ethernet = {rest.destination_mac, rest.source_mac, rest.ipv6 ? EthertypeIpv6 : EthertypeIpv4};
  assign udp      = rest.encap ? {rest.source_port, rest.destination_port, rest.udp_bytes, 16'd0} : '0;

  always_comb begin
    for (int unsigned i = 0; i < 14; i++) header_o.ethernet[8*i+:8] = ethernet[8*(13-i)+:8];
    for (int unsigned i = 0; i < 8; i++) udp_swapped[8*i+:8] = udp[8*(7-i)+:8];
    header_o.ip          = ip;
    header_o.front_bytes = 7'(EthernetBytes) + header_bytes(rest.ipv6);
    header_o.rest        = 448'(rest.extras) | 448'(udp_swapped) << {rest.extra_words, 5'd0};
    header_o.rest_bytes  = {1'b0, rest.extra_words, 2'b00} + (rest.encap ? 7'd8 : 7'd0);
  end

endmodule
