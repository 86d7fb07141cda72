// SPDX-License-Identifier: Apache-2.0
#include "driver/tables/table_image.hpp"

#include <gtest/gtest.h>

#include <random>

namespace sallyport::driver {
namespace {

TableImage random_image(unsigned seed) {
  std::mt19937 rng(seed);
  TableImage image;
  for (int i = 0; i < 50; ++i) {
    unsigned table = 0;
    while (image.rows(table) == 0) table = static_cast<unsigned>(rng() % layout::kTableCount);
    layout::Row row;
    for (auto& byte : row.bytes()) byte = static_cast<std::uint8_t>(rng());
    image.set_row(table, static_cast<unsigned>(rng() % image.rows(table)), row);
  }
  return image;
}

TEST(TableImage, HasNoRoomForKeys) {
  TableImage image;
  using Id = layout::TableId;
  for (const Id keys : {Id::kSaOutKey, Id::kSaInKey, Id::kSaOutIntegrityKey, Id::kSaInIntegrityKey, Id::kTagKey}) {
    EXPECT_EQ(image.rows(static_cast<unsigned>(keys)), 0u);
  }
}

TEST(TableImage, ComesBackFromItsSerialisedForm) {
  TableImage image = random_image(1);
  const auto table = static_cast<unsigned>(layout::TableId::kPrincipal);
  layout::Row row;
  row.set_bit(3, true);
  for (unsigned i = 0; i < image.rows(table); ++i) image.set_row(table, i, row);  // to the last one
  auto back = TableImage::parse(image.serialise());
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_TRUE(*back == image);
}

TEST(TableImage, RefusesASerialisedFormThatIsCutOrChangedInItsHead) {
  const Buffer data = random_image(2).serialise();
  constexpr std::size_t kHead = 8;
  constexpr std::size_t kEntry = 5 + layout::kRowBytes;
  for (std::size_t cut = 0; cut < kHead + 3 * kEntry; ++cut) {
    const bool whole = cut >= kHead && (cut - kHead) % kEntry == 0;
    EXPECT_EQ(TableImage::parse(Bytes(data).first(cut)).has_value(), whole) << cut;
  }
  Buffer wrong = data;
  wrong[8] = 0xff;  // a table that does not exist
  EXPECT_FALSE(TableImage::parse(wrong));
  wrong = data;
  wrong[kHead + 3] = 0xff;  // more rows than any table has
  EXPECT_FALSE(TableImage::parse(wrong));
}

TEST(TableImage, DifferenceTurnsOneIntoTheOtherAndJoinsNeighbours) {
  TableImage a = random_image(3);
  const TableImage b = random_image(4);
  for (const TableChange& c : difference(a, b)) {
    for (unsigned i = c.first; i < c.first + c.count; ++i) a.set_row(c.table, i, b.row(c.table, i));
  }
  EXPECT_TRUE(a == b);
  EXPECT_TRUE(difference(a, b).empty());

  TableImage c = b;
  const auto table = static_cast<unsigned>(layout::TableId::kPrincipal);
  layout::Row other;
  other.set_bit(511, !b.row(table, 100).bit(511));
  for (unsigned i = 100; i < 103; ++i) c.set_row(table, i, other);
  ASSERT_EQ(difference(b, c).size(), 1u);
  EXPECT_EQ(difference(b, c)[0].count, 3u);
}

}  // namespace
}  // namespace sallyport::driver
