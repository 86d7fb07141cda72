// SPDX-License-Identifier: Apache-2.0
// Makes an IP header without options: of IPv4 20 bytes with their checksum (RFC 791 3.1), of IPv6 40 (RFC 8200 3). Two clocks from
// request to header, one a clock.
module ip_header
  import parse_pkg::*, path_pkg::*;
(
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic         valid_i,
  input  outer_t       outer_i,
  input  logic [15:0]  total_i,     // bytes of the packet
  input  logic [7:0]   protocol_i,
  output logic         valid_o,
  output logic [319:0] header_o     // byte 0 in bits 7:0, zero behind its last byte
);

  logic        valid_q;
  outer_t      outer_q;
  logic [15:0] total_q;
  logic [7:0]  protocol_q;
  logic [15:0] flags;
  logic [15:0] addresses_q, rest_q;  // sums of an IPv4 header's words

  assign flags = {1'b0, outer_i.df, 14'd0};

  always_ff @(posedge clk_i) begin
    valid_q <= rst_ni && valid_i;
    if (valid_i) begin
      outer_q     <= outer_i;
      total_q     <= total_i;
      protocol_q  <= protocol_i;
      addresses_q <= sum16(sum16(outer_i.source[31:16], outer_i.source[15:0]),
                           sum16(outer_i.destination[31:16], outer_i.destination[15:0]));
      rest_q      <= sum16(sum16(sum16({8'h45, outer_i.tos}, total_i), sum16(outer_i.identification, flags)),
                           {outer_i.ttl, protocol_i});
    end
  end

  logic [319:0] header;  // first byte most significant

  always_comb begin
    if (outer_q.ipv6) begin
      header = {4'd6, outer_q.tos, outer_q.flow_label, total_q - 16'(Ipv6Bytes), protocol_q, outer_q.ttl, outer_q.source,
                outer_q.destination};
    end else begin
      header = {8'h45, outer_q.tos, total_q, outer_q.identification, 1'b0, outer_q.df, 14'd0, outer_q.ttl, protocol_q,
                ~sum16(addresses_q, rest_q), outer_q.source[31:0], outer_q.destination[31:0], 160'd0};
    end
  end

  always_ff @(posedge clk_i) begin
    valid_o <= rst_ni && valid_q;
    if (valid_q) for (int unsigned i = 0; i < 40; i++) header_o[8*i+:8] <= header[8*(39-i)+:8];
  end

endmodule
