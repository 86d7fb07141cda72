// SPDX-License-Identifier: Apache-2.0
// The ciphers that ESP uses, in the modes that it uses them in, by OpenSSL.
#pragma once

#include <optional>

#include "base/bytes.hpp"

namespace sallyport::driver::software {

constexpr std::size_t kGcmTagBytes = 16;

// AES-GCM with a nonce of 12 bytes: ciphertext and tag. The key is 16, 24 or 32 bytes.
Buffer gcm_seal(Bytes key, Bytes nonce, Bytes aad, Bytes plaintext);
// The plaintext, or nothing when the tag (the last kGcmTagBytes of `sealed`) does not verify.
std::optional<Buffer> gcm_open(Bytes key, Bytes nonce, Bytes aad, Bytes sealed);

// AES in counter mode (SP 800-38A 6.5); to decipher is to encipher.
Buffer ctr_crypt(Bytes key, Bytes first_counter_block, Bytes text);

// CBC without padding (SP 800-38A 6.2): the text is a multiple of the IV's bytes.
enum class BlockCipher : std::uint8_t {
  kAes,   // key of 16, 24 or 32 bytes
  kDes,   // 8
  kDes3,  // 24: encipher, decipher, encipher
};
Buffer cbc_encrypt(BlockCipher cipher, Bytes key, Bytes iv, Bytes plaintext);
Buffer cbc_decrypt(BlockCipher cipher, Bytes key, Bytes iv, Bytes ciphertext);

}  // namespace sallyport::driver::software
