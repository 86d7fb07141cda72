// SPDX-License-Identifier: Apache-2.0
#include "hls/trace/graph.hpp"

#include <gtest/gtest.h>

#include "hls/trace/ops.hpp"

namespace sallyport::hls {
namespace {

class GraphTest : public testing::Test {
 protected:
  wire<32> input(const std::string& name) { return wire<32>::at(graph.input(name, -1, 32, false)); }
  [[nodiscard]] bool is(wire<32> x, std::uint64_t constant) const {
    return graph.is_constant(x.node()) && graph.value_of(x.node()) == Bits(32, constant);
  }

  Graph graph;
  Drawing drawing{graph};
  wire<32> a = input("a");
  wire<32> b = input("b");
};

TEST_F(GraphTest, ComputesWhatIsConstantAtOnce) {
  const wire<32> x(0x0000ffff);
  const wire<32> y(0x00ff00ff);
  EXPECT_TRUE(is(x ^ y, 0x00ffff00));
  EXPECT_TRUE(is(x + y, 0x010000fe));
  EXPECT_TRUE(is(~x, 0xffff0000));
  EXPECT_TRUE(is(rotl<8>(x), 0x00ffff00));
  EXPECT_TRUE(is(mux(x < y, x, y), 0x0000ffff));
  EXPECT_TRUE(is(fill<32>(x == x), 0xffffffff));
  const Table squares("squares", 2, 32, {0, 1, 4, 9});
  EXPECT_TRUE(is(lookup<32>(squares, wire<2>(3)), 9));
}

TEST_F(GraphTest, KnowsTheIdentities) {
  const wire<32> zero(0);
  const wire<32> ones(0xffffffff);
  EXPECT_EQ((a ^ zero).node(), a.node());
  EXPECT_EQ((zero ^ a).node(), a.node());
  EXPECT_EQ((a ^ ones).node(), (~a).node());
  EXPECT_TRUE(is(a ^ a, 0));
  EXPECT_EQ((a & ones).node(), a.node());
  EXPECT_TRUE(is(a & zero, 0));
  EXPECT_EQ((a & a).node(), a.node());
  EXPECT_EQ((a | zero).node(), a.node());
  EXPECT_TRUE(is(a | ones, 0xffffffff));
  EXPECT_EQ((a + zero).node(), a.node());
  EXPECT_EQ((~~a).node(), a.node());
  EXPECT_EQ(mux(a == b, b, b).node(), b.node());
  EXPECT_EQ(mux(wire<1>(1), a, b).node(), a.node());
  EXPECT_EQ(mux(wire<1>(0), a, b).node(), b.node());
  EXPECT_TRUE(is(fill<32>(a < a), 0));
  EXPECT_TRUE(is(fill<32>(a < zero), 0));
  EXPECT_TRUE(is(fill<32>(a == a), 0xffffffff));
}

TEST_F(GraphTest, GathersTheConstantsOfASum) {
  EXPECT_EQ((sum(wire<32>(5), a, wire<32>(0xfffffffb), b)).node(), (a + b).node());
  EXPECT_EQ((sum(wire<32>(5), a, wire<32>(2))).node(), (a + wire<32>(7)).node());
  EXPECT_EQ((sum(wire<32>(5), a, wire<32>(0xfffffffb))).node(), a.node());
  EXPECT_TRUE(is(sum(wire<32>(5), wire<32>(6), wire<32>(7)), 18));
}

TEST_F(GraphTest, DoesNotTakeLessForCommutative) { EXPECT_NE((a < b).node(), (b < a).node()); }

TEST_F(GraphTest, SharesWhatIsDrawnTwice) {
  EXPECT_EQ((a ^ b).node(), (b ^ a).node());
  EXPECT_EQ((a < b).node(), (a < b).node());
  EXPECT_EQ((rotl<3>(a)).node(), (rotl<3>(a)).node());
}

TEST_F(GraphTest, SeesThroughSlicesAndConcatenations) {
  const wire<64> both = cat(a, b);
  EXPECT_EQ((slice<32, 32>(both)).node(), a.node());
  EXPECT_EQ((slice<0, 32>(both)).node(), b.node());
  EXPECT_EQ((cat(slice<16, 16>(a), slice<0, 16>(a))).node(), a.node());
  EXPECT_EQ((slice<4, 8>(slice<8, 16>(a))).node(), (slice<12, 8>(a)).node());
  EXPECT_EQ((rotl<16>(rotl<16>(a))).node(), a.node());
  EXPECT_TRUE(is(slice<8, 32>(cat(wire<24>(1), wire<16>(0x0203))), 0x0102));
}

TEST_F(GraphTest, TakesASliceOfAFillForTheBit) {
  const wire<1> bit = slice<5, 1>(a);
  EXPECT_EQ((slice<7, 1>(fill<32>(bit))).node(), bit.node());
}

TEST_F(GraphTest, TakesASliceBeforeACut) { EXPECT_EQ((slice<4, 8>(cut(a))).node(), (cut(slice<4, 8>(a))).node()); }

TEST_F(GraphTest, HoldsOnlyWhatWasPutTogether) {
  EXPECT_EQ(hold(a).node(), a.node());
  EXPECT_EQ(graph.node(hold(rotl<8>(a)).node()).op, Op::kHold);
}

}  // namespace
}  // namespace sallyport::hls
