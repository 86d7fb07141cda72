// SPDX-License-Identifier: Apache-2.0
// Compiled routes, searched as the card searches them, against comparing with every prefix.
#include "driver/tables/route_compiler.hpp"

#include <gtest/gtest.h>

#include <random>

#include "driver/tables/card_search.hpp"

namespace sallyport::driver {
namespace {

const layout::Row& look_up(const TableImage& image, std::uint32_t address) {
  return image.row(static_cast<unsigned>(layout::TableId::kRoute),
                   search_tree(image, static_cast<unsigned>(layout::TableId::kRouteStart), address));
}

const RouteEntry* longest(const std::vector<RouteEntry>& routes, std::uint32_t address) {
  const RouteEntry* best = nullptr;
  for (const RouteEntry& r : routes) {
    const bool inside = r.length == 0 || (address ^ r.prefix) >> (32 - r.length) == 0;
    if (inside && (best == nullptr || r.length >= best->length)) best = &r;
  }
  return best;
}

TEST(RouteCompiler, FindsTheLongestPrefix) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 rng(seed);
    // Addresses of few bits, so that prefixes nest.
    const auto address = [&rng] { return static_cast<std::uint32_t>(rng() & rng() & rng()); };
    std::vector<RouteEntry> routes(rng() % 200);
    for (auto& r : routes) {
      r = {address(), static_cast<unsigned>(rng() % 33), static_cast<layout::Route>(rng() % 4),
           static_cast<std::uint8_t>(rng())};
    }
    TableImage image;
    auto compiled = compile_routes(routes, image);
    ASSERT_TRUE(compiled) << compiled.error().message();
    for (int i = 0; i < 5000; ++i) {
      const std::uint32_t a = i == 0 ? 0xffffffff : address();
      const RouteEntry* want = longest(routes, a);
      const layout::Row& row = look_up(image, a);
      ASSERT_EQ(row.get(layout::route::kKind), want == nullptr ? 0 : static_cast<std::uint64_t>(want->kind)) << a;
      ASSERT_EQ(row.get(layout::route::kNextHop), want == nullptr ? 0 : want->next_hop) << a;
    }
  }
}

TEST(RouteCompiler, RefusesWhatDoesNotFitAndLeavesTheImageAsItWas) {
  TableImage image;
  ASSERT_TRUE(compile_routes({{0, 0, layout::Route::kSend, 3}}, image));
  const TableImage before = image;
  std::vector<RouteEntry> hosts(layout::kRouteIntervals / 2);
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    hosts[i] = {static_cast<std::uint32_t>(4 * i + 1), 32, layout::Route::kSend, 0};
  }
  auto full = compile_routes(hosts, image);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, Errc::kFull);
  auto invalid = compile_routes({{0, 33, layout::Route::kNone, 0}}, image);
  ASSERT_FALSE(invalid);
  EXPECT_EQ(invalid.error().code, Errc::kInvalid);
  EXPECT_TRUE(image == before);
}

TEST(NextHop, IsWrittenWithItsMacAddressFirstByteHighest) {
  TableImage image;
  set_next_hop(image, 9, {layout::Port::kWan, {0x02, 0x11, 0x22, 0x33, 0x44, 0x55}, 9000});
  const auto& row = image.row(static_cast<unsigned>(layout::TableId::kNextHop), 9);
  EXPECT_EQ(row.get(layout::next_hop::kValid), 1u);
  EXPECT_EQ(row.get(layout::next_hop::kPort), 1u);
  EXPECT_EQ(row.get(layout::next_hop::kMtu), 9000u);
  EXPECT_EQ(row.get(layout::next_hop::kMac), 0x021122334455u);
  clear_next_hop(image, 9);
  EXPECT_TRUE(image == TableImage());
}

}  // namespace
}  // namespace sallyport::driver
