// SPDX-License-Identifier: Apache-2.0
#include "driver/tables/interval_table.hpp"

#include <algorithm>

namespace sallyport::driver {

void IntervalCuts::cut(const Key& first, const Key& last) {
  starts_.push_back(first);
  if (last < last_) starts_.push_back(last.next());
}

void IntervalCuts::finish() {
  std::sort(starts_.begin(), starts_.end());
  starts_.erase(std::unique(starts_.begin(), starts_.end()), starts_.end());
}

Result<void> write_interval_tree(unsigned table, const IntervalCuts& cuts, const std::string& what, TableImage& image) {
  const unsigned intervals = image.rows(table);
  const std::vector<Key>& starts = cuts.starts();
  if (starts.size() > intervals) {
    return Error{Errc::kFull, what + ": " + std::to_string(starts.size()) + " intervals, and the card has " +
                                  std::to_string(intervals) + "; use fewer or adjacent ranges"};
  }
  const auto row_of = [](const Key& start) {
    layout::Row row;
    row.set(layout::interval::kStart, start);
    return row;
  };
  // The tree holds starts 1 and up: everything is at or behind start 0. A start that is not there is the largest
  // number, so the search passes it by, or, for that number itself, ends in the card's last interval.
  const layout::Row not_there = row_of(cuts.last());
  for (unsigned node = 1; node < intervals; ++node) {
    const std::size_t number = layout::interval_node(node, intervals) + std::size_t{1};
    image.set_row(table, node, number < starts.size() ? row_of(starts[number]) : not_there);
  }
  return {};
}

std::vector<Key> interval_starts(unsigned table, const TableImage& image) {
  const unsigned intervals = image.rows(table);
  std::vector<Key> starts(intervals);
  for (unsigned node = 1; node < intervals; ++node) {
    starts[layout::interval_node(node, intervals) + 1] = image.row(table, node).get_address(layout::interval::kStart);
  }
  return starts;
}

std::optional<std::size_t> found_at(unsigned at, unsigned intervals, const IntervalCuts& cuts) {
  const std::size_t used = cuts.starts().size();
  if (at + 1 == intervals) return used - 1;  // the largest number
  return at < used ? std::optional<std::size_t>(at) : std::nullopt;
}

}  // namespace sallyport::driver
