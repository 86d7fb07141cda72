// SPDX-License-Identifier: Apache-2.0
// The delay model: when each bit of a word settles within its stage, in tenths of a six-input LUT's level.
#pragma once

#include <array>
#include <vector>

#include "hls/trace/graph.hpp"

namespace sallyport::hls {

inline constexpr int kLutLevel = 10;

// Follows single bits, because words hide what matters: a mask by a constant is wiring, and small operations share
// LUTs.
class DelayModel {
 public:
  explicit DelayModel(const Graph& graph) : graph_(graph), stage_(graph.nodes().size()), wires_(graph.nodes().size()) {}

  // Puts a node, whose operands are already placed, into a stage, and returns when its latest bit settles there.
  int place(int node, int stage);
  [[nodiscard]] int earliest_stage(int node) const;  // at which all its operands exist
  [[nodiscard]] int stage(int node) const { return stage_[node]; }

 private:
  // What drives one bit: a LUT with its inputs, or something with none that can be absorbed (input, carry chain,
  // table).
  struct Driver {
    int node;
    int arrival;
    int leaf_count = 0;
    std::array<int, 6> leaves{};
  };

  static constexpr int kNoDriver = -1;  // a constant bit

  [[nodiscard]] int arrival(int driver, int stage) const;
  int lut(int node, std::vector<int> inputs);  // one LUT level, absorbing earlier LUTs where six inputs do
  [[nodiscard]] bool absorbable(int driver, int stage) const;
  [[nodiscard]] int latest_arrival(const std::vector<int>& drivers, int stage) const;
  void place_bitwise(int node);
  void place_product(int node);
  void place_sum(int node);
  void place_block(int node);  // comparison or table: a fixed delay after its latest input
  int add(Driver driver);

  const Graph& graph_;
  std::vector<int> stage_;
  std::vector<std::vector<int>> wires_;  // of each node: the driver of each bit
  std::vector<Driver> drivers_;
};

}  // namespace sallyport::hls
