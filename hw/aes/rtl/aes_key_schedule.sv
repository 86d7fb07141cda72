// SPDX-License-Identifier: Apache-2.0
// Expands an AES key (FIPS 197 5.2): a word every clock, so a round key every four.
//
// Round keys come with their positions: those of a shorter key are the last ones, up to position 14, as `aes_encrypt` takes them.
//
// The newest word has no time left for a choice between the schedule and the key: it only ever takes what the step makes. So a first
// step, `prime_q`, makes the key's last word of that word and zero.
module aes_key_schedule
  import layout_pkg::*;
(
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic         wipe_i,       // zero what is remembered of the last key
  input  logic         start_i,
  input  logic [1:0]   key_size_i,   // key_size_e; what is no size acts as the longest
  input  logic [255:0] key_i,        // first byte most significant
  output logic         valid_o,
  output logic         first_o,      // the first round key of this key
  output logic [3:0]   position_o,
  output logic [127:0] round_key_o
);

  localparam logic [3:0] LastPosition = 4'd14;

  logic         running_q, prime_q;
  logic [1:0]   key_size_q;
  logic [255:0] window;
  logic [255:32] window_q;     // the newest words but one, the oldest first
  logic [31:0]  newest_q;
  logic [31:0]  before_q;      // of the key: the word before its last
  logic [2:0]   phase, phase_q;
  logic [7:0]   rcon, rcon_q;
  logic [31:0]  schedule_word;
  logic [1:0]   words_q;     // of the round key in the making
  logic [3:0]   position_q;  // of the round key in the making

  aes_key_step u_key_step (
    .key_size_i(key_size_q),
    .window_i  ({window_q, newest_q}),
    .phase_i   (phase_q),
    .rcon_i    (rcon_q),
    .word_o    (schedule_word),
    .window_o  (window),
    .phase_o   (phase),
    .rcon_o    (rcon)
  );

  always_ff @(posedge clk_i) begin
    valid_o <= 1'b0;
    if (valid_o) first_o <= 1'b0;
    prime_q <= start_i;
    if (start_i) begin
      running_q  <= 1'b1;
      key_size_q <= key_size_i;
      first_o    <= 1'b1;
      unique case (key_size_i)
        KeySizeAes128: {window_q, before_q, position_q} <= {128'd0, key_i[159:128], key_i[255:192], key_i[191:160], 4'd4};
        KeySizeAes192: {window_q, before_q, position_q} <= {64'd0, key_i[95:64], key_i[255:128], key_i[127:96], 4'd2};
        default:       {window_q, before_q, position_q} <= {key_i[31:0], key_i[255:64], key_i[63:32], 4'd0};
      endcase
    end else if (running_q) begin
      window_q <= window[255:32];
      if (prime_q) window_q[63:32] <= before_q;
      if (!prime_q) begin
        words_q     <= words_q + 2'd1;
        round_key_o <= {round_key_o[95:0], schedule_word};
        if (words_q == 2'd3) begin
          valid_o    <= 1'b1;
          position_o <= position_q;
          position_q <= position_q + 4'd1;
          running_q  <= position_q != LastPosition;
        end
      end
    end
    if (start_i) begin  // neither rotated nor through the S-box
      newest_q <= '0;
      phase_q  <= 3'd1;
    end else if (running_q) begin
      newest_q <= window[31:0];
      phase_q  <= prime_q ? '0 : phase;
      rcon_q   <= prime_q ? 8'h01 : rcon;
    end
    if (start_i) words_q <= '0;
    if (!rst_ni || wipe_i) {window_q, newest_q, before_q, round_key_o, valid_o, running_q} <= '0;
  end

endmodule
