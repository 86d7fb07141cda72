// SPDX-License-Identifier: Apache-2.0
// Cutting a number line into intervals and laying their starts out as the tree the card searches.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "driver/tables/table_image.hpp"
#include "hw/layout/address.hpp"

namespace sallyport::driver {

// A place on a number line: an address, or a port or principal in the low bits.
using Key = layout::Address;

// The intervals of [0, last]: interval i runs from start i to just before start i + 1; start 0 is 0.
class IntervalCuts {
 public:
  explicit IntervalCuts(const Key& last) : last_(last) {}

  // A range [first, last] begins and ends here.
  void cut(const Key& first, const Key& last);
  // Sorts and removes doubles; then starts() may be read.
  void finish();

  [[nodiscard]] const Key& last() const { return last_; }
  [[nodiscard]] const std::vector<Key>& starts() const { return starts_; }

 private:
  Key last_;
  std::vector<Key> starts_{Key{}};
};

// Rows of a search tree over the table's intervals (see layout::interval_node). kFull when there are more starts than
// intervals.
Result<void> write_interval_tree(unsigned table, const IntervalCuts& cuts, const std::string& what, TableImage& image);

// The starts that stand in such a tree, ascending; behind those of the intervals in use the largest number, as often as
// there are rows.
std::vector<Key> interval_starts(unsigned table, const TableImage& image);

// Of `cuts` the interval whose keys the card finds in its interval `at` of `intervals`. None: no key is found there,
// and its row stays zero, so that a change of the last interval is not a change of all that are not in use.
std::optional<std::size_t> found_at(unsigned at, unsigned intervals, const IntervalCuts& cuts);

}  // namespace sallyport::driver
