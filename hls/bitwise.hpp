// SPDX-License-Identifier: Apache-2.0
// The functions of three words that the hashes share, each bit for itself (FIPS 180-4 4.1.1: Ch, Parity and Maj).
#pragma once

namespace sallyport::hls {

template <class Word>
Word choice(Word x, Word y, Word z) {  // x chooses y or z
  return z ^ (x & (y ^ z));
}
template <class Word>
Word parity(Word x, Word y, Word z) {
  return x ^ y ^ z;
}
template <class Word>
Word majority(Word x, Word y, Word z) {
  return (x & y) | (z & (x | y));
}

}  // namespace sallyport::hls
