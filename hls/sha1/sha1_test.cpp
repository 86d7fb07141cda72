// SPDX-License-Identifier: Apache-2.0
#include "hls/sha1/sha1.hpp"

#include <gtest/gtest.h>
#include <openssl/sha.h>

#include "hls/digest_test.hpp"
#include "hls/sha_vectors.hpp"

namespace sallyport::hls {
namespace {

constexpr int kRandomBlocks = 2500;
constexpr std::uint64_t kSeed = 160;

Buffer sha1(Bytes message) {
  num<160> start;
  for (const std::uint32_t word : kSha1Start) start = cat(slice<0, 128>(start), num<32>(word));
  return digest<512>(start, message, std::endian::big,
                     [](const auto& state, const auto& block) { return sha1_block(state, block); });
}

class Sha1Message : public testing::TestWithParam<ShaVector> {};

TEST_P(Sha1Message, HasTheDigestOfTheStandard) {
  EXPECT_EQ(to_hex(sha1(bytes_of(GetParam().message))), GetParam().sha1);
}

INSTANTIATE_TEST_SUITE_P(Examples, Sha1Message, testing::ValuesIn(kShaVectors),
                         [](const auto& info) { return std::to_string(8 * std::string(info.param.message).size()); });

TEST(Sha1, AgreesWithOpenSslOnMessagesOfEveryLength) {
  std::mt19937_64 random(kSeed);
  for (std::size_t length = 0; length < 300; ++length) {
    const Buffer message = random_bytes(random, length);
    Buffer want(20);
    SHA1(message.data(), length, want.data());
    ASSERT_EQ(sha1(message), want) << "seed " << kSeed << ", length " << length;
  }
}

// Of OpenSSL 3 only the old interface shows a single block and the chaining value.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
TEST(Sha1Block, AgreesWithOpenSslOnRandomChainingValuesAndBlocks) {
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < kRandomBlocks; ++i) {
    const Buffer state = random_bytes(random, 20);
    const Buffer block = random_bytes(random, 64);
    SHA_CTX context{};
    ByteReader before(state);
    for (auto* h : {&context.h0, &context.h1, &context.h2, &context.h3, &context.h4}) *h = before.u32();
    SHA1_Transform(&context, block.data());
    ByteWriter want;
    for (const auto h : {context.h0, context.h1, context.h2, context.h3, context.h4}) want.u32(h);
    ASSERT_EQ(to_bytes(sha1_block(from_bytes<160>(state), from_bytes<512>(block))), want.view())
        << "seed " << kSeed << ", block " << i;
  }
}
#pragma GCC diagnostic pop

}  // namespace
}  // namespace sallyport::hls
