// SPDX-License-Identifier: Apache-2.0
#include "driver/software/transform.hpp"

#include <cstdlib>
#include <iterator>

#include "base/secret.hpp"
#include "driver/software/cipher.hpp"
#include "driver/software/hmac.hpp"
#include "hw/layout/tables.hpp"

namespace sallyport::driver::software {
namespace {

using layout::Cipher;
using layout::Integrity;

constexpr std::size_t kAesBlock = 16;

std::uint32_t high(std::uint64_t seq) { return static_cast<std::uint32_t>(seq >> 32); }
std::uint32_t low(std::uint64_t seq) { return static_cast<std::uint32_t>(seq); }

// SPI and sequence number as an AEAD authenticates them: the whole number with ESN (RFC 4106 5, RFC 4543 3.3).
ByteWriter aead_header(const Transform& t, std::uint32_t spi, std::uint64_t seq) {
  ByteWriter w;
  w.u32(spi);
  if (t.esn) w.u32(high(seq));
  w.u32(low(seq));
  return w;
}

// RFC 4106 4, RFC 4543 3.2.
Buffer nonce_of(const Transform& t, Bytes iv) { return ByteWriter().u32(t.salt).bytes(iv).take(); }

// RFC 4543 3.3: SPI, sequence number, IV, plaintext; nothing is enciphered.
Buffer gmac_input(const Transform& t, std::uint32_t spi, std::uint64_t seq, Bytes iv, Bytes plaintext) {
  return aead_header(t, spi, seq).bytes(iv).bytes(plaintext).take();
}

BlockCipher block_cipher(Cipher cipher) {
  switch (cipher) {
    case Cipher::kDesCbc:
      return BlockCipher::kDes;
    case Cipher::kDes3Cbc:
      return BlockCipher::kDes3;
    default:
      return BlockCipher::kAes;
  }
}

// The ciphers without an ICV of their own.
Buffer crypt(const Transform& t, bool encrypt, Bytes iv, Bytes text) {
  switch (t.cipher) {
    case Cipher::kNull:
      return {text.begin(), text.end()};
    case Cipher::kAesCtr:  // RFC 3686 4
      return ctr_crypt(t.key, ByteWriter().u32(t.salt).bytes(iv).u32(1).view(), text);
    case Cipher::kAesCbc:
    case Cipher::kDesCbc:
    case Cipher::kDes3Cbc:
      return encrypt ? cbc_encrypt(block_cipher(t.cipher), t.key, iv, text)
                     : cbc_decrypt(block_cipher(t.cipher), t.key, iv, text);
    case Cipher::kAesGcm:
    case Cipher::kAesGmac:
      break;
  }
  std::abort();
}

bool has_own_icv(Cipher cipher) { return layout::shape(cipher).icv != 0; }

// The cipher's key within a row of sa_out_key or sa_in_key.
Bytes key_of(Cipher cipher, const layout::Row& sa_key) {
  // By KeySize; the last is no size, and the card takes it as AES-256.
  constexpr std::size_t kAesBytes[] = {16, 24, 32, 32};
  static_assert(layout::sa_key::kKey.lsb == 0, "the key begins the row");
  const Bytes bytes = sa_key.bytes();
  switch (cipher) {
    case Cipher::kNull:
      return {};
    case Cipher::kDesCbc:
      return bytes.first(8);
    case Cipher::kDes3Cbc:
      return bytes.first(24);
    default:
      return bytes.first(kAesBytes[sa_key.get(layout::sa_key::kKeySize)]);
  }
}

}  // namespace

std::size_t Transform::icv_bytes() const {
  return has_own_icv(cipher) ? layout::shape(cipher).icv : layout::shape(integrity).icv;
}

std::size_t Transform::ciphertext_bytes(std::size_t payload) const {
  const std::size_t block = layout::shape(cipher).block;
  return (payload + kEspTrailerBytes + block - 1) / block * block;
}

std::optional<std::size_t> Transform::ciphertext_within(std::size_t esp_bytes) const {
  const std::size_t block = layout::shape(cipher).block;
  const std::size_t around = kEspHeaderBytes + iv_bytes() + icv_bytes();
  if (esp_bytes < around + block || (esp_bytes - around) % block != 0) return std::nullopt;
  return esp_bytes - around;
}

Buffer Transform::iv(std::uint64_t seq) const {
  switch (cipher) {
    case Cipher::kNull:
      return {};
    case Cipher::kAesGcm:
    case Cipher::kAesGmac:
    case Cipher::kAesCtr:
      return ByteWriter().u64(seq).take();
    case Cipher::kAesCbc:
    case Cipher::kDesCbc:
    case Cipher::kDes3Cbc: {
      // SP 800-38A appendix C: a nonce, enciphered. One block of CBC under an IV of zeros is the cipher itself.
      const Buffer zeros(iv_bytes());
      return cbc_encrypt(block_cipher(cipher), key, zeros, ByteWriter().zeros(iv_bytes() - 8).u64(seq).view());
    }
  }
  std::abort();
}

Buffer Transform::hmac(Bytes authenticated, std::uint64_t seq) const {
  ByteWriter w;
  w.bytes(authenticated);
  if (esn) w.u32(high(seq));
  return hmac_icv(integrity, integrity_key, w.view());
}

Buffer Transform::seal(std::uint32_t spi, std::uint64_t seq, Bytes iv, Bytes plaintext) const {
  ByteWriter w;
  w.u32(spi).u32(low(seq)).bytes(iv);
  switch (cipher) {
    case Cipher::kAesGcm:
      w.bytes(gcm_seal(key, nonce_of(*this, iv), aead_header(*this, spi, seq).view(), plaintext));
      break;
    case Cipher::kAesGmac:
      w.bytes(plaintext);
      w.bytes(gcm_seal(key, nonce_of(*this, iv), gmac_input(*this, spi, seq, iv, plaintext), {}));
      break;
    default:
      w.bytes(crypt(*this, true, iv, plaintext));
      w.bytes(hmac(w.view(), seq));
  }
  return w.take();
}

std::optional<Buffer> Transform::open(Bytes esp, std::uint64_t seq) const {
  const auto length = ciphertext_within(esp.size());
  if (!length) return std::nullopt;
  ByteReader r(esp);
  const std::uint32_t spi = r.u32();
  r.skip(4);  // the low half of seq
  const Bytes iv = r.take(iv_bytes());
  const Bytes sealed = r.rest();  // with ICV
  const Bytes ciphertext = sealed.first(*length);
  const Bytes icv = sealed.subspan(*length);
  switch (cipher) {
    case Cipher::kAesGcm:
      return gcm_open(key, nonce_of(*this, iv), aead_header(*this, spi, seq).view(), sealed);
    case Cipher::kAesGmac:
      if (!gcm_open(key, nonce_of(*this, iv), gmac_input(*this, spi, seq, iv, ciphertext), icv)) return std::nullopt;
      return Buffer(ciphertext.begin(), ciphertext.end());
    default:
      // RFC 4303 3.4.4.1: the ICV first; nothing is deciphered that nobody vouches for.
      if (!equal_constant_time(hmac(esp.first(esp.size() - icv.size()), seq), icv)) return std::nullopt;
      return crypt(*this, false, iv, ciphertext);
  }
}

std::optional<Transform> transform_of(const layout::Row& sa, layout::Protocol protocol, const layout::Row& sa_key,
                                      const layout::Row& integrity_key) {
  namespace f = layout::sa_out;
  static_assert(f::kEsn.lsb == layout::sa_in::kEsn.lsb && f::kCipher.lsb == layout::sa_in::kCipher.lsb &&
                    f::kIntegrity.lsb == layout::sa_in::kIntegrity.lsb,
                "both directions say it in the same place");
  const std::uint64_t cipher = sa.get(f::kCipher);
  const std::uint64_t integrity = sa.get(f::kIntegrity);
  if (cipher >= std::size(layout::kCiphers)) return std::nullopt;
  Transform t;
  t.cipher = Cipher(cipher);
  if (protocol == layout::Protocol::kAh && t.cipher != Cipher::kNull) return std::nullopt;
  t.esn = sa.get(f::kEsn) == 1;
  t.key = key_of(t.cipher, sa_key);
  t.salt = static_cast<std::uint32_t>(sa_key.get(layout::sa_key::kSalt));
  if (has_own_icv(t.cipher)) return t;
  if (integrity >= std::size(layout::kIntegrities) || Integrity(integrity) == Integrity::kNone) return std::nullopt;
  t.integrity = Integrity(integrity);
  t.integrity_key = Bytes(integrity_key.bytes()).first(layout::shape(t.integrity).key);
  return t;
}

}  // namespace sallyport::driver::software
