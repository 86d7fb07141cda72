// SPDX-License-Identifier: Apache-2.0
#include "hls/siphash/siphash.hpp"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <memory>

#include "hls/digest_test.hpp"

namespace sallyport::hls {
namespace {

Buffer by_kernel(Bytes key, Bytes message) {
  return to_bytes(siphash(from_bytes<128>(key), from_bytes<8 * kSipMessageBytes>(message)));
}

Buffer by_openssl(Bytes key, Bytes message) {
  const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> mac(EVP_MAC_fetch(nullptr, "SIPHASH", nullptr), EVP_MAC_free);
  const std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> context(EVP_MAC_CTX_new(mac.get()), EVP_MAC_CTX_free);
  Buffer check(8);
  std::size_t size = check.size();
  const std::array<OSSL_PARAM, 2> parameters = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
                                                OSSL_PARAM_construct_end()};
  EXPECT_EQ(EVP_MAC_init(context.get(), key.data(), key.size(), parameters.data()), 1);
  EXPECT_EQ(EVP_MAC_update(context.get(), message.data(), message.size()), 1);
  EXPECT_EQ(EVP_MAC_final(context.get(), check.data(), &size, check.size()), 1);
  return check;
}

// Of the reference (github.com/veorq/SipHash, vectors.h), the one of 36 bytes: key 00 01 .. 0f, message 00 01 .. 23.
TEST(SipHash, GivesTheVectorOfTheReference) {
  Buffer key(16);
  Buffer message(kSipMessageBytes);
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(i);
  for (std::size_t i = 0; i < message.size(); ++i) message[i] = static_cast<std::uint8_t>(i);
  EXPECT_EQ(to_hex(by_kernel(key, message)), "b4a31508beff4d31");
}

TEST(SipHash, AgreesWithOpenSslOnRandomKeysAndMessages) {
  constexpr int kMessages = 2500;
  constexpr std::uint64_t kSeed = 24;
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < kMessages; ++i) {
    const Buffer key = random_bytes(random, 16);
    const Buffer message = random_bytes(random, kSipMessageBytes);
    ASSERT_EQ(by_kernel(key, message), by_openssl(key, message)) << "seed " << kSeed << ", message " << i;
  }
}

}  // namespace
}  // namespace sallyport::hls
