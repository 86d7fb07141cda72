// SPDX-License-Identifier: Apache-2.0
#include "driver/tables/table_image.hpp"

#include <algorithm>
#include <iterator>

#include "hw/layout/registers.hpp"

namespace sallyport::driver {
namespace {

constexpr std::uint32_t kMagic = 0x53505449;  // "SPTI"

static_assert(std::all_of(std::begin(layout::kTables), std::end(layout::kTables),
                          [](const layout::Table& t) { return !t.banked || t.rows <= 0xffff; }),
              "a run of equal rows has 16 bits for its length");

}  // namespace

TableImage::TableImage() {
  for (const layout::Table& table : layout::kTables) tables_.emplace_back(table.banked ? table.rows : 0);
}

Buffer TableImage::serialise() const {
  ByteWriter out;
  out.u32(kMagic).u32(layout::kLayoutVersion);
  for (unsigned t = 0; t < layout::kTableCount; ++t) {
    for (unsigned first = 0, next = 0; first < rows(t); first = next) {
      while (next < rows(t) && row(t, next) == row(t, first)) ++next;
      if (row(t, first) == layout::Row()) continue;
      out.u8(static_cast<std::uint8_t>(t)).u16(static_cast<std::uint16_t>(first));
      out.u16(static_cast<std::uint16_t>(next - first)).bytes(row(t, first).bytes());
    }
  }
  return out.take();
}

Result<TableImage> TableImage::parse(Bytes data) {
  ByteReader in(data);
  if (in.u32() != kMagic || in.u32() != layout::kLayoutVersion) {
    return Error{Errc::kCorrupt, "table image: not one of this layout version"};
  }
  TableImage image;
  while (in.left() > 0) {
    const unsigned table = in.u8();
    const unsigned first = in.u16();
    const unsigned count = in.u16();
    const Bytes bytes = in.take(layout::kRowBytes);
    if (!in.ok() || table >= layout::kTableCount || first + count > image.rows(table)) {
      return Error{Errc::kCorrupt, "table image: breaks off, or names a row that no table has"};
    }
    layout::Row row;
    std::copy(bytes.begin(), bytes.end(), row.bytes().begin());
    std::fill_n(image.tables_[table].begin() + first, count, row);
  }
  return image;
}

std::vector<TableChange> difference(const TableImage& from, const TableImage& to) {
  std::vector<TableChange> changes;
  for (unsigned t = 0; t < layout::kTableCount; ++t) {
    for (unsigned i = 0; i < to.rows(t); ++i) {
      if (from.row(t, i) == to.row(t, i)) continue;
      const bool adjacent =
          !changes.empty() && changes.back().table == t && changes.back().first + changes.back().count == i;
      if (adjacent) {
        ++changes.back().count;
      } else {
        changes.push_back({t, i, 1});
      }
    }
  }
  return changes;
}

}  // namespace sallyport::driver
