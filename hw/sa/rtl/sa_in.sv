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
  logic [63:0]    copy_word;
  logic [6:1]     admit_q;  // a request, so many clocks ago

  // What travels with it.
  typedef struct packed {
    admit_request_t request;
    sa_in_t         row;
    replay_t        replay;
    logic [63:0]    word;       // in the ring at its place
    logic           protected_; // the row's type protects, and its window has a size
    logic [63:0]    seq;
    logic           before_first;  // the inferred number would lie before 0
    logic [13:0]    ciphertext;
  } admitting_t;

  admit_request_t request_1_q;
  admitting_t     admitting_2_q, admitting_3_q, admitting_4_q, admitting_5_q, admitting_6_q;

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

  // ---- clock 2: what the row's type says of the packet; how far down the window reaches
  admit_request_t request_2, request_3;
  logic [15:0]    overhead_3_q;  // bytes of the packet that are not protected, or not enciphered
  logic [6:0]     block_3_q;
  logic [11:0]    least_ah_3_q;
  logic [31:0]    reach, bottom_3_q;
  logic           whole_3_q;     // case A of RFC 4303 A2.2: the window lies within one subspace

  assign request_2 = admitting_2_q.request;
  assign reach     = (32'(LeastReplayWindow) << admitting_2_q.row.replay_window) - 32'd1;

  // ---- clock 3: how much is ciphertext; RFC 4303 A2.2: the low 32 bits of a number in the window, or ahead of it, tell which 2^32 it
  // belongs to
  logic [15:0] ciphertext;
  logic [31:0] top_high;
  logic [63:0] seq;
  logic        before_first;
  logic        ah_short_4_q, ah_long_4_q, ah_odd_4_q, nothing_4_q, esp_short_4_q, esp_odd_4_q;

  assign request_3  = admitting_3_q.request;
  assign ciphertext = request_3.bytes - overhead_3_q;
  assign top_high   = admitting_3_q.replay.window.top[63:32];

  always_comb begin
    seq          = {32'd0, request_3.seq};
    before_first = 1'b0;
    if (admitting_3_q.row.esn) begin
      if (whole_3_q) begin  // case A
        seq[63:32] = request_3.seq >= bottom_3_q ? top_high : top_high + 32'd1;
      end else begin        // case B: it spans two
        seq[63:32]   = request_3.seq >= bottom_3_q ? top_high - 32'd1 : top_high;
        before_first = request_3.seq >= bottom_3_q && top_high == '0;
      end
    end
  end

  // ---- clock 4: how far the number is from the window
  logic               malformed_5_q, malformed_6_q;
  logic               unknown_5_q, unknown_6_q;
  logic signed [64:0] admit_distance_5_q;
  logic signed [58:0] admit_words_5_q;

  // ---- clock 5: what the window says of it
  logic old, duplicate, old_6_q, duplicate_6_q, zero_6_q;

  replay_window u_admit_window (
    .size_i       (admitting_5_q.row.replay_window),
    .seq_i        (admitting_5_q.seq),
    .distance_i   (admit_distance_5_q),
    .words_i      (admit_words_5_q),
    .window_i     (admitting_5_q.replay.window),
    .word_i       (admitting_5_q.word),
    .old_o        (old),
    .duplicate_o  (duplicate),
    .window_o     (),  // the accept port moves the window
    .write_o      (),
    .write_place_o(),
    .write_word_o ()
  );

  // ---- clock 6: the answer
  logic unknown, unplain, replayed;
  logic admit_replayed_q;

  assign unknown  = wiping_o || unknown_6_q;
  assign unplain  = (admitting_6_q.request.ah || admitting_6_q.row.mode == ModeTransport) && !admitting_6_q.request.plain;
  assign replayed = admitting_6_q.before_first || zero_6_q || old_6_q || duplicate_6_q;

  always_ff @(posedge clk_i) begin
    admit_q       <= rst_ni ? {admit_q[5:1], admit_valid_i} : '0;
    admit_valid_o <= rst_ni && admit_q[6];
    if (admit_valid_i) request_1_q <= admit_request_i;
    if (admit_q[1]) begin
      admitting_2_q         <= '0;
      admitting_2_q.request <= request_1_q;
      admitting_2_q.row     <= rows_row;
      admitting_2_q.replay  <= copy_replay;
      admitting_2_q.word    <= copy_word;
    end
    if (admit_q[2]) begin
      admitting_3_q            <= admitting_2_q;
      admitting_3_q.protected_ <= protects(admitting_2_q.row.protocol, admitting_2_q.row.encap, admitting_2_q.row.cipher,
                                           admitting_2_q.row.integrity) &&
                                  admitting_2_q.row.replay_window < 4'(ReplayWindowSizes);
      overhead_3_q             <= request_2.ah ? 16'(request_2.ah_bytes)
                                               : 16'(esp_overhead(admitting_2_q.row.cipher, admitting_2_q.row.integrity));
      block_3_q                <= block_bytes(admitting_2_q.row.cipher);
      least_ah_3_q             <= 12'(AhFixedBytes) + 12'(icv_bytes(admitting_2_q.row.cipher, admitting_2_q.row.integrity));
      bottom_3_q               <= admitting_2_q.replay.window.top[31:0] - reach;
      whole_3_q                <= admitting_2_q.replay.window.top[31:0] >= reach;
    end
    if (admit_q[3]) begin
      admitting_4_q              <= admitting_3_q;
      admitting_4_q.ciphertext   <= 14'(ciphertext);
      admitting_4_q.seq          <= seq;
      admitting_4_q.before_first <= before_first;
      // An AH may be padded to a multiple of 4 or 8 bytes (RFC 4302 2.6), and its length counts words of 4.
      ah_short_4_q  <= 12'(request_3.ah_bytes) < least_ah_3_q;
      ah_long_4_q   <= 12'(request_3.ah_bytes) > least_ah_3_q + 12'd7;
      ah_odd_4_q    <= request_3.ipv6 && request_3.ah_bytes[2];
      nothing_4_q   <= request_3.bytes <= overhead_3_q;
      esp_short_4_q <= request_3.bytes < overhead_3_q + 16'(block_3_q);
      esp_odd_4_q   <= (ciphertext[6:0] & (block_3_q - 7'd1)) != '0;
    end
    if (admit_q[4]) begin
      admitting_5_q      <= admitting_4_q;
      admit_distance_5_q <= packets_from(admitting_4_q.replay.window.top, admitting_4_q.seq);
      admit_words_5_q    <= words_from(admitting_4_q.replay.window.top, admitting_4_q.seq);
      malformed_5_q      <= admitting_4_q.request.ah ? ah_short_4_q || ah_long_4_q || ah_odd_4_q || nothing_4_q
                                                     : esp_short_4_q || esp_odd_4_q;
      unknown_5_q        <= !admitting_4_q.row.valid || !admitting_4_q.protected_ ||
                            admitting_4_q.row.spi != admitting_4_q.request.spi ||
                            admitting_4_q.row.destination != admitting_4_q.request.destination ||
                            admitting_4_q.row.protocol != admitting_4_q.request.ah ||
                            admitting_4_q.row.encap != admitting_4_q.request.encap;
    end
    if (admit_q[5]) begin
      admitting_6_q <= admitting_5_q;
      malformed_6_q <= malformed_5_q;
      unknown_6_q   <= unknown_5_q;
      old_6_q       <= old;
      duplicate_6_q <= duplicate;
      zero_6_q      <= admitting_5_q.seq == '0;
    end
    if (admit_q[6]) begin
      admit_o.sa_index   <= admitting_6_q.request.spi[SaIndexBits-1:0];
      admit_o.row        <= admitting_6_q.row;
      admit_o.seq        <= admitting_6_q.seq;
      admit_o.ciphertext <= admitting_6_q.ciphertext;
      admit_o.accept     <= !unknown && !malformed_6_q && !unplain && !admitting_6_q.replay.expired && !replayed;
      if (unknown) admit_o.drop <= DropSpiUnknown;
      else if (malformed_6_q) admit_o.drop <= admitting_6_q.request.ah ? DropAhMalformed : DropEspMalformed;
      else if (unplain) admit_o.drop <= DropPlainHeader;
      else if (admitting_6_q.replay.expired) admit_o.drop <= DropHardLimit;
      else admit_o.drop <= duplicate_6_q && !zero_6_q && !admitting_6_q.before_first ? DropReplayDuplicate : DropReplayOld;
      admit_replayed_q <= !unknown && !malformed_6_q && !unplain && !admitting_6_q.replay.expired && replayed;
    end
    if (rst_ni && admit_valid_i) assert (!admit_q[1]) else $error("two admit requests in two clocks");
  end

  // Refusals of this port: the count of a row is read so much later than the row that it is written with the answer.
  logic        count_valid;
  logic [31:0] count, count_6_q, count_7_q;
  logic        count_captured_valid;
  logic [31:0] count_captured;

  living_rows #(
    .Width(32)
  ) u_admit_replays (
    .clk_i,
    .rst_ni,
    .request_i       (admit_q[4]),
    .sa_index_i      (admitting_4_q.request.spi[SaIndexBits-1:0]),
    .state_valid_o   (count_valid),
    .state_o         (count),
    .write_i         (admit_replayed_q),
    .next_i          (count_7_q),
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
    if (count_valid) count_6_q <= count;
    if (admit_q[6]) count_7_q <= count_6_q + 32'd1;
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
