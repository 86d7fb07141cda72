// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "hw/host_if/tb/bench.hpp"

namespace sallyport::hw {
namespace {

namespace reg = layout::reg;
namespace d = layout::tx_descriptor;
using layout::Counter;
using layout::Drop;
using layout::Row;

// The host's end of the ring, and what the card must send.
struct Sender : Bench {
  using Bench::Bench;

  std::uint32_t slots = 0, next = 0;
  std::vector<Sent> expected;
  unsigned good = 0, bad = 0;

  void start(std::uint32_t count) {
    slots = count;
    next = 0;
    write64(reg::kTxAddress, HostMemory::kBase);
    write(reg::kTxSlots, count);
  }
  std::uint64_t slot(std::uint32_t number) const {
    return HostMemory::kBase + std::uint64_t{number % slots} * layout::kSlotBytes;
  }
  void fill(const Frame& frame, unsigned length, unsigned inject, bool sent) {
    Row row;
    row.set(d::kLength, length);
    row.set(d::kInject, inject);
    const Sent whole{inject, frame, random() % 2 != 0, static_cast<std::uint16_t>(random())};
    row.set(d::kKnown, whole.known);
    row.set(d::kPrincipal, whole.principal);
    memory.set_row(slot(next), row);
    std::copy(frame.begin(), frame.end(),
              memory.bytes.begin() + static_cast<long>(slot(next) + 64 - HostMemory::kBase));
    ++next;
    ++(sent ? good : bad);
    if (sent) expected.push_back(whole);
  }
  void fill_random() {
    const unsigned length = 14 + random() % (random() % 4 ? 200 : layout::kMaxFrame - 13);
    fill(random_frame(length), length, random() % 4, true);
  }
  void fill_bad() { fill(random_frame(60), random() % 14, random() % 4, false); }
  bool done() { return !dut.model.busy_o; }
  void check() {
    until([&] { return done(); }, "silence");
    EXPECT_EQ(read(reg::kTxConsumer), next);
    ASSERT_EQ(sent.size(), expected.size());
    for (std::size_t i = 0; i < sent.size(); ++i) {
      ASSERT_EQ(sent[i].inject, expected[i].inject);
      ASSERT_EQ(sent[i].known, expected[i].known);
      ASSERT_EQ(sent[i].principal, expected[i].principal);
      ASSERT_EQ(sent[i].frame, expected[i].frame);
    }
    EXPECT_EQ(counter(Counter::kHostTx), good + bad);
    EXPECT_EQ(drops(Drop::kHostInject), bad);
  }
};

TEST(TxRing, SendsEveryFrameOnceInOrderUnderPressure) {
  constexpr unsigned kSeed = 31;
  SCOPED_TRACE(kSeed);
  Sender bench(kSeed);
  for (const unsigned slots : {1U, 4U, 16U}) {
    bench.start(slots);
    for (int i = 0; i < 60; ++i) {
      bench.host_tx_pressure = bench.random() % 3 * 3;
      const std::uint32_t room = slots - (bench.next - bench.read(reg::kTxConsumer));
      for (unsigned n = bench.random() % (room + 1); n > 0; --n) {
        if (bench.random() % 5 != 0)
          bench.fill_random();
        else
          bench.fill_bad();
      }
      bench.write(reg::kTxProducer, bench.next);
      bench.run(bench.random() % 500);
    }
    bench.check();
  }
  EXPECT_GT(bench.good, 100U);
}

TEST(TxRing, DropsWhatCannotBeAFrame) {
  Sender bench(32);
  bench.start(8);
  struct Case {
    unsigned length, inject;
    bool good;
  };
  for (const Case c : {Case{0, 0, false},
                       {13, 1, false},
                       {14, 0, true},
                       {layout::kMaxFrame, 3, true},
                       {layout::kMaxFrame + 1, 0, false},
                       {0xffff, 0, false},
                       {60, 4, false},
                       {60, 255, false},
                       {64, 2, true},
                       {65, 1, true}}) {
    bench.fill(bench.random_frame(c.good ? c.length : 60), c.length, c.inject, c.good);
    bench.write(reg::kTxProducer, bench.next);
    bench.check();
  }
}

TEST(TxRing, DropsWhatCannotBeRead) {
  Sender bench(33);
  bench.start(8);
  for (const unsigned bad : {0U, 1U, 5U, 64U, 144U}) {  // beats of a slot
    bench.fill(bench.random_frame(layout::kMaxFrame), layout::kMaxFrame, 0, false);
    const std::uint64_t address = bench.slot(bench.next - 1) + 64 * bad;
    bench.memory.broken = {address, address + 64};
    bench.fill_random();
    bench.write(reg::kTxProducer, bench.next);
    bench.check();
    bench.memory.broken = {};
  }
}

TEST(TxRing, ReadsNothingAfterItWasStopped) {
  constexpr unsigned kSeed = 34;
  SCOPED_TRACE(kSeed);
  Sender bench(kSeed);
  constexpr unsigned kSlots = 32;
  unsigned cut = 0;
  for (int i = 0; i < 50; ++i) {
    bench.memory.forbidden = {};
    bench.start(kSlots);
    const std::size_t before = bench.expected.size();
    for (unsigned n = 0; n < kSlots; ++n) bench.fill_random();
    bench.write(reg::kTxProducer, bench.next);
    bench.run(bench.random() % 700);
    const std::uint32_t taken = bench.read(reg::kTxConsumer);
    bench.write(reg::kTxSlots, 0);
    bench.memory.forbidden = {HostMemory::kBase, HostMemory::kBase + kSlots * layout::kSlotBytes};
    bench.until([&] { return bench.done(); }, "silence");
    EXPECT_EQ(bench.read(reg::kTxConsumer), 0U);
    // What was taken before is sent; nobody knows how many were on their way, but they come from the front.
    const std::size_t sent = bench.sent.size() - before;
    EXPECT_GE(sent, taken);
    EXPECT_LE(sent, kSlots);
    if (sent < kSlots) ++cut;
    bench.expected.resize(before + sent);
    bench.good = static_cast<unsigned>(bench.expected.size());
    bench.next = 0;
    bench.check();
  }
  EXPECT_GT(cut, 10U);
}

TEST(TxRing, GivesASlotBackOnlyWhenItHasBeenRead) {
  Sender bench(38);
  bench.memory.slowness = 440;
  for (int i = 0; i < 20; ++i) {
    bench.start(4);
    bench.fill(bench.random_frame(layout::kMaxFrame), layout::kMaxFrame, 0, true);
    bench.fill_bad();  // known to be bad long before the frame is here
    bench.fill_bad();
    bench.write(reg::kTxProducer, bench.next);
    bench.until([&] { return bench.read(reg::kTxConsumer) > 0; }, "a slot");
    std::fill_n(bench.memory.bytes.begin(), layout::kSlotBytes, 0xee);
    bench.check();
  }
}

TEST(TxRing, HidesTheWayToHostMemory) {
  Sender bench(37);
  bench.memory.slowness = 440;  // 220 on average
  bench.start(64);
  for (int i = 0; i < 64; ++i) bench.fill(bench.random_frame(100), 100, 0, true);
  const auto start = bench.dut.clocks;
  bench.write(reg::kTxProducer, bench.next);
  bench.until([&] { return bench.sent.size() == 64; }, "64 frames");
  RecordProperty("clocks", static_cast<int>(bench.dut.clocks - start));
  EXPECT_LT(bench.dut.clocks - start, 64U * 220);
  bench.check();
}

TEST(TxRing, IgnoresAProducerThatCannotBe) {
  Sender bench(35);
  bench.start(4);
  for (const std::uint32_t producer : {5U, 0x80000000U, 0xffffffffU}) {
    bench.write(reg::kTxProducer, producer);
    bench.run(100);
  }
  EXPECT_EQ(bench.memory.bursts_read, 0U);
  bench.fill_random();
  bench.write(reg::kTxProducer, bench.next);
  bench.check();
}

// Loads and both rings at once: none may starve another or take its data.
TEST(HostIf, RunsLoadsAndRingsTogether) {
  constexpr unsigned kSeed = 36;
  SCOPED_TRACE(kSeed);
  Sender bench(kSeed);
  constexpr std::uint64_t kRecords = HostMemory::kBase + 0x40000;
  constexpr std::uint64_t kRxRing = HostMemory::kBase + 0x80000;
  constexpr unsigned kRows = 500;
  Row header;
  header.set(layout::load_record::kTableId, 6);
  header.set(layout::load_record::kBank, 1);
  header.set(layout::load_record::kCount, kRows);
  header.set(layout::load_record::kMagic, layout::kLoadMagic);
  bench.memory.set_row(kRecords, header);
  bench.start(16);
  bench.write64(reg::kRxAddress, kRxRing);
  bench.write(reg::kRxSlots, 16);
  bench.write64(reg::kLoadAddress, kRecords);
  std::uint32_t received = 0;
  for (unsigned loads = 1; loads <= 5; ++loads) {
    bench.write(reg::kLoadLength, (kRows + 1) * 64);
    for (int i = 0; i < 16; ++i) bench.fill_random();
    bench.write(reg::kTxProducer, bench.next);
    for (unsigned i = 0; i < 16; ++i) {
      Bench::Upcall u{{}, bench.random_frame(1000)};
      u.notice.set(layout::rx_descriptor::kLength, u.frame.size());
      bench.sources[i % 2].push_back(u);
    }
    bench.check();
    received += 16;
    bench.write(reg::kRxConsumer, received);
    EXPECT_EQ(bench.read(reg::kRxProducer), received);
    EXPECT_EQ(bench.read(reg::kLoadCount), loads);
    EXPECT_EQ(bench.read(reg::kStatus), 0U);
    EXPECT_EQ(bench.written.size(), loads * kRows);
  }
}

}  // namespace
}  // namespace sallyport::hw
