// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "hw/host_if/tb/bench.hpp"
#include "hw/layout/tables.hpp"

namespace sallyport::hw {
namespace {

namespace reg = layout::reg;
using layout::LoadError;
using layout::Row;

constexpr auto kRoute = static_cast<unsigned>(layout::TableId::kRoute);  // of two banks, as is the next
constexpr auto kNextHop = static_cast<unsigned>(layout::TableId::kNextHop);

struct Loads : Bench {
  using Bench::Bench;

  std::uint64_t end = HostMemory::kBase;
  std::vector<Written> expected;

  Row header(unsigned table, bool bank, unsigned row, unsigned count) {
    Row h;
    h.set(layout::load_record::kTableId, table);
    h.set(layout::load_record::kBank, bank);
    h.set(layout::load_record::kRow, row);
    h.set(layout::load_record::kCount, count);
    h.set(layout::load_record::kMagic, layout::kLoadMagic);
    return h;
  }
  void append(const Row& row) {
    memory.set_row(end, row);
    end += layout::kRowBytes;
  }
  void append_record(unsigned table, bool bank, unsigned row, unsigned count, bool applied = true) {
    append(header(table, bank, row, count));
    for (unsigned i = 0; i < count; ++i) {
      Row data;
      for (auto& byte : data.bytes()) byte = static_cast<std::uint8_t>(random());
      append(data);
      if (applied) expected.push_back({table, bank && layout::kTables[table].banked, row + i, data});
    }
  }
  // A record that is good for the closed bank.
  void append_random_record() {
    const unsigned table = random() % layout::kTableCount;
    const unsigned rows = layout::kTables[table].rows;
    const unsigned count = random() % 40;
    append_record(table, closed_bank(), random() % (rows - count + 1), count);
  }
  bool closed_bank() { return (dut.model.generation_o & 1) == 0; }

  // Loads [kBase, end), or `length` bytes of it.
  LoadError load(std::uint64_t address, std::uint32_t length) {
    const std::uint32_t before = read(reg::kLoadCount);
    write64(reg::kLoadAddress, address);
    write(reg::kLoadLength, length);
    for (int i = 0; read(reg::kLoadCount) == before; ++i) {
      if (i == 100000) {
        ADD_FAILURE() << "the load does not end";
        break;
      }
    }
    EXPECT_EQ(read(reg::kLoadCount), before + 1);
    const std::uint32_t status = read(reg::kStatus);
    EXPECT_EQ(status & 0xff, 0U);
    return static_cast<LoadError>(status >> 8);
  }
  LoadError load() { return load(HostMemory::kBase, static_cast<std::uint32_t>(end - HostMemory::kBase)); }

  // What has been written is what was expected; then from the beginning.
  void check() {
    EXPECT_TRUE(written == expected) << written.size() << " rows instead of " << expected.size();
    written.clear();
    expected.clear();
    end = HostMemory::kBase;
    until([&] { return !dut.model.busy_o; }, "silence");
  }
};

TEST(TableLoader, WritesEveryRowInOrderThroughSlowTables) {
  constexpr unsigned kSeed = 11;
  SCOPED_TRACE(kSeed);
  Loads bench(kSeed);
  for (int i = 0; i < 30; ++i) {
    unsigned busy = 0;
    bench.table_ready = [&] {
      if (bench.dut.model.table_valid_o && i % 3 == 1) busy = bench.random() % 50;
      return busy == 0 || busy-- == 0;
    };
    for (unsigned records = bench.random() % 20; records > 0; --records) bench.append_random_record();
    ASSERT_EQ(bench.load(), LoadError::kNone);
    bench.check();
    bench.write(reg::kFlip, bench.read(reg::kGeneration) + 1);
  }
}

TEST(TableLoader, FillsATableToItsLastRow) {
  Loads bench(12);
  for (unsigned table = 0; table < layout::kTableCount; ++table) {
    bench.append_record(table, true, 0, layout::kTables[table].rows);
    ASSERT_EQ(bench.load(), LoadError::kNone) << layout::kTables[table].name;
    bench.check();
  }
}

// Whoever waits until nothing moves has the whole load.
TEST(TableLoader, KeepsTheCardBusyUntilTheLoadHasEnded) {
  Loads bench(13);
  bench.append_record(kRoute, true, 0, 500);
  bench.write64(reg::kLoadAddress, HostMemory::kBase);
  bench.write(reg::kLoadLength, static_cast<std::uint32_t>(bench.end - HostMemory::kBase));
  bench.until([&] { return !bench.dut.model.busy_o; }, "silence");
  EXPECT_EQ(bench.read(reg::kLoadCount), 1U);
  bench.check();
}

TEST(TableLoader, StopsAtTheFirstBadRecordAndRecovers) {
  struct Case {
    const char* what;
    LoadError error;
    std::function<void(Loads&)> append;
  };
  constexpr auto kNextHop = static_cast<unsigned>(layout::TableId::kNextHop);
  const Case cases[] = {
      {"magic", LoadError::kRecord,
       [](Loads& b) {
         Row h = b.header(kRoute, true, 0, 1);
         h.set(layout::load_record::kMagic, layout::kLoadMagic ^ 1);
         b.append(h);
         b.append({});
       }},
      {"no such table", LoadError::kRecord,
       [](Loads& b) { b.append(b.header(layout::kTableCount, true, 0, 1)), b.append({}); }},
      {"last row beyond the table", LoadError::kRecord,
       [](Loads& b) { b.append_record(kNextHop, true, layout::kNextHops - 1, 2, false); }},
      {"first row beyond the table", LoadError::kRecord,
       [](Loads& b) { b.append_record(kNextHop, true, layout::kNextHops, 1, false); }},
      {"row that wraps", LoadError::kRecord, [](Loads& b) { b.append_record(kNextHop, true, 0xffffffff, 2, false); }},
      {"rows beyond the load", LoadError::kRecord,
       [](Loads& b) {
         b.append(b.header(kRoute, true, 0, 3));
         b.append({});
         b.append({});
       }},
      {"open bank", LoadError::kOpenBank, [](Loads& b) { b.append_record(kRoute, false, 3, 2, false); }},
  };
  Loads bench(13);
  for (const Case& c : cases) {
    for (const bool first : {true, false}) {
      SCOPED_TRACE(c.what);
      if (!first) bench.append_record(kRoute, true, 5, 20);
      c.append(bench);
      if (c.error == LoadError::kOpenBank) bench.append_record(kRoute, true, 0, 70, false);
      EXPECT_EQ(bench.load(), c.error);
      bench.run(200);
      bench.check();
      bench.append_record(kRoute, true, 1, 4);
      EXPECT_EQ(bench.load(), LoadError::kNone);
      bench.check();
    }
  }
}

TEST(TableLoader, TakesSaRowsWhateverBankIsOpen) {
  Loads bench(14);
  for (const bool bank : {false, true}) {
    bench.append_record(static_cast<unsigned>(layout::TableId::kSaOut), bank, 17, 2);
    EXPECT_EQ(bench.load(), LoadError::kNone);
    bench.check();
  }
}

TEST(TableLoader, RefusesAnAddressOrLengthThatCannotBe) {
  Loads bench(15);
  bench.append_record(kRoute, true, 0, 4);
  bench.expected.clear();
  EXPECT_EQ(bench.load(HostMemory::kBase, 5 * 64 - 1), LoadError::kRecord);
  EXPECT_EQ(bench.load(HostMemory::kBase + 64, 64), LoadError::kHostMemory);
  EXPECT_EQ(bench.load(HostMemory::kBase, 0), LoadError::kNone);
  EXPECT_EQ(bench.memory.bursts_read, 0U);
  bench.check();
}

TEST(TableLoader, StopsWhereHostMemoryCannotBeRead) {
  Loads bench(16);
  for (const unsigned bad : {0U, 1U, 17U, 63U, 64U}) {
    bench.append_record(kRoute, true, 0, 80);
    bench.expected.resize(bad == 0 ? 0 : bad - 1);
    const std::uint64_t address = HostMemory::kBase + 64 * bad;
    bench.memory.broken = {address, address + 64};
    EXPECT_EQ(bench.load(), LoadError::kHostMemory);
    bench.check();
    bench.memory.broken = {};
    bench.append_record(kRoute, true, 0, 3);
    EXPECT_EQ(bench.load(), LoadError::kNone);
    bench.check();
  }
}

TEST(TableLoader, HidesTheWayToHostMemory) {
  Loads bench(18);
  bench.memory.slowness = 440;  // 220 on average
  constexpr unsigned kRows = 2000;
  bench.append_record(kRoute, true, 0, kRows);
  const auto start = bench.dut.clocks;
  EXPECT_EQ(bench.load(), LoadError::kNone);
  RecordProperty("clocks", static_cast<int>(bench.dut.clocks - start));
  EXPECT_LT(bench.dut.clocks - start, 2 * kRows);
  bench.check();
}

TEST(TableLoader, StopsWhenItsBankIsOpened) {
  Loads bench(17);
  bench.append_record(kRoute, true, 0, 1000);
  bench.write64(reg::kLoadAddress, HostMemory::kBase);
  bench.write(reg::kLoadLength, static_cast<std::uint32_t>(bench.end - HostMemory::kBase));
  bench.until([&] { return bench.written.size() > 100; }, "a hundred rows");
  EXPECT_EQ(bench.read(reg::kStatus) & 1, 1U);
  bench.write(reg::kLoadLength, 64);  // while a load runs this is nothing
  bench.write(reg::kFlip, 1);
  const std::size_t rows = bench.written.size();
  EXPECT_LT(rows, 1000U);
  bench.until([&] { return bench.read(reg::kLoadCount) == 1; }, "the load's end");
  EXPECT_EQ(bench.read(reg::kStatus), static_cast<std::uint32_t>(LoadError::kOpenBank) << 8);
  EXPECT_EQ(bench.written.size(), rows) << "not a row after the flip";
  bench.run(100);
  EXPECT_EQ(bench.read(reg::kLoadCount), 1U);
}

}  // namespace
}  // namespace sallyport::hw
