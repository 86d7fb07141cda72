// SPDX-License-Identifier: Apache-2.0
// Enciphers or deciphers the packets of one direction, a block of another packet every clock.
//
// CBC cannot encipher a packet's next block before the last one is out, nor 3DES pass on to its next key. So blocks go round a loop that
// is as long as the pipelines that feed back: in each of its `Loop` slots travels one packet, which comes round just when its block does,
// is given its next block and goes round again. A slot whose packet has begun its last block takes the one that has waited longest.
// Nothing here ever stalls.
module chain_cipher
  import layout_pkg::*, chain_pkg::*;
#(
  parameter bit Decrypt = 1'b0,
  parameter int unsigned Contexts = 64
) (
  input  logic              clk_i,
  input  logic              rst_ni,
  input  cipher_key_write_t key_write_i,

  input  logic              arrived_i,
  input  context_t          context_i,

  output logic              read_o,        // the block at this place and the 16 bytes in front of it, two clocks later
  output place_t            read_place_o,  // of the first of 4 words
  input  logic [255:0]      read_data_i,

  output logic              write_o,
  output place_t            write_place_o,
  output logic [4:0]        write_words_o,
  output logic [127:0]      write_data_o,

  output logic              progress_o,    // with write_o: another 64 bytes of the ESP packet are written, or its last
  output progress_t         progress_data_o,
  output logic              finished_o,    // a clock after write_o: the whole packet is written
  output number_t           finished_number_o,
  output logic [15:0]       trailer_o      // the last two bytes written; of AH nothing
);

  // From a block's entry into the kernels to its result, for all ciphers alike; and until its packet's next one can enter. Deciphering,
  // only 3DES feeds back.
  localparam int unsigned Latency = Decrypt ? aes_decrypt_pkg::Latency : aes_encrypt_pkg::Latency;
  localparam int unsigned FeedBack = Decrypt ? des_block_pkg::Latency : aes_encrypt_pkg::Latency;
  localparam int unsigned Loop = FeedBack + 1;

  // A packet on its way, with the block it is at.
  typedef struct packed {
    number_t                number;
    slot_t                  slot;
    lane_e                  lane;
    logic [SaIndexBits-1:0] sa_index;
    logic [3:0]             cipher;
    logic [63:0]            iv;
    logic [1:0]             pass;     // of 3DES's three
    logic                   lead;     // the block is the IV
    place_t                 source;   // two words in front of it
    place_t                 result;
    logic [13:0]            left;     // bytes of ciphertext from it on
    logic [9:0]             counter;  // of CTR
    units_t                 units;    // of the ESP packet, whole ones in front of it
  } token_t;

  // What goes beside the kernels.
  typedef struct packed {
    place_t       place;     // in the result
    logic         two;       // words, or one
    logic         last;
    logic         progress;
    progress_t    told;
    number_t      number;
    logic [1:0]   trailer;   // the word of 4 bytes that ends with it
    logic         aes, keystream, des;  // whose answer it is, if anybody's
    logic [127:0] mask;      // what the answer is XORed with
  } behind_t;

  function automatic logic is_des(token_t token);
    return token.cipher == CipherDesCbc || token.cipher == CipherDes3Cbc;
  endfunction

  function automatic logic is_last_pass(token_t token);
    return token.cipher != CipherDes3Cbc || token.pass == 2'd2;
  endfunction

  // Words of 8 bytes that the block has in the store; of a packet's last one may be less.
  function automatic logic [1:0] block_words(token_t token);
    if (token.lead) return token.cipher == CipherAesCbc ? 2'd2 : 2'd1;
    return is_des(token) ? 2'd1 : 2'd2;
  endfunction

  // With it another unit is whole.
  function automatic logic ends_unit(token_t token);
    return token.result[2:0] == 3'd7 || (token.result[2:0] == 3'd6 && block_words(token) == 2'd2);
  endfunction

  function automatic token_t next_block(token_t token);
    next_block       = token;
    next_block.units = token.units + units_t'(is_last_pass(token) && ends_unit(token));
    if (!is_last_pass(token)) begin
      next_block.pass = token.pass + 2'd1;
    end else begin
      next_block.pass   = '0;
      next_block.lead   = 1'b0;
      next_block.result = token.result + place_t'(block_words(token));
      if (!token.lead) begin
        next_block.source  = token.source + (is_des(token) ? place_t'(1) : place_t'(2));
        next_block.left    = token.left - (is_des(token) ? 14'd8 : 14'd16);
        next_block.counter = token.counter + 10'd1;
      end
    end
  endfunction

  // ---- packets that wait ------------------------------------------------------------------------------------------------------

  logic   waiting, taken;
  token_t fresh, oldest;

  // Outbound, the IV is a block of its own, and the ESP header is left out in the result; inbound both are in the source.
  logic [6:0] iv_words;
  assign iv_words = iv_bytes(context_i.packet.cipher) >> 3;
  assign fresh = '{
    number:   context_i.number,
    slot:     context_i.slot,
    lane:     context_i.lane,
    sa_index: context_i.packet.sa_index,
    cipher:   context_i.packet.cipher,
    iv:       context_i.iv,
    pass:     '0,
    lead:     !Decrypt && iv_words != '0,
    source:   {context_i.row, 4'd0} + (Decrypt ? place_t'(iv_words) - place_t'(1) : -place_t'(2)),
    result:   {context_i.row, Decrypt ? 4'd0 : 4'd1},
    left:     context_i.packet.ciphertext,
    counter:  10'd1,  // RFC 3686 4
    units:    '0
  };

  fifo #(
    .Width($bits(token_t)),
    .Depth(2 * Contexts)
  ) u_waiting (
    .clk_i,
    .rst_ni,
    .valid_i(arrived_i),
    .ready_o(),  // there are no more packets
    .data_i (fresh),
    .valid_o(waiting),
    .ready_i(taken),
    .data_o (oldest),
    .used_o ()
  );

  // ---- the loop ---------------------------------------------------------------------------------------------------------------
  //
  // A token stands at `a`; what it will be when it comes round is worked out in the two clocks behind (`n`). Beside that the block goes
  // its way: clock 0: its token stands at `a`, the store is asked; 2: the store answers; 3: data stand ready for what the block before
  // has become (`b`); 4: the block enters the kernels (`c`); 4 + Latency: it leaves them (`w`). In clock Loop + 3 the slot's next block
  // is at `b`: enciphering, that is `w`'s clock.

  logic   back_valid;
  token_t back;
  logic   a_valid_q, n1_valid_q, n2_valid_q;
  token_t a_q, n1_q, n2_q;
  logic   ending1_q, closing1_q;  // the block has the packet's last bytes; it is not the IV, and in its last pass

  assign taken = waiting && !back_valid;

  delay_line #(
    .Width ($bits(token_t)),
    .Clocks(Loop - 3)
  ) u_loop (
    .clk_i,
    .rst_ni,
    .valid_i(n2_valid_q),
    .data_i (n2_q),
    .valid_o(back_valid),
    .data_o (back)
  );

  always_ff @(posedge clk_i) begin
    a_valid_q  <= rst_ni && (back_valid || waiting);
    n1_valid_q <= rst_ni && a_valid_q;
    n2_valid_q <= rst_ni && n1_valid_q && !(ending1_q && closing1_q);
    if (back_valid || waiting) a_q <= back_valid ? back : oldest;
    if (a_valid_q) begin
      n1_q       <= next_block(a_q);
      ending1_q  <= a_q.left <= (is_des(a_q) ? 14'd8 : 14'd16);
      closing1_q <= is_last_pass(a_q) && !a_q.lead;
    end
    if (n1_valid_q) n2_q <= n1_q;
  end

  assign read_o       = a_valid_q && !a_q.lead;
  assign read_place_o = a_q.source;

  // ---- on the way to b --------------------------------------------------------------------------------------------------------

  logic         t1_valid_q, t2_valid_q;
  token_t       t1_q, t2_q;
  logic         last_pass1_q, last_pass2_q;
  logic         ends_unit1_q, ends_unit2_q;
  logic         last2_q, two2_q;
  units_t       units2_q;       // whole with this block
  logic         feeds2_q;       // it is XORed with what the block before has become
  logic         aes_cbc2_q, ctr2_q;
  logic [1:0]   des_key2_q;     // which of the three
  cipher_key_t  cipher_key;
  logic [127:0] data;           // of this block; one of DES stands in the upper half
  logic [127:0] preceding;      // in front of it

  ram_1r1w #(
    .Width($bits(cipher_key_t)),
    .Rows (SaRows)
  ) u_cipher_keys (
    .clk_i,
    .write_i     (key_write_i.key),
    .write_row_i (key_write_i.sa_index),
    .write_data_i(key_write_i.cipher_key),
    .read_i      (t1_valid_q),
    .read_row_i  (t1_q.sa_index),
    .read_data_o (cipher_key)
  );

  always_ff @(posedge clk_i) begin
    t1_valid_q <= rst_ni && a_valid_q;
    t2_valid_q <= rst_ni && t1_valid_q;
    if (a_valid_q) begin
      t1_q         <= a_q;
      last_pass1_q <= is_last_pass(a_q);
      ends_unit1_q <= ends_unit(a_q);
    end
    if (t1_valid_q) begin
      t2_q         <= t1_q;
      last_pass2_q <= last_pass1_q;
      ends_unit2_q <= ends_unit1_q;
      last2_q      <= ending1_q && closing1_q;
      two2_q       <= block_words(t1_q) == 2'd2 && (t1_q.lead || t1_q.left > 14'd8);
      units2_q     <= t1_q.units + units_t'(ends_unit1_q);
      aes_cbc2_q   <= t1_q.cipher == CipherAesCbc;
      ctr2_q       <= t1_q.cipher == CipherAesCtr;
      feeds2_q     <= t1_q.pass != '0 || (!Decrypt && !t1_q.lead && t1_q.cipher != CipherAesCtr);
      des_key2_q   <= Decrypt && t1_q.cipher == CipherDes3Cbc ? 2'd2 - t1_q.pass : t1_q.pass;
    end
    if (rst_ni && t1_valid_q) assert (t1_q.left != '0) else $error("a block behind its packet's end");
  end

  assign data      = swapped_128(read_data_i[255:128]);
  assign preceding = swapped_128(read_data_i[127:0]);

  // ---- the block at b ---------------------------------------------------------------------------------------------------------

  logic                   b_valid_q, b_encrypt_q, b_decrypt_q, b_des_q, b_feeds_q;
  logic [SaIndexBits-1:0] b_sa_index_q;
  logic [1:0]             b_key_size_q;
  logic [127:0]           b_block_q;
  logic [63:0]            b_des_block_q, b_des_key_q;
  logic                   b_undo_q;    // the pass deciphers
  behind_t                b_behind_q;

  always_ff @(posedge clk_i) begin
    b_valid_q   <= rst_ni && t2_valid_q && last_pass2_q;
    b_encrypt_q <= rst_ni && t2_valid_q && ((aes_cbc2_q && !Decrypt) || (ctr2_q && !t2_q.lead));
    b_decrypt_q <= rst_ni && t2_valid_q && aes_cbc2_q && Decrypt;
    b_des_q     <= rst_ni && t2_valid_q && is_des(t2_q);
    if (t2_valid_q) begin
      b_feeds_q    <= feeds2_q;
      b_sa_index_q <= t2_q.sa_index;
      b_key_size_q <= cipher_key.key_size;
      if (ctr2_q) b_block_q <= {cipher_key.salt, t2_q.iv, 22'd0, t2_q.counter};
      else b_block_q <= t2_q.lead ? {64'd0, t2_q.iv} : data;

      // RFC 2451 2.1: encipher with the first key, decipher with the second, encipher with the third; DES has the first only.
      b_undo_q    <= Decrypt != (t2_q.pass == 2'd1);
      b_des_key_q <= des_key2_q == 2'd0 ? cipher_key.des_keys[191:128] : des_key2_q == 2'd1 ? cipher_key.des_keys[127:64]
                                                                                            : cipher_key.des_keys[63:0];
      if (t2_q.pass != '0) b_des_block_q <= '0;
      else b_des_block_q <= t2_q.lead ? t2_q.iv : data[127:64];

      b_behind_q.place     <= t2_q.result;
      b_behind_q.two       <= two2_q;
      b_behind_q.last      <= last2_q;
      b_behind_q.progress  <= last2_q || ends_unit2_q;
      b_behind_q.told      <= '{slot: t2_q.slot, lane: t2_q.lane, units: last2_q ? '1 : units2_q, begun: t2_q.units == '0};
      b_behind_q.number    <= t2_q.number;
      b_behind_q.trailer   <= 2'((t2_q.left[3:0] - 4'd4) >> 2);
      b_behind_q.aes       <= aes_cbc2_q;
      b_behind_q.keystream <= ctr2_q && !t2_q.lead;
      b_behind_q.des       <= is_des(t2_q);
      if (aes_cbc2_q) b_behind_q.mask <= Decrypt ? preceding : '0;
      else if (is_des(t2_q)) b_behind_q.mask <= Decrypt ? {preceding[63:0], 64'd0} : '0;
      else b_behind_q.mask <= t2_q.lead ? {t2_q.iv, 64'd0} : data;
    end
  end

  // ---- AES --------------------------------------------------------------------------------------------------------------------

  logic         c_encrypt_q;
  logic [127:0] c_block_q;
  logic [1:0]   c_key_size_q;
  logic [127:0] aes_back;     // AES enciphering: what the block before has become
  // Enciphering, its time is known.
  // verilator lint_off UNUSEDSIGNAL
  logic         encrypted_valid;
  // verilator lint_on UNUSEDSIGNAL
  logic [127:0] encrypted, w_aes, w_keystream;  // of the block at w

  always_ff @(posedge clk_i) begin
    c_encrypt_q <= rst_ni && b_encrypt_q;
    if (b_encrypt_q || b_decrypt_q) begin
      c_key_size_q <= b_key_size_q;
      c_block_q    <= b_feeds_q ? b_block_q ^ aes_back : b_block_q;
    end
  end

  chain_aes u_aes_encrypt (
    .clk_i,
    .rst_ni,
    .write_i     (key_write_i.encrypt),
    .write_row_i (key_write_i.sa_index),
    .write_data_i(key_write_i.encrypt_key),
    .begins_i    (b_encrypt_q),
    .sa_index_i  (b_sa_index_q),
    .valid_i     (c_encrypt_q),
    .key_size_i  (c_key_size_q),
    .block_i     (c_block_q),
    .valid_o     (encrypted_valid),
    .block_o     (encrypted)
  );

  if (Decrypt) begin : gen_decrypt
    logic         c_decrypt_q;

    always_ff @(posedge clk_i) c_decrypt_q <= rst_ni && b_decrypt_q;

    chain_aes #(
      .Decrypt(1'b1)
    ) u_aes_decrypt (
      .clk_i,
      .rst_ni,
      .write_i     (key_write_i.decrypt),
      .write_row_i (key_write_i.sa_index),
      .write_data_i(key_write_i.decrypt_key),
      .begins_i    (b_decrypt_q),
      .sa_index_i  (b_sa_index_q),
      .valid_i     (c_decrypt_q),
      .key_size_i  (c_key_size_q),
      .block_i     (c_block_q),
      .valid_o     (),  // w_valid says the same
      .block_o     (w_aes)
    );

    delay_line #(
      .Width (128),
      .Clocks(Latency - aes_encrypt_pkg::Latency)
    ) u_keystream_delay (
      .clk_i,
      .rst_ni,
      .valid_i(encrypted_valid),
      .data_i (encrypted),
      .valid_o(),  // w_valid says the same
      .data_o (w_keystream)
    );

    assign aes_back = '0;  // never asked for
  end else begin : gen_encrypt
    assign w_aes       = encrypted;
    assign w_keystream = encrypted;
    assign aes_back    = encrypted;
  end

  // ---- DES --------------------------------------------------------------------------------------------------------------------

  logic        c_des_q, c_undo_q;   // c_undo_q: the pass deciphers
  logic [63:0] c_des_key_q, c_des_block_q;
  logic        des_valid;
  logic [63:0] des_answer, w_des, des_back;  // des_back: what the block or the pass before has become

  always_ff @(posedge clk_i) begin
    c_des_q <= rst_ni && b_des_q;
    if (b_des_q) begin
      c_undo_q      <= b_undo_q;
      c_des_key_q   <= b_des_key_q;
      c_des_block_q <= b_feeds_q ? b_des_block_q ^ des_back : b_des_block_q;
    end
  end

  des_block u_des (
    .clk_i,
    .valid_i  (c_des_q),
    .decrypt_i(c_undo_q),
    .key_i    (c_des_key_q),
    .block_i  (c_des_block_q),
    .valid_o  (des_valid),
    .block_o  (des_answer)
  );

  delay_line #(
    .Width (64),
    .Clocks(Latency - des_block_pkg::Latency)
  ) u_des_delay (
    .clk_i,
    .rst_ni,
    .valid_i(des_valid),
    .data_i (des_answer),
    .valid_o(),  // w_valid says the same
    .data_o (w_des)
  );

  assign des_back = Decrypt ? des_answer : w_des;

  // ---- the block at w ---------------------------------------------------------------------------------------------------------

  logic         w_valid;
  behind_t      w;
  logic [127:0] w_data;
  behind_t      x_q;         // written now
  logic         x_valid_q;
  logic [127:0] x_data_q;

  delay_line #(
    .Width ($bits(behind_t)),
    .Clocks(Latency + 1)
  ) u_behind_delay (
    .clk_i,
    .rst_ni,
    .valid_i(b_valid_q),
    .data_i (b_behind_q),
    .valid_o(w_valid),
    .data_o (w)
  );

  assign w_data = (w.aes ? w_aes : '0) ^ (w.keystream ? w_keystream : '0) ^ (w.des ? {w_des, 64'd0} : '0) ^ w.mask;

  always_ff @(posedge clk_i) begin
    x_valid_q  <= rst_ni && w_valid;
    finished_o <= rst_ni && x_valid_q && x_q.last;
    if (w_valid) begin
      x_q      <= w;
      x_data_q <= swapped_128(w_data);
    end
    if (x_valid_q && x_q.last) begin
      finished_number_o <= x_q.number;
      unique case (x_q.trailer)
        2'd0: trailer_o <= x_data_q[31:16];
        2'd1: trailer_o <= x_data_q[63:48];
        2'd2: trailer_o <= x_data_q[95:80];
        2'd3: trailer_o <= x_data_q[127:112];
      endcase
    end
  end

  assign write_o         = x_valid_q;
  assign write_place_o   = x_q.place;
  assign write_words_o   = x_q.two ? 5'd2 : 5'd1;
  assign write_data_o    = x_data_q;
  assign progress_o      = x_valid_q && x_q.progress;
  assign progress_data_o = x_q.told;

endmodule
