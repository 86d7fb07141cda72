// SPDX-License-Identifier: Apache-2.0
#include "host/ipsec/sa.hpp"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

TEST(Spi, PrintsEightDigits) {
  EXPECT_EQ(to_string(Spi{0x8f21c0aa}), "0x8f21c0aa");
  EXPECT_EQ(to_string(Spi{0x100}), "0x00000100");
}

TEST(SaParameters, NameTheirAlgorithms) {
  SaParameters sa;
  sa.key_bits = 128;
  EXPECT_EQ(algorithm_of(sa), "aes128gcm16");
  sa.protocol = Protocol::kAh;
  sa.encryption = Encryption::kNone;
  sa.integrity = Integrity::kHmacSha256_128;
  sa.key_bits = 0;
  EXPECT_EQ(algorithm_of(sa), "sha256");
}

}  // namespace
}  // namespace sallyport
