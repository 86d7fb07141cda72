// SPDX-License-Identifier: Apache-2.0
// Drives a verilated module with the one clock and reset that every engine of the card has.
#pragma once

#include <cstdint>

#include "verilated.h"

namespace sallyport::hw {

// What starts unknown starts random, so nothing works only because it happened to be zero. A model takes its values as
// it is made, so this comes before it.
struct RandomContext : VerilatedContext {
  explicit RandomContext(int seed = 1) {
    randReset(2);
    randSeed(seed);
  }
};

// Inputs set before tick() are seen by the rising edge inside it; outputs read after it are those of the new clock.
template <class Model>
class Clocked {
 public:
  explicit Clocked(int seed = 1) : context_(seed) { reset(3); }
  ~Clocked() { model.final(); }
  Clocked(const Clocked&) = delete;
  Clocked& operator=(const Clocked&) = delete;

  void reset(int clocks_held) {
    model.rst_ni = 0;
    for (int i = 0; i < clocks_held; ++i) tick();
    model.rst_ni = 1;
  }

  void tick() {
    model.clk_i = 0;
    model.eval();
    model.clk_i = 1;
    model.eval();
    ++clocks;
  }

 private:
  RandomContext context_;

 public:
  Model model{&context_};
  std::uint64_t clocks = 0;
};

}  // namespace sallyport::hw
