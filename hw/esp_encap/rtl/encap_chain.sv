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

  stream_if      placed (.clk_i, .rst_ni);
  stream_if      laid (.clk_i, .rst_ni);
  stream_if      whole (.clk_i, .rst_ni);
  logic          header_room, header_there, passes, front_busy;
  outer_header_t header;

  assign laid.valid   = placed.valid;
  assign placed.ready = laid.ready;
  assign passes       = placed.valid && placed.ready;

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
    .ready_i(passes && placed.beat.last),
    .data_o (header),
    .used_o ()
  );

  // ---- what AH hashed as zero: what of the header and its extras may change, and the ICV. All else of the header stands there
  // already, so that it can be laid over whole. The ICV's place is made out a clock before.
  localparam int unsigned BehindBytes = MaxExtraBytes + AhFixedBytes + 32;  // the IP header: with the longest ICV
  localparam int unsigned OverBytes = Ipv6Bytes + BehindBytes;

  typedef struct packed {
    chained_t                 packet;
    logic [8*BehindBytes-1:0] icv;     // behind extras and AH
  } placed_t;

  placed_t                  place, place_q;
  logic [8*BehindBytes-1:0] behind;
  logic [8*OverBytes-1:0]   over;
  logic [2:0]               beat_q;  // of the packet: first, second, third

  assign place = '{packet: packet_i, icv: (8 * BehindBytes)'({icv_i, (8 * AhFixedBytes)'(0)}) << {packet_i.extra_words, 5'd0}};

  beat_register #(.SideT(placed_t)) u_placed (
    .clk_i,
    .rst_ni,
    .in,
    .side_i(place),
    .out   (placed),
    .side_o(place_q)
  );

  assign behind = place_q.icv | (8 * BehindBytes)'(header.rest);  // AH is not in UDP: of extras alone
  assign over   = place_q.packet.ipv6 ? {behind, header.ip[8*Ipv6Bytes-1:0]} : (8 * OverBytes)'({behind, header.ip[8*Ipv4Bytes-1:0]});

  always_comb begin
    laid.beat = placed.beat;
    if (place_q.packet.ah && beat_q[0]) laid.beat.data = placed.beat.data | over[511:0];
    if (place_q.packet.ah && beat_q[1]) laid.beat.data = placed.beat.data | over[1023:512];
    if (place_q.packet.ah && beat_q[2]) laid.beat.data = placed.beat.data | 512'(over[8*OverBytes-1:1024]);
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) beat_q <= 3'd1;
    else if (passes) beat_q <= placed.beat.last ? 3'd1 : {beat_q[1:0], 1'b0};
  end

  // ---- what stands in front
  typedef struct packed {
    outer_header_t header;
    leaving_t      leaving;
  } side_t;

  side_t side, whole_side;

  always_comb begin
    side = '{header: header, leaving: place_q.packet.leaving};
    if (place_q.packet.ah) begin  // the IP header stands there
      side.header.front_bytes = 7'(EthernetBytes);
      side.header.rest_bytes  = '0;
    end
  end

  beat_register #(.SideT(side_t)) u_whole (
    .clk_i,
    .rst_ni,
    .in    (laid),
    .side_i(side),
    .out   (whole),
    .side_o(whole_side)
  );

  headers_in_front u_headers_in_front (
    .clk_i,
    .rst_ni,
    .in       (whole),
    .header_i (whole_side.header),
    .leaving_i(whole_side.leaving),
    .out,
    .leaving_o,
    .busy_o   (front_busy)
  );

  assign busy_o = in.valid || placed.valid || whole.valid || front_busy;

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!header_valid_i || header_room) else $error("more headers than packets");
      assert (!placed.valid || header_there) else $error("a packet before its header");
    end
  end

endmodule
