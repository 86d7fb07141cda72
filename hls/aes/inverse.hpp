// SPDX-License-Identifier: Apache-2.0
// The transformations of the equivalent inverse cipher (FIPS 197 5.3.5).
#pragma once

#include "hls/aes/aes.hpp"

namespace sallyport::hls {

// FIPS 197 5.3.1 and 5.3.2: InvSubBytes, and InvShiftRows, which takes row r of a column from r columns before.
template <template <int> class W>
AesColumn<W> inv_sub_and_shift(const AesState<W>& s, int column) {
  AesColumn<W> r;
  unroll<4>([&](auto row) { r[row] = lookup<64>(inverse_table(row), word<row, 8>(s[(column + 4 - row) % 4])); });
  return r;
}

// FIPS 197 5.3.3, InvMixColumns, is MixColumns of the column with {04}(s[i] ^ s[i+2]) added to each row i: the
// polynomial {0b}x^3 + {0d}x^2 + {09}x + {0e} is {03}x^3 + {01}x^2 + {01}x + {02} times {04}x^2 + {05}, modulo x^4 + 1.
// With w0 = {04}(s[0] ^ s[2]) and w1 = {04}(s[1] ^ s[3]) it differs from MixColumns by {03}w0 ^ {02}w1 in rows 0 and 2
// and by {02}w0 ^ {03}w1 in rows 1 and 3. Here all four columns are one word, to be simulated at once: w0 and w1 of
// each.
template <template <int> class W>
W<64> inv_mix_parts(const AesState<W>& s) {
  const auto rows = [&](int c) { return word<0, 16>(s[c]) ^ word<1, 16>(s[c]); };
  return times_x(times_x(hold(cat(rows(0), rows(1), rows(2), rows(3)))));
}
template <template <int> class W>
AesState<W> inv_mix_difference(W<64> parts) {
  const W<64> others =
      (shl<8>(parts) & W<64>(0xff00ff00ff00ff00)) | (shr<8>(parts) & W<64>(0x00ff00ff00ff00ff));  // w1 and w0
  const W<64> rows = parts ^ times_x(parts ^ others);
  AesState<W> r;
  unroll<4>([&](auto c) { r[c] = cat(word<c, 16>(rows), word<c, 16>(rows)); });
  return r;
}

// One pass of the loop, in two stages: decryption has no feedback, so its latency costs nothing.
template <template <int> class W>
AesState<W> aes_inv_round(const AesState<W>& s, const AesState<W>& key) {
  AesState<W> mixed;
  AesState<W> plain;
  for (int c = 0; c < 4; ++c) {
    const AesColumn<W> column = inv_sub_and_shift(s, c);
    mixed[c] = cut(mix_column(column) ^ key[c]);
    plain[c] = plain_column(column);
  }
  const AesState<W> difference = inv_mix_difference(cut(inv_mix_parts(plain)));
  AesState<W> r;
  for (int c = 0; c < 4; ++c) r[c] = cut(mixed[c] ^ difference[c]);
  return r;
}

template <template <int> class W>
AesState<W> aes_inv_last_round(const AesState<W>& s, const AesState<W>& key) {
  AesState<W> r;
  for (int c = 0; c < 4; ++c) r[c] = plain_column(inv_sub_and_shift(s, c)) ^ key[c];
  return r;
}

// InvMixColumns of a round key: FIPS 197 5.3.5 wants it of all but the first and the last.
template <template <int> class W>
W<128> aes_inv_mix(W<128> round_key) {
  const AesState<W> s = columns(round_key);
  const AesState<W> difference = inv_mix_difference(inv_mix_parts(s));
  AesState<W> r;
  for (int c = 0; c < 4; ++c) {
    const W<32> twice = times_x(s[c]);
    r[c] = twice ^ rotl<8>(twice ^ s[c]) ^ rotl<16>(s[c]) ^ rotl<24>(s[c]) ^ difference[c];  // FIPS 197 5.1.3
  }
  return block_of(r);
}

}  // namespace sallyport::hls
