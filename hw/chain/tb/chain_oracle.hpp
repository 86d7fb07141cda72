// SPDX-License-Identifier: Apache-2.0
// What ESP and AH make of a packet, by OpenSSL: the oracle of the engine's tests.
#pragma once

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cstdint>

#include "base/bytes.hpp"
#include "gtest/gtest.h"
#include "hw/layout/codes.hpp"
#include "hw/layout/row.hpp"
#include "hw/layout/tables.hpp"

namespace sallyport::hw {

using layout::Cipher;
using layout::Integrity;

struct Sa {
  unsigned index = 0;
  Cipher cipher = Cipher::kNull;
  Integrity integrity = Integrity::kNone;
  bool ah = false;  // packets are texts of any length; `spi` and the number's low half are their first eight bytes
  bool esn = false;
  std::uint32_t spi = 0;
  std::uint32_t salt = 0;
  Buffer key;
  Buffer integrity_key;

  [[nodiscard]] layout::Row key_row() const {
    layout::Row r;
    std::copy(key.begin(), key.end(), r.bytes().begin());
    r.set(layout::sa_key::kSalt, salt);
    if (cipher == Cipher::kAesCbc || cipher == Cipher::kAesCtr) r.set(layout::sa_key::kKeySize, key.size() / 8 - 2);
    r.set(layout::sa_key::kIntegrity, static_cast<unsigned>(integrity));
    return r;
  }
  [[nodiscard]] layout::Row integrity_row() const {
    layout::Row r;
    std::copy(integrity_key.begin(), integrity_key.end(), r.bytes().begin());
    return r;
  }
};

// Enciphers whole blocks.
inline Buffer encipher(const EVP_CIPHER* cipher, const Buffer& key, const Buffer& iv, const Buffer& in) {
  Buffer out(in.size());
  EVP_CIPHER_CTX* c = EVP_CIPHER_CTX_new();
  int n = 0;
  const bool ok = EVP_EncryptInit_ex(c, cipher, nullptr, key.data(), iv.empty() ? nullptr : iv.data()) == 1 &&
                  EVP_CIPHER_CTX_set_padding(c, 0) == 1 &&
                  EVP_EncryptUpdate(c, out.data(), &n, in.data(), static_cast<int>(in.size())) == 1;
  EVP_CIPHER_CTX_free(c);
  if (!ok) ADD_FAILURE() << "OpenSSL refused";
  return out;
}

// IV and ciphertext.
inline Buffer enciphered(const Sa& sa, std::uint64_t seq, const Buffer& plaintext) {
  const Buffer number = ByteWriter().u64(seq).take();
  const std::size_t size = sa.key.size();
  const auto chained = [&](const EVP_CIPHER* cipher, const Buffer& key, const Buffer& nonce) {
    // A nonce enciphered is what CBC makes of it with a zero IV; and then it is the IV of what follows.
    return encipher(cipher, key, Buffer(nonce.size(), 0), ByteWriter().bytes(nonce).bytes(plaintext).take());
  };
  switch (sa.cipher) {
    case Cipher::kAesCbc:
      return chained(size == 16   ? EVP_aes_128_cbc()
                     : size == 24 ? EVP_aes_192_cbc()
                                  : EVP_aes_256_cbc(),
                     sa.key, ByteWriter().u64(0).u64(seq).take());
    case Cipher::kAesCtr: {
      const Buffer counter = ByteWriter().u32(sa.salt).u64(seq).u32(1).take();
      const Buffer ciphertext = encipher(size == 16   ? EVP_aes_128_ctr()
                                         : size == 24 ? EVP_aes_192_ctr()
                                                      : EVP_aes_256_ctr(),
                                         sa.key, counter, plaintext);
      return ByteWriter().bytes(number).bytes(ciphertext).take();
    }
    case Cipher::kDesCbc:  // 3DES with one key is DES
      return chained(EVP_des_ede3_cbc(), ByteWriter().bytes(sa.key).bytes(sa.key).bytes(sa.key).take(), number);
    case Cipher::kDes3Cbc:
      return chained(EVP_des_ede3_cbc(), sa.key, number);
    default:
      return plaintext;
  }
}

inline Buffer icv(const Sa& sa, std::uint64_t seq, const Buffer& packet) {
  const EVP_MD* hash = sa.integrity == Integrity::kHmacMd5_96       ? EVP_md5()
                       : sa.integrity == Integrity::kHmacSha1_96    ? EVP_sha1()
                       : sa.integrity == Integrity::kHmacSha256_128 ? EVP_sha256()
                       : sa.integrity == Integrity::kHmacSha384_192 ? EVP_sha384()
                                                                    : EVP_sha512();
  ByteWriter text;
  text.bytes(packet);
  if (sa.esn) text.u32(static_cast<std::uint32_t>(seq >> 32));
  Buffer out(EVP_MAX_MD_SIZE);
  HMAC(hash, sa.integrity_key.data(), static_cast<int>(sa.integrity_key.size()), text.view().data(), text.size(),
       out.data(), nullptr);
  out.resize(layout::shape(sa.integrity).icv);
  return out;
}

// What is hashed: SPI to ciphertext, or AH's text.
inline Buffer authenticated(const Sa& sa, std::uint64_t seq, const Buffer& plaintext) {
  return ByteWriter().u32(sa.spi).u32(static_cast<std::uint32_t>(seq)).bytes(enciphered(sa, seq, plaintext)).take();
}

// The same, and the ICV.
inline Buffer protect(const Sa& sa, std::uint64_t seq, const Buffer& plaintext) {
  const Buffer packet = authenticated(sa, seq, plaintext);
  return ByteWriter().bytes(packet).bytes(icv(sa, seq, packet)).take();
}

}  // namespace sallyport::hw
