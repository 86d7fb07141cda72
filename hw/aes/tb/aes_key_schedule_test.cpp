// SPDX-License-Identifier: Apache-2.0
// The schedule against expand_key, which is compared with FIPS 197 in hls/aes.
#include <gtest/gtest.h>

#include <array>
#include <random>

#include "Vaes_key_schedule.h"
#include "hls/aes/key_schedule.hpp"
#include "hw/common/tb/clock.hpp"

namespace sallyport::hw {
namespace {

constexpr unsigned kClocks = 61;  // of a key of 256 bits
constexpr unsigned kLast = 14;    // position

class AesKeySchedule : public testing::Test {
 protected:
  AesKeySchedule() { m_.start_i = m_.wipe_i = 0; }

  Buffer some_key() {
    Buffer key(16 + 8 * (random_() % 3));
    for (auto& b : key) b = static_cast<std::uint8_t>(random_());
    return key;
  }

  // Key and size stand at the port for one clock.
  void start(const Buffer& key) {
    Buffer port(32);
    for (auto& b : port) b = static_cast<std::uint8_t>(random_());  // behind a shorter key stands anything
    std::copy(key.begin(), key.end(), port.begin());
    ByteReader words(port);
    for (int i = 7; i >= 0; --i) m_.key_i[i] = words.u32();
    m_.key_size_i = (key.size() - 16) / 8;
    m_.start_i = 1;
    dut_.tick();
    m_.start_i = 0;
    for (int i = 0; i < 8; ++i) m_.key_i[i] = random_();
    m_.key_size_i = random_() % 3;
  }

  [[nodiscard]] hls::num<128> round_key() const {
    const auto half = [this](int at) { return std::uint64_t{m_.round_key_o[at + 1]} << 32 | m_.round_key_o[at]; };
    return hls::cat(hls::num<64>(half(2)), hls::num<64>(half(0)));
  }

  void expand(const Buffer& key) {
    const auto expected = hls::expand_key(key);
    const unsigned first = static_cast<unsigned>(kLast - 6 - key.size() / 4);
    start(key);
    unsigned position = first;
    for (unsigned clock = 1; clock <= kClocks; ++clock) {
      dut_.tick();
      const bool due = clock % 4 == 1 && clock > 1 && position <= kLast;
      ASSERT_EQ(m_.valid_o, due) << "clock " << clock;
      if (!due) continue;
      ASSERT_EQ(m_.position_o, position);
      ASSERT_EQ(m_.first_o, position == first);
      ASSERT_EQ(round_key().bits(), expected[position].bits()) << "position " << position;
      ++position;
    }
    ASSERT_EQ(position, kLast + 1);
  }

  static constexpr unsigned kSeed = 197;
  std::mt19937 random_{kSeed};
  Clocked<Vaes_key_schedule> dut_;
  Vaes_key_schedule& m_ = dut_.model;
};

TEST_F(AesKeySchedule, GivesTheRoundKeysOfEveryKeyInTheirPositionsFourClocksApart) {
  SCOPED_TRACE(kSeed);
  for (int i = 0; i < 100; ++i) ASSERT_NO_FATAL_FAILURE(expand(some_key()));
}

TEST_F(AesKeySchedule, RemembersNothingOfAKeyWhenWiped) {
  SCOPED_TRACE(kSeed);
  for (unsigned clocks = 0; clocks < kClocks; ++clocks) {
    start(some_key());
    for (unsigned i = 0; i < clocks; ++i) dut_.tick();
    m_.wipe_i = 1;
    dut_.tick();
    m_.wipe_i = 0;
    for (unsigned i = 0; i < kClocks; ++i) {
      ASSERT_EQ(round_key().bits(), hls::Bits(128)) << "wiped " << clocks << " clocks after the start";
      ASSERT_EQ(m_.valid_o, 0);
      dut_.tick();
    }
    ASSERT_NO_FATAL_FAILURE(expand(some_key()));
  }
}

}  // namespace
}  // namespace sallyport::hw
