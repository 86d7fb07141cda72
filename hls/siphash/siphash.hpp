// SPDX-License-Identifier: Apache-2.0
// SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012) of the 36 bytes that a user's tag is
// checked by.
//
// Ports carry byte 0 as the most significant, as everywhere. SipHash takes the first of eight bytes for the least
// significant of a word, so words are turned round on the way in and out.
#pragma once

#include <array>

#include "hls/trace/ops.hpp"

namespace sallyport::hls {

inline constexpr int kSipMessageBytes = 36;
inline constexpr int kSipCompressions = 2;   // rounds for a word of the message
inline constexpr int kSipFinalizations = 4;  // rounds behind the last

// Between the byte order of the ports and that of the words.
template <template <int> class W>
W<64> sip_order(W<64> x) {
  return hold(cat(word<7, 8>(x), word<6, 8>(x), word<5, 8>(x), word<4, 8>(x), word<3, 8>(x), word<2, 8>(x),
                  word<1, 8>(x), word<0, 8>(x)));
}

template <template <int> class W>
struct SipState {
  W<64> v0, v1, v2, v3;

  // SipRound, figure 2.1: two additions beside each other, twice. Each addition with the XOR behind it is a stage.
  void round() {
    v0 = v0 + v1;
    v2 = v2 + v3;
    v1 = rotl<13>(v1) ^ v0;
    v3 = rotl<16>(v3) ^ v2;
    v0 = rotl<32>(v0);
    v2 = v2 + v1;
    v0 = v0 + v3;
    v1 = rotl<17>(v1) ^ v2;
    v3 = rotl<21>(v3) ^ v0;
    v2 = rotl<32>(v2);
  }
};

// The check's eight bytes in the order in which the reference writes them.
template <template <int> class W>
W<64> siphash(W<128> key, W<8 * kSipMessageBytes> message) {
  const W<64> k0 = sip_order(word<0, 64>(key));
  const W<64> k1 = sip_order(word<1, 64>(key));
  SipState<W> s{k0 ^ W<64>(0x736f6d6570736575), k1 ^ W<64>(0x646f72616e646f6d), k0 ^ W<64>(0x6c7967656e657261),
                k1 ^ W<64>(0x7465646279746573)};  // "somepseudorandomlygeneratedbytes"
  // The last word: what is left of the message, zeros, and its length.
  constexpr int kWords = kSipMessageBytes / 8 + 1;
  const W<64 * kWords> padded = cat(message, W<24>(0), W<8>(kSipMessageBytes));
  unroll<kWords>([&](auto i) {
    const W<64> m = sip_order(word<i, 64>(padded));
    s.v3 = s.v3 ^ m;
    for (int n = 0; n < kSipCompressions; ++n) s.round();
    s.v0 = s.v0 ^ m;
  });
  s.v2 = s.v2 ^ W<64>(0xff);
  for (int n = 0; n < kSipFinalizations; ++n) s.round();
  return sip_order(s.v0 ^ s.v1 ^ s.v2 ^ s.v3);
}

}  // namespace sallyport::hls
