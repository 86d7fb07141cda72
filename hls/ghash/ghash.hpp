// SPDX-License-Identifier: Apache-2.0
// Products in GF(2^128) as GHASH uses them (NIST SP 800-38D 6.3): bit 0 of a block is the coefficient of x^0 and the
// most significant bit of the word.
#pragma once

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "hls/trace/ops.hpp"

namespace sallyport::hls {

inline constexpr int kGhashLeaf = 32;  // Karatsuba stops here: least LUTs, and the fastest to simulate

// The sum of the products a[i]*b[i] of polynomials over GF(2), the ordinary way round: bit i is the coefficient of x^i.
// Karatsuba: (a1*y + a0)(b1*y + b0) = hi*y^2 + ((a1 + a0)(b1 + b0) + hi + lo)*y + lo. A sum of products keeps that
// shape, so however many there are, their halves are put together once.
template <int N, std::size_t Count, template <int> class W>
W<2 * N> carryless_dot(const std::array<W<N>, Count>& a, const std::array<W<N>, Count>& b) {
  if constexpr (N <= kGhashLeaf) {
    constexpr int kFactors = (N + kFactorBits - 1) / kFactorBits;
    std::vector<W<2 * N>> terms;
    for (std::size_t k = 0; k < Count; ++k) {
      const W<kFactors* kFactorBits> factors = extend<kFactors * kFactorBits>(b[k]);
      unroll<kFactors>([&](auto i) {
        const W<N + 2> term = times(a[k], slice<kFactorBits * i, kFactorBits>(factors));
        constexpr int kKept = std::min(N + 2, 2 * N - kFactorBits * i);  // the last factor's own zeros may stick out
        terms.push_back(shl<kFactorBits * i>(extend<2 * N>(slice<0, kKept>(term))));
      });
    }
    return xor_tree(std::move(terms));
  } else {
    constexpr int H = N / 2;
    static_assert(N % 2 == 0, "Karatsuba halves the word");
    std::array<W<H>, Count> a1, a0, b1, b0, am, bm;
    for (std::size_t k = 0; k < Count; ++k) {
      a1[k] = slice<H, H>(a[k]);
      a0[k] = slice<0, H>(a[k]);
      b1[k] = slice<H, H>(b[k]);
      b0[k] = slice<0, H>(b[k]);
      am[k] = a1[k] ^ a0[k];
      bm[k] = b1[k] ^ b0[k];
    }
    const W<N> hi = carryless_dot<H>(a1, b1);
    const W<N> lo = carryless_dot<H>(a0, b0);
    const W<N> mid = carryless_dot<H>(am, bm) ^ hi ^ lo;
    return cat(slice<H, H>(hi), slice<0, H>(hi) ^ slice<H, H>(mid), slice<H, H>(lo) ^ slice<0, H>(mid),
               slice<0, H>(lo));
  }
}

// The words of a 128-bit element shifted right by K bits, that is, multiplied by x^K; what falls out is dropped.
template <int K, template <int> class W>
std::pair<W<64>, W<64>> times_x(W<64> high, W<64> low) {
  return {shr<K>(high), cat(slice<0, K>(high), slice<K, 64 - K>(low))};
}

// SP 800-38D 6.3: x^128 = x^7 + x^2 + x + 1. `product` is what carryless_dot gives: the coefficient of x^e at bit
// 254-e.
template <template <int> class W>
W<128> ghash_reduce(W<256> product) {
  const W<256> aligned = shl<1>(product);  // x^0 to x^127 fill the upper half, x^128 to x^254 the lower
  W<64> high = word<2, 64>(aligned);
  const W<64> low = word<3, 64>(aligned);
  // The lower half times x^7 + x^2 + x + 1 is itself up to 7 bits too long. Those bits come back to where x^128 stands.
  high = high ^ shl<63>(low) ^ shl<62>(low) ^ shl<57>(low);
  const auto [high1, low1] = times_x<1>(high, low);
  const auto [high2, low2] = times_x<2>(high, low);
  const auto [high7, low7] = times_x<7>(high, low);
  return cat(word<0, 64>(aligned) ^ high ^ high1 ^ high2 ^ high7, word<1, 64>(aligned) ^ low ^ low1 ^ low2 ^ low7);
}

// x[0]*h[0] + x[1]*h[1] + ..., reduced once.
template <std::size_t Count, template <int> class W>
W<128> ghash_dot(const std::array<W<128>, Count>& x, const std::array<W<128>, Count>& h) {
  return ghash_reduce(carryless_dot<128>(x, h));
}

template <template <int> class W>
W<128> ghash_mul(W<128> a, W<128> b) {
  return ghash_dot<1>(std::array<W<128>, 1>{a}, std::array<W<128>, 1>{b});
}

}  // namespace sallyport::hls
