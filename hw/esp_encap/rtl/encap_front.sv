// SPDX-License-Identifier: Apache-2.0
// Puts in front of a payload what its engine authenticates with it and must be told as payload too: of AES-GMAC with ESN the end of
// the IV; of AH the IP header as it is hashed (ah_header), and AH with an ICV of zeros.
module encap_front
  import sa_pkg::*, path_pkg::*;
(
  input  logic       clk_i,
  input  logic       rst_ni,
  stream_if.snk      in,
  input  encap_t     packet_i,       // beside every beat, as are the next
  input  extras_t    hashed_i,       // as header_extras makes them
  input  logic [6:0] near_bytes_i,   // bytes nearest to the payload,
  input  logic [6:0] extra_bytes_i,  // of the extras before them,
  input  logic [6:0] far_bytes_i,    // and of the IP header before those
  stream_if.src      out,
  output encap_t     packet_o,
  output logic       busy_o
);

  stream_if     nearer (.clk_i, .rst_ni);
  logic         near_busy, far_busy;
  logic [95:0]  ah, ah_swapped;          // RFC 4302 2, without ICV; first byte most significant
  logic [31:0]  iv_end;
  logic [511:0] front;

  // ---- what stands nearest to the payload
  assign iv_end = {packet_i.seq[7:0], packet_i.seq[15:8], packet_i.seq[23:16], packet_i.seq[31:24]};
  assign ah     = {packet_i.next_header, {3'd0, packet_i.ah_bytes[6:2]} - 8'd2, 16'd0, packet_i.spi, packet_i.seq[31:0]};

  always_comb begin
    for (int unsigned i = 0; i < AhFixedBytes; i++) ah_swapped[8*i+:8] = ah[8*(AhFixedBytes-1-i)+:8];
    front = packet_i.ah ? 512'(ah_swapped) : 512'(iv_end);
  end

  // Beside a beat.
  typedef struct packed {
    encap_t     packet;
    extras_t    hashed;
    logic [6:0] extra_bytes;
    logic [6:0] far_bytes;
  } side_t;

  side_t rest;

  prepend #(.SideT(side_t)) u_near (
    .clk_i,
    .rst_ni,
    .in,
    .header_i(front),
    .bytes_i (near_bytes_i),
    .side_i  ({packet_i, hashed_i, extra_bytes_i, far_bytes_i}),
    .out     (nearer),
    .side_o  (rest),
    .busy_o  (near_busy)
  );

  ah_header #(.SideT(encap_t)) u_ah_header (
    .clk_i,
    .rst_ni,
    .in           (nearer),
    .outer_i      (rest.packet.outer),
    .hashed_i     (rest.hashed),
    .extra_bytes_i(rest.extra_bytes),
    .front_bytes_i(rest.far_bytes),
    .side_i       (rest.packet),
    .out,
    .side_o       (packet_o),
    .busy_o       (far_busy)
  );

  assign busy_o = near_busy || far_busy;

endmodule
