// SPDX-License-Identifier: Apache-2.0
#include "hls/circuit_bench.hpp"

namespace sallyport::hls {

Bits random_bits(std::mt19937_64& random, int width) {
  Bits value(width);
  for (auto& w : value.words) w = random();
  value.trim();
  return value;
}

std::vector<Bits> random_inputs(std::mt19937_64& random, const Graph& graph) {
  std::vector<Bits> values;
  for (const Input& input : graph.inputs()) values.push_back(random_bits(random, input.width));
  return values;
}

CircuitBench::CircuitBench(const Kernel& kernel, std::uint64_t seed)
    : drawn_(draw(kernel)), model_(make_rtl_model(kernel.name)), random_(seed) {}

bool CircuitBench::clock(bool valid) {
  flights_.push_front(valid ? std::optional(random_inputs(random_, drawn_.graph)) : std::nullopt);
  if (flights_.size() > static_cast<std::size_t>(drawn_.latency()) + 1) flights_.pop_back();
  for (std::size_t i = 0; i < drawn_.graph.inputs().size(); ++i) {
    const Input& input = drawn_.graph.inputs()[i];
    const std::size_t stage = input.late ? drawn_.pipeline.stage[input.node] : 0;
    const bool read = stage < flights_.size() && flights_[stage].has_value();
    model_->set(static_cast<int>(i), read ? (*flights_[stage])[i] : random_bits(random_, input.width));
  }
  model_->set_valid(valid);
  model_->clock();
  if (drawn_.combinational()) return !valid || outputs_are(drawn_.kernel(*flights_[0]));
  // The edge just made is the first that this clock's input has seen, and the last for the one `latency` - 1 before it.
  const std::size_t age = drawn_.latency() - 1;
  const bool expected = age < flights_.size() && flights_[age].has_value();
  if (model_->valid() != expected) return false;
  return !expected || outputs_are(drawn_.kernel(*flights_[age]));
}

bool CircuitBench::outputs_are(const std::vector<Bits>& want) {
  ++checked_;
  for (std::size_t i = 0; i < want.size(); ++i) {
    if (model_->get(static_cast<int>(i)) != want[i]) return false;
  }
  return true;
}

}  // namespace sallyport::hls
