// SPDX-License-Identifier: Apache-2.0
#include "hls/lookup/bucket_hash.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>
#include <vector>

#include "hw/layout/bucket_hash.hpp"
#include "hw/layout/tables.hpp"

namespace sallyport::hls {
namespace {

constexpr std::uint64_t kSeed = 2048;
constexpr unsigned kHalf = layout::kPrincipalBuckets / 2;
constexpr unsigned kIndexBits = 10;
static_assert(1U << kIndexBits == kHalf);

TEST(BucketHash, IsWhatTheCircuitComputes) {
  const auto [first, second] = bucket_hash(num<64>(0x0123456789abcdef), num<32>(0xdeadbeef));
  EXPECT_EQ(bucket_hash(std::uint64_t{0x0123456789abcdef}, 0xdeadbeef),
            (std::pair<std::uint32_t, std::uint32_t>(first.value(), second.value())));
}

TEST(BucketHash, FindsTheBucketsThatTheHostFills) {
  std::mt19937 random(kSeed);
  for (int i = 0; i < 10000; ++i) {
    const std::uint32_t address = random();
    const std::uint32_t seed = random();
    const auto [first, second] = bucket_hash(std::uint64_t{address}, seed);
    const layout::BucketPair buckets = layout::principal_buckets(address, seed);
    ASSERT_EQ(buckets.first, first % kHalf);
    ASSERT_EQ(buckets.second, kHalf + second % kHalf);
  }
}

TEST(BucketHash, NeverGivesTwoKeysTheSamePairOfWords) {
  std::mt19937_64 random(kSeed);
  const auto seed = static_cast<std::uint32_t>(random());
  std::set<std::pair<std::uint32_t, std::uint32_t>> seen;
  for (std::uint64_t key = 0; key < 50000; ++key) EXPECT_TRUE(seen.insert(bucket_hash(key, seed)).second);
}

TEST(BucketHash, FlipsEachIndexBitHalfTheTimeWhenAKeyBitFlips) {
  constexpr int kTrials = 4000;
  constexpr double kTolerance = 0.05;  // six standard deviations
  std::mt19937_64 random(kSeed);
  for (int key_bit = 0; key_bit < 64; ++key_bit) {
    std::array<int, 2 * kIndexBits> flips{};
    for (int trial = 0; trial < kTrials; ++trial) {
      const std::uint64_t key = random();
      const auto seed = static_cast<std::uint32_t>(random());
      const auto a = bucket_hash(key, seed);
      const auto b = bucket_hash(key ^ std::uint64_t{1} << key_bit, seed);
      for (unsigned i = 0; i < kIndexBits; ++i) {
        flips[i] += static_cast<int>((a.first ^ b.first) >> i & 1);
        flips[kIndexBits + i] += static_cast<int>((a.second ^ b.second) >> i & 1);
      }
    }
    for (int count : flips) EXPECT_LT(std::abs(count / double{kTrials} - 0.5), kTolerance) << "key bit " << key_bit;
  }
}

// The table of principals, filled as the host fills it: to the emptier of two buckets, moving others on when both are
// full. True when every key found a place.
bool fits(const std::vector<std::uint64_t>& keys, std::uint32_t seed) {
  constexpr int kMostMoves = 500;
  std::vector<std::vector<std::uint64_t>> buckets(layout::kPrincipalBuckets);
  std::mt19937_64 random(seed);
  for (std::uint64_t key : keys) {
    int moves = 0;
    for (;; ++moves) {
      const auto [first, second] = bucket_hash(key, seed);
      auto& a = buckets[first % kHalf];
      auto& b = buckets[kHalf + second % kHalf];
      auto& emptier = a.size() <= b.size() ? a : b;
      if (emptier.size() < layout::kBucketEntries) {
        emptier.push_back(key);
        break;
      }
      if (moves == kMostMoves) return false;
      auto& full = random() % 2 == 0 ? a : b;
      std::swap(key, full[random() % full.size()]);
    }
  }
  return true;
}

class FullTable : public testing::TestWithParam<std::uint64_t> {};

// Addresses come in runs and at strides, not at random; a table nine tenths full must take them under any seed.
TEST_P(FullTable, IsNineTenthsFilledWithAddressesAtAStride) {
  constexpr unsigned kKeys = layout::kPrincipalBuckets * layout::kBucketEntries * 9 / 10;
  std::vector<std::uint64_t> keys;
  for (unsigned i = 0; i < kKeys; ++i) keys.push_back((0x0a000000 + i * GetParam()) & 0xffffffff);
  for (std::uint32_t seed : {0U, 1U, 0xffffffffU, 0x5eedU}) EXPECT_TRUE(fits(keys, seed)) << "seed " << seed;
}

INSTANTIATE_TEST_SUITE_P(Stride, FullTable, testing::Values(1, 2, 256, 65536 + 1, 0x00100000 + 0x01));

}  // namespace
}  // namespace sallyport::hls
