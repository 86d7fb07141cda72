// SPDX-License-Identifier: Apache-2.0
// The hash computation of SHA-256 and SHA-512 for one block (FIPS 180-4 6.2.2 and 6.4.2): a chaining value and a block
// give the next chaining value. SHA-384 is SHA-512 from another initial value, cut short at the end.
#pragma once

#include <array>

#include "hls/bitwise.hpp"
#include "hls/sha2/constants.hpp"
#include "hls/trace/ops.hpp"

namespace sallyport::hls {

// What differs between the two: the word, and the rotations of FIPS 180-4 4.1.2 and 4.1.3.
struct Sha256 {
  static constexpr int kWord = 32;
  static constexpr int kRounds = 64;
  static constexpr std::uint64_t constant(int round) { return kSha2Constants[round] >> 32; }
  static auto big_sigma_0(auto x) { return rotr<2>(x) ^ rotr<13>(x) ^ rotr<22>(x); }
  static auto big_sigma_1(auto x) { return rotr<6>(x) ^ rotr<11>(x) ^ rotr<25>(x); }
  static auto sigma_0(auto x) { return rotr<7>(x) ^ rotr<18>(x) ^ shr<3>(x); }
  static auto sigma_1(auto x) { return rotr<17>(x) ^ rotr<19>(x) ^ shr<10>(x); }
};

struct Sha512 {
  static constexpr int kWord = 64;
  static constexpr int kRounds = 80;
  static constexpr std::uint64_t constant(int round) { return kSha2Constants[round]; }
  static auto big_sigma_0(auto x) { return rotr<28>(x) ^ rotr<34>(x) ^ rotr<39>(x); }
  static auto big_sigma_1(auto x) { return rotr<14>(x) ^ rotr<18>(x) ^ rotr<41>(x); }
  static auto sigma_0(auto x) { return rotr<1>(x) ^ rotr<8>(x) ^ shr<7>(x); }
  static auto sigma_1(auto x) { return rotr<19>(x) ^ rotr<61>(x) ^ shr<6>(x); }
};

// FIPS 180-4 6.2.2 step 1: the message schedule.
template <class Sha, template <int> class W>
std::array<W<Sha::kWord>, Sha::kRounds> sha2_schedule(W<16 * Sha::kWord> block) {
  std::array<W<Sha::kWord>, Sha::kRounds> w;
  unroll<16>([&](auto i) { w[i] = word<i, Sha::kWord>(block); });
  for (int t = 16; t < Sha::kRounds; ++t) {
    const W<Sha::kWord> early = sum(w[t - 16], Sha::sigma_0(w[t - 15]), w[t - 7]);
    w[t] = Sha::sigma_1(w[t - 2]) + early;
  }
  return w;
}

// FIPS 180-4 6.2.2 steps 2 to 4. The eight working variables are four values each of two sequences: a, b, c, d are the
// latest of one, e, f, g, h of the other.
//
// One round is one stage. The next e waits for the last one through two LUTs and a carry chain, and nothing can be
// shorter: h + K + W is summed ahead, with d and without. The next a takes T1 from a register, so the sequence of a may
// run a stage behind that of e; d is three values old and there in time. The last round sums the chaining value along,
// in words that were ready long before.
template <class Sha, template <int> class W>
W<8 * Sha::kWord> sha2_block(W<8 * Sha::kWord> state, W<16 * Sha::kWord> block) {
  constexpr int kRounds = Sha::kRounds;
  using Word = W<Sha::kWord>;
  const std::array<Word, kRounds> w = sha2_schedule<Sha>(block);
  std::array<Word, 8> chained;
  unroll<8>([&](auto i) { chained[i] = word<i, Sha::kWord>(state); });

  // Before round t the variables a, b, c, d are a[t+3] .. a[t].
  std::array<Word, kRounds + 4> a;
  std::array<Word, kRounds + 4> e;
  for (int i = 0; i < 4; ++i) {
    a[i] = chained[3 - i];
    e[i] = chained[7 - i];
  }
  for (int t = 0; t < kRounds; ++t) {
    const Word constant(Sha::constant(t));
    const Word h_k_w = sum(e[t], constant, w[t]);
    Word early_a = h_k_w;
    Word early_e = t == 0 ? sum(e[t], constant, w[t], a[t]) : h_k_w + a[t];  // round 0 has only one stage before it
    if (t == kRounds - 1) {
      early_a = early_a + chained[0];
      early_e = early_e + chained[4];
    }
    const Word sigma = Sha::big_sigma_1(e[t + 3]);
    const Word chosen = choice(e[t + 3], e[t + 2], e[t + 1]);
    const Word t1 = sum(early_a, sigma, chosen);
    e[t + 4] = sum(early_e, sigma, chosen);
    a[t + 4] = sum(t1, Sha::big_sigma_0(a[t + 3]), majority(a[t + 3], a[t + 2], a[t + 1]));
  }
  const auto* const last_a = &a[kRounds];
  const auto* const last_e = &e[kRounds];
  return cat(last_a[3], last_a[2] + chained[1], last_a[1] + chained[2], last_a[0] + chained[3],  //
             last_e[3], last_e[2] + chained[5], last_e[1] + chained[6], last_e[0] + chained[7]);
}

}  // namespace sallyport::hls
