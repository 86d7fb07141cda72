// SPDX-License-Identifier: Apache-2.0
// RFC 4301 4.4.1: the SPD is ordered, so of the rules that match in every field the first decides.
#pragma once

#include <array>
#include <bit>

#include "hls/trace/ops.hpp"
#include "hw/layout/tables.hpp"

namespace sallyport::hls {

inline constexpr int kRules = layout::kSpdRules;
inline constexpr int kRuleFields = 6;  // source, destination, protocol, source port, destination port, principal

template <template <int> class W, int IndexBits>
struct FirstMatch {
  W<1> hit;
  W<IndexBits> index;  // 0 when nothing is hit
};

// Index bit K of a one-hot word: does the bit stand where K is 1 in its place's number?
template <int N>
constexpr std::uint64_t places_with(int index_bit) {
  std::uint64_t mask = 0;
  for (int i = 0; i < N; ++i) mask |= static_cast<std::uint64_t>(i >> index_bit & 1) << i;
  return mask;
}

// The lowest set bit of one word. Subtracting one turns the zeros below it into ones, and leaves everything above.
template <template <int> class W, int N>
FirstMatch<W, std::countr_zero(static_cast<unsigned>(N))> first_match_in_word(W<N> x) {
  static_assert(std::has_single_bit(static_cast<unsigned>(N)) && N <= 64);
  constexpr int kIndexBits = std::countr_zero(static_cast<unsigned>(N));
  const W<N> one_hot = x & ~(x + ~W<N>(0));
  std::array<W<1>, kIndexBits> bit;
  for (int k = 0; k < kIndexBits; ++k) bit[k] = ~((one_hot & W<N>(places_with<N>(k))) == W<N>(0));
  W<kIndexBits> index(0);
  unroll<kIndexBits>([&](auto k) { index = index | shl<k>(extend<kIndexBits>(bit[k])); });
  return {~(x == W<N>(0)), index};
}

// Of the low and the high half, the low one if it has a match.
template <template <int> class W, int B>
FirstMatch<W, B + 1> first_of(const FirstMatch<W, B>& low, const FirstMatch<W, B>& high) {
  return {low.hit | high.hit, cat(~low.hit & high.hit, mux(low.hit, low.index, high.index))};
}

template <int Words, template <int> class W, std::size_t Count>
auto first_match_in(const std::array<W<64>, Count>& words, int from = 0) {
  if constexpr (Words == 1) {
    return first_match_in_word(words[from]);
  } else {
    return first_of(first_match_in<Words / 2>(words, from), first_match_in<Words / 2>(words, from + Words / 2));
  }
}

// Bit i of a bitmap is rule i, and words[0] holds the first 64 rules.
template <template <int> class W, std::size_t Count>
auto first_match(const std::array<W<64>, Count>& words) {
  static_assert(std::has_single_bit(Count), "the words are halved down to one");
  return first_match_in<static_cast<int>(Count)>(words);
}

// The first rule whose bit is set in all bitmaps.
template <template <int> class W>
auto rule_match(const std::array<W<kRules>, kRuleFields>& bitmaps) {
  static_assert(kRules % 64 == 0);
  std::array<W<64>, kRules / 64> matching;
  unroll<kRules / 64>([&](auto i) {
    W<64> all = slice<64 * i, 64>(bitmaps[0]);
    for (int field = 1; field < kRuleFields; ++field) all = all & slice<64 * i, 64>(bitmaps[field]);
    matching[i] = cut(all);  // a level that the carry chains behind it have no room for
  });
  return first_match(matching);
}

}  // namespace sallyport::hls
