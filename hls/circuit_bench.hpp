// SPDX-License-Identifier: Apache-2.0
// Drives a kernel's circuit as the card does: an input now and then, each late input at its stage, noise wherever
// nothing is read. Compares every output with the kernel's values.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "hls/trace/rtl_model.hpp"
#include "hls/trace/verilog.hpp"

namespace sallyport::hls {

[[nodiscard]] Bits random_bits(std::mt19937_64& random, int width);
[[nodiscard]] std::vector<Bits> random_inputs(std::mt19937_64& random, const Graph& graph);  // in the kernel's order

class CircuitBench {
 public:
  CircuitBench(const Kernel& kernel, std::uint64_t seed);

  [[nodiscard]] bool has_model() const { return model_ != nullptr; }
  [[nodiscard]] int checked() const { return checked_; }  // outputs compared so far
  [[nodiscard]] bool clock(bool valid);                   // false when the outputs are not what they should be

 private:
  [[nodiscard]] bool outputs_are(const std::vector<Bits>& want);

  Drawn drawn_;
  std::unique_ptr<RtlModel> model_;
  std::mt19937_64 random_;
  std::deque<std::optional<std::vector<Bits>>> flights_;  // the newest first; nothing where a clock was idle
  int checked_ = 0;
};

}  // namespace sallyport::hls
