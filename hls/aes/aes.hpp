// SPDX-License-Identifier: Apache-2.0
// The AES cipher (FIPS 197 5.1). Byte 0 of a block is the most significant of its 128 bits.
#pragma once

#include <array>

#include "hls/aes/sbox.hpp"
#include "hls/trace/ops.hpp"

namespace sallyport::hls {

template <template <int> class W>
using AesState = std::array<W<32>, 4>;  // the columns; row 0 is the most significant byte

template <template <int> class W>
AesState<W> columns(W<128> block) {
  return {word<0, 32>(block), word<1, 32>(block), word<2, 32>(block), word<3, 32>(block)};
}
template <template <int> class W>
W<128> block_of(const AesState<W>& s) {
  return cat(s[0], s[1], s[2], s[3]);
}

// A column of S(x), and the same times {02}.
template <template <int> class W>
struct Substituted {
  W<32> once;
  W<32> twice;
};

// FIPS 197 5.1.1 and 5.1.2: SubBytes, and ShiftRows, which takes row r of this column from r columns further on.
template <template <int> class W>
Substituted<W> sub_and_shift(const AesState<W>& s, int column) {
  const auto at = [&](int row) { return s[(column + row) % 4]; };
  const W<16> row0 = lookup<16>(sub_table(), word<0, 8>(at(0)));
  const W<16> row1 = lookup<16>(sub_table(), word<1, 8>(at(1)));
  const W<16> row2 = lookup<16>(sub_table(), word<2, 8>(at(2)));
  const W<16> row3 = lookup<16>(sub_table(), word<3, 8>(at(3)));
  return {hold(cat(word<1, 8>(row0), word<1, 8>(row1), word<1, 8>(row2), word<1, 8>(row3))),
          hold(cat(word<0, 8>(row0), word<0, 8>(row1), word<0, 8>(row2), word<0, 8>(row3)))};
}

// FIPS 197 5.1.3, MixColumns: row r becomes {02}s[r] ^ {03}s[r+1] ^ s[r+2] ^ s[r+3].
template <template <int> class W>
W<32> mix_column(const Substituted<W>& s) {
  return s.twice ^ rotl<8>(s.twice) ^ rotl<8>(s.once) ^ rotl<16>(s.once) ^ rotl<24>(s.once);
}

// FIPS 197 5.1, one pass of the loop. A register follows, so that a round is a stage.
template <template <int> class W>
AesState<W> aes_round(const AesState<W>& s, const AesState<W>& key) {
  AesState<W> r;
  for (int c = 0; c < 4; ++c) r[c] = cut(mix_column(sub_and_shift(s, c)) ^ key[c]);
  return r;
}

// The last round has no MixColumns.
template <template <int> class W>
AesState<W> aes_last_round(const AesState<W>& s, const AesState<W>& key) {
  AesState<W> r;
  for (int c = 0; c < 4; ++c) r[c] = sub_and_shift(s, c).once ^ key[c];
  return r;
}

// Either round, for an engine that goes round a loop. No register of its own.
template <template <int> class W>
AesState<W> aes_any_round(W<1> last, const AesState<W>& s, const AesState<W>& key) {
  AesState<W> r;
  for (int c = 0; c < 4; ++c) {
    const Substituted<W> sub = sub_and_shift(s, c);
    r[c] = mux(last, sub.once, mix_column(sub)) ^ key[c];
  }
  return r;
}

// The cipher with a key of one size: 10, 12 or 14 rounds.
template <int Rounds, template <int> class W>
W<128> aes_cipher(W<128> block, const std::array<W<128>, Rounds + 1>& round_keys) {
  static_assert(Rounds == 10 || Rounds == 12 || Rounds == 14, "FIPS 197 5: Nr is 10, 12 or 14");
  AesState<W> s = columns(block);
  const AesState<W> whitening = columns(round_keys[0]);
  for (int c = 0; c < 4; ++c) s[c] = cut(s[c] ^ whitening[c]);
  for (int r = 1; r < Rounds; ++r) s = aes_round(s, columns(round_keys[r]));
  return block_of(aes_last_round(s, columns(round_keys[Rounds])));
}

}  // namespace sallyport::hls
