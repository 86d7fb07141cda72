// SPDX-License-Identifier: Apache-2.0
#include "hls/des/des.hpp"

namespace sallyport::hls {
namespace {

Table make_table(int box) {
  std::vector<std::uint64_t> values;
  for (unsigned input = 0; input < 64; ++input) {
    // FIPS 46-3: the first and the last bit choose the row, the middle four the column.
    const unsigned row = (input >> 5 << 1) | (input & 1);
    const unsigned column = input >> 1 & 0xf;
    const std::uint64_t placed = std::uint64_t{kDesBoxes[box][row][column]} << (28 - 4 * box);
    values.push_back(selected<kDesPermutation>(num<32>(placed)).value());
  }
  return {"des_s" + std::to_string(box + 1), 6, 32, std::move(values)};
}

}  // namespace

const Table& des_table(int box) {
  static const std::array<Table, 8> tables = {make_table(0), make_table(1), make_table(2), make_table(3),
                                              make_table(4), make_table(5), make_table(6), make_table(7)};
  return tables[box];
}

}  // namespace sallyport::hls
