// SPDX-License-Identifier: Apache-2.0
// HMAC (RFC 2104) of the packets of both directions, a block of another packet every clock.
//
// A packet's next block can begin when the last one has come out of its pipeline and, outbound, when the cipher has written the bytes.
// The first is what the queue of each pipeline (`chain_hash_lane`) says. For the second, a packet that came too early is *parked* with
// what it needs, and the cipher's progress wakes it. Packets are born parked outbound, and awake inbound.
//
// Every clock one packet is chosen and passes four clocks, g0 to g3: chosen, looked up, its block put together, into its pipeline.
module chain_hash
  import layout_pkg::*, chain_pkg::*, chain_hmac_pkg::*;
#(
  parameter int unsigned Contexts = 128
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,

  input  logic                   out_arrived_i,
  input  context_t               out_context_i,
  input  logic                   out_progress_i,        // of the cipher, in the clock of its write
  input  number_t                out_progress_number_i,
  input  units_t                 out_progress_units_i,
  output logic                   out_read_o,
  input  logic                   in_arrived_i,
  input  context_t               in_context_i,
  output logic                   in_read_o,
  output place_t                 read_place_o,          // a row or half of one
  input  logic [1023:0]          out_read_data_i,       // in the next clock
  input  logic [1023:0]          in_read_data_i,

  output logic                   out_verdict_o,
  output logic                   in_verdict_o,
  output number_t                verdict_number_o,
  output logic [255:0]           verdict_icv_o,         // byte 0 in bits 7:0, zero behind its last byte

  input  logic                   key_valid_i,           // stays until key_done_o
  input  hmac_key_t              key_i,
  output logic                   key_done_o,            // its chaining value is written
  input  logic [3:0]             zero_i,                // chaining values to be made zero: {inbound, outer}
  input  logic [SaIndexBits-1:0] zero_row_i
);

  localparam int unsigned NumberBits = $clog2(Contexts);
  typedef logic [NumberBits-1:0] index_t;

  // ---- descriptions -----------------------------------------------------------------------------------------------------------

  context_t g1_context_out, g1_context_in, g1_context;
  hash_token_t g0;
  logic     g0_valid;

  ram_1r1w #(
    .Width($bits(context_t)),
    .Rows (Contexts)
  ) u_out_contexts (
    .clk_i,
    .write_i     (out_arrived_i),
    .write_row_i (index_t'(out_context_i.number)),
    .write_data_i(out_context_i),
    .read_i      (g0_valid && !g0.inbound),
    .read_row_i  (index_t'(g0.number)),
    .read_data_o (g1_context_out)
  );

  ram_1r1w #(
    .Width($bits(context_t)),
    .Rows (Contexts)
  ) u_in_contexts (
    .clk_i,
    .write_i     (in_arrived_i),
    .write_row_i (index_t'(in_context_i.number)),
    .write_data_i(in_context_i),
    .read_i      (g0_valid && g0.inbound),
    .read_row_i  (index_t'(g0.number)),
    .read_data_o (g1_context_in)
  );

  // ---- what waits -------------------------------------------------------------------------------------------------------------

  logic        lane_valid[Lanes], lane_take[Lanes];
  hash_token_t lane_token[Lanes];
  logic        woken, woken_take, born, born_take;
  hash_token_t woken_token, born_token;
  logic        key_take, key_asked_q;
  logic        born_first_q;   // the directions take turns

  // Outbound: the cipher's progress, and who is parked for more of it.
  units_t             have_q[Contexts];
  units_t             need_q[Contexts];
  logic [Contexts-1:0] parked_q;
  logic               park, wake;
  hash_token_t        g1_q;

  logic               progress_q;      // a clock later: what was written can be read
  number_t            progress_number_q;
  units_t             progress_units_q;

  always_ff @(posedge clk_i) begin
    progress_q <= rst_ni && out_progress_i;
    if (out_progress_i) begin
      progress_number_q <= out_progress_number_i;
      progress_units_q  <= out_progress_units_i;
    end
  end

  assign wake = progress_q && parked_q[index_t'(progress_number_q)] &&
                progress_units_q >= need_q[index_t'(progress_number_q)];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      parked_q <= '0;
    end else begin
      if (wake) parked_q[index_t'(progress_number_q)] <= 1'b0;
      if (park) parked_q[index_t'(g1_q.number)] <= 1'b1;
      if (out_arrived_i) parked_q[index_t'(out_context_i.number)] <= 1'b1;
    end
    if (progress_q) have_q[index_t'(progress_number_q)] <= progress_units_q;
    if (park) need_q[index_t'(g1_q.number)] <= g1_q.need;
    if (out_arrived_i) begin
      have_q[index_t'(out_context_i.number)] <= '0;
      need_q[index_t'(out_context_i.number)] <= block_units(lane_of(out_context_i.packet.integrity));
    end
  end

  hash_token_t waked, bore;
  logic        woken_ready, born_ready;

  assign waked = '{step: Text, inbound: 1'b0, number: progress_number_q, need: need_q[index_t'(progress_number_q)]};
  assign bore  = '{step: Text, inbound: 1'b1, number: in_context_i.number, need: block_units(lane_of(in_context_i.packet.integrity))};

  fifo #(
    .Width($bits(hash_token_t)),
    .Depth(Contexts)
  ) u_woken (
    .clk_i,
    .rst_ni,
    .valid_i(wake),
    .ready_o(woken_ready),
    .data_i (waked),
    .valid_o(woken),
    .ready_i(woken_take),
    .data_o (woken_token),
    .used_o ()
  );

  fifo #(
    .Width($bits(hash_token_t)),
    .Depth(Contexts)
  ) u_born (
    .clk_i,
    .rst_ni,
    .valid_i(in_arrived_i),
    .ready_o(born_ready),
    .data_i (bore),
    .valid_o(born),
    .ready_i(born_take),
    .data_o (born_token),
    .used_o ()
  );

  // ---- g0: choose, who has begun first ----------------------------------------------------------------------------------------

  always_comb begin
    g0_valid   = 1'b0;
    g0         = born_token;
    lane_take  = '{default: 1'b0};
    key_take   = 1'b0;
    woken_take = 1'b0;
    born_take  = 1'b0;
    for (int unsigned l = 0; l < Lanes; l++) begin
      if (!g0_valid && lane_valid[l]) begin
        g0_valid     = 1'b1;
        g0           = lane_token[l];
        lane_take[l] = 1'b1;
      end
    end
    if (!g0_valid) begin
      g0_valid = 1'b1;
      if (key_valid_i && !key_asked_q) begin
        g0       = '{step: KeyPad, inbound: 1'b0, number: '0, need: '0};
        key_take = 1'b1;
      end else if (woken && !(born && born_first_q)) begin
        g0         = woken_token;
        woken_take = 1'b1;
      end else if (born) begin
        g0        = born_token;
        born_take = 1'b1;
      end else begin
        g0_valid = 1'b0;
      end
    end
  end

  logic g1_valid_q;

  always_ff @(posedge clk_i) begin
    g1_valid_q <= rst_ni && g0_valid;
    if (!rst_ni || born_take) born_first_q <= 1'b0;
    else if (woken_take) born_first_q <= 1'b1;
    if (g0_valid) g1_q <= g0;
    if (!rst_ni || key_done_o) key_asked_q <= 1'b0;
    else if (key_take) key_asked_q <= 1'b1;
  end

  // ---- g1: look up ------------------------------------------------------------------------------------------------------------

  logic       g1_key;  // it is a key's, not a packet's
  logic [3:0] g1_integrity;
  lane_e      g1_lane;
  logic       g1_go, g1_first;

  assign g1_context   = g1_q.inbound ? g1_context_in : g1_context_out;
  assign g1_key       = g1_q.step == KeyPad || g1_q.step == KeyDone;
  assign g1_integrity = g1_key ? key_i.integrity : g1_context.packet.integrity;
  assign g1_lane      = lane_of(g1_integrity);
  assign g1_first     = g1_q.need == block_units(g1_lane);
  assign park = g1_valid_q && g1_q.step == Text && !g1_q.inbound && have_q[index_t'(g1_q.number)] < g1_q.need &&
                !(progress_q && progress_number_q == g1_q.number && progress_units_q >= g1_q.need);
  assign g1_go = g1_valid_q && !park;

  assign out_read_o   = g1_go && g1_q.step == Text && !g1_q.inbound;
  assign in_read_o    = g1_go && g1_q.step == Text && g1_q.inbound;
  assign read_place_o = place_of(g1_context.row, {g1_q.need - block_units(g1_lane), 6'd0});

  // The chaining values that key set-up has made: {inbound, outer}.
  logic       key_read;
  logic [1:0] key_which, g2_which_q;
  digest_t    key_digest[4];
  logic [3:0] key_write;
  digest_t    key_write_data;

  assign key_read  = g1_go && ((g1_q.step == Text && g1_first) || g1_q.step == Outer);
  assign key_which = {g1_q.inbound, g1_q.step == Outer};

  for (genvar i = 0; i < 4; i++) begin : gen_key_digest
    ram_1r1w #(
      .Width(512),
      .Rows (SaRows)
    ) u_memory (
      .clk_i,
      .write_i     (key_write[i] || zero_i[i]),
      .write_row_i (zero_i[i] ? zero_row_i : key_i.sa_index),
      .write_data_i(zero_i[i] ? '0 : key_write_data),
      .read_i      (key_read && key_which == 2'(i)),
      .read_row_i  (g1_context.packet.sa_index),
      .read_data_o (key_digest[i])
    );
  end

  digest_t lane_digest[Lanes];
  logic    digest_read;
  assign digest_read = g1_go && !((g1_q.step == Text && g1_first) || g1_q.step == KeyPad);

  // ---- g2: put together -------------------------------------------------------------------------------------------------------

  logic        g2_valid_q, g2_first_q;
  hash_token_t g2_q;
  context_t    g2_context_q;
  logic [3:0]  g2_integrity_q;
  lane_e       g2_lane;

  always_ff @(posedge clk_i) begin
    g2_valid_q <= rst_ni && g1_go;
    if (g1_go) begin
      g2_q           <= g1_q;
      g2_first_q     <= g1_first;
      g2_context_q   <= g1_context;
      g2_integrity_q <= g1_integrity;
      g2_which_q     <= key_which;
    end
  end

  assign g2_lane = lane_of(g2_integrity_q);

  digest_t     carried;    // chaining value or digest of this packet
  logic        g2_last;    // the block is the last of the inner hash
  logic [95:0] g2_ending;  // what is hashed behind the packet
  logic [11:0] g2_word;    // of the packet that it begins with
  hash_token_t g2_next;

  assign carried = lane_digest[g2_lane];
  assign g2_word = {g2_q.need - block_units(g2_lane), 4'd0};
  assign g2_last = ends_text(g2_context_q.packet, g2_lane, g2_q.need);

  always_comb g2_ending = g2_valid_q ? text_ending(g2_context_q.packet) : '0;

  always_comb begin
    g2_next = g2_q;
    unique case (g2_q.step)
      Text:
      if (g2_last) g2_next.step = Outer;
      else g2_next.need = g2_q.need + block_units(g2_lane);
      Outer:   g2_next.step = Verdict;
      default: g2_next.step = KeyDone;
    endcase
  end

  // What has been computed leaves.
  logic verdict;
  assign verdict          = g2_valid_q && g2_q.step == Verdict;
  assign out_verdict_o    = verdict && !g2_q.inbound;
  assign in_verdict_o     = verdict && g2_q.inbound;
  assign verdict_number_o = g2_q.number;
  assign verdict_icv_o    = verdict ? icv_of(g2_integrity_q, carried) : '0;

  assign key_done_o     = g2_valid_q && g2_q.step == KeyDone;
  assign key_write_data = carried;
  always_comb begin
    key_write = '0;
    key_write[{key_i.inbound, key_i.outer}] = key_done_o;
  end

  // ---- g3: into the pipelines -------------------------------------------------------------------------------------------------

  logic          g3_valid_q[Lanes];
  hash_token_t   g3_token_q;
  digest_t       g3_digest_q;
  block_t        g3_block_q;
  logic          g2_hashes;

  assign g2_hashes = g2_valid_q && g2_q.step != Verdict && g2_q.step != KeyDone;

  always_ff @(posedge clk_i) begin
    for (int unsigned l = 0; l < Lanes; l++) g3_valid_q[l] <= rst_ni && g2_hashes && g2_lane == lane_e'(l);
    if (g2_hashes) begin
      g3_token_q <= g2_next;
      unique case (g2_q.step)
        Text: begin
          for (int unsigned w = 0; w < 32; w++) begin
            g3_block_q[32*(31-w)+:32] <= text_word(g2_context_q.packet, g2_ending, g2_word + 12'(w),
                                                   g2_q.inbound ? in_read_data_i[32*w+:32] : out_read_data_i[32*w+:32]);
          end
          if (g2_last) begin
            g3_block_q[32*(31-32'(length_place(g2_lane)))+:32] <= length_word(g2_lane, text_bytes(g2_context_q.packet));
          end
          g3_digest_q <= g2_first_q ? key_digest[g2_which_q] : carried;
        end
        Outer: begin
          g3_block_q <= '0;
          for (int unsigned w = 0; w < 17; w++) begin
            g3_block_q[32*(31-w)+:32] <= outer_word(g2_integrity_q, 5'(w), w < 16 ? carried[32*((15-w)%16)+:32] : '0);
          end
          g3_block_q[32*(31-32'(length_place(g2_lane)))+:32] <= length_word(g2_lane, {7'd0, digest_words(g2_integrity_q), 2'd0});
          g3_digest_q <= key_digest[g2_which_q];
        end
        default: begin
          for (int unsigned w = 0; w < 32; w++) begin
            g3_block_q[32*(31-w)+:32] <= pad_word(key_i.outer, w < 16 ? key_i.key[32*((15-w)%16)+:32] : '0);
          end
          g3_digest_q <= initial_digest(g2_integrity_q);
        end
      endcase
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
      .valid_i     (g3_valid_q[l]),
      .token_i     (g3_token_q),
      .digest_i    (g3_digest_q),
      .block_i     (g3_block_q),
      .valid_o     (lane_valid[l]),
      .token_o     (lane_token[l]),
      .ready_i     (lane_take[l]),
      .read_i      (digest_read && g1_lane == lane_e'(l)),
      .read_token_i(g1_q),
      .digest_o    (lane_digest[l])
    );
  end

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      if (wake) assert (woken_ready) else $error("more packets woken than there are");
      if (in_arrived_i) assert (born_ready) else $error("more packets born than there are");
      if (park) assert (!parked_q[index_t'(g1_q.number)]) else $error("a packet parked twice");
      if (key_done_o) assert (key_asked_q) else $error("a key's value nobody asked for");
    end
  end

endmodule
