// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "Ventrance_harness.h"
#include "hw/common/tb/clock.hpp"
#include "hw/layout/codes.hpp"
#include "hw/layout/descriptors.hpp"
#include "hw/path/tb/frames.hpp"

namespace sallyport::hw {
namespace {

constexpr unsigned kJobs = 64;
constexpr unsigned kUndecided = 0;
constexpr std::uint8_t kMac[] = {2, 0, 0, 0, 0, 1};

// A frame for the port whose source address is `number`, by which a test knows it again.
Buffer numbered_frame(std::mt19937& random, std::uint32_t number, std::size_t length) {
  Buffer frame = random_bytes(random, length);
  const auto total = static_cast<std::uint16_t>(length - 14);
  const Buffer ipv4 = ByteWriter().u16(0x4500).u16(total).u32(0).u16(0x4011).u16(0).u32(number).u32(0).take();
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < ipv4.size(); i += 2) sum += static_cast<std::uint32_t>(ipv4[i] << 8 | ipv4[i + 1]);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  std::copy(std::begin(kMac), std::end(kMac), frame.begin());
  frame[12] = 8;
  frame[13] = 0;
  std::copy(ipv4.begin(), ipv4.end(), frame.begin() + 14);
  frame[24] = static_cast<std::uint8_t>(~sum >> 8);
  frame[25] = static_cast<std::uint8_t>(~sum);
  return frame;
}

std::uint32_t number_of(const Buffer& frame) { return ByteReader(Bytes(frame).subspan(26)).u32(); }

class Entrance : public testing::Test {
 protected:
  struct Shown {
    std::uint32_t number;
    std::uint32_t generation;
    unsigned length;
  };

  Entrance() {
    dut_.model.enable_i = 1;
    dut_.model.vlan_i = 0;
    dut_.model.mac_i = 0x020000000001;
  }

  // `pressure` of 8: the mover waits.
  void clock(unsigned pressure) {
    auto& m = dut_.model;
    m.generation_i = generation_;
    drive_mac();
    host_.drive(m.inject_valid_i, m.inject_data_i, m.inject_empty_i, m.inject_last_i, 3);
    if (!host_.done()) m.inject_length_i = static_cast<std::uint16_t>(host_.front().size());
    m.frame_ready_i = random_() % 8 >= pressure;
    m.done_i = 0;
    m.eval();
    const bool passes = m.frame_valid_o && m.frame_ready_i;
    m.done_i = passes && m.frame_last_o;  // as a mover answers
    m.eval();
    sink_.sample(passes, m.frame_data_o, m.frame_empty_o, m.frame_last_o);
    if (m.admit_o) {
      admitted_under_.push_back(generation_);
      ASSERT_EQ(m.admit_bank_o, generation_ & 1);
    }
    if (m.valid_o) {
      ASSERT_EQ(m.fate_o, kUndecided);
      shown_.push_back({m.source_o, m.generation_o, m.length_o});
    }
    received_ += m.received_o;
    if (m.drop_o) ++drops_[layout::Drop(m.drop_reason_o)];
    host_.taken(m.inject_ready_o);
    dut_.tick();
  }

  void run_to_rest() {
    for (int quiet = 0; quiet < 30; quiet = dut_.model.busy_o || !mac_.empty() || !host_.done() ? 0 : quiet + 1) {
      ASSERT_NO_FATAL_FAILURE(clock(2));
      ASSERT_LT(dut_.clocks, 1'000'000U) << "does not come to rest";
    }
  }

  void drive_mac() {
    auto& m = dut_.model;
    m.rx_tvalid = !mac_.empty() && random_() % 4 != 0;
    if (!m.rx_tvalid) return;
    const Buffer& frame = mac_.front();
    const std::size_t n = std::min(kBeatBytes, frame.size() - at_);
    std::memcpy(m.rx_tdata.data(), frame.data() + at_, n);
    m.rx_tkeep = ~std::uint64_t{0} >> (kBeatBytes - n);
    at_ += n;
    m.rx_tlast = at_ == frame.size();
    m.rx_tuser = m.rx_tlast && bad_.count(number_of(frame)) != 0;
    if (!m.rx_tlast) return;
    mac_.pop_front();
    at_ = 0;
  }

  static constexpr unsigned kSeed = 41;
  std::mt19937 random_{kSeed};
  Clocked<Ventrance_harness> dut_;
  std::uint32_t generation_ = 0;
  std::deque<Buffer> mac_;
  std::size_t at_ = 0;
  std::set<std::uint32_t> bad_;  // numbers of frames the MAC marks bad
  FrameSource host_{random_};
  FrameSink sink_;
  std::vector<std::uint32_t> admitted_under_;
  std::deque<Shown> shown_;
  unsigned received_ = 0;
  std::map<layout::Drop, unsigned> drops_;
};

TEST_F(Entrance, ShowsEveryFrameOfMacAndHostOnceInTheOrderInWhichItLetsThemIn) {
  SCOPED_TRACE(kSeed);
  std::map<std::uint32_t, Buffer> expected;
  unsigned from_mac = 0, bad = 0;
  for (std::uint32_t number = 1; number <= 1500; ++number) {
    const Buffer frame = numbered_frame(random_, number, 34 + random_() % (random_() % 10 == 0 ? 2000 : 200));
    const bool of_host = random_() % 3 == 0;
    if (!of_host && random_() % 16 == 0) {
      bad_.insert(number);
      ++bad;
    } else {
      expected[number] = frame;
    }
    if (of_host) {
      host_.push(frame);
    } else {
      mac_.push_back(frame);
      ++from_mac;
    }
    generation_ += random_() % 20 == 0;
    // Slow enough that the buffer keeps up with a mover that waits and a host that has its turn.
    while (!mac_.empty()) ASSERT_NO_FATAL_FAILURE(clock(2));
    for (std::size_t idle = frame.size() / 16; idle > 0; --idle) ASSERT_NO_FATAL_FAILURE(clock(2));
  }
  ASSERT_NO_FATAL_FAILURE(run_to_rest());

  EXPECT_EQ(received_, from_mac);
  EXPECT_EQ(drops_, (std::map<layout::Drop, unsigned>{{layout::Drop::kRxError, bad}}));
  ASSERT_EQ(shown_.size(), expected.size());
  ASSERT_EQ(sink_.frames.size(), expected.size());
  ASSERT_EQ(admitted_under_.size(), expected.size());
  for (std::size_t i = 0; i < shown_.size(); ++i) {
    const Buffer& frame = sink_.frames[i];
    ASSERT_EQ(shown_[i].number, number_of(frame));
    ASSERT_EQ(shown_[i].length, frame.size());
    ASSERT_EQ(shown_[i].generation, admitted_under_[i]);
    ASSERT_EQ(to_hex(frame), to_hex(expected.at(number_of(frame))));
    expected.erase(number_of(frame));
  }
}

TEST_F(Entrance, LetsInOnlyAsManyFramesAsThereIsCreditForJobs) {
  for (std::uint32_t number = 1; number <= 2 * kJobs; ++number) mac_.push_back(numbered_frame(random_, number, 60));
  for (int i = 0; i < 2000; ++i) ASSERT_NO_FATAL_FAILURE(clock(8));
  EXPECT_EQ(shown_.size(), kJobs);
  ASSERT_NO_FATAL_FAILURE(run_to_rest());
  EXPECT_EQ(shown_.size(), 2 * kJobs);
}

TEST_F(Entrance, TakesTheTagOffAndTellsOfEveryFrameOfAnotherVlan) {
  dut_.model.vlan_i = 7;
  const Buffer frame = numbered_frame(random_, 1, 90);
  for (const Buffer& sent : {tagged(frame, 7), tagged(frame, 8), frame, tagged(frame, 0xe007)}) mac_.push_back(sent);
  ASSERT_NO_FATAL_FAILURE(run_to_rest());
  EXPECT_EQ(drops_, (std::map<layout::Drop, unsigned>{{layout::Drop::kVlan, 2}}));
  EXPECT_EQ(sink_.frames, (std::deque<Buffer>{frame, frame}));
  ASSERT_EQ(shown_.size(), 2U);
  EXPECT_EQ(shown_.front().length, frame.size());
}

// More than the buffer of 64 KiB and the fifo of 32 KiB hold.
TEST_F(Entrance, TellsOfEveryFrameThatFoundNoRoom) {
  constexpr unsigned kFrames = 40;
  for (std::uint32_t number = 1; number <= kFrames; ++number) {
    mac_.push_back(numbered_frame(random_, number, layout::kMaxFrame));
  }
  while (!mac_.empty()) ASSERT_NO_FATAL_FAILURE(clock(8));
  ASSERT_NO_FATAL_FAILURE(run_to_rest());
  EXPECT_EQ(received_, kFrames);
  EXPECT_GT(drops_[layout::Drop::kRxOverflow], 0U);
  EXPECT_EQ(shown_.size() + drops_[layout::Drop::kRxOverflow], kFrames);
  EXPECT_EQ(sink_.frames.size(), shown_.size());
}

}  // namespace
}  // namespace sallyport::hw
