// SPDX-License-Identifier: Apache-2.0
// The engine against what the standards publish. A vector becomes a packet in a form that the engine takes:
//
//   HMAC     the message is an AH text, in both directions.
//   CBC      IV and ciphertext are an ESP packet to be opened. Outbound the engine makes the IV, of its packet's
//            number: it is the first block of a chain that begins with zero, and that chain can be a published one
//            where a number fills a block (DES, 3DES). Of AES it fills half of one, so AES-CBC's go inbound alone.
//   AES-CTR  RFC 3686's go both ways, the IV being the number. SP 800-38A's are of counters that do not begin with 1,
//            as RFC 3686 4 wants of ESP's, so no packet has them: they are tested in driver/software alone.
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "hw/chain/tb/chain_bench.hpp"
#include "tests/vectors/cipher_vectors.hpp"
#include "tests/vectors/esp_vectors.hpp"
#include "tests/vectors/hmac_vectors.hpp"

namespace sallyport::hw {
namespace {

Buffer hex(const char* digits) { return from_hex(digits).value(); }

class ChainVectors : public testing::Test {
 protected:
  Sa sa(Cipher cipher, const char* key) {
    return {++rows_, cipher, Integrity::kHmacSha256_128, false, false, 0x4321, 0, hex(key), Buffer(32, 0x5a)};
  }

  // IV and ciphertext, as a packet with an ICV of OpenSSL's: the vectors have none.
  void open(const Sa& sa, std::uint32_t seq, const char* iv, const char* ciphertext, const char* plaintext) {
    const Buffer packet = ByteWriter().u32(sa.spi).u32(seq).bytes(hex(iv)).bytes(hex(ciphertext)).take();
    bench_.load(kIn, sa);
    bench_.open_packet(sa, seq, hex(plaintext), ByteWriter().bytes(packet).bytes(icv(sa, seq, packet)).take(), true);
    bench_.run();
  }

  // The bench expects what OpenSSL makes of the packet; this is what the vector says of it, behind the header.
  void protect_as(const Sa& sa, std::uint64_t seq, const Buffer& plaintext, const Buffer& published) {
    const Buffer packet = protect(sa, seq, plaintext);
    ASSERT_EQ(to_hex(Bytes(packet).subspan(8, published.size())), to_hex(published));
    bench_.load(kOut, sa);
    bench_.protect_packet(sa, seq, plaintext);
    bench_.run();
  }

  unsigned rows_ = 0;
  ChainBench bench_;
};

const EVP_MD* hash(Integrity integrity) {
  switch (integrity) {
    case Integrity::kHmacMd5_96:
      return EVP_md5();
    case Integrity::kHmacSha1_96:
      return EVP_sha1();
    case Integrity::kHmacSha256_128:
      return EVP_sha256();
    case Integrity::kHmacSha384_192:
      return EVP_sha384();
    default:
      return EVP_sha512();
  }
}

// RFC 2104 2: zeros follow a key that is shorter than the hash's block, as they do in the row; one that is longer is
// hashed, by whoever loads it. "Hi There" has the eight bytes of an AH text that say whose it is, and nothing behind
// them: such a text is no packet.
TEST_F(ChainVectors, GivesThePublishedHmacs) {
  for (const vectors::HmacVector& v : vectors::kHmacVectors) {
    SCOPED_TRACE(v.digest);
    const Buffer message = hex(v.message);
    if (message.size() <= 8) continue;
    Buffer key = hex(v.key);
    if (key.size() > static_cast<std::size_t>(EVP_MD_get_block_size(hash(v.integrity)))) {
      Buffer hashed(static_cast<std::size_t>(EVP_MD_get_size(hash(v.integrity))));
      ASSERT_EQ(EVP_Digest(key.data(), key.size(), hashed.data(), nullptr, hash(v.integrity), nullptr), 1);
      key = hashed;
    }
    ByteReader r(message);
    const std::uint32_t spi = r.u32();
    const std::uint32_t seq = r.u32();
    const Sa sa{++rows_, Cipher::kNull, v.integrity, true, false, spi, 0, {}, key};
    const Buffer text(message.begin() + 8, message.end());
    Buffer published = hex(v.digest);
    published.resize(layout::shape(v.integrity).icv);
    ASSERT_EQ(to_hex(icv(sa, seq, message)), to_hex(published));  // which is what the bench will expect outbound
    bench_.load(kOut, sa);
    bench_.load(kIn, sa);
    bench_.protect_packet(sa, seq, text);
    bench_.open_packet(sa, seq, text, ByteWriter().bytes(message).bytes(published).take(), true);
    bench_.run();
  }
}

TEST_F(ChainVectors, OpensThePublishedTextsOfCbc) {
  const auto expect = [&](Cipher cipher, const vectors::CipherVector& v) {
    SCOPED_TRACE(v.ciphertext);
    open(sa(cipher, v.key), 1, v.iv, v.ciphertext, v.plaintext);
  };
  for (const vectors::CipherVector& v : vectors::kAesCbcVectors) expect(Cipher::kAesCbc, v);
  for (const vectors::CipherVector& v : vectors::kRfc3602Vectors) expect(Cipher::kAesCbc, v);
  for (const vectors::CipherVector& v : vectors::kDesCbcVectors) expect(Cipher::kDesCbc, v);
  for (const vectors::CipherVector& v : vectors::kDes3CbcVectors) expect(Cipher::kDes3Cbc, v);
}

TEST_F(ChainVectors, OpensThePublishedPacketsOfAesCbc) {
  for (const vectors::EspVector& v : vectors::kAesCbcEspVectors) {
    SCOPED_TRACE(v.ciphertext);
    Sa sa = this->sa(Cipher::kAesCbc, v.key);
    const Buffer header = hex(v.header);
    ByteReader r(header);
    sa.spi = r.u32();
    open(sa, r.u32(), v.iv, v.ciphertext, v.plaintext);
  }
}

// The number is what the vector's first block enciphers, its plaintext and IV together; the packet's IV is then its
// ciphertext, and what follows continues the vector.
TEST_F(ChainVectors, ChainsThePublishedBlocksOfDesBehindTheNumber) {
  const auto expect = [&](Cipher cipher, const vectors::CipherVector& v) {
    SCOPED_TRACE(v.ciphertext);
    const Buffer plaintext = hex(v.plaintext);
    Buffer rest(plaintext.begin() + 8, plaintext.end());
    if (rest.empty()) rest.resize(8);  // a vector of one block; a packet has one behind the IV
    protect_as(sa(cipher, v.key), ByteReader(plaintext).u64() ^ ByteReader(hex(v.iv)).u64(), rest, hex(v.ciphertext));
  };
  for (const vectors::CipherVector& v : vectors::kDesCbcVectors) expect(Cipher::kDesCbc, v);
  for (const vectors::CipherVector& v : vectors::kDes3CbcVectors) expect(Cipher::kDes3Cbc, v);
}

TEST_F(ChainVectors, ProtectsAndOpensThePublishedTextsOfAesCtr) {
  for (const vectors::EspVector& v : vectors::kAesCtrEspVectors) {
    SCOPED_TRACE(v.ciphertext);
    Sa sa = this->sa(Cipher::kAesCtr, v.key);
    sa.salt = ByteReader(hex(v.salt)).u32();
    protect_as(sa, ByteReader(hex(v.iv)).u64(), hex(v.plaintext),
               ByteWriter().bytes(hex(v.iv)).bytes(hex(v.ciphertext)).take());
    open(sa, 1, v.iv, v.ciphertext, v.plaintext);
  }
}

}  // namespace
}  // namespace sallyport::hw
