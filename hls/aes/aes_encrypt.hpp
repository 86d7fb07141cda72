// SPDX-License-Identifier: Apache-2.0
// AES with the key size chosen by each block, at one latency for all: the rounds of a shorter key are the last ones.
//
// There are 15 round-key positions. A key of Nr rounds takes positions 14-Nr to 14: whitening first, last round last.
#pragma once

#include "hls/aes/aes.hpp"
#include "hls/aes/key_size.hpp"

namespace sallyport::hls {

// A block enters the rounds at its whitening position and not before. Until then its state is kept at bytes of {52}:
// S({52}) is {00} and MixColumns of zero is zero, so a round leaves nothing but what is put in place of its round key,
// and the block can be let in there. No round needs a bypass, and no stage is deeper than one of a single key size.
// What takes the place of the round key at a position up to the last whitening:
template <template <int> class W>
AesState<W> aes_entering_key(int position, W<2> key_size, const AesState<W>& block, const AesState<W>& round_key) {
  const AesKeySize<W> size(key_size);
  const W<1> no(0);
  const W<1> yes(1);
  const std::array<W<1>, 5> whitening = {size.is_256(), no, size.is_192(), no, size.is_128()};
  const std::array<W<1>, 5> started = {size.is_256(), size.is_256(), ~size.is_128(), ~size.is_128(), yes};

  AesState<W> key;
  for (int c = 0; c < 4; ++c) {
    const W<32> entered = round_key[c] ^ (fill<32>(whitening[position]) & block[c]);
    key[c] = mux(started[position], entered, W<32>(0x52525252));
  }
  return key;
}

template <template <int> class W>
W<128> aes_encrypt(W<2> key_size, W<128> block, const std::array<W<128>, kAesPositions>& round_keys) {
  constexpr int kLastWhitening = aes_first_position(AesSize::k128);
  AesState<W> waiting = columns(block);  // travels along until it enters
  AesState<W> s = aes_entering_key(0, key_size, waiting, columns(round_keys[0]));
  for (W<32>& column : s) column = cut(column);
  for (int position = 1; position < kAesPositions - 1; ++position) {
    AesState<W> key = columns(round_keys[position]);
    if (position <= kLastWhitening) {
      key_size = cut(key_size);
      for (W<32>& column : waiting) column = cut(column);
      key = aes_entering_key(position, key_size, waiting, key);
    }
    s = aes_round(s, key);
  }
  return block_of(aes_last_round(s, columns(round_keys[kAesPositions - 1])));
}

}  // namespace sallyport::hls
