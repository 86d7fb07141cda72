// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <tuple>

#include "Vbeat_fifo_harness.h"
#include "hw/common/tb/clock.hpp"

namespace sallyport::hw {
namespace {

using Beat = std::tuple<unsigned, unsigned, bool>;  // data, empty, last

// The streams' own assertions watch the handshake on both sides meanwhile.
TEST(BeatFifo, KeepsOrderAndCountUnderGapsAndBackpressure) {
  constexpr unsigned kSeed = 5;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  Clocked<Vbeat_fifo_harness> dut;
  auto& m = dut.model;
  std::deque<Beat> inside;
  unsigned full = 0;
  unsigned passed = 0;
  Beat offer{};
  bool offered = false;
  for (int i = 0; i < 20000; ++i) {
    const unsigned pressure = i / 1000 % 3;  // the reader is quick, even, slow
    if (!offered && random() % 4 != 0) {
      const bool last = random() % 3 == 0;
      offer = {static_cast<unsigned>(random()), last ? random() % 64 : 0, last};
      offered = true;
    }
    m.in_valid_i = offered;
    std::tie(m.in_data_i, m.in_empty_i, m.in_last_i) = offer;
    m.out_ready_i = random() % 4 >= pressure + (pressure > 1);
    m.eval();
    if (!m.in_ready_o) ++full;
    if (m.in_valid_i && m.in_ready_o) {
      inside.push_back(offer);
      offered = false;
    }
    if (m.out_valid_o && m.out_ready_i) {
      ASSERT_FALSE(inside.empty());
      ASSERT_EQ((Beat{m.out_data_o, m.out_empty_o, m.out_last_o}), inside.front());
      inside.pop_front();
      ++passed;
    }
    dut.tick();
    ASSERT_EQ(m.used_o, inside.size());
  }
  EXPECT_GT(full, 1000U);
  EXPECT_GT(passed, 8000U);
}

}  // namespace
}  // namespace sallyport::hw
