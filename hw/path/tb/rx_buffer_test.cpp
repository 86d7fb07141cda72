// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "Vrx_buffer_harness.h"
#include "hw/common/tb/clock.hpp"
#include "hw/path/tb/frames.hpp"

namespace sallyport::hw {
namespace {

constexpr unsigned kMaxFrame = 9216;

// A MAC: never waits. What it sent and what the buffer said of it stand side by side.
class RxBuffer : public testing::Test {
 protected:
  struct Sent {
    Buffer frame;
    bool bad;
  };

  void clock(bool ready) {
    auto& m = dut_.model;
    m.out_ready_i = ready;
    m.eval();
    const bool passes = m.out_valid_o && ready;
    if (passes && m.out_last_o) lengths_.push_back(m.length_o);
    sink_.sample(passes, m.out_data_o, m.out_empty_o, m.out_last_o);
    if (m.received_o) {  // a clock after the frame's last beat
      ASSERT_FALSE(waiting_.empty());
      const Sent sent = waiting_.front();
      waiting_.pop_front();
      ASSERT_EQ(m.bytes_o, sent.frame.size());
      const bool wrong = sent.bad || sent.frame.size() < 14 || sent.frame.size() > kMaxFrame;
      if (m.overflow_o) {
        ++overflows_;
        ASSERT_FALSE(m.error_o);
      } else {
        ASSERT_EQ(m.error_o, wrong);
        if (!wrong) good_.push_back(sent.frame);
      }
    }
    dut_.tick();
  }

  // `pressure` of 8: the reader waits.
  void send(const Buffer& frame, bool bad, unsigned pressure) {
    auto& m = dut_.model;
    waiting_.push_back({frame, bad});
    for (std::size_t at = 0; at < frame.size(); at += kBeatBytes) {
      const std::size_t n = std::min(kBeatBytes, frame.size() - at);
      m.rx_tvalid = 1;
      std::memcpy(m.rx_tdata.data(), frame.data() + at, n);
      m.rx_tkeep = ~std::uint64_t{0} >> (kBeatBytes - n);
      m.rx_tlast = at + n == frame.size();
      m.rx_tuser = bad && m.rx_tlast;
      ASSERT_NO_FATAL_FAILURE(clock(random_() % 8 >= pressure));
      m.rx_tvalid = 0;
      while (random_() % 8 == 0) {
        ASSERT_NO_FATAL_FAILURE(clock(random_() % 8 >= pressure));
      }
    }
  }

  void drain() {
    for (int i = 0; i < 20; ++i) {
      ASSERT_NO_FATAL_FAILURE(clock(true));
    }
    while (dut_.model.busy_o) {
      ASSERT_NO_FATAL_FAILURE(clock(true));
    }
    ASSERT_EQ(sink_.frames.size(), good_.size());
    for (std::size_t i = 0; i < good_.size(); ++i) {
      ASSERT_EQ(to_hex(sink_.frames[i]), to_hex(good_[i]));
      ASSERT_EQ(lengths_[i], good_[i].size());
    }
  }

  static constexpr unsigned kSeed = 23;
  std::mt19937 random_{kSeed};
  Clocked<Vrx_buffer_harness> dut_;
  FrameSink sink_;
  std::deque<Sent> waiting_;
  std::vector<Buffer> good_;
  std::vector<unsigned> lengths_;
  unsigned overflows_ = 0;
};

TEST_F(RxBuffer, GivesEveryGoodFrameWholeAndNothingOfABadOne) {
  SCOPED_TRACE(kSeed);
  for (int i = 0; i < 800; ++i) {
    const unsigned kind = random_() % 20;
    const std::size_t length = kind == 0   ? 1 + random_() % 13
                               : kind == 1 ? kMaxFrame + 1 + random_() % 200
                               : kind == 2 ? kMaxFrame
                                           : 14 + random_() % 300;
    ASSERT_NO_FATAL_FAILURE(send(random_bytes(random_, length), random_() % 10 == 0, 0));
  }
  drain();
  EXPECT_EQ(overflows_, 0U);
  EXPECT_GT(good_.size(), 500U);
}

TEST_F(RxBuffer, DropsWholeFramesWhenThereIsNoRoomAndNoOthers) {
  SCOPED_TRACE(kSeed);
  for (int i = 0; i < 1500; ++i) {
    const std::size_t length = random_() % 30 == 0 ? kMaxFrame : 14 + random_() % 400;
    ASSERT_NO_FATAL_FAILURE(send(random_bytes(random_, length), random_() % 10 == 0, 7));
  }
  drain();
  EXPECT_GT(overflows_, 100U);
  EXPECT_GT(good_.size(), 100U);
}

TEST_F(RxBuffer, TakesShortestFramesBackToBack) {
  for (int i = 0; i < 2000; ++i) {
    const Buffer frame = random_bytes(random_, 60);
    auto& m = dut_.model;
    waiting_.push_back({frame, false});
    m.rx_tvalid = 1;
    std::memcpy(m.rx_tdata.data(), frame.data(), frame.size());
    m.rx_tkeep = ~std::uint64_t{0} >> 4;
    m.rx_tlast = 1;
    m.rx_tuser = 0;
    ASSERT_NO_FATAL_FAILURE(clock(true));
  }
  dut_.model.rx_tvalid = 0;
  drain();
  EXPECT_EQ(overflows_, 0U);
}

}  // namespace
}  // namespace sallyport::hw
