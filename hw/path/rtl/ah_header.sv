// SPDX-License-Identifier: Apache-2.0
// Puts in front of AH what it hashes of the IP header, but for the first eight bytes, which path_pkg::hashed_front makes: TTL, protocol
// and checksum of IPv4, the addresses, the extras. What may change on the way is zero (RFC 4302 3.3.3.1). Packets of ESP pass.
module ah_header
  import path_pkg::*;
#(
  parameter int unsigned Before = 0,  // bytes in front of all this, which nobody reads
  parameter type SideT = logic
) (
  input  logic       clk_i,
  input  logic       rst_ni,
  stream_if.snk      in,
  input  outer_t     outer_i,        // beside every beat, as are the next
  input  extras_t    hashed_i,       // as header_extras makes them
  input  logic [6:0] extra_bytes_i,  // of ESP 0, as are the next
  input  logic [6:0] front_bytes_i,  // header_bytes less eight, and those before
  input  SideT       side_i,
  stream_if.src      out,
  output SideT       side_o,
  output logic       busy_o
);

  // Beside a beat.
  typedef struct packed {
    outer_t     outer;
    logic [6:0] front_bytes;
    SideT       side;
  } side_t;

  stream_if     nearer (.clk_i, .rst_ni);
  side_t        side;
  logic [255:0] front, front_swapped;
  logic         near_busy, far_busy;

  prepend #(.SideT(side_t)) u_extras (
    .clk_i,
    .rst_ni,
    .in,
    .header_i(512'(hashed_i)),
    .bytes_i (extra_bytes_i),
    .side_i  ({outer_i, front_bytes_i, side_i}),
    .out     (nearer),
    .side_o  (side),
    .busy_o  (near_busy)
  );

  assign front = side.outer.ipv6 ? {side.outer.source, side.outer.destination}
                                 : {8'd0, IpAh, 16'd0, side.outer.source[31:0], side.outer.destination[31:0], 160'd0};

  always_comb for (int unsigned i = 0; i < 32; i++) front_swapped[8*i+:8] = front[8*(31-i)+:8];

  prepend #(.SideT(SideT)) u_front (
    .clk_i,
    .rst_ni,
    .in      (nearer),
    .header_i(512'(front_swapped) << (8 * Before)),
    .bytes_i (side.front_bytes),
    .side_i  (side.side),
    .out,
    .side_o,
    .busy_o  (far_busy)
  );

  assign busy_o = near_busy || far_busy;

endmodule
