// SPDX-License-Identifier: Apache-2.0
// For tests: looks a key up in a TableImage the way the card does, step by step over the rows.
#pragma once

#include <cstdint>

#include "driver/tables/table_image.hpp"

namespace sallyport::driver {

// The interval that the tree in `table` finds for `key`.
inline unsigned search_tree(const TableImage& image, unsigned table, std::uint32_t key) {
  const unsigned intervals = image.rows(table);
  unsigned node = 1;
  while (node < intervals) node = 2 * node + (key >= image.row(table, node).get(layout::interval::kStart) ? 1 : 0);
  return node - intervals;
}

}  // namespace sallyport::driver
