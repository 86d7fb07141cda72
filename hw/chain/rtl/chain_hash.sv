// SPDX-License-Identifier: Apache-2.0
// HMAC (RFC 2104) of the packets of both directions, a block of another packet every clock.
//
// A packet's next block can begin when the last one has come out of its pipeline and, outbound, when the cipher has written the bytes.
// The first is what the queue of each pipeline (`chain_hash_lane`) says. Of the second the cipher tells: with its first 64 bytes a packet
// is born here, and then how many there are. A packet that is chosen too early is queued again.
//
// Every clock one packet is chosen. Then it passes eight registers, by whose number its signals are called: 1 chosen, 2 the choice
// brought together, 3 and 4 looked up, 5 and 6 read, 7 and 8 its block put together. From there it goes into its pipeline.
module chain_hash
  import layout_pkg::*, chain_pkg::*, chain_hmac_pkg::*;
#(
  parameter int unsigned Contexts = 64
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,

  input  logic                   out_arrived_i,
  input  context_t               out_context_i,
  input  logic                   out_progress_i,        // of the cipher, in the clock of its write
  input  progress_t              out_progress_data_i,
  output logic                   out_read_o,
  input  logic                   in_arrived_i,
  input  context_t               in_context_i,
  output logic                   in_read_o,
  output place_t                 read_place_o,          // a row or half of one
  input  logic [1023:0]          out_read_data_i,       // two clocks later
  input  logic [1023:0]          in_read_data_i,

  output logic                   out_verdict_o,         // and the context is free
  output logic                   in_verdict_o,
  output slot_t                  verdict_slot_o,
  output number_t                verdict_number_o,
  output logic [255:0]           verdict_icv_o,         // byte 0 in bits 7:0, zero behind its last byte

  input  logic                   key_valid_i,           // stays until key_done_o
  input  hmac_key_t              key_i,
  output logic                   key_done_o,            // its chaining value is written
  input  logic [3:0]             zero_i,                // chaining values to be made zero: {inbound, outer}
  input  logic [SaIndexBits-1:0] zero_row_i
);

  localparam int unsigned SlotBits = $clog2(Contexts);
  typedef logic [SlotBits-1:0] index_t;

  // ---- what waits -------------------------------------------------------------------------------------------------------------

  logic        lane_valid[Lanes], lane_take[Lanes];
  hash_token_t lane_token[Lanes];

  // Outbound packets of which something is written, inbound packets, and outbound packets that were chosen too early.
  typedef enum logic [1:0] {
    OutBorn,
    InBorn,
    Early
  } queue_e;
  localparam int unsigned Queues = 3;

  logic        queue_put[Queues], queue_ready[Queues], queue_valid[Queues], queue_take[Queues];
  hash_token_t queue_in[Queues], queue_token[Queues];
  logic        key_wanted_q, key_take, key_asked_q;
  hash_token_t key_token;

  logic        early4_q;
  hash_token_t token4_q;
  logic        progress_q;
  progress_t   progress_data_q;

  assign queue_put[OutBorn] = progress_q && progress_data_q.begun;
  assign queue_in[OutBorn]  = '{step: Text, inbound: 1'b0, slot: progress_data_q.slot, lane: progress_data_q.lane, begins: '0};
  assign queue_put[InBorn]  = in_arrived_i;
  assign queue_in[InBorn]   = '{step: Text, inbound: 1'b1, slot: in_context_i.slot, lane: in_context_i.lane, begins: '0};
  assign queue_put[Early]   = early4_q;
  assign queue_in[Early]    = token4_q;
  assign key_token          = '{step: KeyPad, inbound: 1'b0, slot: '0, lane: lane_of(key_i.integrity), begins: '0};

  for (genvar q = 0; q < Queues; q++) begin : gen_queue
    fifo #(
      .Width($bits(hash_token_t)),
      .Depth(Contexts)
    ) u_queue (
      .clk_i,
      .rst_ni,
      .valid_i(queue_put[q]),
      .ready_o(queue_ready[q]),
      .data_i (queue_in[q]),
      .valid_o(queue_valid[q]),
      .ready_i(queue_take[q]),
      .data_o (queue_token[q]),
      .used_o ()
    );
    always_ff @(posedge clk_i) begin
      if (rst_ni && queue_put[q]) assert (queue_ready[q]) else $error("more packets in a queue than there are");
    end
  end

  // ---- choose: who has begun first, then a key; the queues take turns ---------------------------------------------------------

  localparam int unsigned Sources = Lanes + 1 + Queues;

  logic [Sources-1:0] chosen;
  hash_token_t        offered[Sources];
  logic               free;      // for the queues
  logic [1:0]         served_q;  // the queue that had its turn last

  always_comb begin
    free = !key_wanted_q;
    for (int unsigned l = 0; l < Lanes; l++) begin
      lane_take[l] = lane_valid[l];
      for (int unsigned m = 0; m < l; m++) if (lane_valid[m]) lane_take[l] = 1'b0;
      if (lane_valid[l]) free = 1'b0;
      chosen[l]  = lane_take[l];
      offered[l] = lane_token[l];
    end
    key_take       = key_wanted_q && !(lane_valid[0] || lane_valid[1] || lane_valid[2] || lane_valid[3]);
    chosen[Lanes]  = key_take;
    offered[Lanes] = key_token;
    for (int unsigned q = 0; q < Queues; q++) begin
      // Of the two others, the next one goes first unless it was this one's turn just now that passed.
      automatic int unsigned next = (q + 1) % Queues;
      automatic int unsigned last = (q + 2) % Queues;
      unique case (served_q)
        2'(q):   queue_take[q] = free && queue_valid[q] && !queue_valid[next] && !queue_valid[last];
        2'(last): queue_take[q] = free && queue_valid[q];
        default: queue_take[q] = free && queue_valid[q] && !queue_valid[last];
      endcase
      chosen[Lanes+1+q]  = queue_take[q];
      offered[Lanes+1+q] = queue_token[q];
    end
  end

  logic [Sources-1:0] chosen1_q;
  hash_token_t        offered1_q[Sources];   // zero, but for the chosen one
  logic               valid2_q;
  hash_token_t        token2_q, brought;

  always_comb begin
    brought = offered1_q[0];
    for (int unsigned s = 1; s < Sources; s++) brought |= offered1_q[s];
  end

  always_ff @(posedge clk_i) begin
    for (int unsigned s = 0; s < Sources; s++) offered1_q[s] <= chosen[s] ? offered[s] : '0;
    chosen1_q <= rst_ni ? chosen : '0;
    valid2_q  <= rst_ni && chosen1_q != '0;
    if (chosen1_q != '0) token2_q <= brought;
    for (int unsigned q = 0; q < Queues; q++) if (queue_take[q]) served_q <= 2'(q);
    if (!rst_ni) served_q <= '0;
    key_wanted_q <= rst_ni && key_valid_i && !key_asked_q && !key_take;
    if (!rst_ni || key_done_o) key_asked_q <= 1'b0;
    else if (key_take) key_asked_q <= 1'b1;
  end

  // ---- 3, 4: look up ----------------------------------------------------------------------------------------------------------

  context_t    context3_out, context3_in, context3;
  units_t      have[Contexts];   // written by the cipher
  units_t      have3_q;
  logic        valid3_q, early3;
  hash_token_t token3_q;

  ram_1r1w #(
    .Width($bits(context_t)),
    .Rows (Contexts)
  ) u_out_contexts (
    .clk_i,
    .write_i     (out_arrived_i),
    .write_row_i (index_t'(out_context_i.slot)),
    .write_data_i(out_context_i),
    .read_i      (valid2_q && !token2_q.inbound),
    .read_row_i  (index_t'(token2_q.slot)),
    .read_data_o (context3_out)
  );

  ram_1r1w #(
    .Width($bits(context_t)),
    .Rows (Contexts)
  ) u_in_contexts (
    .clk_i,
    .write_i     (in_arrived_i),
    .write_row_i (index_t'(in_context_i.slot)),
    .write_data_i(in_context_i),
    .read_i      (valid2_q && token2_q.inbound),
    .read_row_i  (index_t'(token2_q.slot)),
    .read_data_o (context3_in)
  );

  // Until a packet is born nobody looks up its units, so nobody meets those of another.
  always_ff @(posedge clk_i) begin
    progress_q <= rst_ni && out_progress_i;
    if (out_progress_i) progress_data_q <= out_progress_data_i;
    if (progress_q) have[index_t'(progress_data_q.slot)] <= progress_data_q.units;
    have3_q <= have[index_t'(token2_q.slot)];
  end

  // Of a block of two units it is the second that counts; it begins with an even one.
  assign early3   = token3_q.step == Text && !token3_q.inbound &&
                    {have3_q[7:1], have3_q[0] && token3_q.lane != Sha512} <= token3_q.begins;
  assign context3 = token3_q.inbound ? context3_in : context3_out;

  logic        valid4_q, text4_q, first4_q;
  context_t    context4_q;
  logic [3:0]  integrity4_q;
  place_t      place4_q;
  logic [12:0] ends4_q;   // of 4 bytes, the word of the block in which the packet ends; it may be far behind the block

  always_ff @(posedge clk_i) begin
    valid3_q <= rst_ni && valid2_q;
    if (valid2_q) token3_q <= token2_q;
    valid4_q <= rst_ni && valid3_q && !early3;
    early4_q <= rst_ni && valid3_q && early3;
    if (valid3_q) begin
      token4_q     <= token3_q;
      context4_q   <= context3;
      integrity4_q <= is_key(token3_q) ? key_i.integrity : context3.packet.integrity;
      text4_q      <= token3_q.step == Text;
      first4_q     <= token3_q.step == Text && token3_q.begins == '0;
      place4_q     <= {context3.row + row_t'(token3_q.begins[7:1]), token3_q.begins[0], 3'd0};
      ends4_q      <= {1'b0, context3.bytes[13:2]} - {1'b0, token3_q.begins, 4'd0};
    end
  end

  function automatic logic is_key(hash_token_t token);
    return token.step == KeyPad || token.step == KeyDone;
  endfunction

  // ---- 5, 6: read -------------------------------------------------------------------------------------------------------------

  assign out_read_o   = valid4_q && text4_q && !token4_q.inbound;
  assign in_read_o    = valid4_q && text4_q && token4_q.inbound;
  assign read_place_o = place4_q;

  // The chaining values that key set-up has made: {inbound, outer}.
  logic                   key_read, digest_read;
  logic [1:0]             key_which, key_which5_q;
  digest_t                key_digest5[4], lane_digest5[Lanes];
  logic [3:0]             key_write6_q;      // of each
  logic [SaIndexBits-1:0] key_write_row6_q;
  logic                   key_zero6_q;
  logic                   valid5_q;
  hash_token_t            token5_q, token6_q;  // 6: what comes after the block
  digest_t                carried6_q;

  assign key_read    = valid4_q && (first4_q || token4_q.step == Outer);
  assign key_which   = {token4_q.inbound, token4_q.step == Outer};
  assign digest_read = valid4_q && !first4_q && token4_q.step != KeyPad;

  for (genvar i = 0; i < 4; i++) begin : gen_key_digest
    ram_1r1w #(
      .Width(512),
      .Rows (SaRows)
    ) u_memory (
      .clk_i,
      .write_i     (key_write6_q[i]),
      .write_row_i (key_write_row6_q),
      .write_data_i(key_zero6_q ? '0 : carried6_q),
      .read_i      (key_read && key_which == 2'(i)),
      .read_row_i  (context4_q.packet.sa_index),
      .read_data_o (key_digest5[i])
    );
  end

  always_ff @(posedge clk_i) begin
    for (int unsigned i = 0; i < 4; i++)
      key_write6_q[i] <= rst_ni && (zero_i[i] || (valid5_q && token5_q.step == KeyDone && {key_i.inbound, key_i.outer} == 2'(i)));
    key_zero6_q      <= zero_i != '0;
    key_write_row6_q <= zero_i != '0 ? zero_row_i : key_i.sa_index;
  end

  logic        valid6_q, text5_q, text6_q, first5_q, first6_q;
  step_e       step6_q;              // of the block
  context_t    context5_q;
  logic [3:0]  integrity5_q, integrity6_q;
  logic        last5_q;              // of the inner hash
  logic        beyond5_q, before5_q; // the packet ends behind the block; in front of it by more than its ending is long
  logic [5:0]  ends5_q;
  logic [13:0] length5_q, length6_q; // bytes that are hashed in all, with those of the pad
  digest_t     key_digest6_q;
  logic [33:0] ends6_q;              // in which word, counted from two in front of the block
  logic [31:0] whole6_q;             // words in front of that one
  logic [1:0]  bytes6_q;             // of the packet in it
  logic [95:0] ending6_q;            // what is hashed behind the packet
  logic [63:0] header6_q;            // SPI and number: those that the replay window is asked about
  slot_t       slot6_q;
  number_t     number6_q;

  always_ff @(posedge clk_i) begin
    valid5_q <= rst_ni && valid4_q;
    valid6_q <= rst_ni && valid5_q;
    if (valid4_q) begin
      token5_q     <= token4_q;
      context5_q   <= context4_q;
      integrity5_q <= integrity4_q;
      text5_q      <= text4_q;
      first5_q     <= first4_q;
      key_which5_q <= key_which;
      last5_q      <= token4_q.begins == context4_q.last_block;
      beyond5_q    <= !ends4_q[12] && ends4_q[11:5] != '0;
      before5_q    <= ends4_q[12] && ends4_q < -13'sd2;
      ends5_q      <= ends4_q[5:0] + 6'd2;
      if (!text4_q) length5_q <= 14'({digest_words(integrity4_q), 2'd0}) + pad_bytes(token4_q.lane);
      else length5_q <= context4_q.bytes + pad_bytes(token4_q.lane) + (context4_q.packet.esn ? 14'd4 : 14'd0);
    end
    if (valid5_q) begin
      token6_q <= token5_q;
      unique case (token5_q.step)
        Text:
        if (last5_q) token6_q.step <= Outer;
        else token6_q.begins <= token5_q.begins + block_units(token5_q.lane);
        Outer:   token6_q.step <= Verdict;
        default: token6_q.step <= KeyDone;
      endcase
      step6_q       <= token5_q.step;
      integrity6_q  <= integrity5_q;
      text6_q       <= text5_q;
      first6_q      <= first5_q;
      length6_q     <= length5_q;
      carried6_q    <= lane_digest5[token5_q.lane];
      key_digest6_q <= key_digest5[key_which5_q];
      for (int unsigned w = 0; w < 34; w++) ends6_q[w] <= text5_q && !beyond5_q && !before5_q && ends5_q == 6'(w);
      for (int unsigned w = 0; w < 32; w++) whole6_q[w] <= text5_q && (beyond5_q || (!before5_q && ends5_q > 6'(w + 2)));
      bytes6_q      <= context5_q.bytes[1:0];
      ending6_q     <= text_ending(context5_q.packet, context5_q.bytes[1:0]);
      header6_q     <= {context5_q.packet.spi, context5_q.packet.seq[31:0]};
      slot6_q       <= token5_q.slot;
      number6_q     <= context5_q.number;
    end
  end

  // What has been computed leaves.
  assign key_done_o = valid6_q && step6_q == KeyDone;

  always_ff @(posedge clk_i) begin
    out_verdict_o <= rst_ni && valid6_q && step6_q == Verdict && !token6_q.inbound;
    in_verdict_o  <= rst_ni && valid6_q && step6_q == Verdict && token6_q.inbound;
    if (valid6_q && step6_q == Verdict) begin
      verdict_slot_o   <= slot6_q;
      verdict_number_o <= number6_q;
      verdict_icv_o    <= icv_of(integrity6_q, carried6_q);
    end
  end

  // ---- 7, 8: put together -----------------------------------------------------------------------------------------------------

  logic          hashes6, valid7_q, valid8_q[Lanes];
  hash_token_t   token7_q, token8_q;
  digest_t       digest7_q, digest8_q;
  block_t        text7_q;       // the packet's bytes in the block; zero when it is another's
  logic [511:0]  other7_q;      // first half of a block that is not the text's
  logic [31:0]   fill7_q, next7_q;  // and each word of the other half, of which the first is next
  logic [33:0]   ends7_q;
  logic [95:0]   ending7_q;
  logic [31:0]   length7_q;
  logic          has_length7_q;
  block_t        block8_q;

  assign hashes6 = valid6_q && step6_q != Verdict && step6_q != KeyDone;

  // Byte 0 of a store is least significant, of a block most. Of the word in which the packet ends some bytes are its own.
  function automatic logic [31:0] text_word(logic [31:0] stored, logic whole, logic ends, logic [1:0] bytes);
    for (int unsigned b = 0; b < 4; b++) text_word[8*(3-b)+:8] = whole || (ends && b < 32'(bytes)) ? stored[8*b+:8] : '0;
  endfunction

  // Where the word of the length that is not zero stands.
  function automatic logic has_length(lane_e lane, int unsigned word);
    return word == (lane == Md5 ? 14 : lane == Sha512 ? 31 : 15);
  endfunction

  always_ff @(posedge clk_i) begin
    valid7_q <= rst_ni && hashes6;
    for (int unsigned l = 0; l < Lanes; l++) valid8_q[l] <= rst_ni && valid7_q && token7_q.lane == lane_e'(l);
    if (hashes6) begin
      token7_q <= token6_q;
      for (int unsigned w = 0; w < 32; w++) begin
        text7_q[32*(31-w)+:32] <= text_word(token6_q.inbound ? in_read_data_i[32*w+:32] : out_read_data_i[32*w+:32], whole6_q[w],
                                            ends6_q[w+2], bytes6_q);
      end
      if (first6_q) text7_q[1023-:64] <= header6_q;
      ends7_q       <= ends6_q;
      ending7_q     <= ending6_q;
      length7_q     <= length_word(token6_q.lane, length6_q);
      has_length7_q <= step6_q == Outer || (text6_q && token6_q.step == Outer);
      {other7_q, fill7_q, next7_q} <= '0;
      if (step6_q == Outer) begin
        for (int unsigned w = 0; w < 16; w++) other7_q[32*(15-w)+:32] <= outer_word(integrity6_q, 5'(w), carried6_q[32*(15-w)+:32]);
        next7_q <= outer_word(integrity6_q, 5'd16, '0);
      end
      if (step6_q == KeyPad) begin
        for (int unsigned w = 0; w < 16; w++) other7_q[32*(15-w)+:32] <= pad_word(key_i.outer, key_i.key[32*(15-w)+:32]);
        fill7_q <= pad_word(key_i.outer, '0);
        next7_q <= pad_word(key_i.outer, '0);
      end
      unique case (step6_q)
        KeyPad:  digest7_q <= initial_digest(integrity6_q);
        Outer:   digest7_q <= key_digest6_q;
        default: digest7_q <= first6_q ? key_digest6_q : carried6_q;
      endcase
    end
    if (valid7_q) begin
      token8_q  <= token7_q;
      digest8_q <= digest7_q;
      for (int unsigned w = 0; w < 32; w++) begin
        block8_q[32*(31-w)+:32] <= text7_q[32*(31-w)+:32] |
                                   (w < 16 ? other7_q[32*((31-w)%16)+:32] : w == 16 ? next7_q : fill7_q) |
                                   (ends7_q[w+2] ? ending7_q[95:64] : '0) | (ends7_q[w+1] ? ending7_q[63:32] : '0) |
                                   (ends7_q[w] ? ending7_q[31:0] : '0) |
                                   (has_length7_q && has_length(token7_q.lane, w) ? length7_q : '0);
      end
    end
  end

  for (genvar l = 0; l < Lanes; l++) begin : gen_lane
    chain_hash_lane #(
      .Lane    (lane_e'(l)),
      .Contexts(Contexts)
    ) u_lane (
      .clk_i,
      .rst_ni,
      .wipe_i      (zero_i == '1),
      .valid_i     (valid8_q[l]),
      .token_i     (token8_q),
      .digest_i    (digest8_q),
      .block_i     (block8_q),
      .valid_o     (lane_valid[l]),
      .token_o     (lane_token[l]),
      .ready_i     (lane_take[l]),
      .read_i      (digest_read && token4_q.lane == lane_e'(l)),
      .read_token_i(token4_q),
      .digest_o    (lane_digest5[l])
    );
  end

  always_ff @(posedge clk_i) begin
    if (rst_ni && key_done_o) assert (key_asked_q) else $error("a key's value nobody asked for");
  end

endmodule
