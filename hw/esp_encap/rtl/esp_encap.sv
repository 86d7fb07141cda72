// SPDX-License-Identifier: Apache-2.0
// Makes an ESP or AH packet: padding and trailer, cipher, ICV, outer headers (hw/README.md, outbound 10).
//
// What is protected (in tunnel mode the inner packet, TTL already lowered) comes with `packet_i` beside every beat. Packets of AES-GCM
// and AES-GMAC leave at `out`. All others, AH too, go by the chain engine, which the card has once for both directions, and leave at
// `chained`; who finds no room there is dropped.
module esp_encap
  import stream_pkg::*, gcm_pkg::iv_bytes_in_payload, path_pkg::*, host_if_pkg::*, chain_pkg::*;
(
  input  logic          clk_i,
  input  logic          rst_ni,
  input  table_write_t  table_write_i,
  output logic          table_ready_o,
  input  logic          wipe_i,
  output logic          wiping_o,
  stream_if.snk         in,
  input  encap_t        packet_i,          // without the extras
  input  extras_t       extras_i,          // of transport mode, as the mover gives them
  output drop_t         drop_o,            // crypto_busy
  output flight_t       leave_o,           // of the packet dropped
  // the chain engine: plaintext with trailer there, SPI to ICV back; of AH what is hashed, and the ICV beside it
  input  logic          chain_room_i,
  stream_if.src         chain_plain,
  output chain_packet_t chain_packet_o,    // beside every beat, like all that follow
  output chained_t      chain_side_o,
  stream_if.snk         chain_esp,
  input  chained_t      chain_side_i,
  input  logic [255:0]  chain_icv_i,
  // out
  stream_if.src         out,
  output leaving_t      leaving_o,
  stream_if.src         chained,
  output leaving_t      chained_leaving_o,
  output logic          busy_o
);

  // ---- trailer of ESP: RFC 4303 2.4, padding bytes 1, 2, 3.., pad length, next header
  // What is put behind and in front of a packet is made out a clock before it is put there.
  typedef struct packed {
    encap_t     packet;
    extras_t    hashed;
    logic [6:0] near_bytes;  // of encap_front
    logic [6:0] extra_bytes;
    logic [6:0] far_bytes;
  } fronts_t;

  typedef struct packed {
    fronts_t      fronts;
    logic [135:0] trailer;
    logic [5:0]   trailer_bytes;
  } plan_t;

  stream_if     planned (.clk_i, .rst_ni);  // and the extras made out
  stream_if     padded (.clk_i, .rst_ni);
  stream_if     whole (.clk_i, .rst_ni);
  plan_t        plan, planned_side;
  fronts_t      planned_fronts, padded_side;
  extras_t      extras, hashed;
  logic [7:0]   protocol;
  encap_t       packet;
  logic [135:0] trailer;
  logic         extras_busy, trailer_busy, front_busy;

  always_comb begin
    trailer = 136'({packet_i.next_header, 4'd0, packet_i.padding}) << {packet_i.padding, 3'b000};
    for (int unsigned i = 0; i < 15; i++) if (i < 32'(packet_i.padding)) trailer[8*i+:8] = 8'(i + 1);
  end

  assign plan = '{
    fronts: '{
      packet:      packet_i,
      hashed:      '0,  // not yet known, as are the packet's extras
      near_bytes:  packet_i.ah ? packet_i.ah_bytes : 7'(iv_bytes_in_payload(packet_i.cipher, packet_i.esn)),
      extra_bytes: packet_i.ah ? extra_bytes(packet_i.outer) : '0,
      far_bytes:   packet_i.ah ? header_bytes(packet_i.outer.ipv6) - 7'd8 : '0
    },
    trailer:       packet_i.ah ? '0 : trailer,
    trailer_bytes: packet_i.ah ? 6'd0 : {2'b0, packet_i.padding} + 6'd2
  };

  assign protocol = packet_i.encap ? IpUdp : packet_i.ah ? IpAh : IpEsp;

  header_extras #(.SideT(plan_t)) u_extras (
    .clk_i,
    .rst_ni,
    .in,
    .outer_i (packet_i.outer),
    .ah_i    (packet_i.ah),
    .extras_i(with_protocol(extras_i, packet_i.outer, protocol)),
    .side_i  (plan),
    .out     (planned),
    .extras_o(extras),
    .hashed_o(hashed),
    .side_o  (planned_side),
    .busy_o  (extras_busy)
  );

  always_comb begin
    planned_fronts               = planned_side.fronts;
    planned_fronts.packet.extras = extras;
    planned_fronts.hashed        = hashed;
  end

  append #(.SideT(fronts_t)) u_trailer (
    .clk_i,
    .rst_ni,
    .in          (planned),
    .side_i      (planned_fronts),
    .tail_valid_i(1'b1),
    .tail_ready_o(),  // always there
    .tail_i      (planned_side.trailer),
    .tail_bytes_i(planned_side.trailer_bytes),
    .out         (padded),
    .side_o      (padded_side),
    .busy_o      (trailer_busy)
  );

  encap_front u_front (
    .clk_i,
    .rst_ni,
    .in           (padded),
    .packet_i     (padded_side.packet),
    .hashed_i     (padded_side.hashed),
    .near_bytes_i (padded_side.near_bytes),
    .extra_bytes_i(padded_side.extra_bytes),
    .far_bytes_i  (padded_side.far_bytes),
    .out          (whole),
    .packet_o     (packet),
    .busy_o       (front_busy)
  );

  // ---- the way of its cipher
  stream_if gcm_plain (.clk_i, .rst_ni);
  logic     gcm_busy, chain_busy;

  cipher_choice u_choice (
    .clk_i,
    .rst_ni,
    .in       (whole),
    .chained_i(packet.chained),
    .bank_i   (packet.leaving.generation[0]),
    .room_i   (chain_room_i),
    .gcm      (gcm_plain),
    .chain    (chain_plain),
    .drop_o,
    .leave_o
  );

  // ---- its outer header, made when its first beat goes in
  logic          first_q;
  logic          header_valid, header_chained;
  outer_header_t header;
  logic          gcm_begins, chain_begins;

  assign gcm_begins   = first_q && gcm_plain.valid && gcm_plain.ready;
  assign chain_begins = first_q && chain_plain.valid && chain_plain.ready;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) first_q <= 1'b1;
    else if (whole.valid && whole.ready) first_q <= whole.beat.last;
  end

  outer_header u_header (
    .clk_i,
    .rst_ni,
    .valid_i (gcm_begins || chain_begins),
    .packet_i(packet),
    .valid_o (header_valid),
    .header_o(header)
  );

  delay_line #(
    .Width (1),
    .Clocks(IpHeaderLatency)
  ) u_header_chained (
    .clk_i,
    .rst_ni,
    .valid_i(gcm_begins || chain_begins),
    .data_i (chain_begins),
    .valid_o(),  // with the header
    .data_o (header_chained)
  );

  // ---- the two ways
  encap_gcm u_gcm (
    .clk_i,
    .rst_ni,
    .table_write_i,
    .table_ready_o,
    .wipe_i,
    .wiping_o,
    .in            (gcm_plain),
    .packet_i      (packet),
    .header_valid_i(header_valid && !header_chained),
    .header_i      (header),
    .out,
    .leaving_o,
    .busy_o        (gcm_busy)
  );

  // AH's text begins with the IP header: that stands where ESP has SPI and number.
  logic [63:0]  front;
  logic [13:0]  behind_front;

  assign front        = packet.ah ? hashed_front(packet.outer, packet.outer_total) : {packet.spi, packet.seq[31:0]};
  assign behind_front = packet.ah ? 14'(packet.outer_total) - 14'd8 : packet.ciphertext;

  assign chain_side_o   = '{leaving: packet.leaving, ah: packet.ah, ipv6: packet.outer.ipv6, extra_words: packet.outer.extra_words};
  assign chain_packet_o = '{
    sa_index:   packet.sa_index,
    cipher:     packet.cipher,
    integrity:  packet.integrity,
    ah:         packet.ah,
    esn:        packet.esn,
    spi:        front[63:32],
    seq:        {packet.seq[63:32], front[31:0]},
    ciphertext: behind_front
  };

  encap_chain u_chain (
    .clk_i,
    .rst_ni,
    .header_valid_i(header_valid && header_chained),
    .header_i      (header),
    .in            (chain_esp),
    .packet_i      (chain_side_i),
    .icv_i         (chain_icv_i),
    .out           (chained),
    .leaving_o     (chained_leaving_o),
    .busy_o        (chain_busy)
  );

  assign busy_o = extras_busy || trailer_busy || front_busy || gcm_busy || chain_busy;

endmodule
