// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "hls/lookup/interval_step.hpp"
#include "hls/lookup/rule_match.hpp"

namespace sallyport::hls {
namespace {

constexpr std::uint64_t kSeed = 4301;
constexpr int kRounds = 2000;

// ---- interval_step -------------------------------------------------------------------------------------------------

// A key as the circuit has it.
num<128> word_of(layout::Address key) { return cat(num<64>(key.high), num<64>(key.low)); }
num<16> word_of(std::uint16_t key) { return {key}; }

// Walks a tree laid out as the card's tables are, and returns the interval.
template <class Key>
unsigned search(const std::vector<Key>& starts, unsigned intervals, Key key) {
  num<kNodeBits> node(1);
  for (unsigned level = 1; level < intervals; level *= 2) {
    const Key start = starts[layout::interval_node(static_cast<unsigned>(node.value()), intervals)];
    node = interval_step(word_of(key), word_of(start), node);
  }
  return static_cast<unsigned>(node.value()) - intervals;
}

// `draw` gives a random key, `beside` one that is next to another: where errors are.
template <class Key, class Draw, class Beside>
void expect_search_counts_starts(unsigned intervals, Draw draw, Beside beside) {
  std::vector<Key> starts(intervals - 1);
  for (Key& s : starts) s = draw();
  std::sort(starts.begin(), starts.end());
  for (int i = 0; i < kRounds; ++i) {
    const Key key = i % 2 == 0 ? beside(starts[static_cast<std::size_t>(i) % starts.size()]) : draw();
    // The oracle: as many starts lie at or before the key.
    const auto want = std::upper_bound(starts.begin(), starts.end(), key) - starts.begin();
    ASSERT_EQ(search(starts, intervals, key), want) << "seed " << kSeed << ", round " << i;
  }
}

TEST(IntervalStep, FindsTheIntervalOfAnAddress) {
  std::mt19937_64 random(kSeed);
  // Of either version; those of IPv6 agree in their high half more often than not.
  const auto draw = [&] {
    if (random() % 3 == 0) return layout::Address::from_v4(static_cast<std::uint32_t>(random()));
    return layout::Address(0x20010db8'00000000 | random() % 4, random());
  };
  const auto beside = [&](layout::Address near) {
    const std::uint64_t low = near.low + random() % 3 - 1;
    const std::uint64_t high = random() % 8 == 0 ? near.high + random() % 3 - 1 : near.high;
    return layout::Address(high, low);
  };
  expect_search_counts_starts<layout::Address>(layout::kAddressIntervals, draw, beside);
  expect_search_counts_starts<layout::Address>(layout::kRouteIntervals, draw, beside);
}

TEST(IntervalStep, FindsTheIntervalOfAPortAndOfAPrincipal) {
  std::mt19937 random(kSeed);
  for (const unsigned intervals : {layout::kPortIntervals, layout::kPrincipalIntervals}) {
    expect_search_counts_starts<std::uint16_t>(
        intervals, [&] { return static_cast<std::uint16_t>(random()); },
        [&](std::uint16_t near) { return static_cast<std::uint16_t>(near + random() % 3 - 1); });
  }
}

TEST(IntervalStep, TreatsUnusedStartsAsEmptyIntervals) {
  const layout::Address last = layout::kLastAddress;
  const std::vector<layout::Address> starts = {{0, 100}, {1, 200}, last, last, last, last, last};
  EXPECT_EQ(search(starts, 8, {0, 99}), 0u);
  EXPECT_EQ(search(starts, 8, {0, 100}), 1u);
  EXPECT_EQ(search(starts, 8, {last.high, last.low - 1}), 2u);
  EXPECT_EQ(search(starts, 8, last), 7u);  // behind every start, whichever intervals are in use
}

// ---- rule_match ----------------------------------------------------------------------------------------------------

using Bitmaps = std::array<num<kRules>, kRuleFields>;

num<kRules> bitmap_of(const std::set<int>& rules) {
  Bits bits(kRules);
  for (int rule : rules) bits.set(rule);
  return num<kRules>::from(bits);
}

void expect_rule(const Bitmaps& bitmaps, int rule) {  // -1: none
  const auto match = rule_match(bitmaps);
  EXPECT_EQ(match.hit.value(), rule >= 0 ? 1u : 0u);
  EXPECT_EQ(match.index.value(), rule >= 0 ? static_cast<std::uint64_t>(rule) : 0u);
}

TEST(RuleMatch, FindsEachRuleAlone) {
  for (int rule = 0; rule < kRules; ++rule) {
    Bitmaps bitmaps;
    bitmaps.fill(bitmap_of({rule}));
    expect_rule(bitmaps, rule);
  }
}

TEST(RuleMatch, FindsNothingWhenOneFieldMissesTheRule) {
  for (int field = 0; field < kRuleFields; ++field) {
    Bitmaps bitmaps;
    bitmaps.fill(bitmap_of({7, 900}));
    bitmaps[field] = bitmap_of({8, 901});
    expect_rule(bitmaps, -1);
  }
}

TEST(RuleMatch, TakesTheFirstOfSeveral) {
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < kRounds; ++i) {
    const int extras = 1 << random() % 8;
    std::array<std::set<int>, kRuleFields> rules;
    for (auto& field : rules) {
      for (int k = 0; k < extras; ++k) field.insert(static_cast<int>(random() % kRules));
    }
    for (auto common = random() % 4; common > 0; --common) {
      const int rule = static_cast<int>(random() % kRules);
      for (auto& field : rules) field.insert(rule);
    }
    Bitmaps bitmaps;
    for (int field = 0; field < kRuleFields; ++field) bitmaps[field] = bitmap_of(rules[field]);
    int want = -1;  // the oracle: the ordered list
    for (int rule = 0; rule < kRules && want < 0; ++rule) {
      if (std::all_of(rules.begin(), rules.end(), [&](const auto& field) { return field.count(rule) != 0; }))
        want = rule;
    }
    SCOPED_TRACE(testing::Message() << "seed " << kSeed << ", round " << i);
    expect_rule(bitmaps, want);
  }
}

}  // namespace
}  // namespace sallyport::hls
