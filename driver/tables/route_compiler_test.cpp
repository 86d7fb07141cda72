// SPDX-License-Identifier: Apache-2.0
// Compiled routes, searched as the card searches them, against comparing with every prefix.
#include "driver/tables/route_compiler.hpp"

#include <gtest/gtest.h>

#include <random>

#include "driver/tables/card_search.hpp"

namespace sallyport::driver {
namespace {

using layout::Address;

const layout::Row& look_up(const TableImage& image, const Address& address) {
  return image.row(static_cast<unsigned>(layout::TableId::kRoute),
                   search_tree(image, static_cast<unsigned>(layout::TableId::kRouteStart), address));
}

bool bit(const Address& address, unsigned i) {  // 0: the first
  return ((i < 64 ? address.high : address.low) >> (63 - i % 64) & 1) != 0;
}

// An address of IPv4 has routes of IPv4 only.
const RouteEntry* longest(const std::vector<RouteEntry>& routes, const Address& address) {
  const RouteEntry* best = nullptr;
  for (const RouteEntry& r : routes) {
    bool inside = !address.is_v4() || r.length >= kIpv4Prefix;
    for (unsigned i = 0; i < r.length && inside; ++i) inside = bit(address, i) == bit(r.prefix, i);
    if (inside && (best == nullptr || r.length >= best->length)) best = &r;
  }
  return best;
}

TEST(RouteCompiler, FindsTheLongestPrefix) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 rng(seed);
    // Addresses of few bits, so that prefixes nest; some lengths end outside of the bits that there are.
    const auto few = [&rng] { return rng() & rng() & rng(); };
    const auto address = [&] {
      switch (rng() % 4) {
        case 0:
          return Address::from_v4(static_cast<std::uint32_t>(few()));
        case 1:
          return Address(std::uint64_t{few()} << 32, few());
        case 2:
          return Address(0, few());
        default:
          return Address(few(), std::uint64_t{few()} << 32);
      }
    };
    std::vector<RouteEntry> routes(rng() % 200);
    for (auto& r : routes) {
      r = {address(), static_cast<unsigned>(rng() % 129), static_cast<layout::Route>(rng() % 4),
           static_cast<std::uint8_t>(rng())};
    }
    TableImage image;
    auto compiled = compile_routes(routes, image);
    ASSERT_TRUE(compiled) << compiled.error().message();
    for (int i = 0; i < 5000; ++i) {
      const Address a = i == 0 ? layout::kLastAddress : address();
      const RouteEntry* want = longest(routes, a);
      const layout::Row& row = look_up(image, a);
      ASSERT_EQ(row.get(layout::route::kKind), want == nullptr ? 0 : static_cast<std::uint64_t>(want->kind))
          << a.high << " " << a.low;
      ASSERT_EQ(row.get(layout::route::kNextHop), want == nullptr ? 0 : want->next_hop) << a.high << " " << a.low;
    }
  }
}

TEST(RouteCompiler, LeadsNoPacketOfIpv4ByADefaultRouteOfIpv6) {
  TableImage image;
  ASSERT_TRUE(compile_routes({{{}, 0, layout::Route::kSend, 6}}, image));
  const auto kind = [&image](const Address& a) {
    return static_cast<layout::Route>(look_up(image, a).get(layout::route::kKind));
  };
  EXPECT_EQ(kind(Address()), layout::Route::kSend);
  EXPECT_EQ(kind(Address(0, 0xfffe'ffff'ffff)), layout::Route::kSend);
  EXPECT_EQ(kind(Address::from_v4(0)), layout::Route::kNone);
  EXPECT_EQ(kind(Address::from_v4(0xffffffff)), layout::Route::kNone);
  EXPECT_EQ(kind(Address(0, 0x1'0000'0000'0000)), layout::Route::kSend);
  ASSERT_TRUE(compile_routes(
      {{Address::from_v4(0), kIpv4Prefix, layout::Route::kSend, 4}, {{}, 0, layout::Route::kSend, 6}}, image));
  EXPECT_EQ(look_up(image, Address::from_v4(0x0a000001)).get(layout::route::kNextHop), 4u);
  EXPECT_EQ(look_up(image, layout::kLastAddress).get(layout::route::kNextHop), 6u);
}

TEST(RouteCompiler, RefusesWhatDoesNotFitAndLeavesTheImageAsItWas) {
  TableImage image;
  ASSERT_TRUE(compile_routes({{{}, 0, layout::Route::kSend, 3}}, image));
  const TableImage before = image;
  std::vector<RouteEntry> hosts(layout::kRouteIntervals / 2);
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    hosts[i] = {Address::from_v4(static_cast<std::uint32_t>(4 * i + 1)), 128, layout::Route::kSend, 0};
  }
  auto full = compile_routes(hosts, image);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, Errc::kFull);
  auto invalid = compile_routes({{{}, 129, layout::Route::kNone, 0}}, image);
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
