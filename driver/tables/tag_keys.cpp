// SPDX-License-Identifier: Apache-2.0
#include "driver/tables/tag_keys.hpp"

#include <algorithm>

namespace sallyport::driver {
namespace {

using layout::Row;
namespace key_row = layout::tag_key;

unsigned row_of(std::uint32_t handle) { return handle % layout::kTagRows; }

TableRow cleared(unsigned row) { return {layout::TableId::kTagKey, row, Row()}; }

}  // namespace

Result<std::uint32_t> TagKeys::install(std::uint32_t random, std::uint16_t principal, const Secret& key) {
  if (key.size() != kKeyBytes) {
    return Error{Errc::kInvalid,
                 "a tag's key of " + std::to_string(key.size()) + " bytes: must be " + std::to_string(kKeyBytes)};
  }
  if (taken_.all()) {
    return Error{Errc::kFull, "the card knows " + std::to_string(layout::kTagRows) +
                                  " sessions by their tags and has room for no more: end some"};
  }
  unsigned index = row_of(random);
  while (taken_[index]) index = (index + 1) % layout::kTagRows;
  const std::uint32_t handle = random - row_of(random) + index;
  TableRow row = cleared(index);
  row.row.set(key_row::kValid, 1);
  row.row.set(key_row::kPrincipal, principal);
  row.row.set(key_row::kHandle, handle);
  static_assert(key_row::kKey.lsb % 8 == 0);
  std::copy(key.reveal().begin(), key.reveal().end(), row.row.bytes().begin() + key_row::kKey.lsb / 8);
  std::vector<TableRow> rows = {row};
  auto written = loader_->write_rows(rows);
  wipe(row.row.bytes());
  wipe(rows.front().row.bytes());
  if (!written) return written.error();
  taken_[index] = true;
  return handle;
}

Result<void> TagKeys::remove(std::uint32_t handle) {
  if (auto r = loader_->write_rows({cleared(row_of(handle))}); !r) return r;
  taken_[row_of(handle)] = false;
  return {};
}

Result<void> TagKeys::adopt(const std::vector<std::uint32_t>& handles) {
  taken_.reset();
  for (const std::uint32_t handle : handles) taken_[row_of(handle)] = true;
  std::vector<TableRow> rows;
  for (unsigned index = 0; index < layout::kTagRows; ++index) {
    if (!taken_[index]) rows.push_back(cleared(index));
  }
  return loader_->write_rows(rows);
}

}  // namespace sallyport::driver
