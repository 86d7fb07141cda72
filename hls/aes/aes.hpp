// SPDX-License-Identifier: Apache-2.0
// The AES cipher (FIPS 197 5.1). Byte 0 of a block is the most significant of its 128 bits.
#pragma once

#include <array>

#include "hls/aes/mix_table.hpp"
#include "hls/trace/ops.hpp"

namespace sallyport::hls {

// FIPS 197 4.2.1: multiplication of a field element by x, that is {02}, here of each byte of a word.
template <template <int> class W, int N>
W<N> times_x(W<N> bytes) {
  constexpr std::uint64_t kOnes = 0x0101010101010101 >> (64 - N);
  const W<N> high = shr<7>(bytes) & W<N>(kOnes);
  return (shl<1>(bytes) & W<N>(0xfe * kOnes)) ^ high ^ shl<1>(high) ^ shl<3>(high) ^ shl<4>(high);  // {1b}
}

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

// FIPS 197 5.1.1 and 5.1.2: SubBytes, and ShiftRows, which takes row r of a column from r columns further on. What the
// table says of each of the four bytes.
template <template <int> class W>
using AesColumn = std::array<W<64>, 4>;

template <template <int> class W>
AesColumn<W> sub_and_shift(const AesState<W>& s, int column) {
  AesColumn<W> r;
  unroll<4>([&](auto row) { r[row] = lookup<64>(mix_table(row), word<row, 8>(s[(column + row) % 4])); });
  return r;
}

// FIPS 197 5.1.3, MixColumns: row i becomes {02}s[i] ^ {03}s[i+1] ^ s[i+2] ^ s[i+3].
template <template <int> class W>
W<32> mix_column(const AesColumn<W>& c) {
  const W<64> parts = c[0] ^ c[1] ^ c[2] ^ c[3];
  return word<0, 32>(parts) ^ word<1, 32>(parts);
}

// The same column without MixColumns.
template <template <int> class W>
W<32> plain_column(const AesColumn<W>& c) {
  return cat(substituted<0>(c[0]), substituted<1>(c[1]), substituted<2>(c[2]), substituted<3>(c[3]));
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
  for (int c = 0; c < 4; ++c) r[c] = plain_column(sub_and_shift(s, c)) ^ key[c];
  return r;
}

// Either round, for an engine that goes round a loop. No register of its own.
template <template <int> class W>
AesState<W> aes_any_round(W<1> last, const AesState<W>& s, const AesState<W>& key) {
  AesState<W> r;
  for (int c = 0; c < 4; ++c) {
    const AesColumn<W> column = sub_and_shift(s, c);
    r[c] = mux(last, plain_column(column), mix_column(column)) ^ key[c];
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
