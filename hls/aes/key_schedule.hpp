// SPDX-License-Identifier: Apache-2.0
// Key expansion (FIPS 197 5.2), one word at a time: the same step for all three key sizes.
#pragma once

#include <array>

#include "base/bytes.hpp"
#include "hls/aes/aes.hpp"
#include "hls/aes/key_size.hpp"

namespace sallyport::hls {

// What the schedule remembers: the next Nk words to leave, the last of them least significant (what stands above a
// shorter key does not matter), the index of the leaving word modulo Nk, and the next round constant.
// It starts as {the key, 0, 1}. In step i, counted from 0, the word w[i] leaves.
template <template <int> class W>
struct KeySchedule {
  W<256> window;
  W<3> phase;
  W<8> rcon;
};

template <template <int> class W>
W<32> leaving_word(W<2> key_size, W<256> window) {
  const AesKeySize<W> size(key_size);
  return mux(size.is_256(), word<0, 32>(window), mux(size.is_192(), word<2, 32>(window), word<4, 32>(window)));
}

// FIPS 197 5.2, SubWord
template <template <int> class W>
W<32> sub_word(W<32> x) {
  std::array<W<8>, 4> s;
  unroll<4>([&](auto i) { s[i] = substituted<0>(lookup<64>(mix_table(0), word<i, 8>(x))); });
  return hold(cat(s[0], s[1], s[2], s[3]));
}

// Lets w[i] leave and puts w[i+Nk] = w[i] ^ f(w[i+Nk-1]) behind the others, where f is
//   SubWord(RotWord(x)) ^ Rcon  when i is a multiple of Nk,
//   SubWord(x)                  when Nk is 8 and i modulo 8 is 4,
//   x                           otherwise.
template <template <int> class W>
KeySchedule<W> aes_key_step(W<2> key_size, const KeySchedule<W>& now) {
  const AesKeySize<W> size(key_size);
  const W<32> newest = word<7, 32>(now.window);
  const W<32> substituted = sub_word(newest);  // RotWord commutes with it
  const W<1> group_start = now.phase == W<3>(0);
  const W<1> group_middle = size.is_256() & (now.phase == W<3>(4));
  const W<32> base = leaving_word(key_size, now.window) ^ cat(fill<8>(group_start) & now.rcon, W<24>(0));
  const W<32> fresh = base ^ mux(group_start, rotl<8>(substituted), mux(group_middle, substituted, newest));

  const W<1> wraps = mux(size.is_256(), now.phase == W<3>(7), now.phase == mux(size.is_192(), W<3>(5), W<3>(3)));
  return {cat(slice<0, 224>(now.window), fresh), mux(wraps, W<3>(0), now.phase + W<3>(1)),
          mux(group_start, times_x(now.rcon), now.rcon)};
}

// All round keys of a key of 16, 24 or 32 bytes at their positions, zeros before the first.
[[nodiscard]] std::array<num<128>, kAesPositions> expand_key(Bytes key);

// FIPS 197 5.3.5: those of aes_decrypt, in the order in which decryption uses them. The round keys come backwards
// within the key's positions, and all but the first and the last through InvMixColumns.
[[nodiscard]] std::array<num<128>, kAesPositions> expand_inverse_key(Bytes key);

}  // namespace sallyport::hls
