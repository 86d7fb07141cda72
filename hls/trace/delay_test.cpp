// SPDX-License-Identifier: Apache-2.0
#include "hls/trace/delay.hpp"

#include <gtest/gtest.h>

#include "hls/trace/ops.hpp"
#include "hls/trace/pipeline.hpp"

namespace sallyport::hls {
namespace {

class DelayTest : public testing::Test {
 protected:
  template <int N>
  wire<N> input() {
    return wire<N>::at(graph.input("i" + std::to_string(count++), -1, N, false));
  }
  // Of a circuit with nothing but this output, without registers.
  template <int N>
  int depth_of(wire<N> x) {
    graph.output("o", x.node());
    return make_pipeline(graph, kUnlimited).depth;
  }

  Graph graph;
  Drawing drawing{graph};
  int count = 0;
};

TEST_F(DelayTest, PutsSixInputsIntoOneLut) {
  const wire<32> x = input<32>() ^ input<32>() ^ input<32>() ^ input<32>() ^ input<32>() ^ input<32>();
  EXPECT_EQ(depth_of(x), 10);
}

TEST_F(DelayTest, NeedsASecondLevelForTheSeventh) {
  wire<32> x = input<32>();
  for (int i = 0; i < 6; ++i) x = x ^ input<32>();
  EXPECT_EQ(depth_of(x), 20);
}

TEST_F(DelayTest, CountsAnInputOnceHoweverOftenItIsUsed) {
  const wire<32> a = input<32>();
  const wire<32> b = input<32>();
  EXPECT_EQ(depth_of((a & ~b) ^ (b | a) ^ mux(slice<0, 1>(a), b, ~a)), 10);
}

TEST_F(DelayTest, TakesMasksAndMovesForWiring) {
  const wire<32> a = input<32>();
  EXPECT_EQ(depth_of((rotl<5>(a) & wire<32>(0xff00ff00)) | wire<32>(0x000f0000)), 0);
}

TEST_F(DelayTest, GivesASumOf32BitsACarryChain) { EXPECT_EQ(depth_of(input<32>() + input<32>()), 16); }

TEST_F(DelayTest, LetsTheLutAtTheStartOfACarryChainAbsorbWhatComesBefore) {
  EXPECT_EQ(depth_of((input<32>() ^ input<32>() ^ input<32>()) + input<32>()), 16);
}

// The LUT at the start of the chain absorbs the carry-save adder: two words, three bits of each.
TEST_F(DelayTest, SumsThreeWordsLikeTwoWhenTheyComeFromRegisters) {
  EXPECT_EQ(depth_of(sum(input<32>(), input<32>(), input<32>())), 16);
}

TEST_F(DelayTest, SumsThreeWordsAfterOneLutForEach) {
  const wire<32> e = input<32>();
  const wire<32> sigma = rotr<6>(e) ^ rotr<11>(e) ^ rotr<25>(e);
  const wire<32> chosen = mux(slice<0, 1>(e), input<32>(), input<32>());
  EXPECT_EQ(depth_of(sum(sigma, chosen, input<32>())), 26);
}

TEST_F(DelayTest, SumsTheEarliestWordsFirst) {
  const wire<32> late = input<32>() + input<32>();  // 1.6
  EXPECT_EQ(depth_of(sum(late, input<32>(), input<32>(), input<32>())), 32);
}

TEST_F(DelayTest, DoesNotCountTheZerosThatAShiftBringsIn) {
  const wire<32> x = input<32>();
  EXPECT_EQ(depth_of(shl<31>(x) ^ shr<31>(x)), 0);
}

TEST_F(DelayTest, GivesATableOf256EntriesTheMultiplexersBehindALut) {
  const Table identity("t", 8, 8, [] {
    std::vector<std::uint64_t> v(256);
    for (std::size_t i = 0; i < v.size(); ++i) v[i] = i;
    return v;
  }());
  EXPECT_EQ(depth_of(lookup<8>(identity, input<8>())), 14);
}

TEST_F(DelayTest, CountsEqualColumnsOfATableOnceAndConstantOnesNotAtAll) {
  const Table doubled("t", 2, 7, {0b1000000, 0b1111111, 0b1000111, 0b1000000});  // 1, then b and a three times each
  const wire<7> entry = lookup<7>(doubled, input<2>());
  wire<1> sum = input<1>() ^ input<1>() ^ input<1>() ^ input<1>();
  unroll<7>([&](auto i) { sum = sum ^ (slice<i, 1>(entry) & slice<(i + 1) % 7, 1>(entry)); });
  EXPECT_EQ(depth_of(sum), 20);  // a table and one LUT of six inputs: a, b and the four
}

TEST_F(DelayTest, PutsABitOfASmallProductIntoOneLut) { EXPECT_EQ(depth_of(times(input<32>(), input<3>())), 10); }

TEST_F(DelayTest, ComparesSixBitsALevel) {
  EXPECT_EQ(depth_of(input<6>() == wire<6>(5)), 10);
  EXPECT_EQ(depth_of(input<36>() == wire<36>(5)), 20);
  EXPECT_EQ(depth_of(input<37>() == wire<37>(5)), 30);
}

TEST_F(DelayTest, AsksACarryChainForLessAndForNotLess) {
  const wire<128> a = input<128>();
  const wire<128> b = input<128>();
  EXPECT_EQ(depth_of(a < b), 28);
  EXPECT_EQ(depth_of(~(a < b)), 28);
}

}  // namespace
}  // namespace sallyport::hls
