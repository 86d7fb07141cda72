// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <random>
#include <utility>

#include "Vnext_hop_harness.h"
#include "hw/common/tb/clock.hpp"
#include "hw/layout/row.hpp"
#include "hw/layout/tables.hpp"

namespace sallyport::hw {
namespace {

struct NextHops : Clocked<Vnext_hop_harness> {
  NextHops() { model.write_valid_i = model.read_i = 0; }
};

layout::Row read(NextHops& dut, bool bank, unsigned row) {
  dut.model.read_i = 1;
  dut.model.bank_i = bank;
  dut.model.row_i = row;
  dut.tick();
  dut.model.read_i = 0;
  layout::Row answer;
  std::memcpy(answer.bytes().data(), dut.model.next_hop_o.data(), layout::kRowBytes);
  return answer;
}

void write(NextHops& dut, layout::TableId table, bool bank, unsigned row, const layout::Row& data) {
  dut.model.write_valid_i = 1;
  dut.model.write_table_id_i = static_cast<unsigned>(table);
  dut.model.write_bank_i = bank;
  dut.model.write_row_i = row;
  std::memcpy(dut.model.write_data_i.data(), data.bytes().data(), layout::kRowBytes);
  dut.tick();
  dut.model.write_valid_i = 0;
  dut.tick();
}

TEST(NextHopTable, IsEmptyWhileAndAfterItIsCleared) {
  NextHops dut;
  while (!dut.model.table_ready_o) dut.tick();
  layout::Row full;
  full.set(layout::next_hop::kValid, 1);
  for (unsigned row = 0; row < layout::kNextHops; ++row) {
    for (const bool bank : {false, true}) write(dut, layout::TableId::kNextHop, bank, row, full);
  }
  EXPECT_EQ(read(dut, true, 0), full);
  dut.reset(1);
  bool cleared = false;
  for (unsigned row = layout::kNextHops - 1; !cleared; row = (row - 1) % layout::kNextHops) {  // towards the clearing
    cleared = dut.model.table_ready_o;
    EXPECT_EQ(read(dut, true, row), layout::Row{});
    EXPECT_EQ(read(dut, false, row), layout::Row{});
  }
}

TEST(NextHopTable, KeepsItsRowsOfBothBanksApart) {
  std::mt19937 random(3);
  NextHops dut;
  while (!dut.model.table_ready_o) dut.tick();
  std::map<std::pair<bool, unsigned>, layout::Row> written;
  for (int i = 0; i < 3000; ++i) {
    const bool bank = random() % 2 != 0;
    const unsigned row = random() % layout::kNextHops;
    const bool other_table = random() % 4 == 0;
    layout::Row data;
    data.set(layout::next_hop::kValid, random() % 2);
    data.set(layout::next_hop::kPort, random() % 2);
    data.set(layout::next_hop::kMtu, random() % 65536);
    data.set(layout::next_hop::kMac, random());
    write(dut, other_table ? layout::TableId::kRoute : layout::TableId::kNextHop, bank, row, data);
    if (!other_table) written[{bank, row}] = data;
    const unsigned asked = random() % layout::kNextHops;
    EXPECT_EQ(read(dut, bank, asked), (written[{bank, asked}]));
  }
}

}  // namespace
}  // namespace sallyport::hw
