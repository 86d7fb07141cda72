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
    .Width(RowBits - $bits(rows_row.reserved1))
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

  // ---- clock 2: what the row's type says of the packet; how far down the window reaches; whose packet it is
  admit_request_t request_2, request_3, request_4;
  logic [6:0]     fixed_3_q, icv_3_q, block_3_q;  // bytes: SPI, sequence number and IV; ICV; of the cipher's block
  logic [31:0]    reach, bottom_3_q;
  logic           spans_3_q;      // case B of RFC 4303 A2.2: the window spans two subspaces
  logic [9:0]     different_3_q;  // SPI and destination from those of the row, 16 bits each

  assign request_2 = admitting_2_q.request;
  assign reach     = ~(-32'(LeastReplayWindow) << admitting_2_q.row.replay_window);  // a window's size less one

  // ---- clock 3: what the packet must at least have; RFC 4303 A2.2: the low 32 bits of a number in the window, or ahead of it, tell which
  // 2^32 it belongs to
  logic [31:0] top_high;
  logic [63:0] seq;
  logic        before_first;
  logic [15:0] overhead_4_q;  // bytes of the packet that are not protected, or not enciphered
  logic [15:0] least_esp_4_q;
  logic [11:0] least_ah_4_q;
  logic [3:0]  odd_bits_4_q;  // of the ciphertext's bytes, zero in a multiple of the block's, which are 16 at most
  logic        unknown_4_q;

  assign request_3 = admitting_3_q.request;
  assign top_high  = admitting_3_q.replay.window.top[63:32];

  always_comb begin
    seq          = {32'd0, request_3.seq};
    before_first = 1'b0;
    if (admitting_3_q.row.esn) begin
      if (!spans_3_q) begin  // case A
        seq[63:32] = request_3.seq >= bottom_3_q ? top_high : top_high + 32'd1;
      end else begin         // case B
        seq[63:32]   = request_3.seq >= bottom_3_q ? top_high - 32'd1 : top_high;
        before_first = request_3.seq >= bottom_3_q && top_high == '0;
      end
    end
  end

  // ---- clock 4: how much is ciphertext
  logic [15:0] ciphertext;
  logic        ah_short_5_q, ah_long_5_q, ah_odd_5_q, nothing_5_q, esp_short_5_q, esp_odd_5_q;
  logic        unknown_5_q;

  assign request_4  = admitting_4_q.request;
  assign ciphertext = request_4.bytes - overhead_4_q;

  // ---- clock 5: whether the window is asked
  logic  malformed;
  logic  refused_6_q;
  drop_e refusal_6_q;

  assign malformed = admitting_5_q.request.ah ? ah_short_5_q || ah_long_5_q || ah_odd_5_q || nothing_5_q
                                              : esp_short_5_q || esp_odd_5_q;

  // ---- clock 6: what the window says, the answer
  logic old, duplicate, replayed;
  logic admit_replayed_q;

  replay_window u_admit_window (
    .clk_i,
    .number_valid_i(admit_q[4]),
    .size_i        (admitting_4_q.row.replay_window),
    .seq_i         (admitting_4_q.seq),
    .window_valid_i(admit_q[5]),
    .window_i      (admitting_5_q.replay.window),
    .word_i        (admitting_5_q.word),
    .old_o         (old),
    .duplicate_o   (duplicate),
    .window_o      (),  // the accept port moves the window
    .write_o       (),
    .write_place_o (),
    .write_word_o  ()
  );

  assign replayed = admitting_6_q.before_first || old || duplicate;

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
      admitting_3_q.protected_ <= protects(admitting_2_q.row.protocol, admitting_2_q.row.cipher, admitting_2_q.row.integrity) &&
                                  admitting_2_q.row.replay_window < 4'(ReplayWindowSizes);
      fixed_3_q                <= esp_fixed(admitting_2_q.row.cipher);
      icv_3_q                  <= icv_bytes(admitting_2_q.row.cipher, admitting_2_q.row.integrity);
      block_3_q                <= block_bytes(admitting_2_q.row.cipher);
      {spans_3_q, bottom_3_q}  <= {1'b0, admitting_2_q.replay.window.top[31:0]} - {1'b0, reach};
      different_3_q[0]         <= admitting_2_q.row.spi[15:0] != request_2.spi[15:0];
      different_3_q[1]         <= admitting_2_q.row.spi[31:16] != request_2.spi[31:16];
      for (int unsigned i = 0; i < 8; i++)
        different_3_q[2+i] <= admitting_2_q.row.destination[16*i+:16] != request_2.destination[16*i+:16];
    end
    if (admit_q[3]) begin
      admitting_4_q              <= admitting_3_q;
      admitting_4_q.seq          <= seq;
      admitting_4_q.before_first <= before_first;
      overhead_4_q  <= request_3.ah ? 16'(request_3.ah_bytes) : 16'(fixed_3_q) + 16'(icv_3_q);
      least_esp_4_q <= 16'(fixed_3_q) + 16'(icv_3_q) + 16'(block_3_q);
      least_ah_4_q  <= 12'(AhFixedBytes) + 12'(icv_3_q);
      odd_bits_4_q  <= 4'(block_3_q - 7'd1);
      unknown_4_q   <= !admitting_3_q.row.valid || !admitting_3_q.protected_ || different_3_q != '0 ||
                       admitting_3_q.row.protocol != request_3.ah;
    end
    if (admit_q[4]) begin
      admitting_5_q            <= admitting_4_q;
      admitting_5_q.ciphertext <= 14'(ciphertext);
      // An AH may be padded to a multiple of 4 or 8 bytes (RFC 4302 2.6), and its length counts words of 4.
      ah_short_5_q  <= 12'(request_4.ah_bytes) < least_ah_4_q;
      ah_long_5_q   <= 12'(request_4.ah_bytes) > least_ah_4_q + 12'd7;
      ah_odd_5_q    <= request_4.ipv6 && request_4.ah_bytes[2];
      nothing_5_q   <= request_4.bytes <= overhead_4_q;
      esp_short_5_q <= request_4.bytes < least_esp_4_q;
      esp_odd_5_q   <= (ciphertext[3:0] & odd_bits_4_q) != '0;
      unknown_5_q   <= unknown_4_q;
    end
    if (admit_q[5]) begin
      admitting_6_q <= admitting_5_q;
      refused_6_q   <= unknown_5_q || malformed || admitting_5_q.replay.expired;
      if (unknown_5_q) refusal_6_q <= DropSpiUnknown;
      else if (malformed) refusal_6_q <= admitting_5_q.request.ah ? DropAhMalformed : DropEspMalformed;
      else refusal_6_q <= DropHardLimit;
    end
    if (admit_q[6]) begin
      admit_o.sa_index   <= admitting_6_q.request.spi[SaIndexBits-1:0];
      admit_o.row        <= admitting_6_q.row;
      admit_o.seq        <= admitting_6_q.seq;
      admit_o.ciphertext <= admitting_6_q.ciphertext;
      admit_o.accept     <= !wiping_o && !refused_6_q && !replayed;
      if (wiping_o) admit_o.drop <= DropSpiUnknown;
      else if (refused_6_q) admit_o.drop <= refusal_6_q;
      else admit_o.drop <= admitting_6_q.before_first || old ? DropReplayOld : DropReplayDuplicate;
      admit_replayed_q <= !wiping_o && !refused_6_q && replayed;
    end
    if (rst_ni && admit_valid_i) assert (!admit_q[1]) else $error("two admit requests in two clocks");
  end

  // Refusals of this port: the count of a row is read so much later than the row that it is written with the answer.
  logic        count_valid;
  logic [31:0] count, count_6_q, more_6_q, count_7_q;  // more_6_q: with this one
  logic        count_captured_valid;
  logic [31:0] count_captured;

  living_rows #(
    .Width(32)
  ) u_admit_replays (
    .clk_i,
    .rst_ni,
    .request_i       (admit_q[3]),
    .sa_index_i      (admitting_3_q.request.spi[SaIndexBits-1:0]),
    .state_valid_o   (count_valid),
    .state_o         (count),
    .near_o          (),  // nothing else is known of a row
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
    if (count_valid) begin
      count_6_q <= count;
      more_6_q  <= count + 32'd1;
    end
    if (admit_q[6]) count_7_q <= !wiping_o && !refused_6_q && replayed ? more_6_q : count_6_q;
  end

  // ---- accept -----------------------------------------------------------------------------------------------------------------

  logic            read_valid;
  logic [3:1]      accept_q;      // a request, so many clocks ago
  state_t          read_state, state_q, next_q, captured;
  logic            captured_valid;
  logic            write_q;
  accept_request_t accept_1_q, accept_2_q, accept_3_q;
  sa_limits_t      read_limits;
  ring_row_t       accept_ring_row;
  logic            near, ring_near_q;  // the request two clocks before is of the same row; so is its word of the ring
  logic [63:0]     read_word, word;
  logic            is_old, is_duplicate;
  window_t         window;
  logic            ring_write;
  ring_place_t     ring_write_place;
  logic [63:0]     ring_write_word;
  logic [63:0]     packets, bytes;
  logic            soft_reached, hard_passed;

  living_rows #(
    .Width($bits(state_t))
  ) u_state (
    .clk_i,
    .rst_ni,
    .request_i       (accept_valid_i),
    .sa_index_i      (accept_request_i.sa_index),
    .state_valid_o   (read_valid),
    .state_o         (read_state),
    .near_o          (near),
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

  assign word = near && ring_near_q && ring_write_q ? ring_word_q : read_word;

  replay_window u_accept_window (
    .clk_i,
    .number_valid_i(accept_q[1]),
    .size_i        (accept_1_q.row.replay_window),
    .seq_i         (accept_1_q.seq),
    .window_valid_i(read_valid),
    .window_i      (read_state.replay.window),
    .word_i        (word),
    .old_o         (is_old),
    .duplicate_o   (is_duplicate),
    .window_o      (window),
    .write_o       (ring_write),
    .write_place_o (ring_write_place),
    .write_word_o  (ring_write_word)
  );

  sa_limits u_limits (
    .clk_i,
    .limits_valid_i(accept_q[1]),
    .limits_i      (read_limits),
    .more_bytes_i  (accept_1_q.bytes),
    .counts_valid_i(read_valid),
    .packets_i     (read_state.packets),
    .bytes_i       (read_state.bytes),
    .packets_o     (packets),
    .bytes_o       (bytes),
    .soft_o        (soft_reached),
    .hard_o        (hard_passed)
  );

  always_ff @(posedge clk_i) begin
    accept_q <= rst_ni ? {accept_q[2:1], accept_valid_i} : '0;
    if (accept_valid_i) accept_1_q <= accept_request_i;
    if (accept_q[1]) accept_2_q <= accept_1_q;
    if (read_valid) begin
      accept_3_q <= accept_2_q;
      state_q    <= read_state;
    end
    ring_near_q <= ring_write_place == ring_place(accept_1_q.seq[31:0]);

    accept_valid_o <= rst_ni && accept_q[3];
    ring_write_q   <= 1'b0;
    if (accept_q[3]) begin : decide
      ring_row_q  <= '{sa_index: accept_3_q.sa_index, place: ring_write_place};
      ring_word_q <= ring_write_word;
      next_q      <= state_q;
      write_q     <= 1'b1;
      accept_o    <= '{accept: 1'b0, drop: DropSpiUnknown, soft_limit: 1'b0, hard_limit: 1'b0};
      if (wiping_o || !accept_3_q.row.valid) begin
        write_q <= 1'b0;
      end else if (state_q.replay.expired) begin
        accept_o.drop <= DropHardLimit;
      end else if (is_old || is_duplicate) begin
        accept_o.drop  <= is_old ? DropReplayOld : DropReplayDuplicate;
        next_q.replays <= state_q.replays + 32'd1;
      end else if (!accept_3_q.icv_ok) begin
        accept_o.drop       <= DropIcvMismatch;
        next_q.icv_failures <= state_q.icv_failures + 32'd1;
      end else if (hard_passed) begin
        accept_o.drop         <= DropHardLimit;
        accept_o.hard_limit   <= 1'b1;
        next_q.replay.expired <= 1'b1;
      end else begin
        accept_o.accept     <= 1'b1;
        accept_o.soft_limit <= soft_reached;
        next_q.packets      <= packets;
        next_q.bytes        <= bytes;
      end
      // Of a duplicate the window needs not know that it is one: nothing would change.
      if (!wiping_o && accept_3_q.row.valid && !state_q.replay.expired && !is_old && accept_3_q.icv_ok && !hard_passed) begin
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
