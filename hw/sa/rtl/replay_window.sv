// SPDX-License-Identifier: Apache-2.0
// RFC 4303 3.4.3: what the anti-replay window says of a sequence number, and what it becomes when the packet is accepted.
// Combinational.
//
// A word stands for 64 numbers in a row, a bit each: number n is bit n mod 64 of word n / 64. The newest word, that of top, is part of
// the SA's living state; the 64 before it have a place each in the SA's ring, word w in place w mod 64, so that even the largest window,
// which touches 65 words unless top ends one, is whole. `live` says which places hold a word: of any other, no number was accepted.
// Moving on puts the newest word into the ring and takes the words that were passed over out of `live`, so a jump of any size is one
// write, and an SA that begins with `live` zero sees nothing of what was in its ring before.
module replay_window
  import layout_pkg::*;
  import sa_pkg::*;
(
  input  logic [3:0]         size_i,      // replay_window of the SA's row
  input  logic [63:0]        seq_i,
  input  logic signed [64:0] distance_i,  // seq - top
  input  logic signed [58:0] words_i,     // of seq's word from top's
  input  window_t            window_i,
  input  logic [63:0]        word_i,      // in the ring at seq's place
  output logic               old_o,       // left of the window
  output logic               duplicate_o, // inside, and received before
  output window_t            window_o,    // with the packet
  output logic               write_o,     // and what its ring gets
  output ring_place_t        write_place_o,
  output logic [63:0]        write_word_o
);

  localparam logic signed [58:0] Places = 59'(RingPlaces);

  logic               same_word; // seq is in top's word
  logic               newer;     // right of the window: it becomes top
  logic signed [64:0] oldest;    // the window's left edge, from top: still inside
  logic [63:0]        received;  // seq's word
  logic [63:0]        bit_of_seq;
  ring_place_t        place, top_place;
  logic [63:0]        passed;    // places of the words between top's and seq's

  assign place      = ring_place(seq_i[31:0]);
  assign top_place  = ring_place(window_i.top[31:0]);
  assign bit_of_seq = 64'd1 << seq_i[5:0];
  assign oldest     = 65'sd1 - (65'(LeastReplayWindow) << size_i);
  assign same_word  = words_i == '0;
  assign received   = same_word ? window_i.newest : window_i.live[place] ? word_i : '0;

  assign newer       = distance_i > 65'sd0;
  assign old_o       = distance_i < oldest;
  // (Of a number behind top no bit is set in top's word, and a word behind top's has no place yet.)
  assign duplicate_o = !old_o && (same_word ? window_i.newest[seq_i[5:0]]
                                            : words_i < 59'sd0 && window_i.live[place] && word_i[seq_i[5:0]]);

  // Behind top's place and before seq's, round the ring's end when seq's is not behind top's.
  always_comb begin
    for (int unsigned i = 0; i < RingPlaces; i++) begin
      passed[i] = top_place < place ? ring_place_t'(i) > top_place && ring_place_t'(i) < place
                                    : ring_place_t'(i) > top_place || ring_place_t'(i) < place;
    end
  end

  always_comb begin
    window_o      = window_i;
    write_o       = 1'b0;
    write_place_o = place;
    write_word_o  = received | bit_of_seq;
    if (newer) window_o.top = seq_i;
    if (same_word) begin
      window_o.newest = received | bit_of_seq;
    end else if (newer) begin
      write_o                  = 1'b1;
      write_place_o            = top_place;
      write_word_o             = window_i.newest;
      window_o.newest          = bit_of_seq;
      window_o.live[top_place] = 1'b1;
      window_o.live            = words_i > Places ? '0 : window_o.live & ~passed;
    end else begin
      write_o              = 1'b1;
      window_o.live[place] = 1'b1;
    end
  end

endmodule
