// SPDX-License-Identifier: Apache-2.0
#include "hls/trace/num.hpp"

#include <gtest/gtest.h>

#include <random>

#include "hls/trace/bytes.hpp"
#include "hls/trace/ops.hpp"

namespace sallyport::hls {
namespace {

__extension__ using Wide = unsigned __int128;
constexpr std::uint64_t kSeed = 64;
constexpr int kRounds = 500;

template <int N>
Wide wide(const num<N>& x) {
  static_assert(N <= 128);
  if constexpr (N <= 64) {
    return x.word(0);
  } else {
    return Wide{x.word(1)} << 64 | x.word(0);
  }
}

template <int N>
class Words {
 public:
  static constexpr Wide kMask = N == 128 ? ~Wide{0} : (Wide{1} << N % 128) - 1;

  // Every operation against the compiler's own 128-bit integers.
  static void agree_with_the_compilers() {
    std::mt19937_64 random(kSeed);
    for (int i = 0; i < kRounds; ++i) {
      Bits x(N);
      Bits y(N);
      for (auto& w : x.words) w = random();
      for (auto& w : y.words) w = i % 4 == 0 ? x.words[&w - y.words.data()] : random();
      x.trim();
      y.trim();
      const num<N> a = num<N>::from(x);
      const num<N> b = num<N>::from(y);
      const Wide p = wide(a);
      const Wide q = wide(b);
      EXPECT_EQ(wide(a ^ b), p ^ q);
      EXPECT_EQ(wide(a & b), p & q);
      EXPECT_EQ(wide(a | b), p | q);
      EXPECT_EQ(wide(~a), ~p & kMask);
      EXPECT_EQ(wide(a + b), (p + q) & kMask);
      EXPECT_EQ(wide(sum(a, b, ~a, b)), (q + q - 1) & kMask);
      EXPECT_EQ((a == b).value() != 0, p == q);
      EXPECT_EQ((a < b).value() != 0, p < q);
      EXPECT_EQ(wide(mux(a < b, a, b)), p < q ? p : q);
      EXPECT_EQ(wide(fill<N>(slice<0, 1>(a))), (p & 1) != 0 ? kMask : 0);
    }
  }
};

TEST(Num, ComputesLikeTheCompilersIntegersAtEveryKindOfWidth) {
  Words<1>::agree_with_the_compilers();
  Words<7>::agree_with_the_compilers();
  Words<32>::agree_with_the_compilers();
  Words<63>::agree_with_the_compilers();
  Words<64>::agree_with_the_compilers();
  Words<65>::agree_with_the_compilers();
  Words<127>::agree_with_the_compilers();
  Words<128>::agree_with_the_compilers();
}

TEST(Num, IsTakenApartAndPutTogetherAgain) {
  const num<128> x = from_bytes<128>(from_hex("00112233445566778899aabbccddeeff").value());
  EXPECT_EQ((word<0, 8>(x)).value(), 0x00u);
  EXPECT_EQ((word<15, 8>(x)).value(), 0xffu);
  EXPECT_EQ((slice<60, 8>(x)).value(), 0x78u);  // across the middle
  EXPECT_EQ(cat(word<0, 32>(x), word<1, 32>(x), word<2, 32>(x), word<3, 32>(x)).bits(), x.bits());
  EXPECT_EQ(cat(slice<67, 61>(x), slice<3, 64>(x), slice<0, 3>(x)).bits(), x.bits());
  EXPECT_EQ(to_hex(to_bytes(x)), "00112233445566778899aabbccddeeff");
}

TEST(Num, ShiftsAndRotates) {
  const num<32> x(0x80000001);
  EXPECT_EQ(rotl<4>(x).value(), 0x00000018u);
  EXPECT_EQ(shl<4>(x).value(), 0x00000010u);
  EXPECT_EQ(shl<0>(x).value(), 0x80000001u);
  EXPECT_EQ(shr<4>(x).value(), 0x08000000u);
  EXPECT_EQ(extend<64>(x).value(), 0x80000001u);
}

TEST(Num, MultipliesByASmallFactorWithoutCarries) {
  const num<8> x(0b10110111);
  for (std::uint64_t factor = 0; factor < 8; ++factor) {
    const std::uint64_t want = ((factor & 1) != 0 ? 0b10110111 : 0) ^ ((factor & 2) != 0 ? 0b101101110 : 0) ^
                               ((factor & 4) != 0 ? 0b1011011100 : 0);
    EXPECT_EQ(times(x, num<3>(factor)).value(), want);
  }
}

TEST(Num, SumsATreeOfAnySize) {
  for (std::uint64_t n = 1; n < 50; ++n) {
    std::vector<num<16>> terms;
    std::uint64_t want = 0;
    for (std::uint64_t i = 0; i < n; ++i) {
      terms.emplace_back(i * 977 & 0xffff);
      want ^= i * 977 & 0xffff;
    }
    EXPECT_EQ(xor_tree(terms).value(), want);
  }
}

TEST(NumDeathTest, RefusesAConstantTooBigForTheWord) { EXPECT_DEATH(num<4>(16), "more bits than the word"); }

TEST(WireDeathTest, RefusesAWireThatWasNeverConnected) {
  Graph graph;
  const Drawing drawing(graph);
  EXPECT_DEATH((void)(wire<8>() ^ wire<8>(1)), "never connected");
}

TEST(WireDeathTest, RefusesAConstantTooBigForTheWord) {
  Graph graph;
  const Drawing drawing(graph);
  EXPECT_DEATH(wire<4>(16), "more bits than the word");
}

TEST(TableDeathTest, RefusesATableWithHoles) { EXPECT_DEATH(Table("short", 3, 8, {1, 2, 3}), "answers every address"); }

}  // namespace
}  // namespace sallyport::hls
