// SPDX-License-Identifier: Apache-2.0
// Opens ESP packets: AES-GCM, ICV, the deciding replay check, trailer (hw/README.md, inbound 9).
//
// A packet comes from its ciphertext's first byte to its ICV's last, with `packet_i` beside every beat; the plaintext waits
// inside until the packet's verdict is known. What is accepted leaves as a frame: lan_mac, source 0, 0x0800, inner packet with
// whatever follows it before the padding. Its IPv4 header is not yet checked. The others are dropped here, one by one, in order.
module esp_decap
  import layout_pkg::*, stream_pkg::*, gcm_pkg::*, sa_pkg::*, parse_pkg::*, path_pkg::*, host_if_pkg::*;
#(
  parameter int unsigned Beats = 512,
  parameter int unsigned Packets = 64
) (
  input  logic            clk_i,
  input  logic            rst_ni,
  input  table_write_t    table_write_i,
  output logic            table_ready_o,
  input  logic            wipe_i,
  output logic            wiping_o,
  input  logic [47:0]     lan_mac_i,
  stream_if.snk           in,
  input  decap_t          packet_i,
  output logic            accept_valid_o,    // the accept port of sa_in
  output accept_request_t accept_request_o,
  input  logic            accept_valid_i,
  input  accept_t         accept_i,
  output logic            accepted_o,        // a packet has become part of the SA's traffic
  output logic            event_valid_o,
  output notice_t         event_o,
  output drop_t           drop_o,
  output flight_t         leave_o,           // of the packet dropped
  stream_if.src           out,
  output admission_t      admission_o,       // beside every beat
  output logic            busy_o
);

  localparam int unsigned BeatBits = $clog2(Beats + 1);
  localparam int unsigned PacketBits = $clog2(Packets + 1);

  // ---- into the cipher, with credit; the ICV goes aside
  logic                  first_q;
  logic [511:0]          before_q;     // the beat before
  logic [7:0]            fed_q, fed;   // words given to the cipher of the packet under way
  logic [7:0]            words_due;
  logic [BeatBits-1:0]   beats_q;      // given to the cipher, and their plaintext is still inside
  logic [PacketBits-1:0] packets_q;
  logic                  has_word, take, feed, opens, ends;
  logic                  beat_gone, packet_gone;
  logic                  gcm_ready, word_valid, word_last, tag_valid;
  logic [511:0]          word;
  block_t                tag;
  packet_t               gcm_packet;
  logic [6:0]            content;
  logic [127:0]          icv_in;       // byte 0 in bits 7:0

  assign fed       = first_q ? '0 : fed_q;
  assign words_due = 8'((packet_i.ciphertext + 16'd63) >> 6);
  assign has_word  = fed != words_due;
  assign take      = in.valid && (!has_word || (gcm_ready && beats_q != BeatBits'(Beats))) &&
                     (!first_q || packets_q != PacketBits'(Packets));
  assign in.ready  = take;
  assign feed      = take && has_word;
  assign opens     = take && first_q;
  assign ends      = take && in.beat.last;

  // RFC 4303 2.8: the ICV is the end of the packet; it may lie across two beats.
  assign content = 7'd64 - {1'b0, in.beat.empty};
  assign icv_in  = 128'({in.beat.data, before_q} >> {content + 7'd48, 3'b000});

  // RFC 4106 5: the AAD is SPI and sequence number, all 64 bits of it with ESN.
  assign gcm_packet = '{
    sa_index: packet_i.sa_index,
    iv:       packet_i.iv,
    aad:      packet_i.row.esn ? {packet_i.row.spi, packet_i.seq} : {packet_i.row.spi, packet_i.seq[31:0], 32'd0},
    aad_long: packet_i.row.esn,
    length:   14'(packet_i.ciphertext)
  };

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      first_q   <= 1'b1;
      beats_q   <= '0;
      packets_q <= '0;
    end else begin
      if (take) first_q <= in.beat.last;
      beats_q   <= beats_q + BeatBits'(feed) - BeatBits'(beat_gone);
      packets_q <= packets_q + PacketBits'(opens) - PacketBits'(packet_gone);
    end
    if (take) begin
      before_q <= in.beat.data;
      fed_q    <= fed + 8'(feed);
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
    .ready_o    (gcm_ready),
    .first_i    (first_q),
    .packet_i   (gcm_packet),
    .data_i     (in.beat.data),
    .valid_o    (word_valid),
    .last_o     (word_last),
    .data_o     (word),
    .tag_valid_o(tag_valid),
    .tag_o      (tag)
  );

  // ---- what waits for the verdict: plaintext, and of each packet its ICV, our ICV, its trailer and what admission said
  stream_if plain (.clk_i, .rst_ni);
  stream_if held (.clk_i, .rst_ni);
  logic         end_room, end_there;
  logic [5:0]   end_at;           // ciphertext bytes modulo 64
  logic         trailer_room, trailer_there;
  logic [15:0]  trailer_in;
  logic [7:0]   next_header, pad_length;
  logic         tag_room, tag_there;
  block_t       our_icv;
  logic         icv_room, icv_there;
  logic [127:0] icv;
  logic         packet_room, packet_there;
  decap_t       packet;
  logic         judge;            // all are there

  fifo #(
    .Width(6),
    .Depth(Packets)
  ) u_ends (
    .clk_i,
    .rst_ni,
    .valid_i(opens),
    .ready_o(end_room),
    .data_i (packet_i.ciphertext[5:0]),
    .valid_o(end_there),
    .ready_i(word_valid && word_last),
    .data_o (end_at),
    .used_o ()  // packets_q knows
  );

  assign plain.valid = word_valid;
  assign plain.beat  = '{data: word, empty: '0, last: word_last};
  assign trailer_in  = 16'(word >> {end_at - 6'd2, 3'b000});  // RFC 4303 2: pad length, next header, at the end

  beat_fifo #(.Depth(Beats)) u_plain (.clk_i, .rst_ni, .in(plain), .out(held), .used_o());

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
    .ready_i(judge),
    .data_o ({next_header, pad_length}),
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
    .ready_i(judge),
    .data_o (our_icv),
    .used_o ()
  );

  fifo #(
    .Width(128),
    .Depth(Packets)
  ) u_icvs (
    .clk_i,
    .rst_ni,
    .valid_i(ends),
    .ready_o(icv_room),
    .data_i (icv_in),
    .valid_o(icv_there),
    .ready_i(judge),
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
    .data_i (packet_i),
    .valid_o(packet_there),
    .ready_i(judge),
    .data_o (packet),
    .used_o ()
  );

  // ---- verdict
  logic         judged_q;  // in the last clock: the SA answers every two clocks
  block_t       icv_block;

  for (genvar i = 0; i < 16; i++) begin : gen_icv_byte
    assign icv_block[8*(15-i)+:8] = icv[8*i+:8];
  end

  assign judge            = !judged_q && trailer_there && tag_there && icv_there && packet_there;
  assign accept_valid_o   = judge;
  assign accept_request_o = '{
    sa_index: packet.sa_index,
    row:      packet.row,
    seq:      packet.seq,
    bytes:    14'(packet.ciphertext),
    icv_ok:   icv_block == our_icv
  };

  always_ff @(posedge clk_i) judged_q <= rst_ni && judge;

  // What the verdict needs once the SA has answered.
  typedef struct packed {
    logic [31:0] generation;
    logic [10:0] sa_index;
    logic [31:0] spi;
    logic [15:0] policy_id;
    logic [31:0] source;
    logic [7:0]  next_header;
    logic [15:0] pad_length;
    logic [15:0] content;      // ciphertext without trailer: inner packet and padding
  } judged_t;

  judged_t judged;
  logic    judged_valid;

  delay_line #(
    .Width ($bits(judged_t)),
    .Clocks(AcceptLatency)
  ) u_judged (
    .clk_i,
    .rst_ni,
    .valid_i(judge),
    .data_i ({packet.generation, packet.sa_index, packet.row.spi, packet.row.policy_id, packet.source, next_header,
              8'd0, pad_length, packet.ciphertext - 16'd2}),
    .valid_o(judged_valid),
    .data_o (judged)
  );

  typedef struct packed {
    logic         drop;
    drop_e        reason;
    logic [31:0]  generation;
    logic [10:0]  sa_index;
    logic [31:0]  spi;
    logic [15:0]  policy_id;
    frame_bytes_t keep;        // bytes before the padding
  } release_t;

  verdict_t verdict;
  release_t released_in, released;
  logic     release_room, release_there, release_taken;

  always_comb begin
    verdict = Open;
    verdict = drop_if(verdict, !accept_i.accept, accept_i.drop);
    verdict = drop_if(verdict, judged.pad_length > judged.content, DropEspTrailer);
    verdict = drop_if(verdict, judged.next_header != 8'd4, DropEspNextHeader);
    verdict = drop_if(verdict, judged.content - judged.pad_length < 16'd20, DropInnerMalformed);
    released_in = '{
      drop:       verdict.fate == Dropped,
      reason:     verdict.drop,
      generation: judged.generation,
      sa_index:   judged.sa_index,
      spi:        judged.spi,
      policy_id:  judged.policy_id,
      keep:       14'(judged.content - judged.pad_length)
    };
  end

  assign accepted_o    = accept_valid_i && accept_i.accept;
  assign event_valid_o = accept_valid_i && (accept_i.soft_limit || accept_i.hard_limit);
  assign event_o = '{
    upcall:       accept_i.hard_limit ? UpcallHardLimit : UpcallSoftLimit,
    port:         PortWan,
    generation:   judged.generation,
    spi:          judged.spi,
    sa_index:     16'(judged.sa_index),
    policy_id:    judged.policy_id,
    principal:    '0,
    outbound:     1'b0,
    decapsulated: 1'b0,
    source:       judged.source,
    length:       '0
  };

  fifo #(
    .Width($bits(release_t)),
    .Depth(Packets)
  ) u_released (
    .clk_i,
    .rst_ni,
    .valid_i(judged_valid),
    .ready_o(release_room),
    .data_i (released_in),
    .valid_o(release_there),
    .ready_i(release_taken),
    .data_o (released),
    .used_o ()
  );

  // ---- out, or away
  stream_if allowed (.clk_i, .rst_ni);
  stream_if inner (.clk_i, .rst_ni);
  admission_t   admission, inner_admission;
  logic [111:0] ethernet;

  assign allowed.valid = held.valid && release_there && !released.drop;
  assign allowed.beat  = held.beat;
  assign held.ready    = release_there && (released.drop || allowed.ready);
  assign beat_gone     = held.valid && held.ready;
  assign packet_gone   = beat_gone && held.beat.last;
  assign release_taken = packet_gone;
  assign drop_o        = '{valid: packet_gone && released.drop, reason: released.reason};
  assign leave_o       = '{valid: drop_o.valid, bank: released.generation[0]};

  assign admission = '{
    generation:   released.generation,
    length:       released.keep + 14'(EthernetBytes),
    decapsulated: 1'b1,
    spi:          released.spi,
    sa_index:     16'(released.sa_index),
    policy_id:    released.policy_id
  };

  slice #(.SideT(admission_t)) u_inner (
    .clk_i,
    .rst_ni,
    .in    (allowed),
    .skip_i('0),
    .keep_i(released.keep),
    .side_i(admission),
    .out   (inner),
    .side_o(inner_admission)
  );

  always_comb begin
    ethernet = {16'h0008, 48'd0, 48'd0};
    for (int unsigned i = 0; i < 6; i++) ethernet[8*i+:8] = lan_mac_i[8*(5-i)+:8];
  end

  prepend #(.SideT(admission_t)) u_ethernet (
    .clk_i,
    .rst_ni,
    .in      (inner),
    .header_i(512'(ethernet)),
    .bytes_i (7'(EthernetBytes)),
    .side_i  (inner_admission),
    .out,
    .side_o  (admission_o)
  );

  assign busy_o = packets_q != '0 || inner.valid || out.valid;

  // ---- what must hold
  logic [31:0] verified_q;  // packets whose ICV was right and which the SA took, less those whose plaintext left

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      verified_q <= '0;
    end else begin
      verified_q <= verified_q + 32'(accepted_o) - 32'(packet_gone && !released.drop) -
                    32'(judged_valid && accept_i.accept && released_in.drop);
      assert (!allowed.valid || verified_q != '0) else $error("plaintext leaves before its ICV is verified");
      assert (judged_valid == accept_valid_i) else $error("the SA's answer and its packet have parted");
      assert (!opens || (end_room && packet_room)) else $error("a packet without credit");
      assert (!ends || icv_room) else $error("an ICV without credit");
      assert (!plain.valid || plain.ready) else $error("a word without credit");
      assert (!(plain.valid && word_last) || (end_there && trailer_room)) else $error("the end of an unknown packet");
      assert (!tag_valid || tag_room) else $error("a tag without credit");
      assert (!judged_valid || release_room) else $error("a verdict without credit");
    end
  end

endmodule
