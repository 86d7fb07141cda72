// SPDX-License-Identifier: Apache-2.0
// The inbound SAs: whose packet it is, and whether it came before.
//
// Two ports, each for at most one request every two clocks, answers in order:
//   admit   before decryption: admit_valid_i, admit_request_i -> after sa_pkg::AdmitLatency admit_valid_o, admit_o. Finds the row of
//           the SPI, says how much of the packet is ciphertext, infers the sequence number's high half, asks the window. What packets
//           inside the card will change is not known yet, so a replay may pass here.
//   accept  after decryption, for every packet that admit let in, in any order: accept_valid_i, accept_request_i -> after
//           sa_pkg::AcceptLatency accept_valid_o, accept_o. Asks again, then the ICV and the limits, and takes the number. This one
//           decides: what is accepted does not depend on what was inside at the same time.
// Drops, limits and events are those of hw/README.md, inbound step 9.
//
// Capture, clearing by sa_in_key, reset and wipe as in sa_out. The pre-check's refusals are counted in a memory of their own, so that
// each port has one read-modify-write; `replays` is the sum.
module sa_in
  import layout_pkg::*;
  import stream_pkg::*;
  import sa_pkg::*;
(
  input  logic                   clk_i,
  input  logic                   rst_ni,

  input  table_write_t           table_write_i,
  input  logic                   wipe_i,
  output logic                   wiping_o,

  input  logic                   admit_valid_i,
  input  admit_request_t         admit_request_i,
  output logic                   admit_valid_o,
  output admit_t                 admit_o,

  input  logic                   accept_valid_i,
  input  accept_request_t        accept_request_i,
  output logic                   accept_valid_o,
  output accept_t                accept_o,

  input  logic                   capture_valid_i,
  input  logic [SaIndexBits-1:0] capture_sa_index_i,
  output logic                   capture_valid_o,
  output sa_in_state_t           capture_o
);

  logic [SaIndexBits-1:0] wipe_row;
  wipe_walk u_wipe (.clk_i, .rst_ni, .wipe_i, .wiping_o, .row_o(wipe_row));

  logic                   clear;
  logic [SaIndexBits-1:0] clear_sa_index;
  assign clear          = table_write_i.valid && table_write_i.table_id == TableSaInKey;
  assign clear_sa_index = table_write_i.row[SaIndexBits-1:0];

  // What both ports look at.
  typedef struct packed {
    logic    expired;
    window_t window;
  } replay_t;

  typedef struct packed {
    logic [SaIndexBits-1:0] sa_index;
    ring_place_t            place;
  } ring_row_t;

  typedef struct packed {
    logic [31:0] replays;  // refused by the accept port
    logic [31:0] icv_failures;
    logic [63:0] bytes;
    logic [63:0] packets;
    replay_t     replay;
  } state_t;

  logic                   written;
  logic [SaIndexBits-1:0] written_row;
  state_t                 written_state;
  logic                   ring_write_q;  // in the same clock
  ring_row_t              ring_row_q;
  logic [63:0]            ring_word_q;

  // How far it is from one sequence number to another, and from word to word of the window.
  function automatic logic signed [64:0] packets_from(logic [63:0] from, logic [63:0] to);
    return signed'({1'b0, to}) - signed'({1'b0, from});
  endfunction
  function automatic logic signed [58:0] words_from(logic [63:0] from, logic [63:0] to);
    return signed'({1'b0, to[63:6]}) - signed'({1'b0, from[63:6]});
  endfunction

  // ---- admit ------------------------------------------------------------------------------------------------------------------

  sa_in_t         rows_row;
  replay_t        copy_replay;
  ring_row_t      admit_ring_row;
  logic [63:0]    copy_word, word_2_q, word_3_q;
  logic [3:1]     admit_q;  // a request, so many clocks ago
  admit_request_t request_1_q, request_2_q, request_3_q;
  sa_in_t         row_2_q, row_3_q;
  replay_t        replay_2_q, replay_3_q;
  logic [15:0]    overhead;        // bytes of the packet that are not protected, or not enciphered
  logic [6:0]     block;
  logic [11:0]    least_ah;
  logic           malformed;
  logic [15:0]    ciphertext;
  logic [13:0]    ciphertext_3_q;
  logic           protected_3_q, malformed_3_q;
  logic [63:0]    seq, seq_3_q;
  logic           before_first, before_first_3_q;  // the inferred number would lie before 0

  sa_rows #(
    .Table(TableSaIn),
    .Width(RowBits - $bits(rows_row.reserved))
  ) u_rows (
    .clk_i,
    .table_write_i,
    .wiping_i   (wiping_o),
    .wipe_row_i (wipe_row),
    .read_i     (admit_valid_i),
    .read_row_i (16'(admit_request_i.spi[SaIndexBits-1:0])),
    .read_data_o(rows_row)
  );

  ram_1r1w #(
    .Width($bits(replay_t)),
    .Rows (SaRows)
  ) u_copy (
    .clk_i,
    .write_i     (written),
    .write_row_i (written_row),
    .write_data_i(written_state.replay),
    .read_i      (admit_valid_i),
    .read_row_i  (admit_request_i.spi[SaIndexBits-1:0]),
    .read_data_o (copy_replay)
  );

  assign admit_ring_row = '{sa_index: admit_request_i.spi[SaIndexBits-1:0], place: ring_place(admit_request_i.seq)};

  ram_1r1w #(
    .Width(64),
    .Rows (SaRows * RingPlaces)
  ) u_ring_copy (
    .clk_i,
    .write_i     (ring_write_q),
    .write_row_i (ring_row_q),
    .write_data_i(ring_word_q),
    .read_i      (admit_valid_i),
    .read_row_i  (admit_ring_row),
    .read_data_o (copy_word)
  );

  assign block      = block_bytes(row_2_q.cipher);
  assign least_ah   = 12'(AhFixedBytes) + 12'(icv_bytes(row_2_q.cipher, row_2_q.integrity));
  assign overhead   = request_2_q.ah ? 16'(request_2_q.ah_bytes) : 16'(esp_overhead(row_2_q.cipher, row_2_q.integrity));
  assign ciphertext = request_2_q.bytes - overhead;

  // An AH may be padded to a multiple of 4 or 8 bytes (RFC 4302 2.6), and its length counts words of 4.
  always_comb begin
    if (request_2_q.ah) begin
      malformed = 12'(request_2_q.ah_bytes) < least_ah || 12'(request_2_q.ah_bytes) > least_ah + 12'd7 ||
                  (request_2_q.ipv6 && request_2_q.ah_bytes[2]) || request_2_q.bytes <= overhead;
    end else begin
      malformed = request_2_q.bytes < overhead + 16'(block) || (ciphertext[6:0] & (block - 7'd1)) != '0;
    end
  end

  // RFC 4303 A2.2. The low 32 bits of a number in the window, or ahead of it, tell which 2^32 it belongs to.
  logic [31:0] top_low, top_high, reach, bottom;
  assign {top_high, top_low} = replay_2_q.window.top;
  assign reach               = (32'(LeastReplayWindow) << row_2_q.replay_window) - 32'd1;
  assign bottom              = top_low - reach;

  always_comb begin
    seq          = {32'd0, request_2_q.seq};
    before_first = 1'b0;
    if (row_2_q.esn) begin
      if (top_low >= reach) begin            // case A: the window lies within one subspace
        seq[63:32] = request_2_q.seq >= bottom ? top_high : top_high + 32'd1;
      end else begin                         // case B: it spans two
        seq[63:32]   = request_2_q.seq >= bottom ? top_high - 32'd1 : top_high;
        before_first = request_2_q.seq >= bottom && top_high == '0;
      end
    end
  end

  logic old, duplicate, unknown, unplain, replayed;
  logic admit_replayed_q;

  replay_window u_admit_window (
    .size_i       (row_3_q.replay_window),
    .seq_i        (seq_3_q),
    .distance_i   (packets_from(replay_3_q.window.top, seq_3_q)),
    .words_i      (words_from(replay_3_q.window.top, seq_3_q)),
    .window_i     (replay_3_q.window),
    .word_i       (word_3_q),
    .old_o        (old),
    .duplicate_o  (duplicate),
    .window_o     (),  // the accept port moves the window
    .write_o      (),
    .write_place_o(),
    .write_word_o ()
  );

  assign unknown = wiping_o || !row_3_q.valid || !protected_3_q || row_3_q.spi != request_3_q.spi ||
                   row_3_q.destination != request_3_q.destination || row_3_q.protocol != request_3_q.ah ||
                   row_3_q.encap != request_3_q.encap;
  assign unplain  = (request_3_q.ah || row_3_q.mode == ModeTransport) && !request_3_q.plain;
  assign replayed = before_first_3_q || seq_3_q == '0 || old || duplicate;

  always_ff @(posedge clk_i) begin
    admit_q       <= rst_ni ? {admit_q[2:1], admit_valid_i} : '0;
    admit_valid_o <= rst_ni && admit_q[3];
    if (admit_valid_i) request_1_q <= admit_request_i;
    if (admit_q[1]) begin
      request_2_q <= request_1_q;
      row_2_q     <= rows_row;
      replay_2_q  <= copy_replay;
      word_2_q    <= copy_word;
    end
    if (admit_q[2]) begin
      request_3_q      <= request_2_q;
      row_3_q          <= row_2_q;
      replay_3_q       <= replay_2_q;
      word_3_q         <= word_2_q;
      protected_3_q    <= protects(row_2_q.protocol, row_2_q.encap, row_2_q.cipher, row_2_q.integrity) &&
                          row_2_q.replay_window < 4'(ReplayWindowSizes);
      malformed_3_q    <= malformed;
      ciphertext_3_q   <= 14'(ciphertext);
      seq_3_q          <= seq;
      before_first_3_q <= before_first;
    end
    if (admit_q[3]) begin
      admit_o.sa_index   <= request_3_q.spi[SaIndexBits-1:0];
      admit_o.row        <= row_3_q;
      admit_o.seq        <= seq_3_q;
      admit_o.ciphertext <= ciphertext_3_q;
      admit_o.accept     <= !unknown && !malformed_3_q && !unplain && !replay_3_q.expired && !replayed;
      if (unknown) admit_o.drop <= DropSpiUnknown;
      else if (malformed_3_q) admit_o.drop <= request_3_q.ah ? DropAhMalformed : DropEspMalformed;
      else if (unplain) admit_o.drop <= DropPlainHeader;
      else if (replay_3_q.expired) admit_o.drop <= DropHardLimit;
      else admit_o.drop <= duplicate && seq_3_q != '0 && !before_first_3_q ? DropReplayDuplicate : DropReplayOld;
      admit_replayed_q <= !unknown && !malformed_3_q && !unplain && !replay_3_q.expired && replayed;
    end
    if (rst_ni && admit_valid_i) assert (!admit_q[1]) else $error("two admit requests in two clocks");
  end

  // Refusals of this port: the count of a row is read one clock after the row.
  logic        count_valid;
  logic [31:0] count, count_3_q, count_4_q;
  logic        count_captured_valid;
  logic [31:0] count_captured;

  living_rows #(
    .Width(32)
  ) u_admit_replays (
    .clk_i,
    .rst_ni,
    .request_i       (admit_q[1]),
    .sa_index_i      (request_1_q.spi[SaIndexBits-1:0]),
    .state_valid_o   (count_valid),
    .state_o         (count),
    .write_i         (admit_replayed_q),
    .next_i          (count_4_q),
    .clear_valid_i   (clear),
    .clear_sa_index_i(clear_sa_index),
    .wiping_i        (wiping_o),
    .wipe_row_i      (wipe_row),
    .capture_valid_i,
    .capture_sa_index_i,
    .capture_valid_o (count_captured_valid),
    .capture_o       (count_captured),
    .written_o       (),  // nobody keeps a copy
    .written_row_o   (),
    .written_data_o  ()
  );

  always_ff @(posedge clk_i) begin
    if (count_valid) count_3_q <= count;
    if (admit_q[3]) count_4_q <= count_3_q + 32'd1;
  end

  // ---- accept -----------------------------------------------------------------------------------------------------------------

  logic               read_valid, decide_q;
  state_t             read_state, state_q, next_q, captured;
  logic               captured_valid;
  logic               write_q;
  accept_request_t    accept_1_q, accept_2_q;
  sa_limits_t         read_limits;
  ring_row_t          accept_ring_row;
  logic [63:0]        read_word, word_q;
  logic signed [64:0] distance_q;
  logic signed [58:0] words_q;
  logic               is_old, is_duplicate;
  window_t            window;
  logic               ring_write;
  ring_place_t        ring_write_place;
  logic [63:0]        ring_write_word;
  logic [63:0]        packets, bytes;
  logic               soft_reached, hard_passed;

  living_rows #(
    .Width($bits(state_t))
  ) u_state (
    .clk_i,
    .rst_ni,
    .request_i       (accept_valid_i),
    .sa_index_i      (accept_request_i.sa_index),
    .state_valid_o   (read_valid),
    .state_o         (read_state),
    .write_i         (write_q),
    .next_i          (next_q),
    .clear_valid_i   (clear),
    .clear_sa_index_i(clear_sa_index),
    .wiping_i        (wiping_o),
    .wipe_row_i      (wipe_row),
    .capture_valid_i,
    .capture_sa_index_i,
    .capture_valid_o (captured_valid),
    .capture_o       (captured),
    .written_o       (written),
    .written_row_o   (written_row),
    .written_data_o  (written_state)
  );

  sa_rows #(
    .Table(TableSaInLimits),
    .Width(RowBits - $bits(read_limits.reserved))
  ) u_limits_rows (
    .clk_i,
    .table_write_i,
    .wiping_i   (wiping_o),
    .wipe_row_i (wipe_row),
    .read_i     (accept_valid_i),
    .read_row_i (16'(accept_request_i.sa_index)),
    .read_data_o(read_limits)
  );

  assign accept_ring_row = '{sa_index: accept_request_i.sa_index, place: ring_place(accept_request_i.seq[31:0])};

  forwarding_ram #(
    .Width(64),
    .Rows (SaRows * RingPlaces)
  ) u_ring (
    .clk_i,
    .write_i     (ring_write_q),
    .write_row_i (ring_row_q),
    .write_data_i(ring_word_q),
    .read_i      (accept_valid_i),
    .read_row_i  (accept_ring_row),
    .read_data_o (read_word)
  );

  replay_window u_accept_window (
    .size_i       (accept_2_q.row.replay_window),
    .seq_i        (accept_2_q.seq),
    .distance_i   (distance_q),
    .words_i      (words_q),
    .window_i     (state_q.replay.window),
    .word_i       (word_q),
    .old_o        (is_old),
    .duplicate_o  (is_duplicate),
    .window_o     (window),
    .write_o      (ring_write),
    .write_place_o(ring_write_place),
    .write_word_o (ring_write_word)
  );

  sa_limits u_limits (
    .clk_i,
    .take_i      (read_valid),
    .limits_i    (read_limits),
    .more_bytes_i(accept_1_q.bytes),
    .packets_i   (state_q.packets),
    .bytes_i     (state_q.bytes),
    .packets_o   (packets),
    .bytes_o     (bytes),
    .soft_o      (soft_reached),
    .hard_o      (hard_passed)
  );

  always_ff @(posedge clk_i) begin
    if (accept_valid_i) accept_1_q <= accept_request_i;
    decide_q <= rst_ni && read_valid;
    if (read_valid) begin
      accept_2_q <= accept_1_q;
      state_q    <= read_state;
      word_q     <= read_word;
      distance_q <= packets_from(read_state.replay.window.top, accept_1_q.seq);
      words_q    <= words_from(read_state.replay.window.top, accept_1_q.seq);
    end

    accept_valid_o <= rst_ni && decide_q;
    ring_write_q   <= 1'b0;
    if (decide_q) begin : decide
      ring_row_q  <= '{sa_index: accept_2_q.sa_index, place: ring_write_place};
      ring_word_q <= ring_write_word;
      next_q      <= state_q;
      write_q     <= 1'b1;
      accept_o    <= '{accept: 1'b0, drop: DropSpiUnknown, soft_limit: 1'b0, hard_limit: 1'b0};
      if (wiping_o || !accept_2_q.row.valid) begin
        write_q <= 1'b0;
      end else if (state_q.replay.expired) begin
        accept_o.drop <= DropHardLimit;
      end else if (accept_2_q.seq == '0 || is_old || is_duplicate) begin
        accept_o.drop  <= accept_2_q.seq != '0 && is_duplicate ? DropReplayDuplicate : DropReplayOld;
        next_q.replays <= state_q.replays + 32'd1;
      end else if (!accept_2_q.icv_ok) begin
        accept_o.drop       <= DropIcvMismatch;
        next_q.icv_failures <= state_q.icv_failures + 32'd1;
      end else if (hard_passed) begin
        accept_o.drop         <= DropHardLimit;
        accept_o.hard_limit   <= 1'b1;
        next_q.replay.expired <= 1'b1;
      end else begin
        accept_o.accept      <= 1'b1;
        accept_o.soft_limit  <= soft_reached;
        next_q.packets       <= packets;
        next_q.bytes         <= bytes;
        next_q.replay.window <= window;
        ring_write_q         <= rst_ni && ring_write;
      end
    end
  end

  // ---- capture ----------------------------------------------------------------------------------------------------------------

  logic        state_here_q, count_here_q;
  state_t      state_here;
  logic [31:0] count_here;

  always_ff @(posedge clk_i) begin
    if (captured_valid) state_here <= captured;
    if (count_captured_valid) count_here <= count_captured;
    if (!rst_ni || capture_valid_i || capture_valid_o) begin
      {state_here_q, count_here_q} <= '0;
    end else begin
      if (captured_valid) state_here_q <= 1'b1;
      if (count_captured_valid) count_here_q <= 1'b1;
    end
  end

  assign capture_valid_o = state_here_q && count_here_q;
  assign capture_o = '{
    top:          state_here.replay.window.top,
    packets:      state_here.packets,
    bytes:        state_here.bytes,
    icv_failures: state_here.icv_failures,
    replays:      state_here.replays + count_here,
    expired:      state_here.replay.expired,
    reserved:     '0
  };

endmodule
