// SPDX-License-Identifier: Apache-2.0
// Cuts a graph into stages: as early as the depth limit allows, then moved to where it takes the fewest registers.
#pragma once

#include <vector>

#include "hls/trace/graph.hpp"

namespace sallyport::hls {

// A view is wiring read at the stage of its reader: no register of its own, its sources carry the bits. The other nodes
// are cells. A slice of a word wider than 64 bits is a cell, so that wide ports are taken apart at once.
[[nodiscard]] bool is_view(const Graph& graph, int node);

struct Pipeline {
  std::vector<bool> used;  // nodes that reach an output
  std::vector<int> stage;  // of each used node
  int last = 0;            // the stage that computes the outputs; a register stands behind it
  int depth = 0;           // of the deepest stage, in tenths of a LUT level

  [[nodiscard]] int latency() const { return last + 1; }
};

// No stage is deeper than `depth_limit`, unless one operation alone is. A limit of kUnlimited makes a single stage.
inline constexpr int kUnlimited = 1 << 30;
[[nodiscard]] Pipeline make_pipeline(const Graph& graph, int depth_limit);

}  // namespace sallyport::hls
