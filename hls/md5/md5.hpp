// SPDX-License-Identifier: Apache-2.0
// MD5 of one block (RFC 1321 3.4): a chaining value and a block give the next chaining value.
//
// Ports carry byte 0 as the most significant, as everywhere. MD5 takes the first of four bytes for the least
// significant of a word (RFC 1321 2), so words are turned round on the way in and out: the chaining value is the bytes
// of a digest.
#pragma once

#include <array>
#include <cmath>

#include "hls/bitwise.hpp"
#include "hls/trace/ops.hpp"

namespace sallyport::hls {

inline constexpr int kMd5Steps = 64;

// RFC 1321 3.3, as bytes of a digest: 01 23 45 67 89 ab ..
inline constexpr std::array<std::uint32_t, 4> kMd5Start = {0x01234567, 0x89abcdef, 0xfedcba98, 0x76543210};

// RFC 1321 3.4: T[i], "the integer part of 4294967296 times abs(sin(i)), where i is in radians", counted from 1.
inline std::uint32_t md5_constant(int step) {
  return static_cast<std::uint32_t>(4294967296.0 * std::abs(std::sin(step + 1)));
}

// RFC 1321 3.4: k, the word of the block that a step takes.
constexpr int md5_word(int step) {
  constexpr std::array<int, 4> kFirst = {0, 1, 5, 0};
  constexpr std::array<int, 4> kStride = {1, 5, 3, 7};
  return (kFirst[step / 16] + kStride[step / 16] * step) % 16;
}

// RFC 1321 3.4: s, how far a step rotates.
constexpr int md5_shift(int step) {
  constexpr std::array<std::array<int, 4>, 4> kShifts = {
      {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}}};
  return kShifts[step / 16][step % 4];
}

// RFC 1321 3.4: F, G, H and I.
template <class Word>
Word md5_function(int step, Word x, Word y, Word z) {
  switch (step / 16) {
    case 0:
      return choice(x, y, z);
    case 1:
      return choice(z, x, y);
    case 2:
      return parity(x, y, z);
    default:
      return y ^ (x | ~z);
  }
}

// Between the byte order of the ports and that of the words.
template <template <int> class W>
W<32> md5_order(W<32> x) {
  return hold(cat(word<3, 8>(x), word<2, 8>(x), word<1, 8>(x), word<0, 8>(x)));
}

// A step is a = b + ((a + f(b,c,d) + X[k] + T[i]) <<< s), then the four variables change places: they are the last four
// values of one sequence. One step is one stage of two carry chains; a + X[k] + T[i] is summed ahead.
template <template <int> class W>
W<128> md5_block(W<128> state, W<512> block) {
  std::array<W<32>, 16> x;
  unroll<16>([&](auto i) { x[i] = md5_order(word<i, 32>(block)); });
  std::array<W<32>, 4> chained;
  unroll<4>([&](auto i) { chained[i] = md5_order(word<i, 32>(state)); });

  // Before step t the variables a, d, c, b are v[t] .. v[t+3].
  std::array<W<32>, kMd5Steps + 4> v;
  v[0] = chained[0];
  v[1] = chained[3];
  v[2] = chained[2];
  v[3] = chained[1];
  unroll<kMd5Steps>([&](auto t) {
    const W<32> early = sum(v[t], x[md5_word(t)], W<32>(md5_constant(t)));
    v[t + 4] = v[t + 3] + rotl<md5_shift(t)>(early + md5_function(t, v[t + 3], v[t + 2], v[t + 1]));
  });
  const auto* const last = &v[kMd5Steps];
  return cat(md5_order(last[0] + chained[0]), md5_order(last[3] + chained[1]), md5_order(last[2] + chained[2]),
             md5_order(last[1] + chained[3]));
}

}  // namespace sallyport::hls
