// SPDX-License-Identifier: Apache-2.0
// Enciphers or deciphers the packets of one direction, a block of another packet every clock.
//
// CBC cannot take a packet's next block before the last one is out. So blocks go round a loop that is as long as the ciphers'
// pipelines: in each of its `Loop` slots travels one packet, which comes round just when its block does, is given its next block and
// goes round again. A slot whose packet is finished takes the one that has waited longest. Nothing here ever stalls.
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
  output logic [15:0]       trailer_o          // with finished_o: the last two bytes written
);

  localparam int unsigned Latency = aes_encrypt_pkg::Latency;
  localparam int unsigned Loop = Latency + 1;

  // A packet on its way, with the block it is at.
  typedef struct packed {
    number_t                number;
    row_t                   row;
    logic [SaIndexBits-1:0] sa_index;
    logic [3:0]             cipher;
    logic [63:0]            iv;
    logic [13:0]            ciphertext;
    logic                   lead;        // the block is the IV
    logic [13:0]            at;          // where in the ciphertext it begins
  } token_t;

  function automatic logic [13:0] block_size(token_t token);
    return token.cipher == CipherDesCbc || token.cipher == CipherDes3Cbc ? 14'd8 : 14'd16;
  endfunction

  function automatic logic is_last(token_t token);
    return !token.lead && token.at + block_size(token) >= token.ciphertext;
  endfunction

  function automatic token_t next_block(token_t token);
    next_block = token;
    next_block.lead = 1'b0;
    if (!token.lead) next_block.at = token.at + block_size(token);
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
    lead:       !Decrypt && iv_bytes(oldest.packet.cipher) != '0,
    at:         '0
  };

  // ---- the loop ---------------------------------------------------------------------------------------------------------------
  //
  // clock 0: the token stands at `a`, its block is read from the store; 1: data and chaining value meet (`b`); 2: the block enters the
  // kernels; 2 + Latency: it leaves them (`w`), in the clock when the same slot's next block is at `b`.

  logic   back_valid, continues;
  token_t back;
  logic   a_valid_q, b_valid_q, v_valid_q, w_valid_q;
  token_t a_q, b_q, v_q, w_q;
  place_t w_place_q;

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
    if (!rst_ni) begin
      {a_valid_q, b_valid_q, v_valid_q, w_valid_q} <= '0;
    end else begin
      a_valid_q <= continues || waiting;
      b_valid_q <= a_valid_q;
      v_valid_q <= back_valid;
      w_valid_q <= v_valid_q;
    end
    if (continues) a_q <= next_block(back);
    else if (waiting) a_q <= fresh;
    if (a_valid_q) b_q <= a_q;
    if (back_valid) v_q <= back;
    if (v_valid_q) begin
      w_q       <= v_q;
      w_place_q <= {v_q.row, 4'd0} + place_t'((Decrypt ? v_q.at : esp_offset(v_q)) >> 3);
    end
  end

  assign read_o       = a_valid_q && !a_q.lead;
  assign read_place_o = {a_q.row, 4'd0} + place_t'((Decrypt ? esp_offset(a_q) : a_q.at) >> 3) - place_t'(2);

  // ---- the block at b ---------------------------------------------------------------------------------------------------------

  logic [127:0] data;         // of this block
  logic [127:0] preceding;    // in front of it
  cipher_key_t  cipher_key;
  logic [127:0] aes_encrypted, aes_decrypted;  // of the block at w
  logic         b_encrypt, c_encrypt_q;  // the block is AES's
  logic [127:0] c_block_q, mask, w_mask;
  logic [1:0]   c_key_size_q;

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

  // What enters the kernel, and what its answer is XORed with (`mask`).
  always_ff @(posedge clk_i) begin
    c_encrypt_q <= rst_ni && b_encrypt;
    if (b_valid_q) begin
      c_key_size_q <= cipher_key.key_size;
      if (b_q.cipher == CipherAesCtr) begin
        c_block_q <= {cipher_key.salt, b_q.iv, 32'(b_q.at[13:4]) + 32'd1};  // RFC 3686 4
      end else if (Decrypt) begin
        c_block_q <= data;
      end else if (b_q.lead) begin
        c_block_q <= {64'd0, b_q.iv};
      end else begin
        c_block_q <= data ^ aes_encrypted;
      end
    end
  end

  always_comb begin
    unique case (b_q.cipher)
      CipherAesCbc: mask = Decrypt ? preceding : '0;
      CipherAesCtr: mask = b_q.lead ? {b_q.iv, 64'd0} : data;
      default:      mask = data;
    endcase
  end

  delay_line #(
    .Width (128),
    .Clocks(Loop)
  ) u_mask_delay (
    .clk_i,
    .rst_ni,
    .valid_i(b_valid_q),
    .data_i (mask),
    .valid_o(),  // w_valid_q says the same
    .data_o (w_mask)
  );

  // ---- kernels ----------------------------------------------------------------------------------------------------------------

  chain_aes u_aes_encrypt (
    .clk_i,
    .rst_ni,
    .write_i     (key_write_i.encrypt),
    .write_row_i (key_write_i.sa_index),
    .write_data_i(key_write_i.round_key),
    .begins_i    (b_encrypt),
    .sa_index_i  (b_q.sa_index),
    .valid_i     (c_encrypt_q),
    .key_size_i  (c_key_size_q),
    .block_i     (c_block_q),
    .block_o     (aes_encrypted)
  );
  assign aes_decrypted = '0;

  // ---- the block at w ---------------------------------------------------------------------------------------------------------

  logic [127:0] transformed, result;
  logic [13:0]  w_left;   // bytes from this block on
  logic         w_last;
  logic [13:0]  w_begin, w_end;   // of the block in the ESP packet

  always_comb begin
    unique case (w_q.cipher)
      CipherAesCbc: transformed = Decrypt ? aes_decrypted : aes_encrypted;
      CipherAesCtr: transformed = w_q.lead ? '0 : aes_encrypted;
      default:      transformed = '0;
    endcase
  end

  assign result  = transformed ^ w_mask;
  assign w_left  = w_q.ciphertext - w_q.at;
  assign w_last  = is_last(w_q);
  assign w_begin = esp_offset(w_q);
  assign w_end   = w_begin + {6'd0, write_words_o, 3'd0};

  assign write_o       = w_valid_q;
  assign write_place_o = w_place_q;
  assign write_data_o  = swapped_128(result);
  always_comb begin
    if (w_q.lead) write_words_o = 5'(iv_bytes(w_q.cipher) >> 3);
    else write_words_o = block_size(w_q) == 14'd8 || w_left <= 14'd8 ? 5'd1 : 5'd2;
  end

  assign finished_o        = w_valid_q && w_last;
  assign progress_o        = w_valid_q && (w_last || w_end[13:6] != w_begin[13:6]);
  assign progress_number_o = w_q.number;
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
    if (rst_ni && w_valid_q) begin
      assert (w_q.at < w_q.ciphertext && w_left[1:0] == '0) else $error("a block behind its packet's end");
    end
  end

endmodule
