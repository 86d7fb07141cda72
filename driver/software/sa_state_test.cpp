// SPDX-License-Identifier: Apache-2.0
#include "driver/software/sa_state.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace sallyport::driver::software {
namespace {

using layout::Drop;

constexpr std::uint64_t kBytes = 100;

layout::Row in_row(bool esn, unsigned replay_window = 1) {
  layout::Row row;
  row.set(layout::sa_in::kEsn, esn ? 1 : 0);
  row.set(layout::sa_in::kReplayWindow, replay_window);
  return row;
}

// Remembers everything. Too slow to ship, too simple to be wrong.
struct SlowWindow {
  std::uint64_t packets;
  std::set<std::uint64_t> seen{};
  std::uint64_t top = 0;
  bool accept(std::uint64_t seq) {
    if (seq == 0 || seq + packets <= top || !seen.insert(seq).second) return false;
    top = std::max(top, seq);
    return true;
  }
};

std::optional<Drop> receive(InboundState& state, const layout::Row& row, std::uint32_t seq_low, bool icv_ok = true) {
  const auto admitted = state.admit(row, seq_low);
  if (const auto* drop = std::get_if<Drop>(&admitted)) return *drop;
  SaEvents events;
  return state.accept(row, {}, std::get<std::uint64_t>(admitted), icv_ok, kBytes, events);
}

class EveryWindow : public testing::TestWithParam<unsigned> {
 protected:
  std::int64_t below(std::int64_t n) { return static_cast<std::int64_t>(rng() % static_cast<std::uint64_t>(n)); }
  bool accepts(bool esn, std::int64_t seq) {
    return !receive(state, in_row(esn, GetParam()), static_cast<std::uint32_t>(seq)).has_value();
  }

  static constexpr unsigned kSeed = 20;
  testing::ScopedTrace trace{__FILE__, __LINE__, "seed " + std::to_string(kSeed)};
  std::mt19937_64 rng{kSeed};
  const std::int64_t window = std::int64_t{layout::kLeastReplayWindow} << GetParam();
  InboundState state;
  SlowWindow slow{static_cast<std::uint64_t>(window)};
};
INSTANTIATE_TEST_SUITE_P(InboundState, EveryWindow, testing::Range(0U, layout::kReplayWindowSizes),
                         [](const auto& size) { return std::to_string(layout::kLeastReplayWindow << size.param); });

TEST_P(EveryWindow, AcceptsWhatAWindowThatRemembersEverythingAccepts) {
  for (int i = 0; i < 20000; ++i) {
    const std::int64_t jumps[] = {1, below(4), window - 1, window, window + 1, below(3 * window)};
    const std::int64_t step = i % 3 == 0 ? jumps[below(std::size(jumps))] : -below(window + 9);
    const std::int64_t seq = std::max<std::int64_t>(0, static_cast<std::int64_t>(slow.top) + step);
    ASSERT_EQ(accepts(false, seq), slow.accept(static_cast<std::uint64_t>(seq))) << "step " << i;
  }
}

// The sender's whole numbers, of which only the low half travels, across two boundaries of 2^32.
TEST_P(EveryWindow, InfersTheHighHalfOfAnExtendedNumberAcrossTheBoundary) {
  std::int64_t base = 1;
  for (int i = 0; i < 20000; ++i) {
    base += i % 100 == 0 ? below(0x20000000) : below(3);
    const std::int64_t left_edge = static_cast<std::int64_t>(slow.top) - window + 1;
    const std::int64_t seq = std::max<std::int64_t>({1, left_edge, base - below(window)});
    ASSERT_EQ(accepts(true, seq), slow.accept(static_cast<std::uint64_t>(seq))) << "step " << i;
  }
  EXPECT_GT(slow.top >> 32, 1u);
  EXPECT_EQ(state.row().get(layout::sa_in_state::kTop), slow.top);
}

TEST(InboundState, RefusesANumberThatWouldLieBeforeZero) {
  InboundState state;
  EXPECT_EQ(receive(state, in_row(true), 0xffffffff), Drop::kReplayOld);
  EXPECT_EQ(receive(state, in_row(true), 1), std::nullopt);
}

TEST(InboundState, ForgetsANumberWhoseIcvWasWrong) {
  InboundState state;
  EXPECT_EQ(receive(state, in_row(false), 9, false), Drop::kIcvMismatch);
  EXPECT_EQ(receive(state, in_row(false), 9), std::nullopt);
  EXPECT_EQ(receive(state, in_row(false), 9), Drop::kReplayDuplicate);
  const layout::Row row = state.row();
  EXPECT_EQ(row.get(layout::sa_in_state::kIcvFailures), 1u);
  EXPECT_EQ(row.get(layout::sa_in_state::kReplays), 1u);
  EXPECT_EQ(row.get(layout::sa_in_state::kPackets), 1u);
  EXPECT_EQ(row.get(layout::sa_in_state::kBytes), kBytes);
}

TEST(OutboundState, NumbersFromOneAndEndsAtThePacketLimitForGood) {
  layout::Row limits;
  limits.set(layout::sa_limits::kSoftPackets, 2);
  limits.set(layout::sa_limits::kHardPackets, 3);
  OutboundState state;
  for (std::uint64_t seq = 1; seq <= 3; ++seq) {
    SaEvents events;
    EXPECT_EQ(std::get<std::uint64_t>(state.number({}, limits, kBytes, events)), seq);
    EXPECT_EQ(events.soft_limit, seq == 2);
    EXPECT_FALSE(events.hard_limit);
  }
  SaEvents first, second;
  EXPECT_EQ(std::get<Drop>(state.number({}, limits, kBytes, first)), Drop::kHardLimit);
  EXPECT_TRUE(first.hard_limit);
  EXPECT_EQ(std::get<Drop>(state.number({}, limits, kBytes, second)), Drop::kHardLimit);
  EXPECT_FALSE(second.hard_limit);
}

TEST(OutboundState, NeverLetsTheNumberCycle) {
  for (const bool esn : {false, true}) {
    layout::Row row;
    row.set(layout::sa_out::kEsn, esn ? 1 : 0);
    const std::uint64_t last = esn ? ~std::uint64_t{0} : 0xffffffff;
    OutboundState state(last - 1);
    SaEvents events;
    EXPECT_EQ(std::get<std::uint64_t>(state.number(row, {}, kBytes, events)), last);
    EXPECT_EQ(std::get<Drop>(state.number(row, {}, kBytes, events)), Drop::kSeqExhausted);
    EXPECT_TRUE(events.hard_limit);
    EXPECT_EQ(std::get<Drop>(state.number(row, {}, kBytes, events)), Drop::kSeqExhausted);
    EXPECT_FALSE(events.hard_limit);
  }
}

TEST(OutboundState, RefusesThePacketThatWouldPassTheByteLimitAndEveryoneAfterIt) {
  layout::Row limits;
  limits.set(layout::sa_limits::kSoftBytes, 150);
  limits.set(layout::sa_limits::kHardBytes, 250);
  OutboundState state;
  SaEvents events;
  EXPECT_TRUE(std::holds_alternative<std::uint64_t>(state.number({}, limits, 100, events)));
  EXPECT_FALSE(events.soft_limit);
  EXPECT_TRUE(
      std::holds_alternative<std::uint64_t>(state.number({}, limits, 150, events)));  // 250: reaches, does not pass
  EXPECT_TRUE(events.soft_limit);
  EXPECT_EQ(std::get<Drop>(state.number({}, limits, 1, events)), Drop::kHardLimit);
  EXPECT_EQ(std::get<Drop>(state.number({}, limits, 0, events)), Drop::kHardLimit);
}

}  // namespace
}  // namespace sallyport::driver::software
