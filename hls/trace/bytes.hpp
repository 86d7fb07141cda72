// SPDX-License-Identifier: Apache-2.0
// Words as bytes in network order, and back.
#pragma once

#include <cassert>

#include "base/bytes.hpp"
#include "hls/trace/num.hpp"

namespace sallyport::hls {

template <int N>
num<N> from_bytes(Bytes data) {
  static_assert(N % 8 == 0);
  assert(data.size() == N / 8);
  Bits bits(N);
  for (int i = 0; i < N / 8; ++i) {
    const int low = N - 8 * (i + 1);
    bits.words[low / 64] |= std::uint64_t{data[i]} << (low % 64);
  }
  return num<N>::from(bits);
}

template <int N>
Buffer to_bytes(const num<N>& x) {
  static_assert(N % 8 == 0);
  Buffer data(N / 8);
  for (int i = 0; i < N / 8; ++i) {
    const int low = N - 8 * (i + 1);
    data[i] = static_cast<std::uint8_t>(x.word(low / 64) >> (low % 64));
  }
  return data;
}

}  // namespace sallyport::hls
