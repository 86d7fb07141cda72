// SPDX-License-Identifier: Apache-2.0
// Puts the outer headers in front of what comes back from the chain engine: SPI to ICV, or what AH hashed (hw/README.md, outbound 10).
module encap_chain
  import stream_pkg::*, sa_pkg::*, parse_pkg::*, path_pkg::*, host_if_pkg::*;
#(
  parameter int unsigned Packets = 256  // more than are in the chain engine
) (
  input  logic          clk_i,
  input  logic          rst_ni,
  input  logic          header_valid_i,  // of a packet that went into the chain engine, long before it comes
  input  outer_header_t header_i,
  stream_if.snk         in,
  input  chained_t      packet_i,        // beside every beat
  input  logic [255:0]  icv_i,           // likewise, of AH: zero behind its last byte
  stream_if.src         out,
  output leaving_t      leaving_o,       // beside every beat
  output logic          busy_o
);

  stream_if      laid (.clk_i, .rst_ni);
  stream_if      whole (.clk_i, .rst_ni);
  logic          header_room, header_there, passes, front_busy;
  outer_header_t header;

  assign laid.valid = in.valid;
  assign in.ready   = laid.ready;
  assign passes     = in.valid && in.ready;

  fifo #(
    .Width($bits(outer_header_t)),
    .Depth(Packets)
  ) u_headers (
    .clk_i,
    .rst_ni,
    .valid_i(header_valid_i),
    .ready_o(header_room),
    .data_i (header_i),
    .valid_o(header_there),
    .ready_i(passes && in.beat.last),
    .data_o (header),
    .used_o ()
  );

  // ---- what AH hashed as zero: the header's fields that may change, and the ICV. All else of the header stands there already, so
  // that it can be laid over whole.
  localparam int unsigned OverBytes = Ipv6Bytes + AhFixedBytes + 32;  // with the longest ICV

  logic [8*OverBytes-1:0] over;
  logic                   first_q, second_q;  // beats of the packet

  assign over = (8 * OverBytes)'(header.ip) | (packet_i.ipv6 ? {icv_i, (8 * (Ipv6Bytes + AhFixedBytes))'(0)}
                                                             : (8 * OverBytes)'({icv_i, (8 * (Ipv4Bytes + AhFixedBytes))'(0)}));

  always_comb begin
    laid.beat = in.beat;
    if (packet_i.ah && first_q) laid.beat.data = in.beat.data | over[511:0];
    if (packet_i.ah && second_q) laid.beat.data = in.beat.data | 512'(over[8*OverBytes-1:512]);
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) {first_q, second_q} <= 2'b10;
    else if (passes) {first_q, second_q} <= {in.beat.last, first_q && !in.beat.last};
  end

  // ---- what stands in front
  typedef struct packed {
    logic [495:0] front;
    logic [6:0]   front_bytes;
    leaving_t     leaving;
  } side_t;

  side_t side, whole_side;

  assign side = '{
    front:       packet_i.ah ? 496'(header.ethernet) : {header.ip, header.ethernet},
    front_bytes: packet_i.ah ? 7'(EthernetBytes) : header.bytes,
    leaving:     packet_i.leaving
  };

  beat_register #(.SideT(side_t)) u_whole (
    .clk_i,
    .rst_ni,
    .in    (laid),
    .side_i(side),
    .out   (whole),
    .side_o(whole_side)
  );

  prepend #(.SideT(leaving_t)) u_headers_in_front (
    .clk_i,
    .rst_ni,
    .in      (whole),
    .header_i(512'(whole_side.front)),
    .bytes_i (whole_side.front_bytes),
    .side_i  (whole_side.leaving),
    .out,
    .side_o  (leaving_o),
    .busy_o  (front_busy)
  );

  assign busy_o = in.valid || whole.valid || front_busy;

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!header_valid_i || header_room) else $error("more headers than packets");
      assert (!in.valid || header_there) else $error("a packet before its header");
    end
  end

endmodule
