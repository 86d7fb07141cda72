// SPDX-License-Identifier: Apache-2.0
// The tables that AES kernels look bytes up in: SubBytes and MixColumns in one.
#pragma once

#include "hls/aes/sbox.hpp"
#include "hls/trace/ops.hpp"

namespace sallyport::hls {

// What a byte a in row 0 of a column adds to the column after MixColumns is {02}S, S, S, {03}S in rows 0 to 3 (FIPS 197
// 5.1.3, with S = S(a)). An entry is that in two words of which it is the XOR: {02}S, S, S, {02}S in the upper one and
// 0, 0, 0, S in the lower. So every bit of an entry is a bit of S or of {02}S, and of those only 11 differ: 44 LUTs.
// {03}S would be eight more. A byte in row r adds the same r rows further down; each row has its own table.
[[nodiscard]] const Table& mix_table(int row);

// The same for the inverse cipher, with InvSubBytes (FIPS 197 5.3.2) in place of SubBytes.
[[nodiscard]] const Table& inverse_table(int row);

// S(a), taken out of a's entry in the table of row Row.
template <int Row, template <int> class W>
W<8> substituted(W<64> entry) {
  return word<(Row + 1) % 4, 8>(entry);
}

}  // namespace sallyport::hls
