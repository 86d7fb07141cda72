// SPDX-License-Identifier: Apache-2.0
// For tests: looks a key up in a TableImage the way the card does, step by step over the rows.
#pragma once

#include "driver/tables/interval_table.hpp"

namespace sallyport::driver {

// The interval that the tree in `table` finds for `key`.
inline unsigned search_tree(const TableImage& image, unsigned table, const Key& key) {
  const unsigned intervals = image.rows(table);
  unsigned node = 1;
  while (node < intervals)
    node = 2 * node + (key >= image.row(table, node).get_address(layout::interval::kStart) ? 1 : 0);
  return node - intervals;
}

}  // namespace sallyport::driver
