// SPDX-License-Identifier: Apache-2.0
// The hash of the exact-match tables: one key, two buckets (each key lies in one of the two, so two reads find it).
#pragma once

#include <array>
#include <cstdint>
#include <utility>

#include "hls/trace/ops.hpp"
#include "hw/layout/address.hpp"

namespace sallyport::hls {

inline constexpr int kHashRounds = 9;  // from here on a flipped bit of 64 flips each bit of both indexes half the time

// A Feistel network of one LUT level a round: f has an AND for non-linearity and the round takes six bits to make one.
template <template <int> class W>
std::pair<W<32>, W<32>> permute(W<32> left, W<32> right, W<32> seed) {
  // Fractional digits of pi, so that no seed leaves the rounds alike.
  constexpr std::array<std::uint32_t, kHashRounds> kRoundConstants = {
      0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0x082efa98, 0xec4e6c89, 0x452821e6};
  W<32> round_seed = seed;
  for (const std::uint32_t constant : kRoundConstants) {
    const W<32> f = (rotl<1>(right) & rotl<8>(right)) ^ rotl<2>(right) ^ rotl<13>(right);
    const W<32> mixed = left ^ f ^ (round_seed ^ W<32>(constant));
    left = right;
    right = mixed;
    round_seed = rotl<5>(round_seed);
  }
  return {left, right};
}

// The key's halves are taken in one after the other, a permutation behind each. So two keys that agree in one half
// never have the same pair of 32-bit words, whatever the seed, and what two halves cancel out depends on all their
// bits. It is made to spread keys, not to hide them: the seed is there so that an unlucky set of keys can be hashed
// anew.
template <template <int> class W>
std::pair<W<32>, W<32>> bucket_hash(W<128> key, W<32> seed) {
  const auto [left, right] = permute(slice<96, 32>(key), slice<64, 32>(key), seed);
  const auto [second, first] = permute(left ^ slice<32, 32>(key), right ^ slice<0, 32>(key), seed);
  return {first, second};
}

// The same on plain integers. An index into 2^n buckets is the low n bits; at most 16 of them leave the card's kernel.
[[nodiscard]] inline std::pair<std::uint32_t, std::uint32_t> bucket_hash(layout::Address key, std::uint32_t seed) {
  const auto [first, second] = bucket_hash(cat(num<64>(key.high), num<64>(key.low)), num<32>(seed));
  return {static_cast<std::uint32_t>(first.value()), static_cast<std::uint32_t>(second.value())};
}

}  // namespace sallyport::hls
