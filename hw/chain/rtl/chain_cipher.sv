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
  parameter int unsigned Contexts = 128
) (
  input  logic              clk_i,
  input  logic              rst_ni,
  input  cipher_key_write_t key_write_i,

  input  logic              arrived_i,
  input  context_t          context_i,

  output logic              read_o,        // the block at this place and the 16 bytes in front of it, in the next clock
  output place_t            read_place_o,  // of the first of 4 words
  input  logic [255:0]      read_data_i,

  output logic              write_o,
  output place_t            write_place_o,
  output logic [4:0]        write_words_o,
  output logic [127:0]      write_data_o,

  output logic              progress_o,    // another 64 bytes of the ESP packet are written, or its last
  output number_t           progress_number_o,
  output logic [7:0]        progress_units_o,  // how many times 64 bytes now; all ones: everything
  output logic              finished_o,        // likewise: the whole packet
  output logic [15:0]       trailer_o          // with finished_o: the last two bytes written; of AH nothing
);

  // From a block's entry into the kernels to its result, for all ciphers alike; and until its packet's next one can enter. Deciphering,
  // only 3DES feeds back.
  localparam int unsigned Latency = Decrypt ? aes_decrypt_pkg::Latency : aes_encrypt_pkg::Latency;
  localparam int unsigned FeedBack = Decrypt ? des_block_pkg::Latency : aes_encrypt_pkg::Latency;
  localparam int unsigned Loop = FeedBack + 1;

  // A packet on its way, with the block it is at.
  typedef struct packed {
    number_t                number;
    row_t                   row;
    logic [SaIndexBits-1:0] sa_index;
    logic [3:0]             cipher;
    logic [63:0]            iv;
    logic [13:0]            ciphertext;
    logic [1:0]             pass;        // of 3DES's three
    logic                   lead;        // the block is the IV
    logic [13:0]            at;          // where in the ciphertext it begins
  } token_t;

  // What goes beside the kernels.
  typedef struct packed {
    token_t       token;
    place_t       place;   // in the result
    logic [127:0] mask;
  } behind_t;

  function automatic logic is_des(token_t token);
    return token.cipher == CipherDesCbc || token.cipher == CipherDes3Cbc;
  endfunction

  function automatic logic [13:0] block_size(token_t token);
    return is_des(token) ? 14'd8 : 14'd16;
  endfunction

  function automatic logic is_last_pass(token_t token);
    return token.cipher != CipherDes3Cbc || token.pass == 2'd2;
  endfunction

  function automatic logic is_last(token_t token);
    return is_last_pass(token) && !token.lead && token.at + block_size(token) >= token.ciphertext;
  endfunction

  function automatic token_t next_block(token_t token);
    next_block = token;
    if (!is_last_pass(token)) begin
      next_block.pass = token.pass + 2'd1;
    end else begin
      next_block.pass = '0;
      next_block.lead = 1'b0;
      if (!token.lead) next_block.at = token.at + block_size(token);
    end
  endfunction

  // Byte of the ESP packet where the block begins.
  function automatic logic [13:0] esp_offset(token_t token);
    return token.lead ? 14'd8 : 14'd8 + 14'(iv_bytes(token.cipher)) + token.at;
  endfunction

  // ---- packets that wait ------------------------------------------------------------------------------------------------------

  logic     waiting, taken;
  context_t oldest;
  token_t   fresh;

  fifo #(
    .Width($bits(context_t)),
    .Depth(Contexts)
  ) u_waiting (
    .clk_i,
    .rst_ni,
    .valid_i(arrived_i),
    .ready_o(),  // there are no more packets than contexts
    .data_i (context_i),
    .valid_o(waiting),
    .ready_i(taken),
    .data_o (oldest),
    .used_o ()
  );

  // Outbound, the IV is a block of its own.
  assign fresh = '{
    number:     oldest.number,
    row:        oldest.row,
    sa_index:   oldest.packet.sa_index,
    cipher:     oldest.packet.cipher,
    iv:         oldest.iv,
    ciphertext: oldest.packet.ciphertext,
    pass:       '0,
    lead:       !Decrypt && iv_bytes(oldest.packet.cipher) != '0,
    at:         '0
  };

  // ---- the loop ---------------------------------------------------------------------------------------------------------------
  //
  // clock 0: the token stands at `a`, its block is read from the store; 1: data and chaining value meet (`b`); 2: the block enters the
  // kernels; 2 + Latency: it leaves them (`w`). In clock Loop + 1 the slot's next block is at `b`: enciphering, that is `w`'s clock.

  logic    back_valid, continues;
  token_t  back;
  logic    a_valid_q, b_valid_q, w_valid;
  token_t  a_q, b_q;
  behind_t b_behind, w;

  assign continues = back_valid && !is_last(back);
  assign taken     = waiting && !continues;

  delay_line #(
    .Width ($bits(token_t)),
    .Clocks(Loop - 1)
  ) u_loop (
    .clk_i,
    .rst_ni,
    .valid_i(a_valid_q),
    .data_i (a_q),
    .valid_o(back_valid),
    .data_o (back)
  );

  always_ff @(posedge clk_i) begin
    a_valid_q <= rst_ni && (continues || waiting);
    b_valid_q <= rst_ni && a_valid_q;
    if (continues) a_q <= next_block(back);
    else if (waiting) a_q <= fresh;
    if (a_valid_q) b_q <= a_q;
  end

  assign read_o       = a_valid_q && !a_q.lead;
  assign read_place_o = place_of(a_q.row, Decrypt ? esp_offset(a_q) : a_q.at) - place_t'(2);

  // ---- the block at b ---------------------------------------------------------------------------------------------------------

  logic [127:0] data;         // of this block; one of DES stands in the upper half
  logic [127:0] preceding;    // in front of it
  cipher_key_t  cipher_key;
  logic [127:0] aes_back;     // AES enciphering: what the block before has become
  logic [63:0]  des_back;     // DES likewise, or the pass before
  logic [127:0] mask;         // what the kernel's answer is XORed with
  logic         b_encrypt, b_decrypt, b_des;  // who works on the block

  ram_1r1w #(
    .Width($bits(cipher_key_t)),
    .Rows (SaRows)
  ) u_cipher_keys (
    .clk_i,
    .write_i     (key_write_i.key),
    .write_row_i (key_write_i.sa_index),
    .write_data_i(key_write_i.cipher_key),
    .read_i      (a_valid_q),
    .read_row_i  (a_q.sa_index),
    .read_data_o (cipher_key)
  );

  assign data      = swapped_128(read_data_i[255:128]);
  assign preceding = swapped_128(read_data_i[127:0]);
  assign b_encrypt = b_valid_q && ((b_q.cipher == CipherAesCbc && !Decrypt) || (b_q.cipher == CipherAesCtr && !b_q.lead));
  assign b_decrypt = b_valid_q && b_q.cipher == CipherAesCbc && Decrypt;
  assign b_des     = b_valid_q && is_des(b_q);

  always_comb begin
    unique case (b_q.cipher)
      CipherAesCbc:  mask = Decrypt ? preceding : '0;
      CipherDesCbc,
      CipherDes3Cbc: mask = Decrypt ? {preceding[63:0], 64'd0} : '0;
      CipherAesCtr:  mask = b_q.lead ? {b_q.iv, 64'd0} : data;
      default:       mask = data;
    endcase
  end

  // ---- AES --------------------------------------------------------------------------------------------------------------------

  logic         c_encrypt_q;
  logic [127:0] c_block_q;
  logic [1:0]   c_key_size_q;
  // Enciphering, its time is known.
  // verilator lint_off UNUSEDSIGNAL
  logic         encrypted_valid;
  // verilator lint_on UNUSEDSIGNAL
  logic [127:0] encrypted, w_aes;   // w_aes: of the block at w

  always_ff @(posedge clk_i) begin
    c_encrypt_q <= rst_ni && b_encrypt;
    if (b_encrypt || b_decrypt) begin
      c_key_size_q <= cipher_key.key_size;
      if (b_q.cipher == CipherAesCtr) c_block_q <= {cipher_key.salt, b_q.iv, 32'(b_q.at[13:4]) + 32'd1};  // RFC 3686 4
      else if (Decrypt) c_block_q <= data;
      else if (b_q.lead) c_block_q <= {64'd0, b_q.iv};
      else c_block_q <= data ^ aes_back;
    end
  end

  chain_aes u_aes_encrypt (
    .clk_i,
    .rst_ni,
    .write_i     (key_write_i.encrypt),
    .write_row_i (key_write_i.sa_index),
    .write_data_i(key_write_i.encrypt_key),
    .begins_i    (b_encrypt),
    .sa_index_i  (b_q.sa_index),
    .valid_i     (c_encrypt_q),
    .key_size_i  (c_key_size_q),
    .block_i     (c_block_q),
    .valid_o     (encrypted_valid),
    .block_o     (encrypted)
  );

  if (Decrypt) begin : gen_decrypt
    logic         c_decrypt_q;
    logic [127:0] keystream, decrypted;

    always_ff @(posedge clk_i) c_decrypt_q <= rst_ni && b_decrypt;

    chain_aes #(
      .Decrypt(1'b1)
    ) u_aes_decrypt (
      .clk_i,
      .rst_ni,
      .write_i     (key_write_i.decrypt),
      .write_row_i (key_write_i.sa_index),
      .write_data_i(key_write_i.decrypt_key),
      .begins_i    (b_decrypt),
      .sa_index_i  (b_q.sa_index),
      .valid_i     (c_decrypt_q),
      .key_size_i  (c_key_size_q),
      .block_i     (c_block_q),
      .valid_o     (),  // w_valid says the same
      .block_o     (decrypted)
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
      .data_o (keystream)
    );

    assign w_aes    = w.token.cipher == CipherAesCtr ? keystream : decrypted;
    assign aes_back = '0;  // never asked for
  end else begin : gen_encrypt
    assign w_aes    = encrypted;
    assign aes_back = encrypted;
  end

  // ---- DES --------------------------------------------------------------------------------------------------------------------

  logic        c_des_q, c_undo_q;   // c_undo_q: the pass deciphers
  logic [63:0] c_des_key_q, c_des_block_q;
  logic        des_valid;
  logic [63:0] des_answer, w_des;

  // RFC 2451 2.1: encipher with the first key, decipher with the second, encipher with the third; DES has the first only.
  always_ff @(posedge clk_i) begin
    c_des_q <= rst_ni && b_des;
    if (b_des) begin : enter_des
      automatic logic [1:0] which = Decrypt && b_q.cipher == CipherDes3Cbc ? 2'd2 - b_q.pass : b_q.pass;
      c_undo_q    <= Decrypt != (b_q.pass == 2'd1);
      c_des_key_q <= which == 2'd0 ? cipher_key.des_keys[191:128] : which == 2'd1 ? cipher_key.des_keys[127:64]
                                                                                  : cipher_key.des_keys[63:0];
      if (b_q.pass != '0) c_des_block_q <= des_back;
      else if (Decrypt) c_des_block_q <= data[127:64];
      else if (b_q.lead) c_des_block_q <= b_q.iv;
      else c_des_block_q <= data[127:64] ^ des_back;
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

  logic [127:0] transformed;
  logic [13:0]  w_left;         // bytes from this block on
  logic         w_last;
  logic [13:0]  w_begin, w_end;   // of the block in the ESP packet

  assign b_behind = '{
    token: b_q,
    place: place_of(b_q.row, Decrypt ? b_q.at : esp_offset(b_q)),
    mask:  mask
  };

  delay_line #(
    .Width ($bits(behind_t)),
    .Clocks(Latency + 1)
  ) u_behind_delay (
    .clk_i,
    .rst_ni,
    .valid_i(b_valid_q && is_last_pass(b_q)),
    .data_i (b_behind),
    .valid_o(w_valid),
    .data_o (w)
  );

  always_comb begin
    unique case (w.token.cipher)
      CipherAesCbc:  transformed = w_aes;
      CipherAesCtr:  transformed = w.token.lead ? '0 : w_aes;
      CipherDesCbc,
      CipherDes3Cbc: transformed = {w_des, 64'd0};
      default:       transformed = '0;
    endcase
  end

  assign w_left  = w.token.ciphertext - w.token.at;  // of AH any number, else a multiple of 4
  assign w_last  = is_last(w.token);
  assign w_begin = esp_offset(w.token);
  assign w_end   = w_begin + {6'd0, write_words_o, 3'd0};

  assign write_o       = w_valid;
  assign write_place_o = w.place;
  assign write_data_o  = swapped_128(transformed ^ w.mask);
  always_comb begin
    if (w.token.lead) write_words_o = 5'(iv_bytes(w.token.cipher) >> 3);
    else write_words_o = is_des(w.token) || w_left <= 14'd8 ? 5'd1 : 5'd2;
  end

  assign finished_o        = w_valid && w_last;
  assign progress_o        = w_valid && (w_last || w_end[13:6] != w_begin[13:6]);
  assign progress_number_o = w.token.number;
  assign progress_units_o  = w_last ? '1 : w_end[13:6];

  always_comb begin
    unique case (w_left)
      14'd4:   trailer_o = write_data_o[31:16];
      14'd8:   trailer_o = write_data_o[63:48];
      14'd12:  trailer_o = write_data_o[95:80];
      default: trailer_o = write_data_o[127:112];
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (rst_ni && w_valid) begin
      assert (w.token.at < w.token.ciphertext) else $error("a block behind its packet's end");
    end
  end

endmodule
