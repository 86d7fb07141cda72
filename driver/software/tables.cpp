// SPDX-License-Identifier: Apache-2.0
#include "driver/software/tables.hpp"

#include <algorithm>

#include "base/secret.hpp"
#include "hw/layout/codes.hpp"
#include "hw/layout/descriptors.hpp"

namespace sallyport::driver::software {

using layout::LoadError;
using layout::TableId;

Tables::Tables() {
  for (const layout::Table& table : layout::kTables) {
    memories_.emplace_back(std::size_t{table.rows} * (table.banked ? 2 : 1));
  }
}

Tables::~Tables() { wipe_sas(); }

const layout::Row& Tables::row(unsigned table, unsigned bank, unsigned row) const {
  const layout::Table& shape = layout::kTables[table];
  return memories_[table][(shape.banked ? bank * shape.rows : 0) + row];
}

layout::Row& Tables::at(unsigned table, unsigned bank, unsigned row) {
  return const_cast<layout::Row&>(std::as_const(*this).row(table, bank, row));
}

LoadError Tables::load(Bytes records, unsigned open_bank, std::vector<Loaded>& loaded) {
  namespace record = layout::load_record;
  ByteReader r(records);
  while (r.left() > 0) {
    layout::Row header;
    const Bytes header_bytes = r.take(layout::kRowBytes);
    if (header_bytes.empty()) return LoadError::kRecord;
    std::copy(header_bytes.begin(), header_bytes.end(), header.bytes().begin());
    const auto table = static_cast<unsigned>(header.get(record::kTableId));
    const auto bank = static_cast<unsigned>(header.get(record::kBank));
    const std::uint64_t count = header.get(record::kCount);
    const std::uint64_t first = header.get(record::kRow);
    if (header.get(record::kMagic) != layout::kLoadMagic || table >= layout::kTableCount ||
        first + count > layout::kTables[table].rows || count * layout::kRowBytes > r.left()) {
      return LoadError::kRecord;
    }
    if (layout::kTables[table].banked && bank == open_bank) return LoadError::kOpenBank;
    for (std::uint64_t i = 0; i < count; ++i) {
      const Bytes bytes = r.take(layout::kRowBytes);
      const auto row = static_cast<unsigned>(first + i);
      std::copy(bytes.begin(), bytes.end(), at(table, bank, row).bytes().begin());
      forget_unused_key(layout::TableId{table}, row);
    }
    loaded.push_back({layout::TableId{table}, static_cast<unsigned>(first), static_cast<unsigned>(count)});
  }
  return LoadError::kNone;
}

// A key row that names no integrity leaves no integrity key behind it.
void Tables::forget_unused_key(TableId table, unsigned number) {
  if (table != TableId::kSaOutKey && table != TableId::kSaInKey) return;
  const auto integrity =
      static_cast<layout::Integrity>(row(static_cast<unsigned>(table), 0, number).get(layout::sa_key::kIntegrity));
  const auto beside = table == TableId::kSaOutKey ? TableId::kSaOutIntegrityKey : TableId::kSaInIntegrityKey;
  if (integrity == layout::Integrity::kNone) wipe(at(static_cast<unsigned>(beside), 0, number).bytes());
}

void Tables::wipe_sas() {
  for (const TableId table :
       {TableId::kSaOutKey, TableId::kSaInKey, TableId::kSaOutIntegrityKey, TableId::kSaInIntegrityKey,
        TableId::kSaOutLimits, TableId::kSaInLimits, TableId::kSaOut, TableId::kSaIn, TableId::kTagKey}) {
    for (layout::Row& row : memories_[static_cast<unsigned>(table)]) wipe(row.bytes());
  }
}

}  // namespace sallyport::driver::software
