// SPDX-License-Identifier: Apache-2.0
// Types and sizes of the engine of chained modes.
package chain_pkg;

  import layout_pkg::*;

  // What is said of a packet, beside every beat of it.
  typedef struct packed {
    logic [SaIndexBits-1:0] sa_index;
    logic [3:0]             cipher;      // cipher_e
    logic [3:0]             integrity;   // integrity_e
    logic                   ah;          // cipher null: text is hashed, of any number of bytes; outbound its ICV stays beside it
    logic                   esn;
    logic [31:0]            spi;         // of AH: bytes 0 to 3 of the text
    logic [63:0]            seq;         // of AH: ESN's half, and bytes 4 to 7 of the text
    logic [13:0]            ciphertext;  // bytes: payload, padding, trailer; of AH: the text without its first eight
  } chain_packet_t;

  // ---- where packets lie ------------------------------------------------------------------------------------------------------

  // A store is a ring of rows of 16 words of 8 bytes, a word in each bank. A packet begins with a row.
  localparam int unsigned StoreRows = 2048;  // 16 longest packets keep the cipher busy, and one more finds room
  localparam int unsigned RowWords = 16;
  localparam int unsigned MaxPacketRows = 73;  // of a frame of 9216 bytes with ESP header, IV, padding and ICV
  typedef logic [$clog2(StoreRows)-1:0] row_t;
  typedef logic [$clog2(StoreRows*RowWords)-1:0] place_t;  // of a word
  typedef logic [$clog2(StoreRows):0] row_count_t;

  // A packet at work, which is not hashed to its end, holds one of so many contexts of its direction. Packets inside, twice as many,
  // are numbered in the order they came.
  localparam int unsigned MaxContexts = 128;
  typedef logic [$clog2(MaxContexts)-1:0] slot_t;
  typedef logic [$clog2(2*MaxContexts)-1:0] number_t;

  // Units of 64 bytes from the packet's beginning; all ones when there is nothing more to come.
  typedef logic [7:0] units_t;

  // The pipelines of chain_hash.
  typedef enum logic [1:0] {
    Md5,
    Sha1,
    Sha256,
    Sha512  // and SHA-384
  } lane_e;

  // A packet inside, and what follows from what was said of it.
  typedef struct packed {
    number_t       number;
    slot_t         slot;
    row_t          row;         // its first, in every store of its direction
    row_count_t    rows;
    logic [63:0]   iv;          // outbound: seq; inbound: the 8 bytes behind the ESP header
    logic [13:0]   bytes;       // what HMAC is over, without ESN's high half: SPI to ciphertext, or AH's text
    logic [13:0]   sent;        // what leaves
    lane_e         lane;
    units_t        last_block;  // where the last block of the inner hash begins
    chain_packet_t packet;
  } context_t;

  // ---- byte order -------------------------------------------------------------------------------------------------------------

  // Byte 0 is least significant in a store and a beat, and most significant in what kernels take.
  function automatic logic [63:0] swapped_64(logic [63:0] data);
    return {data[7:0], data[15:8], data[23:16], data[31:24], data[39:32], data[47:40], data[55:48], data[63:56]};
  endfunction

  function automatic logic [127:0] swapped_128(logic [127:0] data);
    return {swapped_64(data[63:0]), swapped_64(data[127:64])};
  endfunction

  // ---- keys -------------------------------------------------------------------------------------------------------------------

  localparam int unsigned RoundKeys = 15;  // positions of a round key, in the order of use: 14 is the last round of any key size

  typedef struct packed {
    logic [191:0] des_keys;  // one of DES or three of 3DES, the first byte most significant
    logic [1:0]   key_size;  // key_size_e
    logic [31:0]  salt;      // RFC 3686 4: nonce
  } cipher_key_t;

  // What key set-up writes into the memories of one direction's cipher.
  typedef struct packed {
    logic                   key;      // takes `cipher_key`
    logic [RoundKeys-1:0]   encrypt;  // positions that take `encrypt_key`
    logic [RoundKeys-1:0]   decrypt;  // likewise
    logic [SaIndexBits-1:0] sa_index;
    cipher_key_t            cipher_key;
    logic [127:0]           encrypt_key;
    logic [127:0]           decrypt_key;
  } cipher_key_write_t;

  // ---- hashing ----------------------------------------------------------------------------------------------------------------

  // What a packet's hash (or a key's) comes to next. RFC 2104: H(K ^ opad, H(K ^ ipad, text)).
  typedef enum logic [2:0] {
    Text,      // a block of the inner hash
    Outer,     // the only block of the outer one, over the inner digest
    Verdict,   // the digest is there
    KeyPad,    // the block K ^ ipad or K ^ opad
    KeyDone    // its chaining value is there
  } step_e;

  typedef struct packed {
    step_e  step;
    logic   inbound;
    slot_t  slot;
    lane_e  lane;
    units_t begins;  // where a Text block begins
  } hash_token_t;

  // What the cipher tells: so many units are written.
  typedef struct packed {
    slot_t  slot;
    lane_e  lane;
    units_t units;
    logic   begun;  // they are the first
  } progress_t;

  // Half of an HMAC key to be hashed.
  typedef struct packed {
    logic                   inbound;
    logic                   outer;      // K ^ opad; else K ^ ipad
    logic [SaIndexBits-1:0] sa_index;
    logic [3:0]             integrity;
    logic [511:0]           key;        // first byte most significant
  } hmac_key_t;

endpackage
