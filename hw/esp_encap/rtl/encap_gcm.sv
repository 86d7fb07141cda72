// SPDX-License-Identifier: Apache-2.0
// Seals payload packets with AES-GCM or AES-GMAC and puts ICV, ESP header and outer headers around them (hw/README.md, outbound 10).
//
// Only what has room at the end is given to the cipher, which never stalls: a beat for each word, a header for each packet.
module encap_gcm
  import stream_pkg::*, gcm_pkg::*, parse_pkg::*, path_pkg::*, host_if_pkg::*;
#(
  parameter int unsigned Beats = 256,
  parameter int unsigned Packets = 64
) (
  input  logic          clk_i,
  input  logic          rst_ni,
  input  table_write_t  table_write_i,
  output logic          table_ready_o,
  input  logic          wipe_i,
  output logic          wiping_o,
  stream_if.snk         in,              // what the cipher calls payload: with padding and trailer
  input  encap_t        packet_i,        // beside every beat
  input  logic          header_valid_i,  // of a packet that has begun, some clocks later
  input  outer_header_t header_i,
  stream_if.src         out,
  output leaving_t      leaving_o,       // beside every beat
  output logic          busy_o
);

  // ---- what the cipher is told of a packet is made out a clock before
  typedef struct packed {
    packet_t  gcm;
    leaving_t leaving;
    logic     iv_cut;  // the IV's end is in the payload
  } plan_t;

  stream_if planned (.clk_i, .rst_ni);
  plan_t    plan, planned_side;

  // RFC 4106 3.1, RFC 4543 3.2: the IV is the sequence number, which never repeats under a key.
  assign plan = '{
    gcm:     esp_packet(packet_i.sa_index, packet_i.cipher, packet_i.esn, packet_i.spi, packet_i.seq, packet_i.seq, packet_i.ciphertext),
    leaving: packet_i.leaving,
    iv_cut:  iv_bytes_in_payload(packet_i.cipher, packet_i.esn) != '0
  };

  beat_register #(.SideT(plan_t)) u_planned (
    .clk_i,
    .rst_ni,
    .in,
    .side_i(plan),
    .out   (planned),
    .side_o(planned_side)
  );

  // ---- into the cipher, with credit
  localparam int unsigned BeatBits = $clog2(Beats + 1);
  localparam int unsigned PacketBits = $clog2(Packets + 1);

  logic                  first_q;
  logic [BeatBits-1:0]   beats_q;    // given to the cipher and not yet taken from the words behind it
  logic [PacketBits-1:0] packets_q;  // likewise
  logic                  beat_room_q, packet_room_q;  // whatever the last two clocks took
  logic                  feed, opens, word_taken, packet_taken;
  logic                  fed_q, opened_q, word_taken_q, packet_taken_q;
  logic                  tail_q;     // the cipher takes nothing in this clock: what its ready_o says, from a register
  logic                  word_valid, word_last, tag_valid;
  logic [511:0]          word;
  block_t                tag;

  assign feed          = planned.valid && !tail_q && beat_room_q && (!first_q || packet_room_q);
  assign planned.ready = feed;
  assign opens         = feed && first_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      first_q   <= 1'b1;
      beats_q   <= '0;
      packets_q <= '0;
      {fed_q, opened_q, word_taken_q, packet_taken_q} <= '0;
    end else begin
      if (feed) first_q <= planned.beat.last;
      beats_q   <= beats_q + BeatBits'(fed_q) - BeatBits'(word_taken_q);
      packets_q <= packets_q + PacketBits'(opened_q) - PacketBits'(packet_taken_q);
      {fed_q, opened_q, word_taken_q, packet_taken_q} <= {feed, opens, word_taken, packet_taken};
    end
    tail_q        <= rst_ni && feed && planned.beat.last && has_tail(planned_side.gcm.length);
    beat_room_q   <= rst_ni && beats_q < BeatBits'(Beats - 2);
    packet_room_q <= rst_ni && packets_q < PacketBits'(Packets - 4);  // of two that stand in front the headers are under way
  end

  gcm #(.Decrypt(1'b0)) u_gcm (
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

  // ---- what waits for its place: ciphertext, how many bytes its last word has, ICVs, headers
  // What the ESP header is made of, and what the packet's exit asks.
  typedef struct packed {
    leaving_t    leaving;
    logic [31:0] spi;
    logic [63:0] seq;
    logic        iv_cut;
  } esp_t;

  stream_if cipher (.clk_i, .rst_ni);
  stream_if words (.clk_i, .rst_ni);
  stream_if sealed (.clk_i, .rst_ni);
  stream_if esp_packets (.clk_i, .rst_ni);
  logic          empty_room, empty_there;
  logic [5:0]    empty;
  logic          icv_room, icv_there, icv_taken;
  logic [127:0]  icv, icv_in;
  logic          esp_room, esp_there;
  esp_t          esp, esp_in;
  logic          header_room, header_there;
  outer_header_t header;
  leaving_t      leaving;
  logic          sealed_busy, esp_busy, front_busy;

  fifo #(
    .Width(6),
    .Depth(Packets)
  ) u_empties (
    .clk_i,
    .rst_ni,
    .valid_i(opens),
    .ready_o(empty_room),
    .data_i (6'd0 - planned_side.gcm.length[5:0]),
    .valid_o(empty_there),
    .ready_i(cipher.valid && cipher.beat.last),
    .data_o (empty),
    .used_o ()  // packets_q knows
  );

  assign cipher.valid = word_valid;
  assign cipher.beat  = '{data: word, empty: word_last ? empty : '0, last: word_last};

  beat_fifo #(.Depth(Beats)) u_words (.clk_i, .rst_ni, .in(cipher), .out(words), .used_o());

  assign word_taken = words.valid && words.ready;

  for (genvar i = 0; i < 16; i++) begin : gen_icv_byte
    assign icv_in[8*i+:8] = tag[8*(15-i)+:8];
  end

  fifo #(
    .Width(128),
    .Depth(Packets)
  ) u_icvs (
    .clk_i,
    .rst_ni,
    .valid_i(tag_valid),
    .ready_o(icv_room),
    .data_i (icv_in),
    .valid_o(icv_there),
    .ready_i(icv_taken),
    .data_o (icv),
    .used_o ()
  );

  assign esp_in = '{
    leaving: planned_side.leaving,
    spi:     planned_side.gcm.aad[127:96],
    seq:     planned_side.gcm.iv,
    iv_cut:  planned_side.iv_cut
  };

  fifo #(
    .Width($bits(esp_t)),
    .Depth(Packets)
  ) u_esps (
    .clk_i,
    .rst_ni,
    .valid_i(opens),
    .ready_o(esp_room),
    .data_i (esp_in),
    .valid_o(esp_there),
    .ready_i(sealed.valid && sealed.ready && sealed.beat.last),
    .data_o (esp),
    .used_o ()
  );

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
    .ready_i(packet_taken),
    .data_o (header),
    .used_o ()
  );

  // ---- ICV behind; ESP header and what stands in front of it before, in three steps: together they may be more than 64 bytes
  append #(
    .Bytes(16)
  ) u_icv (
    .clk_i,
    .rst_ni,
    .in          (words),
    .side_i      (1'b0),
    .tail_valid_i(icv_there),
    .tail_ready_o(icv_taken),
    .tail_i      (icv),
    .tail_bytes_i(6'd16),
    .out         (sealed),
    .side_o      (),
    .busy_o      (sealed_busy)
  );

  // SPI, sequence number and IV, as far as that is not in the payload.
  logic [127:0] esp_header, esp_header_swapped;

  assign esp_header = {esp.spi, esp.seq[31:0], esp.seq[63:32], esp.iv_cut ? '0 : esp.seq[31:0]};

  for (genvar i = 0; i < 16; i++) begin : gen_esp_byte
    assign esp_header_swapped[8*i+:8] = esp_header[8*(15-i)+:8];
  end

  prepend #(.SideT(leaving_t)) u_esp_in_front (
    .clk_i,
    .rst_ni,
    .in      (sealed),
    .header_i(512'(esp_header_swapped)),
    .bytes_i (esp.iv_cut ? 7'd12 : 7'd16),
    .side_i  (esp.leaving),
    .out     (esp_packets),
    .side_o  (leaving),
    .busy_o  (esp_busy)
  );

  headers_in_front u_headers_in_front (
    .clk_i,
    .rst_ni,
    .in       (esp_packets),
    .header_i (header),
    .leaving_i(leaving),
    .out,
    .leaving_o,
    .busy_o   (front_busy)
  );

  assign busy_o       = in.valid || planned.valid || opened_q || packets_q != '0 || sealed_busy || esp_busy || front_busy;
  assign packet_taken = esp_packets.valid && esp_packets.ready && esp_packets.beat.last;

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!opens || (empty_room && esp_room)) else $error("a packet without credit");
      assert (!header_valid_i || header_room) else $error("a header without credit");
      assert (!cipher.valid || cipher.ready) else $error("a word without credit");
      assert (!tag_valid || icv_room) else $error("an ICV without credit");
      assert (!(cipher.valid && cipher.beat.last) || empty_there) else $error("the end of an unknown packet");
      assert (!sealed.valid || esp_there) else $error("ciphertext of an unknown packet");
      assert (!esp_packets.valid || header_there) else $error("ciphertext before its header");
    end
  end

endmodule
