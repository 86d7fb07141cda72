// SPDX-License-Identifier: Apache-2.0
// Makes of an AH packet what the chain engine hashes: fields that may have changed on the way and the ICV zero (RFC 4302 3.3.3.1), and
// the ICV behind the packet's end. Packets of ESP pass as they are.
//
// An AH packet comes from its IP header on, which has no options. Its first eight bytes stay as they are: the engine takes them from
// `path_pkg::hashed_front`.
module ah_text
  import layout_pkg::*, stream_pkg::*, sa_pkg::*, parse_pkg::*, path_pkg::*;
(
  input  logic   clk_i,
  input  logic   rst_ni,
  stream_if.snk  in,
  input  decap_t packet_i,  // beside every beat
  stream_if.src  out,
  output decap_t packet_o,
  output logic   busy_o
);

  localparam int unsigned MostIcvBytes = 32;

  typedef enum logic [1:0] {
    First,  // beat of the packet
    Second,
    Rest
  } state_e;

  state_e       state_q;
  stream_if     masked (.clk_i, .rst_ni);
  stream_if     text (.clk_i, .rst_ni);
  logic         ah, ipv6, icv_busy;
  logic [6:0]   icv_size;           // bytes
  logic [255:0] icv_mask;           // the ICV's bytes, from its first on
  logic [255:0] icv, icv_q;         // byte 0 in bits 7:0; what has come of it until now
  logic [671:0] hidden;             // bytes of the packet that are taken as zero: 40 of IPv6, 12 of AH, 32 of ICV

  localparam int unsigned IcvPlace4 = Ipv4Bytes + AhFixedBytes;
  localparam int unsigned IcvPlace6 = Ipv6Bytes + AhFixedBytes;
  localparam int unsigned FirstPart6 = 64 - IcvPlace6;  // bytes of the ICV that an IPv6 packet's first beat holds

  assign ah        = packet_i.row.protocol == ProtocolAh;
  assign ipv6      = packet_i.outer.ipv6;
  assign icv_size = integrity_icv_bytes(packet_i.row.integrity);
  assign icv_mask  = ~({256{1'b1}} << {icv_size, 3'd0});

  always_comb begin
    hidden = '0;
    if (ipv6) begin
      hidden[8*IcvPlace6+:256] = icv_mask;
    end else begin
      hidden[8*IcvPlace4+:256] = icv_mask;
      hidden[8*8+:8]           = '1;  // TTL
      hidden[8*10+:16]         = '1;  // checksum
    end
  end

  // Beside a beat.
  typedef struct packed {
    decap_t       packet;
    logic [5:0]   icv_size;
    logic [255:0] icv;       // as far as it has come
  } side_t;

  side_t side, masked_side;

  assign side = '{packet: packet_i, icv_size: ah ? 6'(icv_size) : '0, icv: ah ? icv : '0};

  always_comb begin
    icv          = icv_q;
    masked.valid = in.valid;
    masked.beat  = in.beat;
    in.ready     = masked.ready;
    if (state_q == First) begin
      icv = (ipv6 ? 256'(in.beat.data[511:8*IcvPlace6]) : in.beat.data[8*IcvPlace4+:256]) & icv_mask;
      if (ah) masked.beat.data = in.beat.data & ~hidden[511:0];
    end else if (state_q == Second) begin
      if (ipv6) icv[255:8*FirstPart6] = in.beat.data[255-8*FirstPart6:0] & icv_mask[255:8*FirstPart6];
      if (ah) masked.beat.data = in.beat.data & ~512'(hidden[671:512]);
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= First;
    end else if (in.valid && in.ready) begin
      icv_q   <= icv;
      state_q <= in.beat.last ? First : state_q == First ? Second : Rest;
    end
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
    .SideT(decap_t)
  ) u_icv (
    .clk_i,
    .rst_ni,
    .in          (text),
    .side_i      (masked_side.packet),
    .tail_valid_i(1'b1),
    .tail_ready_o(),  // always there
    .tail_i      (masked_side.icv),
    .tail_bytes_i(masked_side.icv_size),
    .out,
    .side_o      (packet_o),
    .busy_o      (icv_busy)
  );

  assign busy_o = text.valid || icv_busy;

  always_ff @(posedge clk_i) begin
    if (rst_ni && in.valid && ah) begin
      assert (icv_size inside {[1:MostIcvBytes]}) else $error("AH without an ICV");
      assert (!in.beat.last || state_q != First || !ipv6) else $error("an AH packet of IPv6 in one beat");
    end
  end

endmodule
