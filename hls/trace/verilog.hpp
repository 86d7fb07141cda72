// SPDX-License-Identifier: Apache-2.0
// Writes a pipelined graph as SystemVerilog: the module, the package with its latency, and a C++ handle for its tests.
#pragma once

#include <string>
#include <vector>

#include "hls/trace/kernel.hpp"
#include "hls/trace/pipeline.hpp"

namespace sallyport::hls {

struct Drawn {
  Kernel kernel;
  Graph graph;
  Pipeline pipeline;

  [[nodiscard]] bool combinational() const { return kernel.depth == kCombinational; }
  [[nodiscard]] int latency() const { return combinational() ? 0 : pipeline.latency(); }
};

[[nodiscard]] Drawn draw(const Kernel& kernel);

[[nodiscard]] std::string verilog_module(const Drawn& drawn);
[[nodiscard]] std::string verilog_package(const Drawn& drawn);
[[nodiscard]] std::string model_handles(const std::vector<Drawn>& all);

}  // namespace sallyport::hls
