// SPDX-License-Identifier: Apache-2.0
// What kernels share over both word types: moving bits about, XOR of many words, loops that unroll by running.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "hls/trace/num.hpp"
#include "hls/trace/wire.hpp"

namespace sallyport::hls {

template <template <int> class W, int A, int B, int C, class... Rest>
auto cat(W<A> a, W<B> b, W<C> c, Rest... rest) {
  return cat(cat(a, b), c, rest...);
}

template <int K, template <int> class W, int N>
W<N> rotl(W<N> x) {
  static_assert(K > 0 && K < N);
  return cat(slice<0, N - K>(x), slice<N - K, K>(x));
}
template <int K, template <int> class W, int N>
W<N> rotr(W<N> x) {
  return rotl<N - K>(x);
}
template <int K, template <int> class W, int N>
W<N> shl(W<N> x) {
  static_assert(K >= 0 && K < N);
  if constexpr (K == 0) {
    return x;
  } else {
    return cat(slice<0, N - K>(x), W<K>(0));
  }
}
template <int K, template <int> class W, int N>
W<N> shr(W<N> x) {
  static_assert(K > 0 && K < N);
  return cat(W<K>(0), slice<K, N - K>(x));
}
template <int M, template <int> class W, int N>  // zeros above
W<M> extend(W<N> x) {
  static_assert(M >= N);
  if constexpr (M == N) {
    return x;
  } else {
    return cat(W<M - N>(0), x);
  }
}

template <class F, int... I>
constexpr void unroll(std::integer_sequence<int, I...>, F&& f) {
  (f(std::integral_constant<int, I>{}), ...);
}
// f(0) .. f(N-1), the index a constant that template arguments may use.
template <int N, class F>
constexpr void unroll(F&& f) {
  unroll(std::make_integer_sequence<int, N>{}, std::forward<F>(f));
}

// Word I of `x` cut into words of `Each` bits, word 0 the most significant: the order of bytes in a packet.
template <int I, int Each, template <int> class W, int N>
W<Each> word(W<N> x) {
  static_assert(N % Each == 0 && (I + 1) * Each <= N);
  return slice<N - (I + 1) * Each, Each>(x);
}

// XOR of many words as a tree of groups of six, the inputs of a LUT.
template <class T>
T xor_tree(std::vector<T> terms) {
  constexpr std::size_t kGroup = 6;
  while (terms.size() > 1) {
    std::vector<T> sums;
    for (std::size_t i = 0; i < terms.size(); i += kGroup) {
      T sum = terms[i];
      for (std::size_t j = i + 1; j < std::min(i + kGroup, terms.size()); ++j) sum = sum ^ terms[j];
      sums.push_back(sum);
    }
    terms = std::move(sums);
  }
  return terms.front();
}

}  // namespace sallyport::hls
