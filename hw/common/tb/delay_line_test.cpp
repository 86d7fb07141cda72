// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "Vdelay_line.h"
#include "hw/common/tb/clock.hpp"

namespace sallyport::hw {
namespace {

constexpr std::uint64_t kClocks = 5;  // as the build file says

TEST(DelayLine, GivesEveryWordBackAfterAConstantTimeAndHoldsItBetween) {
  constexpr unsigned kSeed = 3;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  Clocked<Vdelay_line> dut;
  std::map<std::uint64_t, unsigned> due;  // clock -> word
  unsigned held = 0;
  for (int i = 0; i < 2000; ++i) {
    dut.model.valid_i = random() % 3 != 0;
    dut.model.data_i = random() & 0xffff;
    if (dut.model.valid_i) due[dut.clocks + kClocks] = dut.model.data_i;
    dut.tick();
    const auto now = due.find(dut.clocks);
    ASSERT_EQ(dut.model.valid_o, now != due.end());
    if (now != due.end()) held = now->second;
    if (dut.clocks > due.begin()->first) {
      ASSERT_EQ(dut.model.data_o, held);
    }
  }
}

}  // namespace
}  // namespace sallyport::hw
