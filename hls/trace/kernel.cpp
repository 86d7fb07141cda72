// SPDX-License-Identifier: Apache-2.0
#include "hls/trace/kernel.hpp"

namespace sallyport::hls {

std::vector<Bits> Kernel::operator()(std::span<const Bits> inputs) const {
  Ports<num> ports(inputs);
  compute(ports);
  return ports.take_outputs();
}

Graph Kernel::graph() const {
  Graph graph;
  const Drawing drawing(graph);
  Ports<wire> ports;
  draw(ports);
  return graph;
}

}  // namespace sallyport::hls
