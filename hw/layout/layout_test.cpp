// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "hw/layout/registers.hpp"
#include "hw/layout/row.hpp"
#include "hw/layout/tables.hpp"

namespace sallyport::layout {
namespace {

TEST(Registers, DoNotOverlapAndStayInsideTheirSpace) {
  std::uint32_t next = 0;
  for (const Register& r : kRegisters) {
    EXPECT_GE(r.offset, next) << r.name;
    EXPECT_EQ(r.offset % 4, 0u) << r.name;
    next = r.offset + 4 * r.count;
  }
  EXPECT_LE(next, kRegisterSpace);
}

TEST(Row, KeepsEachFieldApartFromItsNeighbours) {
  constexpr Address kAddress{0x20010db8'00000000, 0x01234567'89abcdef};
  Row row;
  row.set(sa_out::kSpi, 0x8f21c0aa);
  row.set(sa_out::kPolicyId, 0xffff);
  row.set(sa_out::kDestination, kAddress);
  EXPECT_EQ(row.get(sa_out::kSpi), 0x8f21c0aau);
  EXPECT_EQ(row.get_address(sa_out::kSource), Address());
  EXPECT_EQ(row.get_address(sa_out::kDestination), kAddress);
  EXPECT_EQ(row.get(sa_out::kSourcePort), 0u);
  EXPECT_EQ(row.bytes()[4], 0xaa);  // little endian in memory
  EXPECT_EQ(row.bytes()[7], 0x8f);
}

// The card's way of searching, against counting the starts that are not larger.
TEST(IntervalTree, FindsTheIntervalThatCountingFinds) {
  constexpr unsigned kIntervals = 64;
  std::mt19937 rng(1);
  std::vector<std::uint32_t> starts(kIntervals - 1);
  for (auto& s : starts) s = rng() % 1000;
  std::sort(starts.begin(), starts.end());
  std::vector<std::uint32_t> node(kIntervals);
  for (unsigned i = 1; i < kIntervals; ++i) node[i] = starts[interval_node(i, kIntervals)];
  for (std::uint32_t key = 0; key < 1010; ++key) {
    unsigned at = 1;
    while (at < kIntervals) at = 2 * at + (key >= node[at] ? 1 : 0);
    const auto counted = std::upper_bound(starts.begin(), starts.end(), key) - starts.begin();
    ASSERT_EQ(at - kIntervals, static_cast<unsigned>(counted)) << "key " << key;
  }
}

}  // namespace
}  // namespace sallyport::layout
