// SPDX-License-Identifier: Apache-2.0
// Makes an IP header, but for its extras: of IPv4 20 bytes with the checksum of all (RFC 791 3.1), of IPv6 40 (RFC 8200 3). One a clock,
// each path_pkg::IpHeaderLatency clocks after it was asked for.
module ip_header
  import parse_pkg::*, path_pkg::*;
(
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic         valid_i,
  input  outer_t       outer_i,
  input  extras_t      extras_i,    // that will stand behind it
  input  logic [15:0]  total_i,     // bytes of the packet
  input  logic [7:0]   protocol_i,
  output logic         valid_o,
  output logic [319:0] header_o     // byte 0 in bits 7:0, zero behind its last byte
);

  typedef struct packed {
    outer_t      outer;
    logic [15:0] total;
    logic [7:0]  protocol;
  } request_t;

  request_t request;
  logic     request_valid;

  delay_line #(
    .Width ($bits(request_t)),
    .Clocks(IpHeaderLatency - 1)
  ) u_request (
    .clk_i,
    .rst_ni,
    .valid_i,
    .data_i ({outer_i, total_i, protocol_i}),
    .valid_o(request_valid),
    .data_o (request)
  );

  // RFC 1071, an addition a clock; 28 words of 16 bits. DF is the only bit of its word; added to version and length it carries nothing.
  localparam int unsigned OptionWords = MaxOptionBytes / 2;

  logic [15:0] first;
  logic [15:0] options[OptionWords];
  logic [16:0] pairs_q[14];
  logic [17:0] quads_q[7];
  logic [18:0] eights_q[4];
  logic [19:0] halves_q[2];
  logic [20:0] sum_q;
  logic [16:0] folded_q;
  logic [15:0] checksum;
  logic [4:0]  valid_q;

  assign first    = {outer_i.df ? 4'd8 : 4'd4, 4'd5 + outer_i.extra_words, outer_i.tos};
  assign checksum = ~(folded_q[15:0] + {15'd0, folded_q[16]});

  for (genvar i = 0; i < OptionWords; i++) assign options[i] = {extras_i[16*i+:8], extras_i[16*i+8+:8]};

  always_ff @(posedge clk_i) begin
    valid_q <= rst_ni ? {valid_q[3:0], valid_i} : '0;
    if (valid_i) begin
      pairs_q[0] <= {1'b0, first} + {1'b0, total_i};
      pairs_q[1] <= {1'b0, outer_i.identification} + {1'b0, outer_i.ttl, protocol_i};
      pairs_q[2] <= {1'b0, outer_i.source[31:16]} + {1'b0, outer_i.source[15:0]};
      pairs_q[3] <= {1'b0, outer_i.destination[31:16]} + {1'b0, outer_i.destination[15:0]};
      for (int unsigned i = 0; i < 10; i++) pairs_q[4+i] <= {1'b0, options[2*i]} + {1'b0, options[2*i+1]};
    end
    if (valid_q[0]) for (int unsigned i = 0; i < 7; i++) quads_q[i] <= {1'b0, pairs_q[2*i]} + {1'b0, pairs_q[2*i+1]};
    if (valid_q[1]) begin
      for (int unsigned i = 0; i < 3; i++) eights_q[i] <= {1'b0, quads_q[2*i]} + {1'b0, quads_q[2*i+1]};
      eights_q[3] <= {1'b0, quads_q[6]};
    end
    if (valid_q[2]) for (int unsigned i = 0; i < 2; i++) halves_q[i] <= {1'b0, eights_q[2*i]} + {1'b0, eights_q[2*i+1]};
    if (valid_q[3]) sum_q <= {1'b0, halves_q[0]} + {1'b0, halves_q[1]};
    if (valid_q[4]) folded_q <= {1'b0, sum_q[15:0]} + {12'd0, sum_q[20:16]};
  end

  logic [319:0] header;  // first byte most significant

  always_comb begin
    if (request.outer.ipv6) begin
      header = {4'd6, request.outer.tos, request.outer.flow_label, request.total - 16'(Ipv6Bytes),
                first_next_header(request.outer, request.protocol),
                request.outer.ttl, request.outer.source, request.outer.destination};
    end else begin
      header = {4'd4, 4'd5 + request.outer.extra_words, request.outer.tos, request.total, request.outer.identification, 1'b0, request.outer.df, 14'd0,
                request.outer.ttl, request.protocol, checksum, request.outer.source[31:0], request.outer.destination[31:0],
                160'd0};
    end
  end

  always_ff @(posedge clk_i) begin
    valid_o <= rst_ni && request_valid;
    if (request_valid) for (int unsigned i = 0; i < 40; i++) header_o[8*i+:8] <= header[8*(39-i)+:8];
  end

  if (IpHeaderLatency != 7) $fatal(1, "the checksum takes seven clocks");

endmodule
