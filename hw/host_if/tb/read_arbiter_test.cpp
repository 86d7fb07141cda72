// SPDX-License-Identifier: Apache-2.0
// read_arbiter between two clients and a memory that answers in order, some time later.
#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <vector>

#include "Vread_arbiter_harness.h"
#include "hw/common/tb/clock.hpp"

namespace sallyport::hw {
namespace {

constexpr unsigned kClients = 2;
constexpr unsigned kRemembered = 17;       // bursts: a fifo of 16 and its output
constexpr unsigned kErrors[] = {0, 2, 3};  // OKAY, SLVERR, DECERR

struct Burst {
  std::uint64_t address = 0;
  unsigned beats = 0;
  unsigned done = 0;
};

// Whose an address is stands in its bit 40; what lies there follows from it.
unsigned client_of(std::uint64_t address) { return address >> 40 & 1; }
std::uint32_t data_of(const Burst& b) { return static_cast<std::uint32_t>(b.address / 64 + b.done) * 0x9e3779b1U; }
unsigned response_of(const Burst& b) { return data_of(b) % 16 < 2 ? kErrors[1 + data_of(b) % 16] : kErrors[0]; }

class ReadArbiter : public testing::Test {
 protected:
  ReadArbiter() { m_.request_valid_i = m_.rvalid_i = 0; }

  // `asking`, `answering` of 4 for a client to ask and for the memory to answer.
  void clock(unsigned asking, unsigned answering) {
    for (unsigned c = 0; c < kClients; ++c) {
      if ((m_.request_valid_i >> c & 1) == 0 && random_() % 4 < asking) {
        const unsigned beats = 1 + random_() % 6;
        const std::uint64_t address =
            std::uint64_t{c} << 40 | random_() % 0x10000U << 12 | random_() % (65 - beats) << 6;
        m_.request_address_i[2 * c] = static_cast<std::uint32_t>(address);
        m_.request_address_i[2 * c + 1] = static_cast<std::uint32_t>(address >> 32);
        m_.request_beats_i = static_cast<unsigned>((m_.request_beats_i & ~(0x7fU << 7 * c)) | beats << 7 * c);
        m_.request_valid_i |= 1 << c;
        wanted_[c] = {address, beats};
      }
    }
    m_.arready_i = random_() % 4 != 0;
    if (!m_.rvalid_i && !asked_.empty() && random_() % 4 < answering) {
      const Burst& burst = asked_.front();
      m_.rvalid_i = 1;
      m_.rdata_i = data_of(burst);
      m_.rresp_i = response_of(burst);
      m_.rlast_i = burst.done + 1 == burst.beats;
    }
    m_.eval();

    const bool asks = m_.arvalid_o && m_.arready_i;
    const Burst asked{m_.araddr_o, m_.arlen_o + 1U};
    const bool answered = m_.rvalid_i && m_.rready_o;
    const unsigned taken = m_.taken_o & m_.request_valid_i;
    dut_.tick();
    for (unsigned c = 0; c < kClients; ++c) {
      if ((taken >> c & 1) != 0) owed_[c].push_back(wanted_[c]);
    }
    m_.request_valid_i = m_.request_valid_i & ~taken;
    if (asks) {
      asked_.push_back(asked);
      turns_.push_back(client_of(asked.address));
    }
    if (answered) {
      m_.rvalid_i = 0;
      if (++asked_.front().done == asked_.front().beats) asked_.pop_front();
    }
    for (unsigned c = 0; c < kClients; ++c) {
      if ((m_.valid_o >> c & 1) == 0) continue;
      ASSERT_FALSE(owed_[c].empty()) << "a beat that nobody asked for";
      Burst& burst = owed_[c].front();
      ASSERT_EQ(m_.data_o, data_of(burst));
      ASSERT_EQ(m_.error_o, response_of(burst) != 0);
      ASSERT_EQ(m_.last_o, burst.done + 1 == burst.beats);
      if (++burst.done == burst.beats) owed_[c].pop_front();
    }
  }

  void run_to_rest() {
    for (int i = 0; m_.request_valid_i != 0 || !owed_[0].empty() || !owed_[1].empty(); ++i) {
      ASSERT_LT(i, 10'000) << "a burst got lost";
      ASSERT_NO_FATAL_FAILURE(clock(0, 3));
    }
  }

  static constexpr unsigned kSeed = 64;
  std::mt19937 random_{kSeed};
  Clocked<Vread_arbiter_harness> dut_;
  Vread_arbiter_harness& m_ = dut_.model;
  Burst wanted_[kClients];            // stands at the port
  std::deque<Burst> owed_[kClients];  // taken, not yet answered
  std::deque<Burst> asked_;           // of the memory
  std::vector<unsigned> turns_;       // whose each was
};

TEST_F(ReadArbiter, GivesEveryBeatToWhoAskedForIt) {
  SCOPED_TRACE(kSeed);
  for (const auto& [asking, answering] : {std::pair{4U, 4U}, {1U, 4U}, {4U, 1U}, {2U, 2U}}) {
    for (int i = 0; i < 5000; ++i) ASSERT_NO_FATAL_FAILURE(clock(asking, answering));
    ASSERT_NO_FATAL_FAILURE(run_to_rest());
  }
  EXPECT_GT(turns_.size(), 3000U);
}

TEST_F(ReadArbiter, ServesInTurnWhoAlwaysAsks) {
  SCOPED_TRACE(kSeed);
  for (int i = 0; i < 5000; ++i) ASSERT_NO_FATAL_FAILURE(clock(4, 4));
  ASSERT_GT(turns_.size(), 1000U);
  for (std::size_t i = 1; i < turns_.size(); ++i) ASSERT_NE(turns_[i], turns_[i - 1]);
}

TEST_F(ReadArbiter, AsksForNoMoreBurstsThanItRemembersWhoseTheyAre) {
  SCOPED_TRACE(kSeed);
  for (int i = 0; i < 500; ++i) ASSERT_NO_FATAL_FAILURE(clock(4, 0));
  EXPECT_EQ(asked_.size(), kRemembered);
  ASSERT_NO_FATAL_FAILURE(run_to_rest());
}

}  // namespace
}  // namespace sallyport::hw
