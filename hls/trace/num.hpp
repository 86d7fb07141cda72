// SPDX-License-Identifier: Apache-2.0
// num<N>: an unsigned word of N bits that computes. A kernel over num is the software model of the circuit it draws.
#pragma once

#include <array>
#include <cassert>
#include <concepts>
#include <cstdint>

#include "hls/trace/bits.hpp"
#include "hls/trace/table.hpp"

namespace sallyport::hls {

// Arithmetic is modulo 2^N, as in the circuit. Words are kept least significant first.
template <int N>
class num {
  static_assert(N >= 1, "a word has at least one bit");

 public:
  static constexpr int kWidth = N;
  static constexpr int kWords = (N + 63) / 64;

  constexpr num() = default;
  constexpr num(std::uint64_t value) {  // NOLINT: constants mix freely with words
    words_[0] = value;
    trim();
    assert(words_[0] == value && "the constant has more bits than the word");
  }

  static num from(const Bits& bits) {
    assert(bits.width == N);
    num r;
    for (int i = 0; i < kWords; ++i) r.words_[i] = bits.words[i];
    return r;
  }
  [[nodiscard]] Bits bits() const {
    Bits r(N);
    for (int i = 0; i < kWords; ++i) r.words[i] = words_[i];
    return r;
  }

  [[nodiscard]] constexpr std::uint64_t value() const requires(N <= 64) { return words_[0]; }
  [[nodiscard]] constexpr std::uint64_t word(int i) const { return words_[i]; }

  friend constexpr num operator^(num a, const num& b) {
    for (int i = 0; i < kWords; ++i) a.words_[i] ^= b.words_[i];
    return a;
  }
  friend constexpr num operator&(num a, const num& b) {
    for (int i = 0; i < kWords; ++i) a.words_[i] &= b.words_[i];
    return a;
  }
  friend constexpr num operator|(num a, const num& b) {
    for (int i = 0; i < kWords; ++i) a.words_[i] |= b.words_[i];
    return a;
  }
  friend constexpr num operator~(num a) {
    for (auto& w : a.words_) w = ~w;
    a.trim();
    return a;
  }
  friend constexpr num operator+(num a, const num& b) {
    bool carry = false;
    for (int i = 0; i < kWords; ++i) {
      const std::uint64_t sum = a.words_[i] + b.words_[i];
      const std::uint64_t total = sum + carry;
      carry = sum < a.words_[i] || total < sum;
      a.words_[i] = total;
    }
    a.trim();
    return a;
  }
  friend constexpr num<1> operator==(const num& a, const num& b) { return num<1>(a.words_ == b.words_); }
  friend constexpr num<1> operator<(const num& a, const num& b) {
    for (int i = kWords; i-- > 0;) {
      if (a.words_[i] != b.words_[i]) return num<1>(a.words_[i] < b.words_[i]);
    }
    return num<1>(0);
  }

  // The W bits from bit Lo upwards.
  template <int Lo, int W>
  [[nodiscard]] constexpr num<W> part() const {
    static_assert(Lo >= 0 && W >= 1 && Lo + W <= N, "the part lies outside the word");
    num<W> r;
    for (int i = 0; i < num<W>::kWords; ++i) {
      const int from = Lo / 64 + i;
      r.words_[i] = words_[from] >> (Lo % 64);
      if (Lo % 64 != 0 && from + 1 < kWords) r.words_[i] |= words_[from + 1] << (64 - Lo % 64);
    }
    r.trim();
    return r;
  }

  // This word above `low`.
  template <int B>
  [[nodiscard]] constexpr num<N + B> above(const num<B>& low) const {
    num<N + B> r;
    for (int i = 0; i < num<B>::kWords; ++i) r.words_[i] = low.words_[i];
    for (int i = 0; i < kWords; ++i) {
      r.words_[B / 64 + i] |= words_[i] << (B % 64);
      if (B % 64 != 0 && B / 64 + i + 1 < num<N + B>::kWords) r.words_[B / 64 + i + 1] |= words_[i] >> (64 - B % 64);
    }
    return r;
  }

  static constexpr num all(bool one) {
    num r;
    for (auto& w : r.words_) w = one ? ~std::uint64_t{0} : 0;
    r.trim();
    return r;
  }

 private:
  template <int M>
  friend class num;

  constexpr void trim() {
    if constexpr (N % 64 != 0) words_[kWords - 1] &= (std::uint64_t{1} << (N % 64)) - 1;
  }

  std::array<std::uint64_t, kWords> words_{};
};

template <int Lo, int W, int N>
constexpr num<W> slice(const num<N>& x) {
  return x.template part<Lo, W>();
}
template <int A, int B>
constexpr num<A + B> cat(const num<A>& high, const num<B>& low) {
  return high.above(low);
}
// All words at once: in the circuit it takes hardly longer than a sum of two (wire.hpp).
template <int N, std::same_as<num<N>>... More>
constexpr num<N> sum(const num<N>& a, const More&... more) {
  return (a + ... + more);
}
// The product of polynomials over GF(2), bit i the coefficient of x^i, with a factor of three bits.
template <int N>
constexpr num<N + 2> times(const num<N>& x, num<3> factor) {
  num<N + 2> r;
  if (slice<0, 1>(factor).value() != 0) r = r ^ cat(num<2>(0), x);
  if (slice<1, 1>(factor).value() != 0) r = r ^ cat(cat(num<1>(0), x), num<1>(0));
  if (slice<2, 1>(factor).value() != 0) r = r ^ cat(x, num<2>(0));
  return r;
}
template <int N>
constexpr num<N> mux(num<1> choose, const num<N>& if_one, const num<N>& if_zero) {
  return choose.value() != 0 ? if_one : if_zero;
}
template <int N>  // N copies of one bit
constexpr num<N> fill(num<1> bit) {
  return num<N>::all(bit.value() != 0);
}
template <int D, int A>
num<D> lookup(const Table& table, num<A> address) {
  assert(table.address_bits == A && table.data_bits == D);
  return num<D>(table.values[address.value()]);
}
template <int N>  // wire.hpp says what these two mean to the circuit; to a value they mean nothing
constexpr num<N> hold(const num<N>& x) {
  return x;
}
template <int N>
constexpr num<N> cut(const num<N>& x) {
  return x;
}

}  // namespace sallyport::hls
