// SPDX-License-Identifier: Apache-2.0
// AES-GCM and AES-GMAC (NIST SP 800-38D, as RFC 4106 and RFC 4543 use it) of one direction: a word of 64 bytes every clock, any SA
// after any other.
//
// Words of a packet come in order with any gaps between them; `first_i` marks the first, which brings `packet_i`. Payload byte 0
// is bits 7:0 of the first word. Each word comes out transformed gcm_pkg::Latency clocks later, bytes beyond the payload zero; the
// tag follows, packets in order, gcm_pkg::TagLatency clocks after the packet's last slot. Nothing stalls: who sends a word has room
// for what comes out.
//
// `ready_o` is low for the one clock after a last word that leaves a tail (gcm_pkg::has_tail): no word may come then.
//
// Keys: the engine listens to the table writes of its key table and sets a row up by itself, with `table_ready_o` low meanwhile.
// `wipe_i` (a pulse) and reset zero the keys of every row; `wiping_o` until done. No packet of a row may be inside while its
// key row is written.
module gcm
  import layout_pkg::*;
  import stream_pkg::*;
  import gcm_pkg::*;
#(
  parameter bit Decrypt = 1'b0  // keys of sa_in_key, GHASH over the input; else of sa_out_key, over the output
) (
  input  logic         clk_i,
  input  logic         rst_ni,

  input  table_write_t table_write_i,
  output logic         table_ready_o,
  input  logic         wipe_i,
  output logic         wiping_o,

  input  logic         valid_i,
  output logic         ready_o,
  input  logic         first_i,
  input  packet_t      packet_i,      // with first_i
  input  logic [511:0] data_i,

  output logic         valid_o,
  output logic         last_o,        // last word of its packet
  output logic [511:0] data_o,
  output logic         tag_valid_o,
  output block_t       tag_o          // first byte most significant
);

  // ---- keys -------------------------------------------------------------------------------------------------------------------

  key_write_t key_write;

  key_setup #(
    .KeyTable(Decrypt ? TableSaInKey : TableSaOutKey)
  ) u_key_setup (
    .clk_i,
    .rst_ni,
    .table_write_i,
    .table_ready_o,
    .wipe_i,
    .wiping_o,
    .key_write_o(key_write)
  );

  // ---- words become slots -----------------------------------------------------------------------------------------------------

  logic         word_valid;
  logic         slot_valid, slot_valid_q;
  slot_t        slot, slot_q;
  logic [7:0]   number, number_q;  // of the slot in its packet
  logic [511:0] word, word_q;

  gcm_slots u_slots (
    .clk_i,
    .rst_ni,
    .valid_i,
    .ready_o,
    .first_i,
    .packet_i,
    .data_i,
    .word_valid_o(word_valid),
    .slot_valid_o(slot_valid),
    .slot_o      (slot),
    .number_o    (number),
    .data_o      (word)
  );

  always_ff @(posedge clk_i) begin
    slot_valid_q <= rst_ni && slot_valid;
    if (slot_valid) begin
      slot_q   <= slot;
      number_q <= number;
    end
    if (word_valid) word_q <= word;
  end

  // ---- counter mode -----------------------------------------------------------------------------------------------------------

  blocks_t      keystream;
  logic         old_valid, old_word_valid;
  slot_t        old_slot;  // the slot and its word when their keystream is there
  logic [511:0] old_word;

  gcm_keystream u_keystream (
    .clk_i,
    .rst_ni,
    .key_write_i(key_write),
    .packet_valid_i(slot_valid && slot.first),
    .sa_index_i    (slot.packet.sa_index),
    .valid_i       (slot_valid_q),
    .iv_i          (slot_q.packet.iv),
    .number_i      (number_q),
    .closing_i     (slot_q.closing),
    .keystream_o   (keystream)
  );

  delay_line #(
    .Width ($bits(slot_t)),
    .Clocks(aes_encrypt_pkg::Latency)
  ) u_slot_delay (
    .clk_i,
    .rst_ni,
    .valid_i(slot_valid_q),
    .data_i (slot_q),
    .valid_o(old_valid),
    .data_o (old_slot)
  );

  delay_line #(
    .Width (512),
    .Clocks(aes_encrypt_pkg::Latency)
  ) u_word_delay (
    .clk_i,
    .rst_ni,
    .valid_i(slot_valid_q && slot_q.bytes != '0),
    .data_i (word_q),
    .valid_o(old_word_valid),
    .data_o (old_word)
  );

  // Byte 0 is least significant in a word and most significant in a block.
  function automatic block_t swapped(block_t block);
    block_t result;
    for (int unsigned i = 0; i < 4; i++) begin
      result[32*(3-i)+:32] = {block[32*i+:8], block[32*i+8+:8], block[32*i+16+:8], block[32*i+24+:8]};
    end
    return result;
  endfunction

  function automatic logic [511:0] masked(logic [511:0] data, logic [6:0] bytes);
    logic [511:0] result = data;
    if (bytes != 7'd64) begin
      for (int unsigned i = 0; i < 64; i++) begin
        if (i >= 32'(bytes)) result[8*i+:8] = '0;
      end
    end
    return result;
  endfunction

  slot_t        out_slot_q;
  logic         out_valid_q;     // a slot, word or tail
  logic [511:0] ciphertext_q;    // what GHASH takes
  block_t       encrypted_j0_q;  // SP 800-38D 7.1: E(J0), of a closing slot

  always_ff @(posedge clk_i) begin
    out_valid_q <= rst_ni && old_valid;
    valid_o     <= rst_ni && old_word_valid;
    if (old_valid) begin
      out_slot_q     <= old_slot;
      encrypted_j0_q <= keystream[3];
      last_o         <= old_slot.last_word;
    end
    if (old_word_valid) begin : transform
      logic [511:0] mixed;
      for (int unsigned i = 0; i < 4; i++) mixed[128*i+:128] = old_word[128*i+:128] ^ swapped(keystream[i]);
      mixed  = masked(old_slot.packet.gmac ? old_word : mixed, old_slot.bytes);
      data_o <= mixed;
      ciphertext_q <= Decrypt ? masked(old_word, old_slot.bytes) : mixed;
    end
  end

  // ---- authentication ---------------------------------------------------------------------------------------------------------

  blocks_t ciphertext;
  block_t  hash, old_encrypted_j0;
  logic    hash_valid;

  for (genvar i = 0; i < 4; i++) begin : gen_block
    assign ciphertext[i] = swapped(ciphertext_q[128*i+:128]);
  end

  gcm_ghash u_ghash (
    .clk_i,
    .rst_ni,
    .key_write_i (key_write),
    .valid_i     (out_valid_q),
    .slot_i      (out_slot_q),
    .ciphertext_i(ciphertext),
    .valid_o     (hash_valid),
    .hash_o      (hash)
  );

  delay_line #(
    .Width ($bits(block_t)),
    .Clocks(TagLatency - Latency - 1)
  ) u_j0_delay (
    .clk_i,
    .rst_ni,
    .valid_i(out_valid_q && out_slot_q.closing),
    .data_i (encrypted_j0_q),
    .valid_o(),  // hash_valid says the same
    .data_o (old_encrypted_j0)
  );

  always_ff @(posedge clk_i) begin
    tag_valid_o <= rst_ni && hash_valid;
    if (hash_valid) tag_o <= hash ^ old_encrypted_j0;
  end

endmodule
