// SPDX-License-Identifier: Apache-2.0
// Text in columns, each as wide as its widest cell.
#pragma once

#include <string>
#include <vector>

namespace sallyport::cli {

class Table {
 public:
  // Headings whose column holds numbers begin with '>', and the column is written to the right.
  explicit Table(const std::vector<std::string>& headings);

  // As many cells as there are headings; an empty one is written as "-".
  void add(std::vector<std::string> cells);
  // The headings in capitals, then the rows, two blanks between columns and none at a line's end.
  [[nodiscard]] std::string text() const;

 private:
  std::vector<bool> to_the_right_;
  std::vector<std::vector<std::string>> rows_;  // headings first
};

}  // namespace sallyport::cli
