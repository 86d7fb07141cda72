// SPDX-License-Identifier: Apache-2.0
#include "hls/md5/md5.hpp"

#include <gtest/gtest.h>
#include <openssl/md5.h>

#include "hls/digest_test.hpp"
#include "hls/md5/md5_vectors.hpp"

namespace sallyport::hls {
namespace {

constexpr int kRandomBlocks = 2500;
constexpr std::uint64_t kSeed = 1321;

Buffer md5(Bytes message) {
  num<128> start;
  for (const std::uint32_t word : kMd5Start) start = cat(slice<0, 96>(start), num<32>(word));
  return digest<512>(start, message, std::endian::little,
                     [](const auto& state, const auto& block) { return md5_block(state, block); });
}

TEST(Md5, GivesTheDigestsOfRfc1321A5) {
  for (const Md5Vector& vector : kMd5Vectors) {
    EXPECT_EQ(to_hex(md5(bytes_of(vector.message))), vector.digest) << vector.message;
  }
}

TEST(Md5, HasTheTableOfRfc1321) {
  EXPECT_EQ(md5_constant(0), 0xd76aa478);  // the first and the last as RFC 1321 A.3 has them
  EXPECT_EQ(md5_constant(63), 0xeb86d391);
}

// Of OpenSSL 3 only the old interface shows a single block and the chaining value.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
Buffer openssl_md5(Bytes message) {
  Buffer out(16);
  MD5(message.data(), message.size(), out.data());
  return out;
}

// A word of the context as the four bytes of a digest, or back.
std::uint32_t turned(std::uint32_t x) { return __builtin_bswap32(x); }

TEST(Md5Block, AgreesWithOpenSslOnRandomChainingValuesAndBlocks) {
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < kRandomBlocks; ++i) {
    const Buffer state = random_bytes(random, 16);
    const Buffer block = random_bytes(random, 64);
    MD5_CTX context{};
    ByteReader before(state);
    for (auto* h : {&context.A, &context.B, &context.C, &context.D}) *h = turned(before.u32());
    MD5_Transform(&context, block.data());
    ByteWriter want;
    for (const auto h : {context.A, context.B, context.C, context.D}) want.u32(turned(h));
    ASSERT_EQ(to_bytes(md5_block(from_bytes<128>(state), from_bytes<512>(block))), want.view())
        << "seed " << kSeed << ", block " << i;
  }
}
#pragma GCC diagnostic pop

TEST(Md5, AgreesWithOpenSslOnMessagesOfEveryLength) {
  std::mt19937_64 random(kSeed);
  for (std::size_t length = 0; length < 300; ++length) {
    const Buffer message = random_bytes(random, length);
    ASSERT_EQ(md5(message), openssl_md5(message)) << "seed " << kSeed << ", length " << length;
  }
}

}  // namespace
}  // namespace sallyport::hls
