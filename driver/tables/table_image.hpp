// SPDX-License-Identifier: Apache-2.0
// The content of one bank of all two-banked tables, as the host wants it or as the card holds it.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "hw/layout/row.hpp"
#include "hw/layout/tables.hpp"

namespace sallyport::driver {

// Zero rows throughout when new, which is what a reset card holds: nothing matches, nothing is forwarded.
class TableImage {
 public:
  TableImage();

  [[nodiscard]] const layout::Row& row(unsigned table, unsigned index) const { return tables_[table][index]; }
  void set_row(unsigned table, unsigned index, const layout::Row& row) { tables_[table][index] = row; }
  [[nodiscard]] unsigned rows(unsigned table) const { return static_cast<unsigned>(tables_[table].size()); }

  // For the store: runs of equal rows that are not zero, since the trees are filled up with one row. Never holds a key:
  // key tables have no banks.
  [[nodiscard]] Buffer serialise() const;
  static Result<TableImage> parse(Bytes data);

  friend bool operator==(const TableImage& a, const TableImage& b) { return a.tables_ == b.tables_; }

 private:
  std::vector<std::vector<layout::Row>> tables_;  // by table id; those with one bank are empty
};

// A run of rows that differ between two images.
struct TableChange {
  unsigned table = 0;
  unsigned first = 0;
  unsigned count = 0;
};

// What must be written to turn `from` into `to`: ascending, adjacent rows joined.
std::vector<TableChange> difference(const TableImage& from, const TableImage& to);

}  // namespace sallyport::driver
