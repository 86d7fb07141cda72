// SPDX-License-Identifier: Apache-2.0
// The engine against OpenSSL, both directions at once.
#include <gtest/gtest.h>

#include "hw/chain/tb/chain_bench.hpp"

namespace sallyport::hw {
namespace {

constexpr Cipher kCiphers[] = {Cipher::kNull, Cipher::kAesCtr, Cipher::kAesCbc, Cipher::kDesCbc, Cipher::kDes3Cbc};
constexpr Integrity kIntegrities[] = {Integrity::kHmacMd5_96, Integrity::kHmacSha1_96, Integrity::kHmacSha256_128,
                                      Integrity::kHmacSha384_192, Integrity::kHmacSha512_256};

class Chain : public testing::Test {
 protected:
  static constexpr unsigned kSeed = 20;

  Buffer some_bytes(std::size_t n) {
    Buffer b(n);
    for (auto& x : b) x = static_cast<std::uint8_t>(random_());
    return b;
  }

  Sa some_sa(unsigned index, Cipher cipher, Integrity integrity) {
    const bool aes = cipher == Cipher::kAesCbc || cipher == Cipher::kAesCtr;
    Sa sa{index,
          cipher,
          integrity,
          random_() % 2 != 0,
          static_cast<std::uint32_t>(random_()),
          static_cast<std::uint32_t>(random_()),
          {},
          some_bytes(layout::shape(integrity).key)};
    sa.key = some_bytes(aes                          ? 16 + 8 * (random_() % 3)
                        : cipher == Cipher::kDesCbc  ? 8
                        : cipher == Cipher::kDes3Cbc ? 24
                                                     : 0);
    return sa;
  }
  Sa some_sa(unsigned index) {
    return some_sa(index, kCiphers[random_() % std::size(kCiphers)], kIntegrities[random_() % std::size(kIntegrities)]);
  }

  // Of `about` bytes, rounded up to the cipher's block.
  Buffer some_plaintext(const Sa& sa, std::size_t about) {
    const std::size_t block = layout::shape(sa.cipher).block;
    return some_bytes((about + block - 1) / block * block);
  }
  std::uint64_t some_seq() { return std::uint64_t{random_()} << 32 | random_(); }

  void send(Direction d, const Sa& sa, std::size_t about) {
    const Buffer plaintext = some_plaintext(sa, about);
    if (d == kOut) {
      bench_.protect_packet(sa, some_seq(), plaintext);
    } else {
      bench_.open_packet(sa, some_seq(), plaintext);
    }
  }

  testing::ScopedTrace trace_{__FILE__, __LINE__, "seed " + std::to_string(kSeed)};
  std::mt19937 random_{kSeed};
  ChainBench bench_{kSeed};
};

// Each cipher beside each HMAC, alone in the engine: what one packet needs is there without others.
class ChainSuite : public Chain, public testing::WithParamInterface<std::tuple<Cipher, Integrity>> {};

std::string suite_name(const testing::TestParamInfo<std::tuple<Cipher, Integrity>>& suite) {
  const auto [cipher, integrity] = suite.param;
  return std::string(layout::kCiphers[static_cast<unsigned>(cipher)].name) + "_" +
         layout::kIntegrities[static_cast<unsigned>(integrity)].name;
}
INSTANTIATE_TEST_SUITE_P(All, ChainSuite,
                         testing::Combine(testing::ValuesIn(kCiphers), testing::ValuesIn(kIntegrities)), suite_name);

TEST_P(ChainSuite, ProtectsAndOpensEveryLengthAroundTheBlocks) {
  const auto [cipher, integrity] = GetParam();
  const Sa out = some_sa(7, cipher, integrity);
  const Sa in = some_sa(1900, cipher, integrity);
  bench_.load(kOut, out);
  bench_.load(kIn, in);
  for (std::size_t length = 4; length <= 290; length += layout::shape(cipher).block) {
    send(kOut, out, length);
    send(kIn, in, length);
  }
  bench_.run();
}

}  // namespace
}  // namespace sallyport::hw
