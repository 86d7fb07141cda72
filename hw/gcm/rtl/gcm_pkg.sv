// SPDX-License-Identifier: Apache-2.0
// Types and times of the AES-GCM engine.
package gcm_pkg;

  import layout_pkg::*;

  localparam int unsigned BlocksPerWord = 4;

  // A block is 16 bytes with its first byte most significant, as FIPS 197 and SP 800-38D write it; block 0 of a word comes first.
  typedef logic [127:0] block_t;
  typedef block_t [BlocksPerWord-1:0] blocks_t;

  // What is said of a packet together with its first word.
  typedef struct packed {
    logic [SaIndexBits-1:0] sa_index;
    logic [63:0]            iv;        // first byte most significant; the salt in front of it comes from the key row
    logic                   gmac;      // RFC 4543: the payload passes as it is, and GHASH takes it for AAD that follows `aad`
    block_t                 aad;       // first byte most significant, zero behind its last
    logic [4:0]             aad_bytes; // up to 16; with gmac 16
    logic [13:0]            length;    // bytes of payload, 1 to 9216
  } packet_t;

  // GMAC authenticates the IV too (RFC 4543 3.3). With ESN that is more than the block which stands in front of the payload: the
  // IV's last four bytes are the payload's first.
  localparam int unsigned CutIvBytes = 4;

  function automatic logic [2:0] iv_bytes_in_payload(logic [3:0] cipher, logic esn);
    return cipher == CipherAesGmac && esn ? 3'(CutIvBytes) : 3'd0;
  endfunction

  // An ESP packet: RFC 4106 5, AAD = SPI, sequence number; RFC 4543 3.3, and IV and plaintext. With ESN all 64 bits of the number.
  function automatic packet_t esp_packet(logic [SaIndexBits-1:0] sa_index, logic [3:0] cipher, logic esn, logic [31:0] spi,
                                         logic [63:0] seq, logic [63:0] iv, logic [13:0] ciphertext);
    logic   gmac = cipher == CipherAesGmac;
    block_t aad;
    if (gmac) aad = esn ? {spi, seq, iv[63:32]} : {spi, seq[31:0], iv};
    else aad = esn ? {spi, seq, 32'd0} : {spi, seq[31:0], 64'd0};
    return '{
      sa_index:  sa_index,
      iv:        iv,
      gmac:      gmac,
      aad:       aad,
      aad_bytes: gmac ? 5'd16 : esn ? 5'd12 : 5'd8,
      // Chosen of two sums, so that the addition waits for nothing.
      length:    iv_bytes_in_payload(cipher, esn) != '0 ? ciphertext + 14'(CutIvBytes) : ciphertext
    };
  endfunction

  // A packet passes the engine as a run of slots: one for each word of payload, and a tail slot when its last word has no room for
  // what must follow it: the length block in GHASH and E(J0) in AES. Numbered from the end, a packet of n blocks needs
  // ceil((n + 2) / 4) slots (AAD, n blocks, lengths).
  typedef struct packed {
    packet_t    packet;
    logic [6:0] bytes;      // of payload in this word: 64 before the last word, 0 in a tail
    logic       first;      // first slot of its packet
    logic       last_word;  // last slot with payload
    logic       closing;    // last slot of its packet
    logic [1:0] quarter;    // payload blocks modulo 4
    logic [1:0] lane;       // number of this slot modulo 4
    logic       continued;  // the slot four before this one belongs to the packet too
    logic [2:0] power;      // slots that follow, 4 for more: H^(4*power) multiplies this one
  } slot_t;

  // A packet of so many bytes has a tail slot: the clock after its last word is not free for another packet.
  function automatic logic has_tail(logic [13:0] length);
    logic [13:0] blocks = (length + 14'd15) >> 4;
    return blocks[1:0] == 2'd0 || blocks[1:0] == 2'd3;
  endfunction

  // ---- key memories: one row for each SA --------------------------------------------------------------------------------------

  localparam int unsigned RoundKeys = 15;              // memories 0 to 14: position 14 is the last round of any key size
  localparam int unsigned NonceMemory = 15;            // key_size_e and salt
  localparam int unsigned PowerMemory = 16;            // 16 to 22: H^1, H^2, H^3, H^4, H^8, H^12, H^16
  localparam int unsigned Powers = 7;
  localparam int unsigned KeyMemories = PowerMemory + Powers;

  typedef struct packed {
    logic [KeyMemories-1:0] enable;  // memories that take the data
    logic [SaIndexBits-1:0] sa_index;
    block_t                 data;
  } key_write_t;

  // ---- times in clocks --------------------------------------------------------------------------------------------------------

  localparam int unsigned Latency = 3 + aes_encrypt_pkg::Latency;  // word in to word out
  // Last word (or tail, one clock later) in to tag out.
  localparam int unsigned TagLatency = Latency + ghash_dot_pkg::Latency + ghash_mul_pkg::Latency + 3;

endpackage
