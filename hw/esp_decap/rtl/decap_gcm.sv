// SPDX-License-Identifier: Apache-2.0
// Deciphers packets of AES-GCM and AES-GMAC and compares their ICVs.
//
// A packet comes from its payload's first byte to its ICV's last, with `packet_i` beside every beat. Its plaintext waits at `out`
// until its verdict is known; meanwhile `opened_o` asks for it, packets in order. The cipher never stalls, so only what has room at
// the end is given to it.
module decap_gcm
  import layout_pkg::*, stream_pkg::*, gcm_pkg::*, path_pkg::*, esp_decap_pkg::*;
#(
  parameter int unsigned Beats = 512,
  parameter int unsigned Packets = 64
) (
  input  logic         clk_i,
  input  logic         rst_ni,
  input  table_write_t table_write_i,
  output logic         table_ready_o,
  input  logic         wipe_i,
  output logic         wiping_o,
  stream_if.snk        in,
  input  decap_t       packet_i,
  output logic         opened_valid_o,
  input  logic         opened_ready_i,
  output opened_t      opened_o,
  stream_if.src        out,
  output logic         busy_o
);

  localparam int unsigned BeatBits = $clog2(Beats + 1);
  localparam int unsigned PacketBits = $clog2(Packets + 1);

  // ---- what the cipher is told of a packet is made out a clock before
  typedef struct packed {
    decap_t     packet;
    packet_t    gcm;
    logic [7:0] words;  // that its payload fills
  } plan_t;

  stream_if planned (.clk_i, .rst_ni);
  plan_t    plan, planned_side;

  assign plan = '{
    packet: packet_i,
    gcm:    esp_packet(packet_i.sa_index, packet_i.row.cipher, packet_i.row.esn, packet_i.row.spi, packet_i.seq, packet_i.iv,
                       packet_i.ciphertext),
    words:  8'((packet_i.ciphertext + (packet_i.iv_cut ? 14'(CutIvBytes + 63) : 14'd63)) >> 6)
  };

  beat_register #(.SideT(plan_t)) u_planned (
    .clk_i,
    .rst_ni,
    .in,
    .side_i(plan),
    .out   (planned),
    .side_o(planned_side)
  );

  // ---- into the cipher, with credit; the ICV goes aside
  logic                  first_q;
  logic [511:0]          beat_q, before_q;  // the last beat, and the one before
  logic [7:0]            left, left_q;      // words of the packet under way not yet given to the cipher
  logic                  some_left_q, one_left_q;
  logic                  tail_q;     // the cipher takes nothing in this clock: what its ready_o says, from a register
  logic [BeatBits-1:0]   beats_q;      // given to the cipher, and their plaintext is still inside
  logic [PacketBits-1:0] packets_q;
  logic                  beat_room_q, packet_room_q;  // whatever the last two clocks took
  logic                  word_room, last_word, take, feed, opens, ends, ended_q, turned_valid_q;
  logic                  beat_gone, packet_gone;
  logic                  fed_q, opened_q, beat_gone_q, packet_gone_q;
  logic                  word_valid, word_last, tag_valid;
  logic [511:0]          word;
  block_t                tag;
  logic [6:0]            icv_place_q;  // in the last two beats
  logic [247:0]          turned_q;     // its 16 bytes, and up to 15 before and behind them
  logic [3:0]            turn_q;       // bytes before them
  logic [127:0]          icv_in;       // byte 0 in bits 7:0

  assign left          = first_q ? planned_side.words : left_q;
  assign word_room     = !tail_q && beat_room_q;
  assign last_word     = first_q ? planned_side.words == 8'd1 : one_left_q;
  assign opens         = planned.valid && first_q && word_room && packet_room_q;  // every payload has a word
  assign take          = opens || (planned.valid && !first_q && (word_room || !some_left_q));
  assign planned.ready = take;
  assign feed          = opens || (take && some_left_q);
  assign ends          = take && planned.beat.last;

  // RFC 4303 2.8: the ICV is the end of the packet; it may lie across two beats. It is turned to its place in two clocks.
  assign icv_in = 128'(turned_q >> {turn_q, 3'b000});

  always_ff @(posedge clk_i) begin
    turned_valid_q <= rst_ni && ended_q;
    turned_q       <= 248'({beat_q, before_q} >> {icv_place_q[6:4], 7'd0});
    turn_q         <= icv_place_q[3:0];
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      first_q   <= 1'b1;
      beats_q   <= '0;
      packets_q <= '0;
      {fed_q, opened_q, beat_gone_q, packet_gone_q} <= '0;
    end else begin
      if (take) first_q <= planned.beat.last;
      beats_q   <= beats_q + BeatBits'(fed_q) - BeatBits'(beat_gone_q);
      packets_q <= packets_q + PacketBits'(opened_q) - PacketBits'(packet_gone_q);
      {fed_q, opened_q, beat_gone_q, packet_gone_q} <= {feed, opens, beat_gone, packet_gone};
    end
    tail_q        <= rst_ni && feed && last_word && has_tail(planned_side.gcm.length);
    beat_room_q   <= rst_ni && beats_q < BeatBits'(Beats - 2);
    packet_room_q <= rst_ni && packets_q < PacketBits'(Packets - 2);
    ended_q       <= rst_ni && ends;
    if (take) begin
      beat_q      <= planned.beat.data;
      before_q    <= beat_q;
      icv_place_q <= 7'd112 - 7'(planned.beat.empty);
      left_q      <= left - 8'(first_q || some_left_q);
      some_left_q <= left > 8'd1;
      one_left_q  <= left == 8'd2;
    end
  end

  gcm #(.Decrypt(1'b1)) u_gcm (
    .clk_i,
    .rst_ni,
    .table_write_i,
    .table_ready_o,
    .wipe_i,
    .wiping_o,
    .valid_i    (feed),
    .ready_o    (),  // it asserts that tail_q is right
    .first_i    (first_q),
    .packet_i   (planned_side.gcm),
    .data_i     (planned.beat.data),
    .valid_o    (word_valid),
    .last_o     (word_last),
    .data_o     (word),
    .tag_valid_o(tag_valid),
    .tag_o      (tag)
  );

  // ---- what waits for the verdict: plaintext, and of each packet its ICV, our ICV, its trailer and what admission said
  stream_if plain (.clk_i, .rst_ni);
  logic         end_room, end_there;
  logic [5:0]   trailer_at;       // its byte in the payload's last word
  logic         trailer_room, trailer_there;
  logic [15:0]  trailer_in, trailer;
  logic         tag_room, tag_there;
  block_t       our_icv;
  logic         icv_room, icv_there;
  logic [127:0] icv;
  logic         packet_room, packet_there;
  decap_t       packet;
  logic         joined;           // all are there, and go on together

  fifo #(
    .Width(6),
    .Depth(Packets)
  ) u_ends (
    .clk_i,
    .rst_ni,
    .valid_i(opens),
    .ready_o(end_room),
    .data_i (planned_side.gcm.length[5:0] - 6'd2),
    .valid_o(end_there),
    .ready_i(word_valid && word_last),
    .data_o (trailer_at),
    .used_o ()  // packets_q knows
  );

  assign plain.valid = word_valid;
  assign plain.beat  = '{data: word, empty: '0, last: word_last};
  assign trailer_in  = 16'(word >> {trailer_at, 3'b000});  // RFC 4303 2: pad length, next header, at the end

  beat_fifo #(.Depth(Beats)) u_plain (.clk_i, .rst_ni, .in(plain), .out, .used_o());

  fifo #(
    .Width(16),
    .Depth(Packets)
  ) u_trailers (
    .clk_i,
    .rst_ni,
    .valid_i(word_valid && word_last),
    .ready_o(trailer_room),
    .data_i (trailer_in),
    .valid_o(trailer_there),
    .ready_i(joined),
    .data_o (trailer),
    .used_o ()
  );

  fifo #(
    .Width(128),
    .Depth(Packets)
  ) u_tags (
    .clk_i,
    .rst_ni,
    .valid_i(tag_valid),
    .ready_o(tag_room),
    .data_i (tag),
    .valid_o(tag_there),
    .ready_i(joined),
    .data_o (our_icv),
    .used_o ()
  );

  fifo #(
    .Width(128),
    .Depth(Packets)
  ) u_icvs (
    .clk_i,
    .rst_ni,
    .valid_i(turned_valid_q),
    .ready_o(icv_room),
    .data_i (icv_in),
    .valid_o(icv_there),
    .ready_i(joined),
    .data_o (icv),
    .used_o ()
  );

  fifo #(
    .Width($bits(decap_t)),
    .Depth(Packets)
  ) u_packets (
    .clk_i,
    .rst_ni,
    .valid_i(opens),
    .ready_o(packet_room),
    .data_i (planned_side.packet),
    .valid_o(packet_there),
    .ready_i(joined),
    .data_o (packet),
    .used_o ()
  );

  block_t icv_block;

  for (genvar i = 0; i < 16; i++) begin : gen_icv_byte
    assign icv_block[8*(15-i)+:8] = icv[8*i+:8];
  end

  // A packet every two clocks, which is as often as one is judged.
  assign joined = trailer_there && tag_there && icv_there && packet_there && !opened_valid_o;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) opened_valid_o <= 1'b0;
    else opened_valid_o <= joined || (opened_valid_o && !opened_ready_i);
    if (joined) begin
      opened_o <= '{packet: packet, icv_ok: icv_block == our_icv, next_header: trailer[15:8], pad_length: trailer[7:0]};
    end
  end

  assign beat_gone   = out.valid && out.ready;
  assign packet_gone = beat_gone && out.beat.last;
  assign busy_o      = in.valid || planned.valid || opened_q || packets_q != '0;

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!opens || (end_room && packet_room)) else $error("a packet without credit");
      assert (!turned_valid_q || icv_room) else $error("an ICV without credit");
      assert (!plain.valid || plain.ready) else $error("a word without credit");
      assert (!(plain.valid && word_last) || (end_there && trailer_room)) else $error("the end of an unknown packet");
      assert (!tag_valid || tag_room) else $error("a tag without credit");
    end
  end

endmodule
