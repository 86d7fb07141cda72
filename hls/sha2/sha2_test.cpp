// SPDX-License-Identifier: Apache-2.0
#include "hls/sha2/sha2.hpp"

#include <gtest/gtest.h>
#include <openssl/sha.h>

#include "hls/digest_test.hpp"
#include "hls/sha_vectors.hpp"

namespace sallyport::hls {
namespace {

constexpr int kRandomBlocks = 2500;
constexpr std::uint64_t kSeed = 180;

num<256> sha256_start() {
  num<256> start;
  for (const std::uint64_t word : kSha512Start) start = cat(slice<0, 224>(start), num<32>(word >> 32));
  return start;
}
num<512> start_of(const std::array<std::uint64_t, 8>& words) {
  num<512> start;
  for (const std::uint64_t word : words) start = cat(slice<0, 448>(start), num<64>(word));
  return start;
}

Buffer sha256(Bytes message) {
  return digest<512>(sha256_start(), message, std::endian::big,
                     [](const auto& state, const auto& block) { return sha2_block<Sha256>(state, block); });
}
Buffer sha512(const std::array<std::uint64_t, 8>& start, Bytes message) {
  return digest<1024>(start_of(start), message, std::endian::big,
                      [](const auto& state, const auto& block) { return sha2_block<Sha512>(state, block); });
}
Buffer first(Buffer data, std::size_t n) {
  data.resize(n);
  return data;
}

class ShaMessage : public testing::TestWithParam<ShaVector> {};

TEST_P(ShaMessage, HasTheDigestsOfTheStandard) {
  const Bytes message = bytes_of(GetParam().message);
  EXPECT_EQ(to_hex(sha256(message)), GetParam().sha256);
  EXPECT_EQ(to_hex(sha512(kSha512Start, message)), GetParam().sha512);
  EXPECT_EQ(to_hex(first(sha512(kSha384Start, message), 48)), GetParam().sha384);  // FIPS 180-4 6.5: the left 384 bits
}

INSTANTIATE_TEST_SUITE_P(Examples, ShaMessage, testing::ValuesIn(kShaVectors),
                         [](const auto& info) { return std::to_string(8 * std::string(info.param.message).size()); });

TEST(Sha2, AgreesWithOpenSslOnMessagesOfEveryLength) {
  std::mt19937_64 random(kSeed);
  for (std::size_t length = 0; length < 300; ++length) {
    const Buffer message = random_bytes(random, length);
    Buffer want(64);
    SHA256(message.data(), length, want.data());
    ASSERT_EQ(sha256(message), first(want, 32)) << "seed " << kSeed << ", length " << length;
    SHA512(message.data(), length, want.data());
    ASSERT_EQ(sha512(kSha512Start, message), want) << "seed " << kSeed << ", length " << length;
    SHA384(message.data(), length, want.data());
    ASSERT_EQ(first(sha512(kSha384Start, message), 48), first(want, 48)) << "seed " << kSeed << ", length " << length;
  }
}

// Of OpenSSL 3 only the old interface shows a single block and the chaining value.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
TEST(Sha256Block, AgreesWithOpenSslOnRandomChainingValuesAndBlocks) {
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < kRandomBlocks; ++i) {
    const Buffer state = random_bytes(random, 32);
    const Buffer block = random_bytes(random, 64);
    SHA256_CTX context{};
    ByteReader before(state);
    for (auto& h : context.h) h = before.u32();
    SHA256_Transform(&context, block.data());
    ByteWriter want;
    for (const auto h : context.h) want.u32(h);
    ASSERT_EQ(to_bytes(sha2_block<Sha256>(from_bytes<256>(state), from_bytes<512>(block))), want.view())
        << "seed " << kSeed << ", block " << i;
  }
}

TEST(Sha512Block, AgreesWithOpenSslOnRandomChainingValuesAndBlocks) {
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < kRandomBlocks; ++i) {
    const Buffer state = random_bytes(random, 64);
    const Buffer block = random_bytes(random, 128);
    SHA512_CTX context{};
    ByteReader before(state);
    for (auto& h : context.h) h = before.u64();
    SHA512_Transform(&context, block.data());
    ByteWriter want;
    for (const auto h : context.h) want.u64(h);
    ASSERT_EQ(to_bytes(sha2_block<Sha512>(from_bytes<512>(state), from_bytes<1024>(block))), want.view())
        << "seed " << kSeed << ", block " << i;
  }
}
#pragma GCC diagnostic pop

}  // namespace
}  // namespace sallyport::hls
