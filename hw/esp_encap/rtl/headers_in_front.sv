// SPDX-License-Identifier: Apache-2.0
// Puts the outer headers in front of ESP or AH, in two steps: together they may be more than 64 bytes.
module headers_in_front
  import path_pkg::*;
(
  input  logic          clk_i,
  input  logic          rst_ni,
  stream_if.snk         in,
  input  outer_header_t header_i,   // beside every beat, as is the next
  input  leaving_t      leaving_i,
  stream_if.src         out,
  output leaving_t      leaving_o,
  output logic          busy_o
);

  // Beside a beat.
  typedef struct packed {
    logic [431:0] front;        // Ethernet and IP
    logic [6:0]   front_bytes;
    leaving_t     leaving;
  } side_t;

  stream_if nearer (.clk_i, .rst_ni);
  side_t    side;
  logic     rest_busy, front_busy;

  prepend #(.SideT(side_t)) u_rest (
    .clk_i,
    .rst_ni,
    .in,
    .header_i(512'(header_i.rest)),
    .bytes_i (header_i.rest_bytes),
    .side_i  ({header_i.ip, header_i.ethernet, header_i.front_bytes, leaving_i}),
    .out     (nearer),
    .side_o  (side),
    .busy_o  (rest_busy)
  );

  prepend #(.SideT(leaving_t)) u_front (
    .clk_i,
    .rst_ni,
    .in      (nearer),
    .header_i(512'(side.front)),
    .bytes_i (side.front_bytes),
    .side_i  (side.leaving),
    .out,
    .side_o  (leaving_o),
    .busy_o  (front_busy)
  );

  assign busy_o = rest_busy || front_busy;

endmodule
