// SPDX-License-Identifier: Apache-2.0
// AES with the key size chosen by each block, at one latency for all: a round is a stage.
#pragma once

#include "hls/aes/aes.hpp"
#include "hls/aes/entering.hpp"
#include "hls/aes/key_size.hpp"

namespace sallyport::hls {

template <template <int> class W>
W<128> aes_encrypt(W<2> key_size, W<128> block, const std::array<W<128>, kAesPositions>& round_keys) {
  constexpr std::uint8_t kWaitingByte = 0x52;  // S({52}) is {00}
  constexpr int kLastWhitening = aes_first_position(AesSize::k128);
  AesState<W> waiting = columns(block);  // travels along until it enters
  AesState<W> s = aes_entering_key(0, key_size, waiting, columns(round_keys[0]), kWaitingByte);
  for (W<32>& column : s) column = cut(column);
  for (int position = 1; position < kAesPositions - 1; ++position) {
    AesState<W> key = columns(round_keys[position]);
    if (position <= kLastWhitening) {
      key_size = cut(key_size);
      for (W<32>& column : waiting) column = cut(column);
      key = aes_entering_key(position, key_size, waiting, key, kWaitingByte);
    }
    s = aes_round(s, key);
  }
  return block_of(aes_last_round(s, columns(round_keys[kAesPositions - 1])));
}

}  // namespace sallyport::hls
