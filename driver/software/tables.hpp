// SPDX-License-Identifier: Apache-2.0
// The software card's table memories, and the table load that fills them.
#pragma once

#include <vector>

#include "base/bytes.hpp"
#include "hw/layout/registers.hpp"
#include "hw/layout/row.hpp"
#include "hw/layout/tables.hpp"

namespace sallyport::driver::software {

class Tables {
 public:
  Tables();
  ~Tables();
  Tables(const Tables&) = delete;
  Tables& operator=(const Tables&) = delete;

  // `bank` says nothing of a table that has one bank. The row must exist.
  [[nodiscard]] const layout::Row& row(unsigned table, unsigned bank, unsigned row) const;

  struct Loaded {  // rows that a load wrote
    layout::TableId table;
    unsigned first;
    unsigned count;
  };
  // Applies the records of a table load until one is wrong. `loaded` gets what was written.
  layout::LoadError load(Bytes records, unsigned open_bank, std::vector<Loaded>& loaded);

  // All rows of SAs, keys and limits among them, and of tags become zero.
  void wipe_sas();

 private:
  layout::Row& at(unsigned table, unsigned bank, unsigned row);
  void forget_unused_key(layout::TableId table, unsigned row);

  std::vector<std::vector<layout::Row>> memories_;  // of each table, bank 0 before bank 1
};

}  // namespace sallyport::driver::software
