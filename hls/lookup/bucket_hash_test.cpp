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

layout::Address random_address(std::mt19937_64& random) { return {random(), random()}; }

TEST(BucketHash, FindsTheBucketsThatTheHostFills) {
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < 10000; ++i) {
    const layout::Address address =
        i % 2 == 0 ? random_address(random) : layout::Address::from_v4(static_cast<std::uint32_t>(random()));
    const auto seed = static_cast<std::uint32_t>(random());
    const auto [first, second] = bucket_hash(address, seed);
    const layout::BucketPair buckets = layout::principal_buckets(address, seed);
    ASSERT_EQ(buckets.first, first % kHalf);
    ASSERT_EQ(buckets.second, kHalf + second % kHalf);
  }
}

TEST(BucketHash, NeverGivesTwoKeysThatAgreeInAHalfTheSamePairOfWords) {
  std::mt19937_64 random(kSeed);
  const auto seed = static_cast<std::uint32_t>(random());
  const layout::Address fixed = random_address(random);
  std::set<std::pair<std::uint32_t, std::uint32_t>> of_low, of_high;
  for (std::uint64_t half = 0; half < 50000; ++half) {
    EXPECT_TRUE(of_low.insert(bucket_hash({fixed.high, half}, seed)).second);
    EXPECT_TRUE(of_high.insert(bucket_hash({half, fixed.low}, seed)).second);
  }
}

// Two differences, one in each half, cancel out for a few keys, never for all: no set of addresses is bad under every
// seed.
TEST(BucketHash, GivesKeysOfOneDifferenceTheSameBucketsNoMoreThanOthers) {
  constexpr int kTrials = 20000;
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < 20; ++i) {
    const layout::Address difference = {std::uint64_t{1} << random() % 64, std::uint64_t{1} << random() % 64};
    int same = 0;
    for (int trial = 0; trial < kTrials; ++trial) {
      const layout::Address key = random_address(random);
      const auto seed = static_cast<std::uint32_t>(random());
      const layout::BucketPair a = layout::principal_buckets(key, seed);
      const layout::BucketPair b =
          layout::principal_buckets({key.high ^ difference.high, key.low ^ difference.low}, seed);
      same += a.first == b.first && a.second == b.second;
    }
    EXPECT_LT(same, 5);  // 0.02 are expected of a random function
  }
}

TEST(BucketHash, FlipsEachIndexBitHalfTheTimeWhenAKeyBitFlips) {
  constexpr int kTrials = 4000;
  constexpr double kTolerance = 0.05;  // six standard deviations
  std::mt19937_64 random(kSeed);
  for (int key_bit = 0; key_bit < 128; ++key_bit) {
    std::array<int, 2 * kIndexBits> flips{};
    for (int trial = 0; trial < kTrials; ++trial) {
      const layout::Address key = random_address(random);
      const auto seed = static_cast<std::uint32_t>(random());
      const std::uint64_t flip = std::uint64_t{1} << key_bit % 64;
      const layout::Address other =
          key_bit < 64 ? layout::Address(key.high, key.low ^ flip) : layout::Address(key.high ^ flip, key.low);
      const layout::BucketPair a = layout::principal_buckets(key, seed);
      const layout::BucketPair b = layout::principal_buckets(other, seed);
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
bool fits(const std::vector<layout::Address>& keys, std::uint32_t seed) {
  constexpr int kMostMoves = 500;
  std::vector<std::vector<layout::Address>> buckets(layout::kPrincipalBuckets);
  std::mt19937_64 random(seed);
  for (layout::Address key : keys) {
    int moves = 0;
    for (;; ++moves) {
      const auto [first, second] = layout::principal_buckets(key, seed);
      auto& a = buckets[first];
      auto& b = buckets[second];
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

// Addresses come in runs and at strides, not at random; a table nine tenths full must take them under any seed.
struct Stride {
  layout::Address first;
  layout::Address by;  // each half on its own
};
class FullTable : public testing::TestWithParam<Stride> {};

TEST_P(FullTable, IsNineTenthsFilledWithAddressesAtAStride) {
  constexpr unsigned kKeys = layout::kPrincipalBuckets * layout::kBucketEntries * 9 / 10;
  const auto& [first, by] = GetParam();
  std::vector<layout::Address> keys;
  for (unsigned i = 0; i < kKeys; ++i) keys.emplace_back(first.high + i * by.high, first.low + i * by.low);
  for (std::uint32_t seed : {0U, 1U, 0xffffffffU, 0x5eedU}) EXPECT_TRUE(fits(keys, seed)) << "seed " << seed;
}

constexpr layout::Address kIpv4 = layout::Address::from_v4(0x0a000000);
constexpr layout::Address kIpv6 = {0x20010db8'00000000, 0};
INSTANTIATE_TEST_SUITE_P(Ipv4, FullTable,
                         testing::Values(Stride{kIpv4, {0, 1}}, Stride{kIpv4, {0, 2}}, Stride{kIpv4, {0, 256}},
                                         Stride{kIpv4, {0, 0x10001}}, Stride{kIpv4, {0, 0x100001}}));
// Hosts of one network, one host of each network, and both at once.
INSTANTIATE_TEST_SUITE_P(Ipv6, FullTable,
                         testing::Values(Stride{kIpv6, {0, 1}}, Stride{kIpv6, {1, 0}}, Stride{kIpv6, {1, 1}},
                                         Stride{kIpv6, {0, 0x1'00000000}}, Stride{kIpv6, {0x10000, 0}},
                                         Stride{kIpv6, {0x10000, 0x10000}}));

}  // namespace
}  // namespace sallyport::hls
