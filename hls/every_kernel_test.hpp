// SPDX-License-Identifier: Apache-2.0
// What every kernel must satisfy: the circuit, the graph and the values agree bit for bit.
#pragma once

#include <gtest/gtest.h>

#include "hls/circuit_bench.hpp"
#include "hls/trace/interpret.hpp"

namespace sallyport::hls {

class EveryKernel : public testing::TestWithParam<Kernel> {
 protected:
  static constexpr std::uint64_t kSeed = 20;
};

TEST_P(EveryKernel, IsInterpretedAsItsValues) {
  constexpr int kRounds = 200;
  const Graph graph = GetParam().graph();
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < kRounds; ++i) {
    const std::vector<Bits> inputs = random_inputs(random, graph);
    ASSERT_EQ(interpret(graph, inputs), GetParam()(inputs)) << "seed " << kSeed << ", input " << i;
  }
}

TEST_P(EveryKernel, IsACircuitThatAgreesWithItsValuesUnderRandomGaps) {
  constexpr int kClocks = 6000;
  CircuitBench bench(GetParam(), kSeed);
  ASSERT_TRUE(bench.has_model());
  std::mt19937_64 random(kSeed + 1);
  for (int clock = 0; clock < kClocks; ++clock) {
    const int busy_tenths = clock / 500 % 11;  // from idle to an input in every clock
    ASSERT_TRUE(bench.clock(static_cast<int>(random() % 10) < busy_tenths)) << "seed " << kSeed << ", clock " << clock;
  }
  EXPECT_GT(bench.checked(), 2000);
}

inline std::string kernel_name(const testing::TestParamInfo<Kernel>& info) { return info.param.name; }

}  // namespace sallyport::hls
