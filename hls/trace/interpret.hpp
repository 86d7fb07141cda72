// SPDX-License-Identifier: Apache-2.0
// Computes what a graph says, node by node: a third opinion beside the values of num and the emitted circuit.
#pragma once

#include <span>
#include <vector>

#include "hls/trace/graph.hpp"

namespace sallyport::hls {

// One operation on known operands. Also what the graph folds constants with.
[[nodiscard]] Bits evaluate(const Graph& graph, const Node& node, std::span<const Bits> args);

// The outputs, in the order they were drawn, for inputs in the order they were drawn.
[[nodiscard]] std::vector<Bits> interpret(const Graph& graph, std::span<const Bits> inputs);

}  // namespace sallyport::hls
