// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "hls/every_kernel_test.hpp"
#include "hls/trace/probe_kernels.hpp"

namespace sallyport::hls {

INSTANTIATE_TEST_SUITE_P(Probes, EveryKernel, testing::ValuesIn(probe_kernels()), kernel_name);

namespace {

// The probes are worth something only while they use what the card's kernels may one day need.
TEST(Probe, UsesEveryOperationRingsAndLateInputsAtSeveralStages) {
  const std::vector<Kernel> probes = probe_kernels();
  const Drawn drawn = draw(probes[0]);
  std::set<Op> used;
  std::set<int> late_stages;
  for (std::size_t i = 0; i < drawn.graph.nodes().size(); ++i) {
    if (drawn.pipeline.used[i]) used.insert(drawn.graph.node(static_cast<int>(i)).op);
  }
  for (const Input& input : drawn.graph.inputs()) {
    if (input.late) late_stages.insert(drawn.pipeline.stage[input.node]);
  }
  EXPECT_EQ(used.size(), static_cast<std::size_t>(Op::kCut) + 1);
  EXPECT_GE(late_stages.size(), 3u);
  EXPECT_NE(verilog_module(drawn).find("_ring ["), std::string::npos);
}

}  // namespace
}  // namespace sallyport::hls
