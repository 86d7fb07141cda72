// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "Vrx_buffer_harness.h"
#include "hw/common/tb/clock.hpp"
#include "hw/path/tb/frames.hpp"

namespace sallyport::hw {
namespace {

constexpr unsigned kMaxFrame = 9216;
constexpr std::size_t kTagBytes = 4;

// A MAC: never waits. What it sent and what the buffer said of it stand side by side.
class RxBuffer : public testing::Test {
 protected:
  struct Sent {
    Buffer frame;        // without its tag
    std::size_t length;  // also of what ends within its tag
    bool bad;
    bool foreign;
  };

  RxBuffer() { set_vlan(0); }

  // Frames have no tag, or one of this VLAN; now and then they are of another.
  void set_vlan(unsigned vlan) { dut_.model.vlan_i = vlan_ = vlan; }
  Buffer random_frame(std::size_t length) {
    const Buffer frame = random_bytes(random_, length);
    const bool with_tag = length >= 12 && (random_() % 4 == 0 ? vlan_ == 0 : vlan_ != 0);
    if (!with_tag) return frame;
    const unsigned priority = random_() & 0xf000;
    return tagged(frame, priority | (random_() % 4 == 0 ? random_() & 0xfff : vlan_));
  }

  void clock(bool ready) {
    auto& m = dut_.model;
    m.out_ready_i = ready;
    m.eval();
    const bool passes = m.out_valid_o && ready;
    if (passes && m.out_last_o) lengths_.push_back(m.length_o);
    sink_.sample(passes, m.out_data_o, m.out_empty_o, m.out_last_o);
    if (m.received_o) {
      ASSERT_FALSE(waiting_.empty());
      const Sent sent = waiting_.front();
      waiting_.pop_front();
      ASSERT_EQ(m.bytes_o, sent.length);
      const bool wrong = sent.bad || sent.length < 14 || sent.length > kMaxFrame;
      if (m.overflow_o) {
        ++overflows_;
        ASSERT_FALSE(m.error_o || m.vlan_o);
      } else {
        ASSERT_EQ(m.error_o, wrong);
        ASSERT_EQ(m.vlan_o, !wrong && sent.foreign);
        foreign_ += m.vlan_o;
        if (!wrong && !sent.foreign) good_.push_back(sent.frame);
      }
    }
    dut_.tick();
  }

  void expect(const Buffer& frame, bool bad) {
    Sent sent{frame, frame.size(), bad, vlan_ != 0};
    if (is_tagged(frame)) {
      const auto tag = sent.frame.begin() + 12;
      if (frame.size() >= 16) sent.foreign = ((frame[14] << 8 | frame[15]) & 0xfff) != vlan_;
      sent.frame.erase(tag, tag + std::min<std::ptrdiff_t>(kTagBytes, sent.frame.end() - tag));
      sent.length -= kTagBytes;
    }
    waiting_.push_back(sent);
  }

  // `pressure` of 8: the reader waits. `gaps`: so does the MAC, now and then.
  void send(const Buffer& frame, bool bad, unsigned pressure, bool gaps = true) {
    auto& m = dut_.model;
    expect(frame, bad);
    for (std::size_t at = 0; at < frame.size(); at += kBeatBytes) {
      const std::size_t n = std::min(kBeatBytes, frame.size() - at);
      m.rx_tvalid = 1;
      const Buffer anything = random_bytes(random_, kBeatBytes);  // behind the frame's end
      std::memcpy(m.rx_tdata.data(), anything.data(), kBeatBytes);
      std::memcpy(m.rx_tdata.data(), frame.data() + at, n);
      m.rx_tkeep = ~std::uint64_t{0} >> (kBeatBytes - n);
      m.rx_tlast = at + n == frame.size();
      m.rx_tuser = bad && m.rx_tlast;
      ASSERT_NO_FATAL_FAILURE(clock(random_() % 8 >= pressure));
      m.rx_tvalid = 0;
      while (gaps && random_() % 8 == 0) {
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
  unsigned overflows_ = 0, foreign_ = 0;
  unsigned vlan_ = 0;
};

// Without a VLAN, and with one.
class RxBufferOfVlan : public RxBuffer, public testing::WithParamInterface<unsigned> {
 protected:
  RxBufferOfVlan() { set_vlan(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(Port, RxBufferOfVlan, testing::Values(0U, 1U, 0xabcU));

TEST_P(RxBufferOfVlan, GivesEveryGoodFrameWholeAndNothingOfABadOne) {
  SCOPED_TRACE(kSeed);
  for (int i = 0; i < 1600; ++i) {
    const unsigned kind = random_() % 20;
    const std::size_t length = kind == 0   ? 1 + random_() % 13
                               : kind == 1 ? kMaxFrame + 1 + random_() % 200
                               : kind == 2 ? kMaxFrame
                                           : 14 + random_() % 300;
    ASSERT_NO_FATAL_FAILURE(send(random_frame(length), random_() % 10 == 0, 0, random_() % 2));
  }
  drain();
  EXPECT_EQ(overflows_, 0U);
  EXPECT_GT(foreign_, 50U);
  EXPECT_GT(good_.size(), 500U);
}

TEST_P(RxBufferOfVlan, DropsWholeFramesWhenThereIsNoRoomAndNoOthers) {
  SCOPED_TRACE(kSeed);
  for (int i = 0; i < 1500; ++i) {
    const std::size_t length = random_() % 30 == 0 ? kMaxFrame : 14 + random_() % 400;
    ASSERT_NO_FATAL_FAILURE(send(random_frame(length), random_() % 10 == 0, 7));
  }
  drain();
  EXPECT_GT(overflows_, 100U);
  EXPECT_GT(good_.size(), 100U);
}

TEST_P(RxBufferOfVlan, TakesFramesOfAnyLengthBackToBack) {
  for (std::size_t length = 14; length < 200; ++length) {
    const Buffer frame = random_bytes(random_, length);
    for (int i = 0; i < 3; ++i) {
      ASSERT_NO_FATAL_FAILURE(send(vlan_ == 0 ? frame : tagged(frame, vlan_), false, 0, false));
    }
  }
  for (int i = 0; i < 2000; ++i) {
    const Buffer frame = random_bytes(random_, 60);
    ASSERT_NO_FATAL_FAILURE(send(vlan_ == 0 ? frame : tagged(frame, vlan_), false, 0, false));
  }
  drain();
  EXPECT_EQ(overflows_ + foreign_, 0U);
}

// A priority tag says no VLAN (IEEE 802.1Q 9.6).
TEST_F(RxBuffer, TakesThePriorityTagOfAFrameWithoutVlan) {
  const Buffer frame = random_bytes(random_, 100);
  for (const unsigned priority : {0x0000U, 0xe000U, 0x1000U}) {
    ASSERT_NO_FATAL_FAILURE(send(tagged(frame, priority), false, 0));
  }
  drain();
  EXPECT_EQ(good_, std::vector<Buffer>(3, frame));
}

TEST_F(RxBuffer, CountsWhatEndsWithinItsTagAsTooShort) {
  const Buffer whole = tagged(random_bytes(random_, 14), 0);
  for (std::size_t length = 12; length <= whole.size(); ++length) {
    ASSERT_NO_FATAL_FAILURE(send(Buffer(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)), false, 0));
  }
  drain();
  EXPECT_EQ(good_.size(), 1U);
}

}  // namespace
}  // namespace sallyport::hw
