// SPDX-License-Identifier: Apache-2.0
// Builds what stands in front of the ciphertext of an ESP packet: Ethernet, outer IPv4, UDP when encap, ESP, IV.
//
// RFC 4303 3.1.2 (tunnel mode), RFC 3948 2.1 (UDP), RFC 4106 3.1 (IV). Two clocks from packet to header, one packet a clock.
module outer_header
  import path_pkg::*, parse_pkg::*;
(
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic         valid_i,
  input  encap_t       packet_i,
  output logic         valid_o,
  output logic [511:0] header_o,  // byte 0 in bits 7:0
  output logic [6:0]   bytes_o    // 50 or 58
);

  localparam logic [7:0] ProtocolUdp = 8'd17;
  localparam logic [7:0] ProtocolEsp = 8'd50;

  logic        valid_q;
  encap_t      packet_q;
  logic [15:0] total_d, total_q;  // of the outer packet
  logic [15:0] fragment_d, fragment_q;
  logic [7:0]  protocol_d, protocol_q;
  logic [15:0] addresses_q, rest_q;  // sums of the header's words

  assign total_d    = 16'(outer_total(packet_i.total, packet_i.encap));
  assign fragment_d = packet_i.df ? 16'h4000 : 16'h0000;
  assign protocol_d = packet_i.encap ? ProtocolUdp : ProtocolEsp;

  always_ff @(posedge clk_i) begin
    valid_q <= rst_ni && valid_i;
    if (valid_i) begin
      packet_q    <= packet_i;
      total_q     <= total_d;
      fragment_q  <= fragment_d;
      protocol_q  <= protocol_d;
      addresses_q <= sum16(sum16(packet_i.source[31:16], packet_i.source[15:0]),
                           sum16(packet_i.destination[31:16], packet_i.destination[15:0]));
      rest_q      <= sum16(sum16(sum16({8'h45, packet_i.tos}, total_d), sum16(packet_i.seq[15:0], fragment_d)),
                           {packet_i.ttl, protocol_d});
    end
  end

  logic [271:0] front;  // Ethernet and IPv4, first byte most significant
  logic [63:0]  udp;
  logic [127:0] esp;
  logic [463:0] header;

  always_comb begin
    front = {
      packet_q.destination_mac, packet_q.source_mac, 16'h0800,
      8'h45, packet_q.tos, total_q, packet_q.seq[15:0], fragment_q,
      packet_q.ttl, protocol_q, ~sum16(addresses_q, rest_q), packet_q.source, packet_q.destination
    };
    udp    = {packet_q.source_port, packet_q.destination_port, total_q - 16'd20, 16'd0};
    esp    = {packet_q.spi, packet_q.seq[31:0], packet_q.seq};
    header = packet_q.encap ? {front, udp, esp} : {front, esp, 64'd0};
  end

  always_ff @(posedge clk_i) begin
    valid_o <= rst_ni && valid_q;
    if (valid_q) begin
      header_o <= '0;
      for (int unsigned i = 0; i < 58; i++) header_o[8*i+:8] <= header[8*(57-i)+:8];
      bytes_o <= packet_q.encap ? 7'd58 : 7'd50;
    end
  end

endmodule
