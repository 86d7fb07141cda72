// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <bit>
#include <random>

#include "Vpackets_inside.h"
#include "hw/common/tb/clock.hpp"

namespace sallyport::hw {
namespace {

constexpr unsigned kEntries = 3, kExits = 8;
constexpr int kCounted = 3;  // clocks from a pulse to the count

class PacketsInside : public testing::Test {
 protected:
  PacketsInside() { m_.enter_i = m_.leave_i = m_.moving_i = 0; }

  void clock(unsigned enter, unsigned leave, bool moving) {
    m_.enter_i = enter;
    m_.leave_i = leave;
    m_.moving_i = moving;
    dut_.tick();
  }

  Clocked<Vpackets_inside> dut_;
  Vpackets_inside& m_ = dut_.model;
};

// The assertions of packets_inside, which stop every simulation of the card.
class PacketsInsideDeathTest : public PacketsInside {
 protected:
  PacketsInsideDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(PacketsInside, KnowsOfEveryPacketUntilTheLastHasLeft) {
  constexpr unsigned kSeed = 12;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  unsigned inside = 0, most = 0;
  int quiet = kCounted;  // clocks without a pulse
  for (int i = 0; i < 50000; ++i) {
    const bool filling = i % 1000 < 300;
    unsigned enter = filling ? random() % (1U << kEntries) : 0;
    unsigned leave = 0;
    for (unsigned exit = 0; exit < kExits; ++exit) {
      const auto leaving = static_cast<unsigned>(std::popcount(leave));
      if (leaving < inside && random() % (filling ? 8 : 3) == 0) leave |= 1U << exit;
    }
    quiet = enter == 0 && leave == 0 ? quiet + 1 : 0;
    inside += static_cast<unsigned>(std::popcount(enter)) - static_cast<unsigned>(std::popcount(leave));
    most = std::max(most, inside);
    clock(enter, leave, inside != 0);
    if (inside != 0 || quiet == 0) {
      ASSERT_TRUE(m_.any_o) << inside << " inside";
    } else if (quiet >= kCounted) {
      ASSERT_FALSE(m_.any_o);
    }
  }
  EXPECT_GT(most, 100U);
}

TEST_F(PacketsInsideDeathTest, StopsTheSimulationWhenAPacketLeavesTwice) {
  const auto leave_twice = [this] {
    clock(1, 0, true);
    clock(0, 1, true);
    clock(0, 1, true);
    for (int i = 0; i < 2 * kCounted; ++i) clock(0, 0, true);
  };
  EXPECT_DEATH(leave_twice(), "");
}

TEST_F(PacketsInsideDeathTest, StopsTheSimulationWhenAPacketIsLost) {
  clock(1, 0, true);
  for (int i = 0; i < 2 * kCounted; ++i) clock(0, 0, true);
  EXPECT_DEATH(clock(0, 0, false), "");
}

}  // namespace
}  // namespace sallyport::hw
