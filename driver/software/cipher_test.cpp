// SPDX-License-Identifier: Apache-2.0
#include "driver/software/cipher.hpp"

#include <gtest/gtest.h>

#include "tests/vectors/cipher_vectors.hpp"

namespace sallyport::driver::software {
namespace {

Buffer hex(const char* digits) { return from_hex(digits).value(); }

// McGrew and Viega, "The Galois/Counter Mode of Operation (GCM)", appendix B, test case 4.
struct TestCase4 {
  Buffer key = hex("feffe9928665731c6d6a8f9467308308");
  Buffer nonce = hex("cafebabefacedbaddecaf888");
  Buffer aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  Buffer plaintext =
      hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0d"
          "e657ba637b39");
  Buffer sealed =
      hex("42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0a"
          "ac973d58e091"
          "5bc94fbc3221a5db94fae95ae7121a47");
};

TEST(AesGcm, SealsAndOpensThePublishedVector) {
  const TestCase4 t;
  EXPECT_EQ(gcm_seal(t.key, t.nonce, t.aad, t.plaintext), t.sealed);
  EXPECT_EQ(gcm_open(t.key, t.nonce, t.aad, t.sealed), t.plaintext);
}

TEST(AesGcm, OpensNothingOnceAnyByteHasChanged) {
  const TestCase4 t;
  for (std::size_t i = 0; i < t.sealed.size(); ++i) {
    Buffer changed = t.sealed;
    changed[i] ^= 1;
    EXPECT_FALSE(gcm_open(t.key, t.nonce, t.aad, changed)) << "byte " << i;
  }
  for (std::size_t length = 0; length < t.sealed.size(); ++length) {
    EXPECT_FALSE(gcm_open(t.key, t.nonce, t.aad, Bytes(t.sealed).first(length))) << length << " bytes";
  }
}

TEST(Cbc, EnciphersAndDeciphersThePublishedVectors) {
  const auto expect = [](BlockCipher cipher, const vectors::CipherVector& v) {
    EXPECT_EQ(cbc_encrypt(cipher, hex(v.key), hex(v.iv), hex(v.plaintext)), hex(v.ciphertext)) << v.key;
    EXPECT_EQ(cbc_decrypt(cipher, hex(v.key), hex(v.iv), hex(v.ciphertext)), hex(v.plaintext)) << v.key;
  };
  for (const vectors::CipherVector& v : vectors::kAesCbcVectors) expect(BlockCipher::kAes, v);
  for (const vectors::CipherVector& v : vectors::kRfc3602Vectors) expect(BlockCipher::kAes, v);
  for (const vectors::CipherVector& v : vectors::kDesCbcVectors) expect(BlockCipher::kDes, v);
  for (const vectors::CipherVector& v : vectors::kDes3CbcVectors) expect(BlockCipher::kDes3, v);
}

TEST(Ctr, EnciphersAndDeciphersThePublishedVectors) {
  for (const vectors::CipherVector& v : vectors::kAesCtrVectors) {
    EXPECT_EQ(ctr_crypt(hex(v.key), hex(v.iv), hex(v.plaintext)), hex(v.ciphertext)) << v.key;
    EXPECT_EQ(ctr_crypt(hex(v.key), hex(v.iv), hex(v.ciphertext)), hex(v.plaintext)) << v.key;
  }
}

}  // namespace
}  // namespace sallyport::driver::software
