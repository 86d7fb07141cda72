// SPDX-License-Identifier: Apache-2.0
#include "driver/software/cipher.hpp"

#include <gtest/gtest.h>

namespace sallyport::driver::software {
namespace {

// McGrew and Viega, "The Galois/Counter Mode of Operation (GCM)", appendix B, test case 4.
struct TestCase4 {
  Buffer key = from_hex("feffe9928665731c6d6a8f9467308308").value();
  Buffer nonce = from_hex("cafebabefacedbaddecaf888").value();
  Buffer aad = from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2").value();
  Buffer plaintext =
      from_hex(
          "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0d"
          "e657ba637b39")
          .value();
  Buffer sealed =
      from_hex(
          "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0a"
          "ac973d58e091"
          "5bc94fbc3221a5db94fae95ae7121a47")
          .value();
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

}  // namespace
}  // namespace sallyport::driver::software
