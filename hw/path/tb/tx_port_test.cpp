// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <bit>

#include "Vtx_port_harness.h"
#include "hw/common/tb/clock.hpp"
#include "hw/path/tb/frames.hpp"

namespace sallyport::hw {
namespace {

class TxPort : public testing::TestWithParam<unsigned> {
 protected:
  TxPort() { dut_.model.vlan_i = GetParam(); }

  // `chance` of 4 for a beat offered, `pressure` of 4 for the MAC to wait.
  void clock(unsigned chance, unsigned pressure) {
    auto& m = dut_.model;
    unsigned valid = 0, last = 0, empties = 0;
    for (unsigned i = 0; i < 2; ++i) {
      std::uint8_t its_valid = 0, its_empty = 0, its_last = 0;
      std::array<std::uint32_t, 16> data{};
      sources_[i].drive(its_valid, data, its_empty, its_last, chance);
      std::memcpy(m.in_data_i.data() + 16 * i, data.data(), sizeof data);
      valid |= its_valid << i;
      last |= its_last << i;
      empties |= its_empty << 6 * i;
    }
    m.in_valid_i = valid;
    m.in_last_i = last;
    m.in_empty_i = empties;
    m.tready_i = random_() % 4 >= pressure;
    m.eval();
    const bool passes = m.tvalid_o && m.tready_i;
    const auto content = static_cast<unsigned>(std::popcount(static_cast<std::uint64_t>(m.tkeep_o)));
    if (m.tvalid_o) {
      ASSERT_EQ(m.tkeep_o, ~std::uint64_t{0} >> (64 - content));
    }
    sink_.sample(passes, m.tdata_o, 64 - content, m.tlast_o);
    ASSERT_EQ(m.sent_o, passes && m.tlast_o);
    ASSERT_EQ(m.leave_o, m.sent_o && m.leave_bank_o == 0) << "frames of the second input were never in flight";
    if (m.sent_o) {
      auto& waiting = expected_[m.leave_bank_o];
      ASSERT_FALSE(waiting.empty());
      const Buffer frame = waiting.front();
      waiting.pop_front();
      ASSERT_EQ(m.sent_bytes_o, frame.size());
      ASSERT_EQ(to_hex(sink_.frames.back()), to_hex(GetParam() == 0 ? frame : tagged(frame, GetParam())));
    }
    for (unsigned i = 0; i < 2; ++i) sources_[i].taken(m.in_ready_o >> i & 1);
    dut_.tick();
  }

  void offer(unsigned input, const Buffer& frame) {
    sources_[input].push(frame);
    expected_[input].push_back(frame);
  }

  void run_to_rest(unsigned chance, unsigned pressure) {
    for (int i = 0; !expected_[0].empty() || !expected_[1].empty(); ++i) {
      ASSERT_LT(i, 100'000) << "a frame got lost";
      ASSERT_NO_FATAL_FAILURE(clock(chance, pressure));
    }
  }

  static constexpr unsigned kSeed = 51;
  std::mt19937 random_{kSeed};
  Clocked<Vtx_port_harness> dut_;
  FrameSource sources_[2] = {FrameSource(random_), FrameSource(random_)};
  std::deque<Buffer> expected_[2];
  FrameSink sink_;
};
INSTANTIATE_TEST_SUITE_P(Vlan, TxPort, testing::Values(0U, 1U, 0xabcU));

TEST_P(TxPort, SendsEveryFrameOnceWithThePortsTagAndCountsItWithout) {
  SCOPED_TRACE(kSeed);
  for (const auto& [chance, pressure] : {std::pair{4U, 0U}, {2U, 0U}, {4U, 2U}, {2U, 3U}}) {
    for (std::size_t length = 14; length < 300; ++length) offer(random_() % 2, random_bytes(random_, length));
    offer(0, random_bytes(random_, 9216));
    ASSERT_NO_FATAL_FAILURE(run_to_rest(chance, pressure));
  }
}

TEST_P(TxPort, SendsABeatAClock) {
  constexpr unsigned kFrames = 100;
  for (unsigned i = 0; i < kFrames; ++i)
    offer(i % 2, random_bytes(random_, 124));  // with a tag, two beats to their ends
  const std::uint64_t start = dut_.clocks;
  ASSERT_NO_FATAL_FAILURE(run_to_rest(4, 0));
  EXPECT_LT(dut_.clocks - start, 2 * kFrames + 10);
}

}  // namespace
}  // namespace sallyport::hw
