// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "hls/lookup/flow_ports.hpp"
#include "hls/lookup/interval_step.hpp"
#include "hls/lookup/rule_match.hpp"

namespace sallyport::hls {
namespace {

constexpr std::uint64_t kSeed = 4301;
constexpr int kRounds = 2000;

// ---- flow_ports ----------------------------------------------------------------------------------------------------

std::pair<std::uint64_t, std::uint64_t> ports_of(int protocol, int offset, bool present) {
  const FlowPorts<num> ports = flow_ports(num<8>(protocol), num<13>(offset), num<32>(0x1234abcd), num<1>(present));
  return {ports.source.value(), ports.destination.value()};
}

TEST(FlowPorts, AreReadForTheFourProtocolsThatHaveThem) {
  const std::set<int> with_ports = {6, 17, 33, 132};  // IANA: TCP, UDP, DCCP, SCTP
  for (int protocol = 0; protocol < 256; ++protocol) {
    const auto want = with_ports.count(protocol) != 0 ? std::pair<std::uint64_t, std::uint64_t>(0x1234, 0xabcd)
                                                      : std::pair<std::uint64_t, std::uint64_t>(0, 0);
    EXPECT_EQ(ports_of(protocol, 0, true), want) << "protocol " << protocol;
  }
}

TEST(FlowPorts, AreZeroInALaterFragmentAndWhenTheyAreCutOff) {
  const std::pair<std::uint64_t, std::uint64_t> none(0, 0);
  for (int bit = 0; bit < 13; ++bit) EXPECT_EQ(ports_of(6, 1 << bit, true), none);
  EXPECT_EQ(ports_of(17, 0, false), none);
}

// ---- interval_step -------------------------------------------------------------------------------------------------

// Walks a tree laid out as the card's tables are, and returns the interval.
template <int KeyBits>
unsigned search(const std::vector<std::uint64_t>& starts, unsigned intervals, std::uint64_t key) {
  num<kNodeBits> node(1);
  for (unsigned level = 1; level < intervals; level *= 2) {
    const std::uint64_t start = starts[layout::interval_node(static_cast<unsigned>(node.value()), intervals)];
    node = interval_step(num<KeyBits>(key), num<KeyBits>(start), node);
  }
  return static_cast<unsigned>(node.value()) - intervals;
}

template <int KeyBits>
void expect_search_counts_starts(unsigned intervals) {
  std::mt19937_64 random(kSeed);
  const std::uint64_t largest = (std::uint64_t{1} << KeyBits) - 1;
  std::vector<std::uint64_t> starts(intervals - 1);
  for (auto& s : starts) s = random() & largest;
  std::sort(starts.begin(), starts.end());
  for (int i = 0; i < kRounds; ++i) {
    const std::uint64_t near = starts[random() % starts.size()] + random() % 3 - 1;  // at an edge, as errors are
    const std::uint64_t key = (i % 2 == 0 ? near : random()) & largest;
    // The oracle: as many starts lie at or before the key.
    const auto want = std::upper_bound(starts.begin(), starts.end(), key) - starts.begin();
    ASSERT_EQ(search<KeyBits>(starts, intervals, key), want) << "seed " << kSeed << ", key " << key;
  }
}

TEST(IntervalStep, FindsTheIntervalOfAnAddress) {
  expect_search_counts_starts<32>(layout::kAddressIntervals);
  expect_search_counts_starts<32>(layout::kRouteIntervals);
}

TEST(IntervalStep, FindsTheIntervalOfAPort) { expect_search_counts_starts<16>(layout::kNarrowIntervals); }

TEST(IntervalStep, TreatsUnusedStartsAsEmptyIntervals) {
  const std::vector<std::uint64_t> starts = {100, 200, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff};
  EXPECT_EQ(search<32>(starts, 8, 99), 0u);
  EXPECT_EQ(search<32>(starts, 8, 100), 1u);
  EXPECT_EQ(search<32>(starts, 8, 0xfffffffe), 2u);
  EXPECT_EQ(search<32>(starts, 8, 0xffffffff), 7u);  // behind the last start, where the table repeats the last interval
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
    const int common = static_cast<int>(random() % kRules);
    for (auto& field : rules) field.insert(common);
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
