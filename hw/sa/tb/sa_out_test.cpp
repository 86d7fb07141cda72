// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>

#include "Vsa_out_harness.h"
#include "hw/layout/codes.hpp"
#include "hw/sa/tb/sa_bench.hpp"

namespace sallyport::hw {
namespace {

using layout::Drop;
using layout::Row;
using layout::TableId;
namespace sa_out = layout::sa_out;
namespace sa_out_state = layout::sa_out_state;

struct Answer {
  bool accept = false;
  Drop drop = Drop::kSaEmpty;
  std::uint64_t seq = 0;
  bool soft_limit = false;
  bool hard_limit = false;
};

void expect_equal(const Answer& is, const Answer& should) {
  ASSERT_EQ(is.accept, should.accept) << "drop " << static_cast<int>(is.drop);
  if (is.accept) {
    ASSERT_EQ(is.seq, should.seq);
  } else {
    ASSERT_EQ(is.drop, should.drop);
  }
  ASSERT_EQ(is.soft_limit, should.soft_limit);
  ASSERT_EQ(is.hard_limit, should.hard_limit);
}

// One SA as hw/README.md words it, a packet at a time.
struct SlowSa {
  bool esn = false;
  Limits limits{};
  std::uint64_t seq = 0, packets = 0, bytes = 0;
  bool expired = false;

  Answer refuse(Drop why) {
    const Answer a{.drop = why, .hard_limit = !expired};
    expired = true;
    return a;
  }
  Answer send(unsigned c) {
    if (seq == (esn ? ~std::uint64_t{0} : 0xffffffffU)) return refuse(Drop::kSeqExhausted);
    if (expired || (limits.hard_packets != 0 && packets >= limits.hard_packets) ||
        (limits.hard_bytes != 0 && bytes + c > limits.hard_bytes)) {
      return refuse(Drop::kHardLimit);
    }
    const bool before = limits.soft_bytes != 0 && bytes < limits.soft_bytes;
    ++seq;
    ++packets;
    bytes += c;
    return {.accept = true,
            .seq = seq,
            .soft_limit = packets == limits.soft_packets || (before && bytes >= limits.soft_bytes)};
  }
  [[nodiscard]] Row row() const {
    Row r;
    r.set(sa_out::kValid, 1);
    r.set(sa_out::kEsn, esn ? 1 : 0);
    return r;
  }
  [[nodiscard]] Row state() const {
    Row r;
    r.set(sa_out_state::kSeq, seq);
    r.set(sa_out_state::kPackets, packets);
    r.set(sa_out_state::kBytes, bytes);
    r.set(sa_out_state::kExpired, expired ? 1 : 0);
    return r;
  }
};

class Bench : public SaBench<Vsa_out_harness> {
 public:
  Bench() {
    m.row_valid_i = m.number_valid_i = 0;
    finish_wiping();
  }

  Row lookup(unsigned sa_index) {
    m.row_valid_i = 1;
    m.row_sa_index_i = sa_index;
    tick();
    m.row_valid_i = 0;
    EXPECT_EQ(m.row_valid_o, 1);
    const Row row = to_row(m.row_o);
    tick();
    return row;
  }
  // Asks, and expects this answer when it comes.
  void ask(unsigned sa_index, const Row& row, unsigned bytes, const Answer& expected) {
    m.number_valid_i = 1;
    m.number_sa_index_i = sa_index;
    from_row(row, m.number_row_i);
    m.number_bytes_i = bytes;
    due_.push_back({clocks() + m.latency_o, expected});
    tick();
    m.number_valid_i = 0;
    tick();
  }
  void load_limits(unsigned sa_index, const SlowSa& sa) { load(TableId::kSaOutLimits, sa_index, sa.limits.row()); }
  void ask(unsigned sa_index, SlowSa& sa, unsigned bytes) { ask(sa_index, sa.row(), bytes, sa.send(bytes)); }
  void drain() {
    for (int i = 0; i < 5; ++i) tick();
    EXPECT_TRUE(due_.empty());
  }
  void turn(unsigned sa_index, SlowSa& sa, std::uint64_t seq) {
    sa.seq = seq;
    m.turn_i = 1;
    m.turn_row_i = sa_index;
    m.turn_seq_i = seq;
    tick();
    m.turn_i = 0;
  }
  void tick() override {
    SaBench::tick();
    const bool expected = !due_.empty() && due_.front().first == clocks();
    ASSERT_EQ(m.number_valid_o == 1, expected);
    if (!expected) return;
    expect_equal({m.accept_o == 1, Drop{m.drop_o}, m.seq_o, m.soft_limit_o == 1, m.hard_limit_o == 1},
                 due_.front().second);
    due_.pop_front();
  }

 private:
  std::deque<std::pair<std::uint64_t, Answer>> due_;
};

TEST(SaOut, GivesTheRowThatWasLoadedAndAnEmptyOneBeyondTheTable) {
  Bench bench;
  Row row;  // all ones but for what is reserved
  for (unsigned bit = 0; bit < sa_out::kReserved.lsb; ++bit) row.set_bit(bit, true);
  bench.load(TableId::kSaOut, 2047, row);
  EXPECT_EQ(bench.lookup(2047), row);
  EXPECT_EQ(bench.lookup(2046), Row{});
  EXPECT_EQ(bench.lookup(2048 + 2047), Row{});
  bench.load(TableId::kSaIn, 2047, Row{});  // other tables' rows
  bench.load(TableId::kSaOutLimits, 2047, Row{});
  EXPECT_EQ(bench.lookup(2047), row);
}

TEST(SaOut, RefusesAnEmptyRowAndLeavesItUntouched) {
  Bench bench;
  bench.ask(5, Row{}, 100, {.drop = Drop::kSaEmpty});
  bench.ask(2048 + 5, SlowSa{}.row(), 100, {.drop = Drop::kSaEmpty});
  bench.drain();
  EXPECT_EQ(bench.capture(5), Row{});
}

TEST(SaOut, NumbersOnePacketEveryTwoClocksOfOneRow) {
  Bench bench;
  SlowSa sa;
  const std::uint64_t start = bench.clocks();
  for (int i = 0; i < 100; ++i) bench.ask(9, sa, 60);
  EXPECT_EQ(bench.clocks() - start, 200U);
  EXPECT_EQ(sa.seq, 100U);
  bench.drain();
  EXPECT_EQ(bench.capture(9), sa.state());
}

TEST(SaOut, StopsExactlyAtTheHardPacketLimit) {
  Bench bench;
  SlowSa sa{.limits = {.soft_packets = 3, .hard_packets = 5}};
  bench.load_limits(1, sa);
  for (int i = 0; i < 8; ++i) bench.ask(1, sa, 100);
  bench.drain();
  EXPECT_EQ(sa.packets, 5U);
  EXPECT_EQ(bench.capture(1), sa.state());
}

TEST(SaOut, ReachesTheHardByteLimitButDoesNotPassItAndThenSendsNothingSmallerEither) {
  Bench bench;
  SlowSa sa{.limits = {.soft_bytes = 700, .hard_bytes = 1000}};
  bench.load_limits(1, sa);
  for (const unsigned bytes : {400, 300, 300, 4, 0}) bench.ask(1, sa, bytes);
  SlowSa other{.limits = {.hard_bytes = 1000}};
  bench.load_limits(2, other);
  for (const unsigned bytes : {400, 601, 4}) bench.ask(2, other, bytes);  // 4 more would fit: expired stays
  bench.drain();
  EXPECT_EQ(sa.bytes, 1000U);
  EXPECT_EQ(other.bytes, 400U);
  EXPECT_EQ(bench.capture(1), sa.state());
  EXPECT_EQ(bench.capture(2), other.state());
}

// RFC 4303 3.3.3.
TEST(SaOut, UsesTheLastSequenceNumberOnceAndNeverCycles) {
  Bench bench;
  SlowSa plain;
  SlowSa extended{.esn = true};
  SlowSa extended_end{.esn = true};
  bench.turn(1, plain, 0xfffffffdU);
  bench.turn(2, extended, 0xfffffffdU);
  bench.turn(3, extended_end, ~std::uint64_t{0} - 2);
  for (int i = 0; i < 6; ++i) {
    bench.ask(1, plain, 100);
    bench.ask(2, extended, 100);
    bench.ask(3, extended_end, 100);
  }
  bench.drain();
  EXPECT_EQ(plain.seq, 0xffffffffU);
  EXPECT_EQ(extended.seq, 0x100000003U);
  EXPECT_EQ(extended_end.seq, ~std::uint64_t{0});
  for (const auto& [row, sa] : {std::pair(1, plain), {2, extended}, {3, extended_end}}) {
    EXPECT_EQ(bench.capture(row), sa.state());
  }
}

TEST(SaOut, AgreesWithTheSlowSaOnRandomTrafficRowsAndLimits) {
  constexpr unsigned kSeed = 11;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  Bench bench;
  std::map<unsigned, SlowSa> sas;
  const auto some_limit = [&](unsigned scale) { return random() % 2 != 0 ? std::uint64_t{random()} % scale : 0; };
  for (int i = 0; i < 40000; ++i) {
    const unsigned row = 100 + random() % (i % 1000 < 500 ? 2 : 6);
    if (!sas.contains(row) || random() % 300 == 0) {  // a new SA takes the row
      bench.drain();
      sas[row] = {.esn = random() % 2 != 0,
                  .limits = {some_limit(200), some_limit(300), some_limit(200000), some_limit(300000)}};
      bench.load(TableId::kSaOutKey, row, Row{});
      bench.load_limits(row, sas[row]);
      if (random() % 4 == 0) {
        bench.turn(row, sas[row], sas[row].esn ? ~std::uint64_t{0} - random() % 99 : 0xffffffffU - random() % 99);
      }
    }
    bench.ask(row, sas[row], random() % 9217);
    if (random() % 200 == 0) {  // while others are on their way
      const SlowSa before = sas[row];
      (void)bench.capture(row);
      bench.drain();
      ASSERT_EQ(bench.capture(row), before.state());
    }
    for (unsigned gap = random() % 4 == 0 ? random() % 5 : 0; gap > 0; --gap) bench.tick();
    ASSERT_FALSE(testing::Test::HasFailure());
  }
  bench.drain();
}

TEST(SaOut, StartsARowAnewWhenItsKeyIsLoadedWhateverAnotherRowIsDoingThen) {
  Bench bench;
  SlowSa busy;
  for (int phase = 0; phase < 5; ++phase) {
    SlowSa old;
    for (int i = 0; i < 10; ++i) bench.ask(4, old, 100);
    bench.drain();
    bench.ask(5, busy, 100);
    for (int i = 0; i < phase; ++i) bench.tick();
    bench.m.write_i = 1;
    bench.m.write_table_i = static_cast<unsigned>(TableId::kSaOutKey);
    bench.m.write_row_i = 4;
    bench.tick();
    bench.m.write_i = 0;
    for (int i = 0; i < 10; ++i) bench.ask(5, busy, 100);
    bench.drain();
    EXPECT_EQ(bench.capture(4), Row{});
    EXPECT_EQ(bench.capture(5), busy.state());
  }
}

TEST(SaOut, IsEmptyEverywhereAfterAWipeAndRefusesWhileItRuns) {
  Bench bench;
  SlowSa sa;
  for (const unsigned row : {0U, 7U, 2047U}) {
    bench.load(TableId::kSaOut, row, sa.row());
    bench.ask(row, sa.row(), 100, SlowSa{}.send(100));
  }
  bench.drain();
  bench.m.wipe_i = 1;
  bench.tick();
  bench.m.wipe_i = 0;
  EXPECT_EQ(bench.lookup(2047), Row{});                      // the walk is not there yet
  bench.ask(2047, sa.row(), 100, {.drop = Drop::kSaEmpty});  // its row was read before
  bench.wipe();
  for (const unsigned row : {0U, 7U, 2047U}) {
    EXPECT_EQ(bench.lookup(row), Row{});
    EXPECT_EQ(bench.capture(row), Row{});
  }
}

}  // namespace
}  // namespace sallyport::hw
