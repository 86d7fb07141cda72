// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "Vskid.h"
#include "hw/common/tb/clock.hpp"

namespace sallyport::hw {
namespace {

TEST(Skid, KeepsOrderUnderGapsAndBackpressureAndAnswersNothingInTheSameClock) {
  constexpr unsigned kSeed = 7;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  Clocked<Vskid> dut;
  auto& m = dut.model;
  std::deque<unsigned> inside;
  bool offered = false;
  unsigned passed = 0;
  unsigned stopped = 0;
  for (int i = 0; i < 20000; ++i) {
    if (!offered) m.data_i = random() & 0xffff;
    offered = offered || random() % 4 != 0;
    m.valid_i = offered;
    m.ready_i = random() % 4 != 0;
    m.eval();
    const bool ready = m.ready_o;
    const bool valid = m.valid_o;
    m.ready_i = !m.ready_i;
    m.eval();
    ASSERT_EQ(m.ready_o, ready);
    m.ready_i = !m.ready_i;
    m.eval();
    if (offered && ready) {
      inside.push_back(m.data_i);
      offered = false;
    }
    if (!ready) ++stopped;
    if (valid && m.ready_i) {
      ASSERT_FALSE(inside.empty());
      ASSERT_EQ(m.data_o, inside.front());
      inside.pop_front();
      ++passed;
    }
    dut.tick();
    ASSERT_EQ(m.valid_o, !inside.empty());
  }
  EXPECT_GT(passed, 10000U);
  EXPECT_GT(stopped, 1000U);
}

TEST(Skid, PassesAWordEveryClock) {
  Clocked<Vskid> dut;
  dut.model.valid_i = 1;
  dut.model.ready_i = 1;
  for (unsigned word = 0; word < 100; ++word) {
    dut.model.data_i = word;
    dut.model.eval();
    ASSERT_TRUE(dut.model.ready_o);
    dut.tick();
    ASSERT_TRUE(dut.model.valid_o);
    ASSERT_EQ(dut.model.data_o, word);
  }
}

}  // namespace
}  // namespace sallyport::hw
