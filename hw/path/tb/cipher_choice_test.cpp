// SPDX-License-Identifier: Apache-2.0
// cipher_choice between packets of both kinds and a chain engine whose room comes and goes.
#include <gtest/gtest.h>

#include "Vcipher_choice_harness.h"
#include "hw/common/tb/clock.hpp"
#include "hw/layout/codes.hpp"
#include "hw/path/tb/frames.hpp"

namespace sallyport::hw {
namespace {

enum Way : std::uint8_t { kGcm, kChain, kDropped };

// As chain_intake promises room: in a register, which does not know of the packet that has come in a clock ago. A first
// beat finds the engine ready when there is room and none came then; no other beat waits.
class Engine {
 public:
  explicit Engine(unsigned places) : left_(places) {}

  [[nodiscard]] bool room() const { return room_; }
  [[nodiscard]] bool takes_a_first_beat() const { return room_ && !entered_; }
  [[nodiscard]] bool between_packets() const { return first_; }
  [[nodiscard]] bool just_entered() const { return entered_; }

  // A clock, in which a beat came, or none; `leaves`: a packet that is inside goes.
  void clock(bool beat, bool last, bool leaves) {
    room_ = left_ != 0;
    entered_ = beat && last;
    if (beat) first_ = last;
    if (entered_) {
      ASSERT_NE(left_, 0U) << "a packet without room";
      --left_;
      ++inside_;
    }
    if (leaves && inside_ != 0) {
      --inside_;
      ++left_;
    }
  }

 private:
  unsigned left_;
  unsigned inside_ = 0;
  bool room_ = false;
  bool first_ = true;
  bool entered_ = false;
};

struct Packet {
  Buffer bytes;
  bool chained = false;
  bool bank = false;
};

class CipherChoice : public testing::Test {
 protected:
  void offer(std::size_t length, bool chained) {
    packets_.push_back({random_bytes(random_, length), chained, random_() % 2 != 0});
    source_.push(packets_.back().bytes);
  }

  // `chance` of 4 for a beat offered, `pressure` of 4 for AES-GCM to wait, `leaving` of 64 for a packet to leave the
  // chain engine.
  void clock(unsigned chance, unsigned pressure, unsigned leaving) {
    auto& m = dut_.model;
    source_.drive(m.in_valid_i, m.in_data_i, m.in_empty_i, m.in_last_i, chance);
    const bool chained = m.in_valid_i ? packets_.front().chained : random_() % 2 != 0;
    const bool bank = m.in_valid_i ? packets_.front().bank : random_() % 2 != 0;
    m.chained_i = chained;
    m.bank_i = bank;
    m.room_i = engine_.room();
    const bool gcm_ready = random_() % 4 >= pressure;
    const bool chain_ready = !engine_.between_packets() || engine_.takes_a_first_beat();
    m.out_ready_i = gcm_ready | chain_ready << kChain;
    m.eval();

    const bool gcm = (m.out_valid_o >> kGcm & 1) != 0;
    const bool chain = (m.out_valid_o >> kChain & 1) != 0;
    if (chain) {
      ASSERT_TRUE(chain_ready) << "offered to the chain engine without room";
    }
    ASSERT_EQ(gcm, m.in_valid_i && !chained) << "AES-GCM takes every packet, and none but its own";
    const bool behind = begins_ && engine_.just_entered();  // room does not know of the packet before this one
    if (m.in_valid_i) {
      ASSERT_EQ(m.in_ready_o, chained ? !behind : gcm_ready);
      if (chained && begins_ && !behind) goes_ = engine_.room() ? kChain : kDropped;
      if (!chained) goes_ = kGcm;
      sinks_[kGcm].sample(gcm && gcm_ready, m.out_data_o, m.out_empty_o, m.out_last_o);
      sinks_[kChain].sample(chain && chain_ready, m.out_data_o, m.out_empty_o, m.out_last_o);
    }
    const bool taken = m.in_valid_i && m.in_ready_o;
    const bool gone = taken && m.in_last_i;
    ASSERT_EQ(m.drop_o, gone && goes_ == kDropped);
    ASSERT_EQ(m.leave_o, m.drop_o);
    if (m.drop_o) {
      ASSERT_EQ(layout::Drop(m.drop_reason_o), layout::Drop::kCryptoBusy);
      ASSERT_EQ(m.leave_bank_o, bank);
    }
    source_.taken(m.in_ready_o);
    if (taken) begins_ = gone;
    if (gone) {
      ++went_[goes_];
      if (goes_ != kDropped) {
        ASSERT_EQ(sinks_[goes_].frames.size(), 1U) << "a packet that ends elsewhere than it was to go";
        ASSERT_EQ(to_hex(sinks_[goes_].frames.front()), to_hex(packets_.front().bytes));
        sinks_[goes_].frames.pop_front();
      }
      packets_.pop_front();
    }
    engine_.clock(chain && chain_ready, m.in_last_i, random_() % 64 < leaving);
    dut_.tick();
  }

  void run_to_rest(unsigned chance, unsigned pressure, unsigned leaving) {
    const std::uint64_t limit = dut_.clocks + 100'000;
    while (!packets_.empty()) {
      ASSERT_LT(dut_.clocks, limit) << "a packet got lost";
      ASSERT_NO_FATAL_FAILURE(clock(chance, pressure, leaving));
    }
  }

  static constexpr unsigned kSeed = 63;
  std::mt19937 random_{kSeed};
  Clocked<Vcipher_choice_harness> dut_;
  Engine engine_{3};
  FrameSource source_{random_};
  FrameSink sinks_[2];  // AES-GCM, chain
  std::deque<Packet> packets_;
  bool begins_ = true;  // the next beat is a packet's first
  Way goes_ = kGcm;
  unsigned went_[3] = {};
};

TEST_F(CipherChoice, SendsEveryPacketWholeToItsEngineAndDropsOnlyWhatFindsNoRoom) {
  SCOPED_TRACE(kSeed);
  for (const auto& [chance, pressure] : {std::pair{4U, 0U}, {2U, 0U}, {4U, 2U}, {2U, 3U}}) {
    for (const unsigned leaving : {2U, 16U, 63U}) {
      for (unsigned i = 0; i < 1000; ++i) offer(1 + random_() % (random_() % 4 == 0 ? 400 : 64), random_() % 3 != 0);
      ASSERT_NO_FATAL_FAILURE(run_to_rest(chance, pressure, leaving));
    }
  }
  for (const unsigned went : went_) EXPECT_GT(went, 1000U);
}

TEST_F(CipherChoice, LetsAPacketForTheChainEngineWaitAClockBehindOneThatWentThereAndNoneForAnyOther) {
  ASSERT_NO_FATAL_FAILURE(clock(4, 0, 0));
  for (const bool chained : {true, true, false, true, false, false, true}) offer(64, chained);
  const std::uint64_t start = dut_.clocks;
  ASSERT_NO_FATAL_FAILURE(run_to_rest(4, 0, 0));
  EXPECT_EQ(dut_.clocks - start, 7U + 1);
  EXPECT_EQ(went_[kChain], 3U);
  EXPECT_EQ(went_[kDropped], 1U);
}

}  // namespace
}  // namespace sallyport::hw
