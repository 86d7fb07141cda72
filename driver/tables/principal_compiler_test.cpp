// SPDX-License-Identifier: Apache-2.0
#include "driver/tables/principal_compiler.hpp"

#include <gtest/gtest.h>

#include <random>

#include "hw/layout/bucket_hash.hpp"

namespace sallyport::driver {
namespace {

using layout::Address;

// As the card does (hw/README.md, Lookups): the first valid match in the one bucket, then the other; else nobody.
std::uint16_t look_up(const TableImage& image, const Address& address, std::uint32_t seed) {
  namespace b = layout::principal_bucket;
  const layout::BucketPair pair = layout::principal_buckets(address, seed);
  for (const unsigned index : {pair.first, pair.second}) {
    const layout::Row& row = image.row(static_cast<unsigned>(layout::TableId::kPrincipal), index);
    for (unsigned i = 0; i < layout::kBucketEntries; ++i) {
      const auto at = [i](layout::Field field) {
        field.lsb += i * b::kEntryBits;
        return field;
      };
      if (row.get(at(b::kValid)) != 0 && row.get_address(at(b::kAddress)) == address) {
        return static_cast<std::uint16_t>(row.get(at(b::kPrincipal)));
      }
    }
  }
  return 0;
}

TEST(PrincipalCompiler, FindsEveryAddressAtNineTenthsFullAndNobodyElse) {
  constexpr std::uint32_t kSeed = 0x5eed1234;
  std::mt19937 rng(3);
  // Of both versions: hosts of 10.0.0.0/15, and of three networks of IPv6 that differ in their high half.
  const auto address = [](unsigned i) {
    const std::uint64_t network = i >> 17;
    return network == 0 ? Address::from_v4(0x0a000000 + i) : Address(0x20010db8'00000000 + network, i & 0x1ffff);
  };
  constexpr unsigned kAddresses = 4U << 17;
  std::map<Address, std::uint16_t> principals;
  const std::size_t count = layout::kPrincipalBuckets * layout::kBucketEntries * 9 / 10;
  while (principals.size() < count) {
    principals[address(static_cast<unsigned>(rng() % kAddresses))] = static_cast<std::uint16_t>(1 + rng() % 1000);
  }
  TableImage image;
  auto compiled = compile_principals(principals, kSeed, image);
  ASSERT_TRUE(compiled) << compiled.error().message();
  for (unsigned i = 0; i < kAddresses; ++i) {
    const auto it = principals.find(address(i));
    ASSERT_EQ(look_up(image, address(i), kSeed), it == principals.end() ? 0 : it->second) << i;
  }
}

TEST(PrincipalCompiler, RefusesMoreThanFitsAndLeavesTheImageAsItWas) {
  TableImage image;
  ASSERT_TRUE(compile_principals({{Address::from_v4(1), 2}}, 0, image));
  const TableImage before = image;
  std::map<Address, std::uint16_t> principals;
  for (std::uint32_t i = 0; i <= layout::kPrincipalBuckets * layout::kBucketEntries; ++i) {
    principals[Address::from_v4(i)] = 1;
  }
  auto compiled = compile_principals(principals, 0, image);
  ASSERT_FALSE(compiled);
  EXPECT_EQ(compiled.error().code, Errc::kFull);
  EXPECT_TRUE(image == before);
}

}  // namespace
}  // namespace sallyport::driver
