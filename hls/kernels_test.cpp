// SPDX-License-Identifier: Apache-2.0
// What every kernel must satisfy: the circuit, the graph and the values agree bit for bit.
#include "hls/kernels.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <optional>

#include "hls/random_inputs.hpp"
#include "hls/trace/interpret.hpp"
#include "hls/trace/rtl_model.hpp"
#include "hls/trace/verilog.hpp"

namespace sallyport::hls {
namespace {

constexpr std::uint64_t kSeed = 20;
constexpr int kInterpreted = 200;
constexpr int kClocks = 6000;

class EveryKernel : public testing::TestWithParam<Kernel> {};

TEST_P(EveryKernel, IsInterpretedAsItsValues) {
  const Graph graph = GetParam().graph();
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < kInterpreted; ++i) {
    const std::vector<Bits> inputs = random_inputs(random, graph);
    ASSERT_EQ(interpret(graph, inputs), GetParam()(inputs)) << "seed " << kSeed << ", input " << i;
  }
}

// Drives a model as the card does: an input now and then, each late input at its stage, noise wherever nothing is read.
class Bench {
 public:
  Bench(const Kernel& kernel, std::uint64_t seed)
      : kernel_(kernel), drawn_(draw(kernel)), model_(make_rtl_model(kernel.name)), random_(seed) {}

  [[nodiscard]] bool has_model() const { return model_ != nullptr; }
  [[nodiscard]] int checked() const { return checked_; }

  // One clock; false when an output is not what it should be.
  bool clock(bool valid) {
    flights_.push_front(valid ? std::optional(random_inputs(random_, drawn_.graph)) : std::nullopt);
    for (std::size_t i = 0; i < drawn_.graph.inputs().size(); ++i) {
      const Input& input = drawn_.graph.inputs()[i];
      const std::size_t stage = input.late ? drawn_.pipeline.stage[input.node] : 0;
      const bool read = stage < flights_.size() && flights_[stage].has_value();
      model_->set(static_cast<int>(i), read ? (*flights_[stage])[i] : random_bits(random_, input.width));
    }
    model_->set_valid(valid);
    model_->clock();
    // After this edge the input that came `latency` edges ago, this one counted, is at the outputs.
    const std::size_t age = drawn_.combinational() ? 0 : drawn_.latency() - 1;
    const bool expected = age < flights_.size() && flights_[age].has_value();
    if (drawn_.combinational() && !valid) return true;
    if (model_->valid() != expected) return false;
    return !expected || outputs_are(kernel_(*flights_[age]));
  }

 private:
  bool outputs_are(const std::vector<Bits>& want) {
    ++checked_;
    for (std::size_t i = 0; i < want.size(); ++i) {
      if (model_->get(static_cast<int>(i)) != want[i]) return false;
    }
    return true;
  }

  const Kernel& kernel_;
  Drawn drawn_;
  std::unique_ptr<RtlModel> model_;
  std::mt19937_64 random_;
  std::deque<std::optional<std::vector<Bits>>> flights_;  // the newest first; nothing where a clock was idle
  int checked_ = 0;
};

TEST_P(EveryKernel, IsACircuitThatAgreesWithItsValuesUnderRandomGaps) {
  Bench bench(GetParam(), kSeed);
  ASSERT_TRUE(bench.has_model());
  std::mt19937_64 random(kSeed + 1);
  for (int clock = 0; clock < kClocks; ++clock) {
    const int busy_tenths = clock / 500 % 11;  // from idle to an input in every clock
    ASSERT_TRUE(bench.clock(static_cast<int>(random() % 10) < busy_tenths)) << "seed " << kSeed << ", clock " << clock;
  }
  EXPECT_GT(bench.checked(), 2000);
}

INSTANTIATE_TEST_SUITE_P(Kernels, EveryKernel, testing::ValuesIn(all_kernels()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace sallyport::hls
