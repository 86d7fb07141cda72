// SPDX-License-Identifier: Apache-2.0
// Random words for tests of whole kernels.
#pragma once

#include <random>
#include <vector>

#include "hls/trace/graph.hpp"

namespace sallyport::hls {

inline Bits random_bits(std::mt19937_64& random, int width) {
  Bits value(width);
  for (auto& w : value.words) w = random();
  value.trim();
  return value;
}

// One value for each input, in the kernel's order.
inline std::vector<Bits> random_inputs(std::mt19937_64& random, const Graph& graph) {
  std::vector<Bits> values;
  for (const Input& input : graph.inputs()) values.push_back(random_bits(random, input.width));
  return values;
}

}  // namespace sallyport::hls
