// SPDX-License-Identifier: Apache-2.0
// Cutting a number line into intervals and laying their starts out as the tree the card searches.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "driver/tables/table_image.hpp"

namespace sallyport::driver {

// The intervals of [0, last]: interval i runs from start i to just before start i + 1; start 0 is 0.
class IntervalCuts {
 public:
  explicit IntervalCuts(std::uint64_t last) : last_(last) {}

  // A range [first, last] begins and ends here.
  void cut(std::uint64_t first, std::uint64_t last);
  // Sorts and removes doubles; then starts() may be read.
  void finish();

  [[nodiscard]] const std::vector<std::uint64_t>& starts() const { return starts_; }

 private:
  std::uint64_t last_;
  std::vector<std::uint64_t> starts_{0};
};

// Rows of a search tree over `intervals` intervals (see layout::interval_node). Interval i of the card is interval
// min(i, starts.size() - 1) of `starts`: the caller repeats its last row for those behind. kFull when there are more
// starts than intervals.
Result<void> write_interval_tree(unsigned table, const std::vector<std::uint64_t>& starts, const std::string& what,
                                 TableImage& image);

}  // namespace sallyport::driver
