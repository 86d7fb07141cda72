// SPDX-License-Identifier: Apache-2.0
// Makes an IP header without options: of IPv4 20 bytes with their checksum (RFC 791 3.1), of IPv6 40 (RFC 8200 3). One a clock, each
// path_pkg::IpHeaderLatency clocks after it was asked for.
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

  // RFC 1071, an addition a clock. DF is the only bit of its word; added to version and length it carries nothing.
  logic [15:0] first;
  logic [16:0] pairs_q[4];
  logic [17:0] quads_q[2];
  logic [18:0] sum_q;
  logic [16:0] folded_q;
  logic [15:0] checksum;
  logic [2:0]  valid_q;

  assign first    = {outer_i.df ? 8'h85 : 8'h45, outer_i.tos};
  assign checksum = ~(folded_q[15:0] + {15'd0, folded_q[16]});

  always_ff @(posedge clk_i) begin
    valid_q <= rst_ni ? {valid_q[1:0], valid_i} : '0;
    if (valid_i) begin
      pairs_q[0] <= {1'b0, first} + {1'b0, total_i};
      pairs_q[1] <= {1'b0, outer_i.identification} + {1'b0, outer_i.ttl, protocol_i};
      pairs_q[2] <= {1'b0, outer_i.source[31:16]} + {1'b0, outer_i.source[15:0]};
      pairs_q[3] <= {1'b0, outer_i.destination[31:16]} + {1'b0, outer_i.destination[15:0]};
    end
    if (valid_q[0]) begin
      quads_q[0] <= {1'b0, pairs_q[0]} + {1'b0, pairs_q[1]};
      quads_q[1] <= {1'b0, pairs_q[2]} + {1'b0, pairs_q[3]};
    end
    if (valid_q[1]) sum_q <= {1'b0, quads_q[0]} + {1'b0, quads_q[1]};
    if (valid_q[2]) folded_q <= {1'b0, sum_q[15:0]} + {14'd0, sum_q[18:16]};
  end

  logic [319:0] header;  // first byte most significant

  always_comb begin
    if (request.outer.ipv6) begin
      header = {4'd6, request.outer.tos, request.outer.flow_label, request.total - 16'(Ipv6Bytes), request.protocol,
                request.outer.ttl, request.outer.source, request.outer.destination};
    end else begin
      header = {8'h45, request.outer.tos, request.total, request.outer.identification, 1'b0, request.outer.df, 14'd0,
                request.outer.ttl, request.protocol, checksum, request.outer.source[31:0], request.outer.destination[31:0],
                160'd0};
    end
  end

  always_ff @(posedge clk_i) begin
    valid_o <= rst_ni && request_valid;
    if (request_valid) for (int unsigned i = 0; i < 40; i++) header_o[8*i+:8] <= header[8*(39-i)+:8];
  end

  if (IpHeaderLatency != 5) $fatal(1, "the checksum takes five clocks");

endmodule
