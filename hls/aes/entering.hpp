// SPDX-License-Identifier: Apache-2.0
// How a block with a shorter key waits, so that all key sizes take one time: its rounds are the last ones.
//
// There are 15 round-key positions. A key of Nr rounds takes positions 14-Nr to 14: whitening first, last round last.
#pragma once

#include "hls/aes/aes.hpp"
#include "hls/aes/key_size.hpp"

namespace sallyport::hls {

// A block enters the rounds at its whitening position and not before. Until then every byte of its state is kept at the
// one that the S-box takes to {00}: MixColumns of zero is zero, so a round leaves nothing but what is put in place of
// its round key, and the block can be let in there. No round needs a bypass, and no stage is deeper than one of a
// single key size. What takes the place of the round key at a position up to the last whitening:
template <template <int> class W>
AesState<W> aes_entering_key(int position, W<2> key_size, const AesState<W>& block, const AesState<W>& round_key,
                             std::uint8_t waiting_byte) {
  const AesKeySize<W> size(key_size);
  const W<1> no(0);
  const W<1> yes(1);
  const std::array<W<1>, 5> whitening = {size.is_256(), no, size.is_192(), no, size.is_128()};
  const std::array<W<1>, 5> started = {size.is_256(), size.is_256(), ~size.is_128(), ~size.is_128(), yes};

  AesState<W> key;
  for (int c = 0; c < 4; ++c) {
    const W<32> entered = round_key[c] ^ (fill<32>(whitening[position]) & block[c]);
    key[c] = mux(started[position], entered, W<32>(0x01010101u * waiting_byte));
  }
  return key;
}

}  // namespace sallyport::hls
