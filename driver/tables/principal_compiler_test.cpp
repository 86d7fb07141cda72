// SPDX-License-Identifier: Apache-2.0
#include "driver/tables/principal_compiler.hpp"

#include <gtest/gtest.h>

#include <random>

#include "hw/layout/bucket_hash.hpp"

namespace sallyport::driver {
namespace {

// As the card does (hw/README.md, Lookups): the first valid match in the one bucket, then the other; else nobody.
std::uint16_t look_up(const TableImage& image, std::uint32_t address, std::uint32_t seed) {
  namespace b = layout::principal_bucket;
  const layout::BucketPair pair = layout::principal_buckets(address, seed);
  for (const unsigned index : {pair.first, pair.second}) {
    const layout::Row& row = image.row(static_cast<unsigned>(layout::TableId::kPrincipal), index);
    for (unsigned i = 0; i < layout::kBucketEntries; ++i) {
      const auto get = [&](layout::Field field) {
        field.lsb += i * b::kEntryBits;
        return row.get(field);
      };
      if (get(b::kValid) != 0 && get(b::kAddress) == address) return static_cast<std::uint16_t>(get(b::kPrincipal));
    }
  }
  return 0;
}

TEST(PrincipalCompiler, FindsEveryAddressAtNineTenthsFullAndNobodyElse) {
  constexpr std::uint32_t kSeed = 0x5eed1234;
  std::mt19937 rng(3);
  std::map<std::uint32_t, std::uint16_t> principals;
  const std::size_t count = layout::kPrincipalBuckets * layout::kBucketEntries * 9 / 10;
  while (principals.size() < count)
    principals[0x0a000000 + (rng() & 0x1ffff)] = static_cast<std::uint16_t>(1 + rng() % 1000);
  TableImage image;
  auto compiled = compile_principals(principals, kSeed, image);
  ASSERT_TRUE(compiled) << compiled.error().message();
  for (std::uint32_t address = 0x0a000000; address < 0x0a020000; ++address) {
    const auto it = principals.find(address);
    ASSERT_EQ(look_up(image, address, kSeed), it == principals.end() ? 0 : it->second) << address;
  }
}

TEST(PrincipalCompiler, RefusesMoreThanFitsAndLeavesTheImageAsItWas) {
  TableImage image;
  ASSERT_TRUE(compile_principals({{1, 2}}, 0, image));
  const TableImage before = image;
  std::map<std::uint32_t, std::uint16_t> principals;
  for (std::uint32_t i = 0; i <= layout::kPrincipalBuckets * layout::kBucketEntries; ++i) principals[i] = 1;
  auto compiled = compile_principals(principals, 0, image);
  ASSERT_FALSE(compiled);
  EXPECT_EQ(compiled.error().code, Errc::kFull);
  EXPECT_TRUE(image == before);
}

}  // namespace
}  // namespace sallyport::driver
