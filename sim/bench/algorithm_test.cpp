// SPDX-License-Identifier: Apache-2.0
#include "sim/bench/algorithm.hpp"

#include <gtest/gtest.h>

namespace sallyport::bench {
namespace {

using layout::Cipher;
using layout::Integrity;

TEST(Algorithm, IsWhatAProposalOfTheSameWordsNegotiates) {
  struct Case {
    const char* text;
    Cipher cipher;
    Integrity integrity;
    std::size_t key, salt, integrity_key;
    bool esn;
  };
  const Case cases[] = {
      {"aes128gcm16", Cipher::kAesGcm, Integrity::kNone, 16, 4, 0, false},
      {"aes256gcm16-esn", Cipher::kAesGcm, Integrity::kNone, 32, 4, 0, true},
      {"aes192gmac", Cipher::kAesGmac, Integrity::kNone, 24, 4, 0, false},
      {"aes128ctr-sha256", Cipher::kAesCtr, Integrity::kHmacSha256_128, 16, 4, 32, false},
      {"aes256-sha512-esn", Cipher::kAesCbc, Integrity::kHmacSha512_256, 32, 0, 64, true},
      {"null-sha1", Cipher::kNull, Integrity::kHmacSha1_96, 0, 0, 20, false},
      {"des-md5", Cipher::kDesCbc, Integrity::kHmacMd5_96, 8, 0, 16, false},
      {"3des-sha384", Cipher::kDes3Cbc, Integrity::kHmacSha384_192, 24, 0, 48, false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto algorithm = Algorithm::parse(c.text);
    ASSERT_TRUE(algorithm) << algorithm.error().message();
    const driver::SaProtection p = algorithm->protection(0, 0);
    EXPECT_EQ(p.cipher, c.cipher);
    EXPECT_EQ(p.integrity, c.integrity);
    EXPECT_EQ(p.key.size(), c.key);
    EXPECT_EQ(p.salt.size(), c.salt);
    EXPECT_EQ(p.integrity_key.size(), c.integrity_key);
    EXPECT_EQ(algorithm->esn(), c.esn);
    EXPECT_EQ(algorithm->name(), c.text);
  }
}

TEST(Algorithm, OfAhIsAnIntegrityAlone) {
  const auto algorithm = Algorithm::parse("sha384-esn", layout::Protocol::kAh);
  ASSERT_TRUE(algorithm) << algorithm.error().message();
  EXPECT_EQ(algorithm->protocol(), layout::Protocol::kAh);
  EXPECT_EQ(algorithm->name(), "sha384-esn");
  EXPECT_TRUE(algorithm->esn());
  const driver::SaProtection p = algorithm->protection(0, 0);
  EXPECT_EQ(p.cipher, Cipher::kNull);
  EXPECT_EQ(p.integrity, Integrity::kHmacSha384_192);
  EXPECT_EQ(p.key.size(), 0u);
  EXPECT_EQ(p.integrity_key.size(), 48u);
  EXPECT_FALSE(Algorithm::parse("aes128-sha256", layout::Protocol::kAh));
}

TEST(Algorithm, HasOtherKeysInEverySa) {
  const auto algorithm = Algorithm::parse("aes256-sha256");
  ASSERT_TRUE(algorithm);
  EXPECT_FALSE(algorithm->protection(0, 0).key == algorithm->protection(1, 0).key);
  EXPECT_FALSE(algorithm->protection(0, 0).integrity_key == algorithm->protection(0, 1).integrity_key);
  EXPECT_FALSE(algorithm->protection(1, 0).key == algorithm->protection(257, 0).key);
}

TEST(Algorithm, IsRefusedWhereItIsNoneOrLeavesAChoice) {
  for (const char* text : {"", "aes128", "aes128gcm16-ecp256", "aes128gcm16-aes256gcm16", "chacha20poly1305", "esn"})
    EXPECT_FALSE(Algorithm::parse(text)) << text;
}

}  // namespace
}  // namespace sallyport::bench
