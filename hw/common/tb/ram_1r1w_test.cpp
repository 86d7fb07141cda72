// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "Vram_1r1w.h"
#include "hw/common/tb/clock.hpp"

namespace sallyport::hw {
namespace {

struct Ram {
  RandomContext context;
  Vram_1r1w model{&context};

  void tick() {
    model.clk_i = 0;
    model.eval();
    model.clk_i = 1;
    model.eval();
    model.write_i = model.read_i = 0;
  }
  void write(unsigned row, unsigned data) {
    model.write_i = 1;
    model.write_row_i = row;
    model.write_data_i = data;
  }
  void read(unsigned row) {
    model.read_i = 1;
    model.read_row_i = row;
  }
};

TEST(Ram1r1w, AnswersInTheNextClockAndHolds) {
  Ram ram;
  ram.write(3, 33);
  ram.tick();
  ram.write(4, 44);
  ram.read(3);
  ram.tick();
  EXPECT_EQ(ram.model.read_data_o, 33U);
  ram.write(3, 34);
  ram.tick();
  EXPECT_EQ(ram.model.read_data_o, 33U);
  ram.read(4);
  ram.tick();
  EXPECT_EQ(ram.model.read_data_o, 44U);
}

TEST(Ram1r1w, ReturnsTheOldWordOfTheRowBeingWritten) {
  Ram ram;
  ram.write(3, 33);
  ram.tick();
  ram.write(3, 34);
  ram.read(3);
  ram.tick();
  EXPECT_EQ(ram.model.read_data_o, 33U);
  ram.read(3);
  ram.tick();
  EXPECT_EQ(ram.model.read_data_o, 34U);
}

}  // namespace
}  // namespace sallyport::hw
