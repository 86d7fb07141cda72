// SPDX-License-Identifier: Apache-2.0
#include "hls/trace/pipeline.hpp"

#include <gtest/gtest.h>

#include "hls/trace/ops.hpp"

namespace sallyport::hls {
namespace {

class PipelineTest : public testing::Test {
 protected:
  template <int N = 32>
  wire<N> input(bool late = false) {
    return wire<N>::at(graph.input("i" + std::to_string(graph.inputs().size()), -1, N, late));
  }
  template <int N>
  void output(wire<N> x) {
    graph.output("o", x.node());
  }

  Graph graph;
  Drawing drawing{graph};
};

TEST_F(PipelineTest, PassesAnInputThroughInOneClock) {
  output(input());
  EXPECT_EQ(make_pipeline(graph, 10).latency(), 1);
}

TEST_F(PipelineTest, TakesAsManyStagesAsTheDepthAsksFor) {
  wire<32> x = input();
  for (int i = 0; i < 6; ++i) x = x + input();  // 1.6 levels each
  output(x);
  EXPECT_EQ(make_pipeline(graph, 16).latency(), 6);
  EXPECT_EQ(make_pipeline(graph, 32).latency(), 3);
  EXPECT_EQ(make_pipeline(graph, 48).latency(), 2);
  EXPECT_EQ(make_pipeline(graph, 32).depth, 32);
}

TEST_F(PipelineTest, GivesAnOperationDeeperThanTheLimitAStageOfItsOwn) {
  output((input() ^ input()) + input());
  const Pipeline pipe = make_pipeline(graph, 12);
  EXPECT_EQ(pipe.latency(), 2);
  EXPECT_EQ(pipe.depth, 16);
}

TEST_F(PipelineTest, CutsWhereItIsTold) {
  const wire<32> x = input() ^ input();
  const wire<32> y = cut(cut(x)) ^ input();
  output(y);
  const Pipeline pipe = make_pipeline(graph, kUnlimited);
  EXPECT_EQ(pipe.stage[x.node()], 0);
  EXPECT_EQ(pipe.stage[y.node()], 2);
}

TEST_F(PipelineTest, ReadsALateInputWhereItIsNeeded) {
  const wire<32> late = input(true);
  wire<32> x = input();
  for (int i = 0; i < 3; ++i) x = cut(x + input());
  const wire<32> y = x ^ late;
  output(y);
  const Pipeline pipe = make_pipeline(graph, kUnlimited);
  EXPECT_EQ(pipe.stage[y.node()], 3);
  EXPECT_EQ(pipe.stage[late.node()], 3);
}

TEST_F(PipelineTest, ReadsALateInputOnceForSeveralReaders) {
  const wire<128> late = input<128>(true);
  const wire<32> early = input() ^ slice<0, 32>(late);
  const wire<32> far = cut(cut(early)) ^ slice<96, 32>(late);
  output(far);
  const Pipeline pipe = make_pipeline(graph, kUnlimited);
  EXPECT_EQ(pipe.stage[late.node()], 0);
  EXPECT_EQ(pipe.stage[far.node()], 2);
}

// What is narrow after an operation waits after it, what is narrow before it waits before (as far as the register goes
// that the early placement saw between it and its reader).
TEST_F(PipelineTest, PutsRegistersWhereTheyAreFew) {
  const wire<32> wide = input();
  const wire<32> other = input();
  const wire<1> narrow = wide == other;
  const wire<4> seed = input<4>();
  const wire<64> widened = fill<64>(slice<0, 1>(seed)) & cat(wire<60>(0x123), ~seed);
  wire<32> clock = input();
  for (int i = 0; i < 5; ++i) clock = cut(clock + wire<32>(1));
  output(mux(narrow, clock, ~clock));
  output(widened ^ cat(clock, clock));
  const Pipeline pipe = make_pipeline(graph, 30);
  EXPECT_EQ(pipe.stage[narrow.node()], 0);
  EXPECT_EQ(pipe.stage[widened.node()], 4);
}

TEST_F(PipelineTest, LeavesOutWhatNoOutputNeeds) {
  const wire<32> a = input();
  const wire<32> unused = a + input();
  output(~a);
  EXPECT_FALSE(make_pipeline(graph, 10).used[unused.node()]);
}

}  // namespace
}  // namespace sallyport::hls
