// SPDX-License-Identifier: Apache-2.0
// The hash computation of SHA-1 for one block (FIPS 180-4 6.1.2): a chaining value and a block give the next chaining
// value.
#pragma once

#include <array>

#include "hls/bitwise.hpp"
#include "hls/trace/ops.hpp"

namespace sallyport::hls {

inline constexpr int kSha1Rounds = 80;

// FIPS 180-4 5.3.1
inline constexpr std::array<std::uint32_t, 5> kSha1Start = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};

// FIPS 180-4 4.2.1
constexpr std::uint32_t sha1_constant(int round) {
  constexpr std::array<std::uint32_t, 4> kConstants = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
  return kConstants[round / 20];
}

// FIPS 180-4 4.1.1
template <class Word>
Word sha1_function(int round, Word x, Word y, Word z) {
  return round < 20 ? choice(x, y, z) : round >= 40 && round < 60 ? majority(x, y, z) : parity(x, y, z);
}

// FIPS 180-4 6.1.2 step 1: the message schedule.
template <template <int> class W>
std::array<W<32>, kSha1Rounds> sha1_schedule(W<512> block) {
  std::array<W<32>, kSha1Rounds> w;
  unroll<16>([&](auto i) { w[i] = word<i, 32>(block); });
  for (int t = 16; t < kSha1Rounds; ++t) w[t] = rotl<1>(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16]);
  return w;
}

// FIPS 180-4 6.1.2 steps 2 to 4. The five working variables are the last five values of one sequence; c, d and e have
// been rotated since.
//
// Two rounds are one stage. All but the rotated a is summed a round ahead, f(b, c, d) last, so between one a and the
// next is a single carry chain. The last round sums the chaining value along, in a word that was ready long before.
template <template <int> class W>
W<160> sha1_block(W<160> state, W<512> block) {
  const std::array<W<32>, kSha1Rounds> w = sha1_schedule(block);
  std::array<W<32>, 5> chained;
  unroll<5>([&](auto i) { chained[i] = word<i, 32>(state); });

  // Before round t the variables a and b are a[t+4] and a[t+3], and c, d, e those before them rotated by 30.
  std::array<W<32>, kSha1Rounds + 5> a;
  a[4] = chained[0];
  a[3] = chained[1];
  for (int i = 2; i < 5; ++i) a[4 - i] = rotr<30>(chained[i]);
  const auto variable_c = [&](int t) { return rotl<30>(a[t + 2]); };
  const auto variable_d = [&](int t) { return rotl<30>(a[t + 1]); };
  const auto variable_e = [&](int t) { return rotl<30>(a[t]); };
  for (int t = 0; t < kSha1Rounds; ++t) {
    const bool last = t == kSha1Rounds - 1;
    const W<32> constant(sha1_constant(t));
    const W<32> early = last ? sum(variable_e(t), constant, w[t], chained[0]) : sum(variable_e(t), constant, w[t]);
    a[t + 5] = rotl<5>(a[t + 4]) + (early + sha1_function(t, a[t + 3], variable_c(t), variable_d(t)));
  }
  constexpr int kEnd = kSha1Rounds;
  return cat(a[kEnd + 4], a[kEnd + 3] + chained[1], variable_c(kEnd) + chained[2], variable_d(kEnd) + chained[3],
             variable_e(kEnd) + chained[4]);
}

}  // namespace sallyport::hls
