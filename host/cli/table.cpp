// SPDX-License-Identifier: Apache-2.0
#include "host/cli/table.hpp"

#include <algorithm>
#include <cctype>

#include "host/base/text.hpp"

namespace sallyport::cli {

Table::Table(const std::vector<std::string>& headings) : rows_(1) {
  for (const auto& heading : headings) {
    to_the_right_.push_back(heading.starts_with('>'));
    std::string capitals = to_the_right_.back() ? heading.substr(1) : heading;
    std::transform(capitals.begin(), capitals.end(), capitals.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    rows_.front().push_back(std::move(capitals));
  }
}

void Table::add(std::vector<std::string> cells) {
  cells.resize(to_the_right_.size());
  for (auto& cell : cells) cell = cell.empty() ? "-" : on_one_line(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::text() const {
  std::vector<std::size_t> widths(to_the_right_.size());
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i != 0) line += "  ";
      const std::string blanks(widths[i] - row[i].size(), ' ');
      line += to_the_right_[i] ? blanks + row[i] : row[i] + blanks;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace sallyport::cli
