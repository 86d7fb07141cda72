// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>
#include <utility>
#include <vector>

#include "Vtable_bus_harness.h"
#include "hw/common/tb/clock.hpp"
#include "hw/layout/tables.hpp"

namespace sallyport::hw {
namespace {

using layout::TableId;
using Write = std::pair<unsigned, unsigned>;  // table, row

constexpr unsigned number(TableId table) { return static_cast<unsigned>(table); }

class TableBus : public ::testing::Test {
 protected:
  TableBus() {
    m.offer_i = m.wipe_i = 0;
    m.busy_clocks_i = 5;
  }

  // One clock, in which a row of `table` may be offered.
  void clock(bool offer, unsigned table = number(TableId::kSaOut)) {
    m.offer_i = offer;
    m.table_i = table;
    m.row_i = next_row_;
    m.clk_i = 0;
    m.eval();
    if (m.taken_o) taken_.emplace_back(table, next_row_++);
    dut_.tick();
    if (m.write_o) {
      written_.emplace_back(m.table_o, m.row_o);
      EXPECT_EQ(m.owners_ready_o, 1) << "a write that finds an owner busy";
    }
  }

  std::vector<Write> taken_, written_;

 private:
  Clocked<Vtable_bus_harness> dut_;
  unsigned next_row_ = 0;

 protected:
  Vtable_bus_harness& m = dut_.model;
};

TEST_F(TableBus, TakesARowEveryClockWhileNobodyIsBusy) {
  for (int i = 0; i < 5; ++i) clock(false);
  for (int i = 0; i < 100; ++i) clock(true);
  clock(false);
  EXPECT_EQ(taken_.size(), 100);
  EXPECT_EQ(written_, taken_);
}

TEST_F(TableBus, LetsNothingInBehindAKeyRowUntilItIsSetUp) {
  for (int i = 0; i < 5; ++i) clock(false);
  for (const TableId key : {TableId::kSaOutKey, TableId::kSaInKey}) {
    taken_.clear();
    clock(true, number(key));
    for (int i = 0; i < 6; ++i) clock(true);  // one for the bus, five of the owner
    EXPECT_EQ(taken_.size(), 1);
    for (int i = 0; i < 5; ++i) clock(true);
    EXPECT_GT(taken_.size(), 1);
  }
}

TEST_F(TableBus, LosesNoRowWhateverKeysAndWipesComeBetween) {
  std::mt19937 random(7);
  for (int i = 0; i < 20000; ++i) {
    m.busy_clocks_i = 1 + random() % 9;
    m.wipe_i = m.owners_ready_o && random() % 50 == 0;
    const bool key = random() % 4 == 0;
    clock(random() % 3 != 0, number(key ? TableId::kSaInKey : TableId::kSpdOut));
  }
  m.wipe_i = 0;
  clock(false);
  EXPECT_GT(taken_.size(), 1000);
  EXPECT_EQ(written_, taken_);
}

}  // namespace
}  // namespace sallyport::hw
