// SPDX-License-Identifier: Apache-2.0
// One pass of the DES (FIPS 46-3) over one block, in either direction. Byte 0 of block and key is the most significant.
#pragma once

#include "hls/des/tables.hpp"

namespace sallyport::hls {

inline constexpr int kDesRounds = 16;

// The left shifts before the key of round 1 to 16, of all rounds up to it.
constexpr int des_total_shift(int round) {
  int total = 0;
  for (int r = 1; r <= round; ++r) total += kDesShifts[r - 1];
  return total;
}

template <int K, template <int> class W>
W<28> des_rotated(W<28> half) {
  if constexpr (K == 28) {
    return half;
  } else {
    return rotl<K>(half);
  }
}

// The key of one round. FIPS 46-3: "deciphering ... the same key bits K be used in reverse order". Both candidates are
// wiring, so the choice between them costs a multiplexer, and no key is shifted from round to round.
template <int Round, template <int> class W>
W<48> des_round_key(W<1> decrypt, W<28> c, W<28> d) {
  constexpr int kForward = des_total_shift(Round);
  constexpr int kBackward = des_total_shift(kDesRounds + 1 - Round);
  return selected<kDesChoice2>(cat(mux(decrypt, des_rotated<kBackward>(c), des_rotated<kForward>(c)),
                                   mux(decrypt, des_rotated<kBackward>(d), des_rotated<kForward>(d))));
}

// The cipher function f: E, the key, the S-boxes, and P, which is in their tables.
template <template <int> class W>
W<32> des_function(W<32> r, W<48> key) {
  const W<48> expanded = selected<kDesExpansion>(r);
  std::vector<W<32>> boxes;
  unroll<8>([&](auto box) { boxes.push_back(lookup<32>(des_table(box), word<box, 6>(expanded) ^ word<box, 6>(key))); });
  return xor_tree(boxes);
}

template <template <int> class W>
W<64> des_block(W<1> decrypt, W<64> key, W<64> block) {
  const W<56> chosen = selected<kDesChoice1>(key);
  const W<28> c = hold(slice<28, 28>(chosen));
  const W<28> d = hold(slice<0, 28>(chosen));
  const W<64> permuted = selected<kDesInitial>(block);
  W<32> left = hold(word<0, 32>(permuted));
  W<32> right = hold(word<1, 32>(permuted));
  unroll<kDesRounds>([&](auto i) {
    const W<32> next = left ^ des_function(right, des_round_key<i + 1>(decrypt, c, d));
    left = right;
    right = next;
  });
  return selected<kDesFinal>(cat(right, left));  // "the preoutput block", R16 then L16
}

}  // namespace sallyport::hls
