// SPDX-License-Identifier: Apache-2.0
// What HMAC (RFC 2104) gives to the hash functions: H(K ^ opad, H(K ^ ipad, text)), block by block.
package chain_hmac_pkg;

  import layout_pkg::*;
  import chain_pkg::*;

  localparam int unsigned Lanes = 4;

  function automatic lane_e lane_of(logic [3:0] integrity);
    case (integrity)
      IntegrityHmacMd5_96:      return Md5;
      IntegrityHmacSha1_96:     return Sha1;
      IntegrityHmacSha384_192,
      IntegrityHmacSha512_256:  return Sha512;
      default:                  return Sha256;
    endcase
  endfunction

  // A digest or chaining value, its first byte most significant; a shorter one leaves the rest zero.
  typedef logic [511:0] digest_t;

  // Likewise a block.
  typedef logic [1023:0] block_t;

  // Of 64 bytes in a block.
  function automatic units_t block_units(lane_e lane);
    return lane == Sha512 ? 8'd2 : 8'd1;
  endfunction

  function automatic digest_t initial_digest(logic [3:0] integrity);
    case (integrity)
      IntegrityHmacMd5_96:  // RFC 1321 3.3
        return {128'h0123456789abcdeffedcba9876543210, 384'd0};
      IntegrityHmacSha1_96:  // FIPS 180-4 5.3.1
        return {160'h67452301efcdab8998badcfe10325476c3d2e1f0, 352'd0};
      IntegrityHmacSha384_192:  // FIPS 180-4 5.3.4
        return {64'hcbbb9d5dc1059ed8, 64'h629a292a367cd507, 64'h9159015a3070dd17, 64'h152fecd8f70e5939,
                64'h67332667ffc00b31, 64'h8eb44a8768581511, 64'hdb0c2e0d64f98fa7, 64'h47b5481dbefa4fa4};
      IntegrityHmacSha512_256:  // FIPS 180-4 5.3.5
        return {64'h6a09e667f3bcc908, 64'hbb67ae8584caa73b, 64'h3c6ef372fe94f82b, 64'ha54ff53a5f1d36f1,
                64'h510e527fade682d1, 64'h9b05688c2b3e6c1f, 64'h1f83d9abfb41bd6b, 64'h5be0cd19137e2179};
      default:  // FIPS 180-4 5.3.3
        return {256'h6a09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd19, 256'd0};
    endcase
  endfunction

  // Words of 4 bytes in the whole digest, before it is cut to an ICV.
  function automatic logic [4:0] digest_words(logic [3:0] integrity);
    case (integrity)
      IntegrityHmacMd5_96:     return 5'd4;
      IntegrityHmacSha1_96:    return 5'd5;
      IntegrityHmacSha384_192: return 5'd12;
      IntegrityHmacSha512_256: return 5'd16;
      default:                 return 5'd8;
    endcase
  endfunction

  // ---- blocks, a word of 4 bytes at a time ------------------------------------------------------------------------------------
  //
  // RFC 1321 3.1 and FIPS 180-4 5.1: behind what is hashed a one bit, zeros, and its length in bits, which ends the last block.

  localparam logic [31:0] OneBit = 32'h8000_0000;

  // The one word of the length that is not zero: K ^ ipad (or opad) goes in front of the text.
  function automatic logic [31:0] length_word(lane_e lane, logic [13:0] bytes);
    logic [31:0] bits = {15'd0, bytes, 3'd0};
    return lane == Md5 ? {bits[7:0], bits[15:8], bits[23:16], bits[31:24]} : bits;  // RFC 1321 3.2: low-order bytes first
  endfunction
  function automatic logic [13:0] pad_bytes(lane_e lane);
    return lane == Sha512 ? 14'd128 : 14'd64;
  endfunction

  // The text: `bytes` of the packet, and ESN's high half (RFC 4303 2.2.1). Where its last block begins, which has room for one bit and
  // the length behind it.
  function automatic units_t last_block_of(lane_e lane, logic esn, logic [13:0] bytes);
    logic [13:0] last = bytes + (esn ? 14'd4 : 14'd0) + (lane == Sha512 ? 14'd16 : 14'd8);  // the last byte that must be in it
    return lane == Sha512 ? {last[13:7], 1'b0} : last[13:6];
  endfunction

  // The three words from the one on in which the packet ends, without its bytes: ESN's half, a one bit, zeros.
  function automatic logic [95:0] text_ending(chain_packet_t packet, logic [1:0] bytes);
    logic [95:0] ending = packet.esn ? {packet.seq[63:32], OneBit, 32'd0} : {OneBit, 64'd0};
    return ending >> {bytes, 3'd0};
  endfunction

  // Behind K ^ opad: the inner digest.
  function automatic logic [31:0] outer_word(logic [3:0] integrity, logic [4:0] at, logic [31:0] inner);
    if (at < digest_words(integrity)) return inner;
    return at == digest_words(integrity) ? OneBit : '0;
  endfunction

  // RFC 2104 2: ipad and opad.
  function automatic logic [31:0] pad_word(logic outer, logic [31:0] key);
    return key ^ {4{outer ? 8'h5c : 8'h36}};
  endfunction

  // ---- what comes of them -----------------------------------------------------------------------------------------------------

  // Byte 0 least significant, zero behind the ICV's last byte.
  function automatic logic [255:0] icv_of(logic [3:0] integrity, digest_t digest);
    icv_of = '0;
    for (int unsigned i = 0; i < 32; i++) begin
      if (i < 32'(integrity_icv_bytes(integrity))) icv_of[8*i+:8] = digest[8*(63-i)+:8];
    end
  endfunction

endpackage
