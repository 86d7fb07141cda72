// SPDX-License-Identifier: Apache-2.0
// What the benches of both SA engines share: loading rows, wiping, captures.
#pragma once

#include <cstdint>
#include <cstring>

#include "gtest/gtest.h"
#include "hw/common/tb/clock.hpp"
#include "hw/layout/row.hpp"
#include "hw/layout/tables.hpp"

namespace sallyport::hw {

template <class Wide>
layout::Row to_row(const Wide& port) {
  layout::Row row;
  std::memcpy(row.bytes().data(), &port, layout::kRowBytes);
  return row;
}
template <class Wide>
void from_row(const layout::Row& row, Wide& port) {
  std::memcpy(&port, row.bytes().data(), layout::kRowBytes);
}

struct Limits {
  std::uint64_t soft_packets = 0;
  std::uint64_t hard_packets = 0;
  std::uint64_t soft_bytes = 0;
  std::uint64_t hard_bytes = 0;

  [[nodiscard]] layout::Row row() const {
    layout::Row r;
    r.set(layout::sa_limits::kSoftPackets, soft_packets);
    r.set(layout::sa_limits::kHardPackets, hard_packets);
    r.set(layout::sa_limits::kSoftBytes, soft_bytes);
    r.set(layout::sa_limits::kHardBytes, hard_bytes);
    return r;
  }
};

template <class Model>
class SaBench {
 public:
  SaBench() { m.write_i = m.wipe_i = m.capture_valid_i = m.turn_i = 0; }
  virtual ~SaBench() = default;

  void load(layout::TableId table, unsigned row, const layout::Row& data) {
    m.write_i = 1;
    m.write_table_i = static_cast<unsigned>(table);
    m.write_row_i = row;
    from_row(data, m.write_data_i);
    tick();
    m.write_i = 0;
    for (int i = 0; i < 4; ++i) tick();
  }
  void wipe() {
    m.wipe_i = 1;
    tick();
    m.wipe_i = 0;
    finish_wiping();
  }
  layout::Row capture(unsigned row) {
    m.capture_valid_i = 1;
    m.capture_sa_index_i = row;
    tick();
    m.capture_valid_i = 0;
    for (int i = 0; i < 20 && m.capture_valid_o == 0; ++i) tick();
    EXPECT_EQ(m.capture_valid_o, 1);
    return to_row(m.capture_o);
  }
  virtual void tick() { dut_.tick(); }

  [[nodiscard]] std::uint64_t clocks() const { return dut_.clocks; }

 protected:
  // Once all inputs are quiet: waits until every row is zero. Comes after reset and after a wipe.
  void finish_wiping() {
    for (unsigned i = 0; i < layout::kSaRows + 10 && m.wiping_o == 1; ++i) tick();
    EXPECT_EQ(m.wiping_o, 0);
  }

 private:
  Clocked<Model> dut_;

 public:
  Model& m = dut_.model;
};

}  // namespace sallyport::hw
