// SPDX-License-Identifier: Apache-2.0
// The equivalent inverse cipher of AES (FIPS 197 5.3.5), the key size chosen by each block, at one latency for all: a
// round is two stages.
#pragma once

#include "hls/aes/entering.hpp"
#include "hls/aes/inverse.hpp"
#include "hls/aes/key_size.hpp"

namespace sallyport::hls {

// Round keys stand in the order of their use: position 14-Nr has the last of the encryption, position 14 the first.
template <template <int> class W>
W<128> aes_decrypt(W<2> key_size, W<128> block, const std::array<W<128>, kAesPositions>& round_keys) {
  constexpr std::uint8_t kWaitingByte = 0x63;  // InvSubBytes takes {63} to {00}
  constexpr int kLastWhitening = aes_first_position(AesSize::k128);
  AesState<W> waiting = columns(block);  // travels along until it enters
  const auto next_stage = [&] {
    key_size = cut(key_size);
    for (W<32>& column : waiting) column = cut(column);
  };
  AesState<W> s = aes_entering_key(0, key_size, waiting, columns(round_keys[0]), kWaitingByte);
  for (W<32>& column : s) column = cut(column);
  next_stage();
  for (int position = 1; position < kAesPositions - 1; ++position) {
    AesState<W> key = columns(round_keys[position]);
    if (position <= kLastWhitening) key = aes_entering_key(position, key_size, waiting, key, kWaitingByte);
    s = aes_inv_round(s, key);
    next_stage();
    next_stage();
  }
  return block_of(aes_inv_last_round(s, columns(round_keys[kAesPositions - 1])));
}

}  // namespace sallyport::hls
