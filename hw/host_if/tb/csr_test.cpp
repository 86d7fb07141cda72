// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <map>

#include "hw/host_if/tb/bench.hpp"
#include "hw/layout/tables.hpp"

namespace sallyport::hw {
namespace {

namespace reg = layout::reg;
using layout::Access;
using layout::Register;

// Bits of a read-write register that keep what is written.
std::uint32_t kept(const Register& r) {
  if (r.offset == reg::kControl.offset) return 1;  // bit 1 is an order, the rest nothing
  if (r.offset == reg::kLanMac.at(1).offset || r.offset == reg::kWanMac.at(1).offset) return 0xffff;
  if (r.offset == reg::kLanVlan.offset || r.offset == reg::kWanVlan.offset) return 0xfff;
  if (r.offset == reg::kPlainTags.offset) return 1;
  return 0xffffffff;
}

template <class Visit>
void each_register(Visit visit) {
  for (const Register& run : layout::kRegisters) {
    for (unsigned i = 0; i < run.count; ++i) visit(run.at(i));
  }
}

bool is_clock(const Register& r) { return r.offset == reg::kClock.offset; }

TEST(Csr, HasEveryRegisterOfTheLayoutWithItsResetValueAndAccess) {
  Bench bench(1);
  std::map<unsigned, std::string> known;
  each_register([&](const Register& r) {
    if (!is_clock(r)) {
      EXPECT_EQ(bench.read(r), r.reset) << r.name << " at " << r.offset;
    }
    known[r.offset] = r.name;
  });
  each_register([&](const Register& r) {  // before others, whose orders change what is read
    if (r.access != Access::kRead || is_clock(r)) return;
    EXPECT_EQ(bench.write(r, 0xa5a5a5a5), 0U);
    EXPECT_EQ(bench.read(r), r.reset) << r.name << " is read only";
  });
  for (const std::uint32_t value : {0xa5a5a5a5U, 0x5a5a5a58U}) {
    each_register([&](const Register& r) {
      if (r.access != Access::kReadWrite) return;
      EXPECT_EQ(bench.write(r, value), 0U);
      bench.dut.model.capture_valid_i = 1;  // the answer to sa_state_select
      bench.run(100);
      EXPECT_EQ(bench.read(r), value & kept(r)) << r.name << " keeps what is written";
    });
    EXPECT_EQ(bench.dut.model.lan_mac_o, value | std::uint64_t{value & 0xffff} << 32);
    EXPECT_EQ(bench.dut.model.lan_vlan_o, value & 0xfff);
    EXPECT_EQ(bench.dut.model.plain_tags_o, value & 1);
  }
  EXPECT_EQ(bench.dut.model.wan_mac_o, 0x5a585a5a5a58U);
  EXPECT_EQ(bench.dut.model.hash_seed_o, 0x5a5a5a58U);
  EXPECT_EQ(bench.dut.model.wan_vlan_o, 0xa58U);
  EXPECT_EQ(bench.read(reg::kFlip), 0U);
  for (unsigned offset = 0; offset < layout::kRegisterSpace; offset += 4) {
    if (known.count(offset) != 0) continue;
    const Register hole{"hole", offset, 1, Access::kRead, 0, ""};
    EXPECT_EQ(bench.write(hole, 0xffffffff), 0U);
    EXPECT_EQ(bench.read(hole), 0U) << offset;
  }
}

TEST(Csr, RefusesPartOfAWord) {
  Bench bench(2);
  bench.write(reg::kHashSeed, 0x11111111);
  constexpr unsigned kSlvErr = 2;
  for (unsigned strobe = 0; strobe < 15; ++strobe) EXPECT_EQ(bench.write(reg::kHashSeed, 7, strobe), kSlvErr);
  EXPECT_EQ(bench.read(reg::kHashSeed), 0x11111111U);
}

TEST(Csr, FlipsToTheNextGenerationOnly) {
  Bench bench(3);
  for (const std::uint32_t wrong : {0U, 2U, 0xffffffffU}) {
    bench.write(reg::kFlip, wrong);
    EXPECT_EQ(bench.read(reg::kGeneration), 0U);
  }
  for (std::uint32_t next = 1; next < 5; ++next) {
    bench.write(reg::kFlip, next);
    EXPECT_EQ(bench.read(reg::kGeneration), next);
    EXPECT_EQ(bench.dut.model.generation_o, next);
    bench.write(reg::kFlip, next);  // a repeat is not one more
    EXPECT_EQ(bench.read(reg::kGeneration), next);
  }
}

TEST(Csr, ReadsWipeAsOneUntilItIsDone) {
  Bench bench(4);
  bool pulsed = false;
  unsigned left = 0;
  const auto engines = [&] {  // start in the clock after the order, and take their time
    auto& m = bench.dut.model;
    if (m.wipe_o) {
      EXPECT_FALSE(pulsed);
      pulsed = true;
      left = 300;
    }
    m.wiping_i = left > 0;
    left -= left > 0;
    return true;
  };
  bench.table_ready = engines;  // called once a clock
  bench.write(reg::kControl, 3);
  EXPECT_EQ(bench.read(reg::kControl), 3U);
  EXPECT_TRUE(bench.dut.model.enable_o);
  EXPECT_TRUE(bench.dut.model.busy_o);
  bench.run(320);
  EXPECT_TRUE(pulsed);
  EXPECT_EQ(bench.read(reg::kControl), 1U);
}

TEST(Csr, CountsClocks) {
  Bench bench(5);
  const auto before = bench.read64(reg::kClock);
  const auto start = bench.dut.clocks;
  bench.run(1000);
  const auto now = bench.read64(reg::kClock);
  const auto passed = bench.dut.clocks - start;
  EXPECT_NEAR(static_cast<double>(now - before), static_cast<double>(passed), 20.0);
}

TEST(Csr, ALowHalfHoldsItsHighHalf) {
  Bench bench(6);
  auto& m = bench.dut.model;
  const auto receive = [&](unsigned frames) {
    for (unsigned i = 0; i < frames; ++i) {
      m.count_valid_i = 1;
      m.count_bytes_i = 0xffff;
      bench.tick();
    }
  };
  const Register bytes = reg::kCounters.at(2 * static_cast<unsigned>(layout::Counter::kLanRxBytes));
  const Register high = bytes.at(1);
  EXPECT_EQ(bench.read(high), 0U) << "nothing is held yet";
  receive(0x10001);  // times 0xffff: all ones in the low half
  EXPECT_EQ(bench.read(bytes), 0xffffffffU);
  receive(1);
  EXPECT_EQ(bench.read(reg::kClock) != 0, true);
  EXPECT_EQ(bench.read(reg::kDropCounters), 0U);
  EXPECT_EQ(bench.read(high), 0U) << "held, though other low halves were read since";
  bench.read(bytes);
  receive(0x10002);
  EXPECT_EQ(bench.read(high), 1U) << "held";
  EXPECT_EQ(bench.read(bytes), 0x1fffcU);
  EXPECT_EQ(bench.read(high), 2U);
  EXPECT_EQ(bench.counter(layout::Counter::kLanRx), 2 * 0x10002U);
}

TEST(Csr, CountsWhateverComesInOneClock) {
  constexpr unsigned kSeed = 7;
  SCOPED_TRACE(kSeed);
  Bench bench(kSeed);
  auto& m = bench.dut.model;
  using layout::Counter;
  std::map<Counter, std::uint64_t> counters;
  std::uint64_t drops[layout::kDropReasons] = {};
  std::int64_t inside[2] = {};
  constexpr Counter kFrames[4] = {Counter::kLanRx, Counter::kWanRx, Counter::kLanTx, Counter::kWanTx};
  constexpr Counter kBytes[4] = {Counter::kLanRxBytes, Counter::kWanRxBytes, Counter::kLanTxBytes,
                                 Counter::kWanTxBytes};
  constexpr Counter kPackets[] = {Counter::kEspOut, Counter::kEspIn,      Counter::kBypassOut, Counter::kBypassIn,
                                  Counter::kTagOk,  Counter::kTagUnknown, Counter::kTagForged, Counter::kTagPlain};
  for (int i = 0; i < 20000; ++i) {
    auto& random = bench.random;
    const bool busy = i / 100 % 2;
    m.count_valid_i = busy ? random() & 0xfff : 0;
    m.count_bytes_i = (std::uint64_t{random()} << 32) | random();
    for (int p = 0; p < 4; ++p) {
      if (m.count_valid_i >> p & 1) {
        ++counters[kFrames[p]];
        counters[kBytes[p]] += m.count_bytes_i >> (16 * p) & 0xffff;
      }
    }
    for (unsigned p = 0; p < std::size(kPackets); ++p) counters[kPackets[p]] += m.count_valid_i >> (4 + p) & 1;
    m.drop_valid_i = busy ? random() & 0xff : 0;
    const bool same = random() % 2;
    const unsigned reason = random() % layout::kDropReasons;
    m.drop_reason_i = 0;
    for (int p = 0; p < 8; ++p) {
      const std::uint64_t mine = same ? reason : random() % layout::kDropReasons;
      m.drop_reason_i |= mine << (8 * p);
      if (m.drop_valid_i >> p & 1) ++drops[mine];
    }
    m.admit_valid_i = busy ? random() & 3 : 0;
    m.admit_bank_i = random() & 3;
    for (int p = 0; p < 2; ++p) inside[m.admit_bank_i >> p & 1] += m.admit_valid_i >> p & 1;
    m.leave_valid_i = m.leave_bank_i = 0;
    for (int p = 0; p < 4; ++p) {
      const unsigned bank = random() & 1;
      if (inside[bank] < 4 || random() % 2) continue;  // who has not been admitted cannot leave
      m.leave_valid_i |= 1 << p;
      m.leave_bank_i |= bank << p;
      --inside[bank];
    }
    bench.tick();
  }
  for (const auto& [counter, count] : counters) EXPECT_EQ(bench.counter(counter), count);
  for (unsigned d = 0; d < layout::kDropReasons; ++d) EXPECT_EQ(bench.drops(static_cast<layout::Drop>(d)), drops[d]);
  for (unsigned b = 0; b < 2; ++b) EXPECT_EQ(bench.read(reg::kInFlight.at(b)), inside[b]);
}

TEST(Csr, CapturesTheLivingStateOfAnSa) {
  Bench bench(8);
  auto& m = bench.dut.model;
  for (const bool outbound : {true, false}) {
    const unsigned row = bench.random() % layout::kSaRows;
    bench.write(reg::kSaStateSelect, static_cast<std::uint32_t>(outbound) << 31 | row);
    EXPECT_EQ(m.capture_outbound_o, outbound);
    EXPECT_EQ(m.capture_sa_index_o, row);
    EXPECT_EQ(bench.read(reg::kSaStateReady), 0U);
    layout::Row state;
    for (auto& byte : state.bytes()) byte = static_cast<std::uint8_t>(bench.random());
    std::memcpy(m.capture_i.data(), state.bytes().data(), layout::kRowBytes);
    m.capture_valid_i = 1;
    bench.tick();
    EXPECT_EQ(bench.read(reg::kSaStateReady), 1U);
    for (unsigned i = 0; i < 16; ++i) {
      EXPECT_EQ(bench.read(reg::kSaState.at(i)), state.get(layout::Field{"word", 32 * i, 32, ""}));
    }
  }
}

}  // namespace
}  // namespace sallyport::hw
