// SPDX-License-Identifier: Apache-2.0
// Makes of an AH packet what the chain engine hashes: the ICV zero, and behind the packet's end as it came; in front the IP header
// (path's ah_header), whose first eight bytes the engine takes from `path_pkg::hashed_front`. Packets of ESP pass as they are.
//
// A packet comes from its AH on.
module ah_text
  import layout_pkg::*, stream_pkg::*, sa_pkg::*, parse_pkg::*, path_pkg::*;
(
  input  logic    clk_i,
  input  logic    rst_ni,
  stream_if.snk   in,
  input  decap_t  packet_i,  // beside every beat, as is the next
  input  extras_t hashed_i,  // as header_extras makes them
  stream_if.src   out,
  output decap_t  packet_o,
  output logic    busy_o
);

  localparam int unsigned MostIcvBytes = 32;

  logic         first_q;            // beat of the packet
  stream_if     masked (.clk_i, .rst_ni);
  stream_if     text (.clk_i, .rst_ni);
  stream_if     closed (.clk_i, .rst_ni);
  logic         ah, icv_busy, header_busy;
  logic [6:0]   icv_size;           // bytes
  logic [255:0] icv_mask;           // the ICV's bytes, from its first on
  logic [255:0] icv, icv_q;         // byte 0 in bits 7:0

  assign ah       = packet_i.row.protocol == ProtocolAh;
  assign icv_size = integrity_icv_bytes(packet_i.row.integrity);
  assign icv_mask = ~({256{1'b1}} << {icv_size, 3'd0});

  // Beside a beat.
  typedef struct packed {
    decap_t     packet;
    extras_t    hashed;
    logic [6:0] extra_bytes;  // of ah_header
    logic [6:0] front_bytes;
  } fronts_t;

  typedef struct packed {
    fronts_t      fronts;
    logic [5:0]   icv_size;
    logic [255:0] icv;
  } side_t;

  side_t   side, masked_side;
  fronts_t fronts;

  assign side = '{
    fronts: '{
      packet:      packet_i,
      hashed:      hashed_i,
      extra_bytes: ah ? extra_bytes(packet_i.outer) : '0,
      front_bytes: ah ? header_bytes(packet_i.outer.ipv6) : '0
    },
    icv_size: ah ? 6'(icv_size) : '0,
    icv:      ah ? icv : '0
  };

  always_comb begin
    icv          = first_q ? in.beat.data[8*AhFixedBytes+:256] & icv_mask : icv_q;
    masked.valid = in.valid;
    masked.beat  = in.beat;
    in.ready     = masked.ready;
    if (first_q && ah) masked.beat.data[8*AhFixedBytes+:256] = in.beat.data[8*AhFixedBytes+:256] & ~icv_mask;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) first_q <= 1'b1;
    else if (in.valid && in.ready) first_q <= in.beat.last;
    if (in.valid) icv_q <= icv;
  end

  beat_register #(.SideT(side_t)) u_masked (
    .clk_i,
    .rst_ni,
    .in    (masked),
    .side_i(side),
    .out   (text),
    .side_o(masked_side)
  );

  append #(
    .Bytes(MostIcvBytes),
    .SideT(fronts_t)
  ) u_icv (
    .clk_i,
    .rst_ni,
    .in          (text),
    .side_i      (masked_side.fronts),
    .tail_valid_i(1'b1),
    .tail_ready_o(),  // always there
    .tail_i      (masked_side.icv),
    .tail_bytes_i(masked_side.icv_size),
    .out         (closed),
    .side_o      (fronts),
    .busy_o      (icv_busy)
  );

  ah_header #(
    .Before(8),
    .SideT (decap_t)
  ) u_header (
    .clk_i,
    .rst_ni,
    .in           (closed),
    .outer_i      (fronts.packet.outer),
    .hashed_i     (fronts.hashed),
    .extra_bytes_i(fronts.extra_bytes),
    .front_bytes_i(fronts.front_bytes),
    .side_i       (fronts.packet),
    .out,
    .side_o       (packet_o),
    .busy_o       (header_busy)
  );

  assign busy_o = text.valid || icv_busy || header_busy;

  always_ff @(posedge clk_i) begin
    if (rst_ni && in.valid && ah) begin
      assert (icv_size inside {[1:MostIcvBytes]}) else $error("AH without an ICV");
    end
  end

endmodule
