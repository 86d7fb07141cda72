// SPDX-License-Identifier: Apache-2.0
// RFC 4303 3.4.3: what the anti-replay window says of a sequence number, and what it becomes when the packet is accepted.
//
// A word stands for 64 numbers in a row, a bit each: number n is bit n mod 64 of word n / 64. The newest word, that of top, is part of
// the SA's living state; the 64 before it have a place each in the SA's ring, word w in place w mod 64, so that even the largest window,
// which touches 65 words unless top ends one, is whole. `live` says which places hold a word: of any other, no number was accepted.
// Moving on puts the newest word into the ring and takes the words that were passed over out of `live`, so a jump of any size is one
// write, and an SA that begins with `live` zero sees nothing of what was in its ring before.
//
// The number comes with `number_valid_i`, window and ring a clock later with `window_valid_i`, the answers stand a clock after that. What
// a number of its own tells is known before the window is, which is as young as it can be: the packet before may have changed it. Where
// one bit of many is asked for, some candidates are kept, and one is chosen when the answer is.
module replay_window
  import layout_pkg::*;
  import sa_pkg::*;
(
  input  logic        clk_i,
  input  logic        number_valid_i,
  input  logic [3:0]  size_i,         // replay_window of the SA's row
  input  logic [63:0] seq_i,
  input  logic        window_valid_i,
  input  window_t     window_i,
  input  logic [63:0] word_i,         // in the ring at seq's place
  output logic        old_o,          // 0, or left of the window
  output logic        duplicate_o,    // not old, and received before
  output window_t     window_o,       // with the packet, when it is not old; a duplicate changes nothing
  output logic        write_o,        // and what its ring gets
  output ring_place_t write_place_o,
  output logic [63:0] write_word_o
);

  localparam int unsigned PlaceBits = $bits(ring_place_t);

  // ---- of the number ----------------------------------------------------------------------------------------------------------

  logic [63:0]        seq_1_q;
  logic               zero_1_q;
  logic [64:0]        old_from_1_q;  // of what top on it is left of the window
  logic signed [58:0] far_below_1_q; // of what top's word on, downwards, all words of the ring lie in between

  // ---- of number and window ---------------------------------------------------------------------------------------------------

  logic [63:0]        seq_2_q, word_2_q;
  window_t            window_2_q;
  logic               old_2_q;
  logic               newer_2_q;     // right of the window: it becomes top
  logic               later_2_q;     // so is its word
  logic               earlier_2_q;   // its word is one in the ring
  logic               far_2_q;
  logic               wrapped_2_q;   // its place is not behind that of top's word
  logic [1:0]         live_2_q;      // of its place: as the place's highest bit says
  logic [1:0]         newest_2_q;    // of its bit in top's word, likewise
  logic [3:0]         kept_2_q;      // of its bit in the ring: as its two highest bits say

  ring_place_t place_1, top_place_1;
  assign place_1     = ring_place(seq_1_q[31:0]);
  assign top_place_1 = ring_place(window_i.top[31:0]);

  always_ff @(posedge clk_i) begin
    if (number_valid_i) begin
      seq_1_q       <= seq_i;
      zero_1_q      <= seq_i == '0;
      old_from_1_q  <= {1'b0, seq_i} + (65'(LeastReplayWindow) << size_i);
      far_below_1_q <= signed'({1'b0, seq_i[63:6]}) - 59'(RingPlaces);
    end
    if (window_valid_i) begin
      seq_2_q     <= seq_1_q;
      window_2_q  <= window_i;
      word_2_q    <= word_i;
      old_2_q     <= zero_1_q || {1'b0, window_i.top} >= old_from_1_q;
      newer_2_q   <= seq_1_q > window_i.top;
      later_2_q   <= seq_1_q[63:6] > window_i.top[63:6];
      earlier_2_q <= seq_1_q[63:6] < window_i.top[63:6];
      far_2_q     <= signed'({1'b0, window_i.top[63:6]}) < far_below_1_q;
      wrapped_2_q <= top_place_1 >= place_1;
      for (int unsigned i = 0; i < 2; i++) begin
        live_2_q[i]   <= window_i.live[{1'(i), place_1[PlaceBits-2:0]}];
        newest_2_q[i] <= window_i.newest[{1'(i), seq_1_q[4:0]}];
      end
      for (int unsigned i = 0; i < 4; i++) kept_2_q[i] <= word_i[{2'(i), seq_1_q[3:0]}];
    end
  end

  // ---- the answers ------------------------------------------------------------------------------------------------------------

  ring_place_t place, top_place;
  logic        live;
  logic [63:0] bit_of_seq;
  logic [63:0] behind_top, before_seq;  // places behind that of top's word, and before that of seq's
  logic [63:0] passed;                  // of the words between them

  assign place      = ring_place(seq_2_q[31:0]);
  assign top_place  = ring_place(window_2_q.top[31:0]);
  assign bit_of_seq = 64'd1 << seq_2_q[5:0];
  assign live       = live_2_q[place[PlaceBits-1]];

  assign old_o       = old_2_q;
  // (Of a number behind top no bit is set in top's word, and a word behind top's has no place yet.)
  assign duplicate_o = !old_2_q && !later_2_q && (earlier_2_q ? live && kept_2_q[seq_2_q[5:4]] : newest_2_q[seq_2_q[5]]);

  assign behind_top = ~64'd1 << top_place;
  assign before_seq = ~(~64'd0 << place);
  assign passed     = wrapped_2_q ? behind_top | before_seq : behind_top & before_seq;  // round the ring's end, or not

  always_comb begin
    window_o      = window_2_q;
    write_o       = later_2_q || earlier_2_q;
    write_place_o = later_2_q ? top_place : place;
    write_word_o  = later_2_q ? window_2_q.newest : bit_of_seq | (live ? word_2_q : '0);
    if (newer_2_q) window_o.top = seq_2_q;
    if (later_2_q) begin
      window_o.newest = bit_of_seq;
      window_o.live   = far_2_q ? '0 : (window_2_q.live | (64'd1 << top_place)) & ~passed;
    end else if (earlier_2_q) begin
      window_o.live = window_2_q.live | (64'd1 << place);
    end else begin
      window_o.newest = window_2_q.newest | bit_of_seq;
    end
  end

endmodule
