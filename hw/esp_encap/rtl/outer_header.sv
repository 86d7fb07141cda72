// SPDX-License-Identifier: Apache-2.0
// Builds what stands in front of an ESP packet: Ethernet, outer IPv4, UDP when encap; and of ESP, as far as asked for, SPI, sequence
// number and an IV that is the sequence number.
//
// RFC 4303 3.1.2 (tunnel mode), RFC 3948 2.1 (UDP), RFC 4106 3.1 and RFC 4543 3.2 (IV). Two clocks from packet to header, one packet
// a clock.
module outer_header
  import path_pkg::*, parse_pkg::*;
(
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic         valid_i,
  input  encap_t       packet_i,
  input  logic [4:0]   esp_bytes_i,  // of ESP, 0 to 16
  output logic         valid_o,
  output logic [511:0] header_o,     // byte 0 in bits 7:0, zero behind its last byte
  output logic [6:0]   bytes_o       // 34 to 58
);

  localparam logic [7:0] ProtocolUdp = 8'd17;
  localparam logic [7:0] ProtocolEsp = 8'd50;

  logic        valid_q;
  encap_t      packet_q;
  logic [4:0]  esp_bytes_q;
  logic [15:0] fragment_d, fragment_q;
  logic [7:0]  protocol_d, protocol_q;
  logic [15:0] addresses_q, rest_q;  // sums of the header's words

  assign fragment_d = packet_i.df ? 16'h4000 : 16'h0000;
  assign protocol_d = packet_i.encap ? ProtocolUdp : ProtocolEsp;

  always_ff @(posedge clk_i) begin
    valid_q <= rst_ni && valid_i;
    if (valid_i) begin
      packet_q    <= packet_i;
      esp_bytes_q <= esp_bytes_i;
      fragment_q  <= fragment_d;
      protocol_q  <= protocol_d;
      addresses_q <= sum16(sum16(packet_i.source[31:16], packet_i.source[15:0]),
                           sum16(packet_i.destination[31:16], packet_i.destination[15:0]));
      rest_q      <= sum16(sum16(sum16({8'h45, packet_i.tos}, packet_i.outer_total), sum16(packet_i.seq[15:0], fragment_d)),
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
      8'h45, packet_q.tos, packet_q.outer_total, packet_q.seq[15:0], fragment_q,
      packet_q.ttl, protocol_q, ~sum16(addresses_q, rest_q), packet_q.source, packet_q.destination
    };
    udp    = {packet_q.source_port, packet_q.destination_port, packet_q.outer_total - 16'd20, 16'd0};
    esp    = {packet_q.spi, packet_q.seq[31:0], packet_q.seq} & ~({128{1'b1}} >> {esp_bytes_q, 3'b000});
    header = packet_q.encap ? {front, udp, esp} : {front, esp, 64'd0};
  end

  always_ff @(posedge clk_i) begin
    valid_o <= rst_ni && valid_q;
    if (valid_q) begin
      header_o <= '0;
      for (int unsigned i = 0; i < 58; i++) header_o[8*i+:8] <= header[8*(57-i)+:8];
      bytes_o <= (packet_q.encap ? 7'd42 : 7'd34) + 7'(esp_bytes_q);
    end
  end

endmodule
