// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "hw/host_if/tb/bench.hpp"

namespace sallyport::hw {
namespace {

namespace reg = layout::reg;
namespace d = layout::rx_descriptor;
using layout::Counter;
using layout::Drop;
using layout::Row;

// The host's end of the ring, and what it must find there.
struct Receiver : Bench {
  using Bench::Bench;

  std::uint32_t slots = 0, next = 0, given = 0;
  std::deque<Upcall> expected[4];  // frames of both sources, events of both: each in its own order
  unsigned frames = 0, told = 0;   // taken
  bool losses = false;             // what is missing has been dropped

  void start(std::uint32_t count) {
    slots = count;
    next = given = 0;
    std::fill(memory.bytes.begin(), memory.bytes.end(), 0);
    write64(reg::kRxAddress, HostMemory::kBase);
    write(reg::kRxSlots, count);
  }

  Upcall random_upcall(unsigned source, bool event, unsigned most = layout::kMaxFrame) {
    Upcall u;
    const auto any = [&](const layout::Field& f) { u.notice.set(f, random()); };
    if (!event) u.frame = random_frame(14 + random() % (random() % 4 ? 200 : most - 13));
    u.notice.set(d::kLength, u.frame.size());
    u.notice.set(d::kUpcall, event ? 5 + random() % 2 : random() % 5);
    u.notice.set(d::kPort, source);
    any(d::kGeneration), any(d::kSpi), any(d::kSaIndex), any(d::kPolicyId), any(d::kPrincipal), any(d::kOutbound);
    any(d::kDecapsulated);
    u.notice.set(d::kSource, layout::Address(random() * std::uint64_t{random()}, random() * std::uint64_t{random()}));
    return u;
  }
  void offer(unsigned source, const Upcall& u) {
    const bool event = u.frame.empty();
    (event ? events : sources)[source].push_back(u);
    expected[2 * event + source].push_back(u);
  }

  void offer_random(bool event, unsigned most = layout::kMaxFrame) {
    const unsigned source = random() % 2;
    offer(source, random_upcall(source, event, most));
  }

  std::uint64_t slot(std::uint32_t number) const {
    return HostMemory::kBase + std::uint64_t{number % slots} * layout::kSlotBytes;
  }

  // Takes one slot, if it is there.
  bool poll() {
    const Row row = memory.row(slot(next));
    if (row.get(d::kNumber) != next + 1) return false;
    const auto length = row.get(d::kLength);
    const bool event = length == 0;
    EXPECT_LE(row.get(d::kClock), dut.clocks);
    Row notice = row;
    notice.set(d::kNumber, 0);
    notice.set(d::kClock, 0);
    const auto* bytes = &memory.bytes[slot(next) + layout::kRowBytes - HostMemory::kBase];
    const Frame frame(bytes, bytes + length);
    auto& queue = expected[2 * event + row.get(d::kPort) % 2];
    while (losses && !queue.empty() && !(queue.front().notice == notice)) queue.pop_front();
    EXPECT_FALSE(queue.empty());
    if (queue.empty()) return false;
    EXPECT_EQ(notice, queue.front().notice);
    EXPECT_EQ(frame, queue.front().frame);
    for (std::size_t i = length; i % layout::kRowBytes != 0; ++i)
      EXPECT_EQ(bytes[i], 0) << "behind the end nothing is written";
    std::fill_n(&memory.bytes[slot(next) - HostMemory::kBase], layout::kSlotBytes, 0);
    queue.pop_front();
    ++(event ? told : frames);
    ++next;
    return true;
  }
  void give_back() { write(reg::kRxConsumer, given = next); }

  std::size_t missing() const {
    std::size_t n = 0;
    for (const auto& queue : expected) n += queue.size();
    return n;
  }
  void settle() {
    until([&] { return sources[0].empty() && sources[1].empty() && events[0].empty() && events[1].empty(); },
          "all offers");
    until([&] { return !dut.model.busy_o; }, "silence");
  }
};

TEST(RxRing, GivesEveryFrameAndEventOnceAndWrapsAround) {
  constexpr unsigned kSeed = 21;
  SCOPED_TRACE(kSeed);
  Receiver bench(kSeed);
  for (const unsigned slots : {1U, 4U, 32U}) {
    bench.start(slots);
    // Never more on the way than the ring has room for, so nothing may be lost.
    for (int i = 0; i < 300; ++i) {
      while (bench.missing() < slots) bench.offer_random(bench.random() % 3 == 0);
      for (int clocks = 0; !bench.poll(); ++clocks) {
        ASSERT_LT(clocks, 10000);
        bench.tick();
      }
      while (bench.poll()) continue;
      bench.give_back();
    }
    while (bench.missing() > 0 && !HasFailure()) {
      bench.run(10);
      while (bench.poll()) continue;
      bench.give_back();
    }
    bench.settle();
    EXPECT_EQ(bench.read(reg::kRxProducer), bench.next);
  }
  EXPECT_GT(bench.frames, 500U);
  EXPECT_GT(bench.told, 200U);
  EXPECT_EQ(bench.counter(Counter::kHostRx), bench.frames);
  EXPECT_EQ(bench.counter(Counter::kEvents), bench.told);
  EXPECT_EQ(bench.counter(Counter::kEventsLost), 0U);
  EXPECT_EQ(bench.drops(Drop::kHostRingFull), 0U);
}

TEST(RxRing, TheLongestAndTheShortestFrameFitTheirSlots) {
  Receiver bench(22);
  bench.start(4);
  for (const unsigned length :
       {14U, 63U, 64U, 65U, 63U * 64, 63U * 64 + 1, 127U * 64, 127U * 64 + 1, layout::kMaxFrame}) {
    Bench::Upcall u = bench.random_upcall(1, false);
    u.frame = bench.random_frame(length);
    u.notice.set(d::kLength, length);
    bench.offer(1, u);
    bench.until([&] { return bench.poll(); }, "the frame");
    bench.give_back();
  }
}

// Conservation: what is offered arrives or is counted, to the last one.
TEST(RxRing, CountsWhatFindsItFullOrStopped) {
  constexpr unsigned kSeed = 23;
  SCOPED_TRACE(kSeed);
  Receiver bench(kSeed);
  bench.losses = true;
  unsigned frames = 0, events = 0;
  std::uint32_t running = 0;
  for (int i = 0; i < 2000; ++i) {
    for (unsigned n = bench.random() % 4; n > 0; --n) {
      const bool event = bench.random() % 2;
      ++(event ? events : frames);
      bench.offer_random(event, 2000);
    }
    bench.run(bench.random() % 200);
    if (running != 0 && bench.random() % 3 == 0) {
      while (bench.poll()) continue;
      bench.give_back();
    }
    if (i % 100 == 50) {
      if (running != 0) {
        bench.write(reg::kRxSlots, 0);
        while (bench.poll()) continue;  // what was given before the stop is there
        const std::uint64_t end = HostMemory::kBase + std::uint64_t{running} * layout::kSlotBytes;
        bench.memory.forbidden = {HostMemory::kBase, end};
        bench.run(1000);
        EXPECT_EQ(bench.read(reg::kRxProducer), 0U);
        bench.memory.forbidden = {};
      }
      running = running == 4 ? 16 : 4;
      bench.start(running);
    }
  }
  bench.settle();
  while (bench.poll()) continue;
  EXPECT_EQ(bench.counter(Counter::kHostRx), bench.frames);
  EXPECT_EQ(bench.counter(Counter::kEvents), bench.told);
  EXPECT_EQ(bench.drops(Drop::kHostRingFull), frames - bench.frames);
  EXPECT_EQ(bench.counter(Counter::kEventsLost), events - bench.told);
  EXPECT_GT(bench.frames, frames / 4);
  EXPECT_LT(bench.frames, frames);
  EXPECT_GT(bench.told, events / 4);
  EXPECT_LT(bench.told, events);
}

TEST(RxRing, HidesTheWayToHostMemory) {
  Receiver bench(27);
  bench.memory.slowness = 440;  // 220 on average
  bench.start(32);
  for (int i = 0; i < 32; ++i) {
    Bench::Upcall u = bench.random_upcall(0, false);
    u.frame = bench.random_frame(100);
    u.notice.set(d::kLength, u.frame.size());
    bench.offer(0, u);
  }
  const auto start = bench.dut.clocks;
  bench.until([&] { return bench.poll() && bench.missing() == 0; }, "32 frames");
  RecordProperty("clocks", static_cast<int>(bench.dut.clocks - start));
  EXPECT_LT(bench.dut.clocks - start, 32U * 220);
}

TEST(RxRing, RunsOnlyAsTheLayoutDemands) {
  Receiver bench(24);
  bench.write64(reg::kRxAddress, HostMemory::kBase);
  for (const std::uint32_t slots : {0U, 3U, 12U, 8192U, 0x80000000U}) {
    bench.write(reg::kRxSlots, slots);
    bench.offer(0, bench.random_upcall(0, false));
    bench.settle();
  }
  bench.write64(reg::kRxAddress, HostMemory::kBase + 64);
  bench.write(reg::kRxSlots, 4);
  bench.offer(1, bench.random_upcall(1, false));
  bench.settle();
  EXPECT_EQ(bench.drops(Drop::kHostRingFull), 6U);
  EXPECT_EQ(bench.memory.bursts_written, 0U);
}

TEST(RxRing, BreaksWhenHostMemoryRefusesAndWorksAgainWhenSetUpAnew) {
  Receiver bench(25);
  for (int i = 0; i < 40; ++i) {
    bench.losses = true;
    bench.start(16);
    const std::uint64_t bad = HostMemory::kBase + bench.random() % (10 * layout::kSlotBytes);
    bench.memory.broken = {bad, bad + 1 + bench.random() % 20000};
    const auto frames = bench.frames, events = bench.told;
    const auto lost = bench.counter(Counter::kEventsLost), dropped = bench.drops(Drop::kHostRingFull);
    const auto given = bench.counter(Counter::kHostRx), told = bench.counter(Counter::kEvents);
    for (int n = 0; n < 10; ++n) bench.offer(n % 2, bench.random_upcall(n % 2, false));
    for (int n = 0; n < 4; ++n) bench.offer(n % 2, bench.random_upcall(n % 2, true));
    bench.settle();
    while (bench.poll()) continue;
    // Each was counted once; a descriptor that was on its way when the ring broke may have arrived all the same.
    const auto counted = bench.counter(Counter::kHostRx) - given;
    const auto reported = bench.counter(Counter::kEvents) - told;
    EXPECT_EQ(counted + bench.drops(Drop::kHostRingFull) - dropped, 10U);
    EXPECT_EQ(reported + bench.counter(Counter::kEventsLost) - lost, 4U);
    EXPECT_LE(counted, bench.frames - frames);
    EXPECT_LE(reported, bench.told - events);
    for (auto& queue : bench.expected) queue.clear();

    bench.memory.broken = {};
    bench.losses = false;
    bench.start(4);
    bench.offer(0, bench.random_upcall(0, false));
    bench.until([&] { return bench.poll(); }, "a frame");
    bench.settle();
  }
}

// Of both kinds, and neither keeps the other back.
TEST(RxRing, TellsOfOneUnknownSpiAndOneTagUntilTheHostHasReadIt) {
  Receiver bench(26);
  const auto event = [&](unsigned source, layout::Upcall upcall) {
    Bench::Upcall u = bench.random_upcall(source, true);
    u.notice.set(d::kUpcall, static_cast<unsigned>(upcall));
    return u;
  };
  constexpr layout::Upcall kOnce[] = {layout::Upcall::kSpiUnknown, layout::Upcall::kTagRejected};
  const auto any_more = [&] {
    for (int i = 0; i < 10; ++i) bench.events[i % 2].push_back(event(i % 2, kOnce[i / 2 % 2]));
  };
  bench.start(8);
  for (int round = 0; round < 20; ++round) {
    for (const layout::Upcall upcall : kOnce) {
      const Bench::Upcall first = event(0, upcall);
      bench.events[0].push_back(first);
      bench.events[1].push_back(event(1, upcall));  // in the same clock
      bench.expected[2].push_back(first);
    }
    any_more();
    bench.offer(1, bench.random_upcall(1, true));  // another event is no less told
    bench.run(300);
    any_more();
    bench.run(300);
    while (bench.poll()) continue;
    EXPECT_EQ(bench.missing(), 0U);
    bench.give_back();
    bench.run(4);  // until the card has taken note
  }
  EXPECT_EQ(bench.counter(Counter::kEvents), 60U);
  EXPECT_EQ(bench.counter(Counter::kEventsLost), 0U) << "the untold ones are not lost: they say nothing new";
  bench.write(reg::kRxSlots, 0);
  unsigned lost = 0;
  for (const layout::Upcall upcall : kOnce) {
    for (const unsigned source : {0U, 1U}) {
      bench.events[source].push_back(event(source, upcall));
      bench.run(100);
      EXPECT_EQ(bench.counter(Counter::kEventsLost), ++lost) << "one that is lost does not silence the next";
    }
  }
}

}  // namespace
}  // namespace sallyport::hw
