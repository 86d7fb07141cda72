// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/forwarding.hpp"

#include <gtest/gtest.h>

#include "driver/tables/card_search.hpp"

namespace sallyport::gateway {
namespace {

constexpr unsigned kLanInterface = 3;
constexpr unsigned kWanInterface = 4;
constexpr MacAddress kMacA = {2, 0, 0, 0, 0, 0xa};
constexpr MacAddress kMacB = {2, 0, 0, 0, 0, 0xb};

using driver::kIpv4Prefix;

constexpr Address v4(unsigned a, unsigned b, unsigned c, unsigned d) {
  return Address::from_v4(a << 24 | b << 16 | c << 8 | d);
}
// 2001:db8:0:net::host
constexpr Address v6(std::uint64_t net, std::uint64_t host) { return {0x2001'0db8'0000'0000 + net, host}; }
constexpr Address kAll = Address::from_v4(0);

// LAN 10.1.0.1/24, WAN 192.0.2.1/24 with a default route by 192.0.2.254.
KernelView small_network() {
  KernelView view;
  view.addresses = {{kLanInterface, v4(10, 1, 0, 1), kIpv4Prefix + 24},
                    {kWanInterface, v4(192, 0, 2, 1), kIpv4Prefix + 24}};
  view.routes = {{kAll, kIpv4Prefix, 0, kWanInterface, v4(192, 0, 2, 254)},
                 {v4(10, 1, 0, 0), kIpv4Prefix + 24, 0, kLanInterface, {}},
                 {v4(192, 0, 2, 0), kIpv4Prefix + 24, 0, kWanInterface, {}}};
  return view;
}

struct Verdict {
  layout::Route kind;
  std::optional<MacAddress> mac;
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

MacAddress mac_of(const layout::Row& row) { return driver::mac_of(row.get(layout::next_hop::kMac)); }

// As the card decides.
Verdict ask(const driver::TableImage& image, const Address& destination) {
  const auto id = [](layout::TableId t) { return static_cast<unsigned>(t); };
  const auto& route =
      image.row(id(layout::TableId::kRoute), driver::search_tree(image, id(layout::TableId::kRouteStart), destination));
  Verdict verdict{static_cast<layout::Route>(route.get(layout::route::kKind)), std::nullopt};
  if (verdict.kind == layout::Route::kSend) {
    const auto hop = static_cast<unsigned>(route.get(layout::route::kNextHop));
    verdict.mac = mac_of(image.row(id(layout::TableId::kNextHop), hop));
  }
  return verdict;
}

class ForwardingTest : public testing::Test {
 protected:
  void take(const KernelView& view) {
    forwarding_.update(view).value();
    forwarding_.write(image_).value();
  }
  Verdict ask(const Address& destination) const { return gateway::ask(image_, destination); }

  Forwarding forwarding_{{kLanInterface, 1500}, {kWanInterface, 1500}};
  driver::TableImage image_;
};

TEST_F(ForwardingTest, AnUnknownNeighbourIsToBeResolvedAndAKnownOneGetsThePackets) {
  KernelView view = small_network();
  take(view);
  EXPECT_EQ(ask(v4(10, 1, 0, 7)), (Verdict{layout::Route::kResolve, std::nullopt}));
  view.neighbours[{kLanInterface, v4(10, 1, 0, 7)}] = kMacA;
  take(view);
  EXPECT_EQ(ask(v4(10, 1, 0, 7)), (Verdict{layout::Route::kSend, kMacA}));
  EXPECT_EQ(ask(v4(10, 1, 0, 8)), (Verdict{layout::Route::kResolve, std::nullopt}));
  view.neighbours.clear();
  take(view);
  EXPECT_EQ(ask(v4(10, 1, 0, 7)), (Verdict{layout::Route::kResolve, std::nullopt}));
}

TEST_F(ForwardingTest, OwnAddressesAreLocalAndBroadcastsGoNowhere) {
  take(small_network());
  EXPECT_EQ(ask(v4(10, 1, 0, 1)).kind, layout::Route::kLocal);
  EXPECT_EQ(ask(v4(192, 0, 2, 1)).kind, layout::Route::kLocal);
  EXPECT_EQ(ask(v4(10, 1, 0, 255)).kind, layout::Route::kNone);
  EXPECT_EQ(ask(v4(224, 0, 0, 5)).kind, layout::Route::kNone);
  EXPECT_EQ(ask(v4(255, 255, 255, 255)).kind, layout::Route::kNone);
}

TEST_F(ForwardingTest, ADefaultRouteLeadsToItsGateway) {
  KernelView view = small_network();
  view.neighbours[{kWanInterface, v4(192, 0, 2, 254)}] = kMacB;
  take(view);
  EXPECT_EQ(ask(v4(198, 51, 100, 1)), (Verdict{layout::Route::kSend, kMacB}));
  EXPECT_EQ(forwarding_.hop_to(v4(198, 51, 100, 1)), (Hop{layout::Port::kWan, v4(192, 0, 2, 254)}));
}

TEST_F(ForwardingTest, OfTwoRoutesTheLowerMetricDecides) {
  KernelView view = small_network();
  view.routes.push_back({kAll, kIpv4Prefix, 100, kLanInterface, v4(10, 1, 0, 254)});
  view.neighbours[{kWanInterface, v4(192, 0, 2, 254)}] = kMacB;
  view.neighbours[{kLanInterface, v4(10, 1, 0, 254)}] = kMacA;
  take(view);
  EXPECT_EQ(ask(v4(198, 51, 100, 1)).mac, kMacB);
}

TEST_F(ForwardingTest, APeersRowFollowsTheWayToIt) {
  KernelView view = small_network();
  const auto peer = v4(198, 51, 100, 9);
  view.neighbours[{kWanInterface, v4(192, 0, 2, 254)}] = kMacA;
  forwarding_.update(view).value();
  const std::uint8_t row = forwarding_.hold_peer({peer}).value();
  forwarding_.write(image_).value();
  const auto hop = [&] { return image_.row(static_cast<unsigned>(layout::TableId::kNextHop), row); };
  EXPECT_EQ(mac_of(hop()), kMacA);
  // Another gateway now; the SA's row stays as it is, so the number of the next hop must too.
  view.routes[0].gateway = v4(192, 0, 2, 253);
  view.neighbours[{kWanInterface, v4(192, 0, 2, 253)}] = kMacB;
  take(view);
  EXPECT_EQ(mac_of(hop()), kMacB);
  // The kernel forgets the neighbour: packets go on while it is asked for.
  view.neighbours.clear();
  take(view);
  EXPECT_EQ(mac_of(hop()), kMacB);
  EXPECT_EQ(forwarding_.hops_of_peers(), std::vector<Hop>({{layout::Port::kWan, v4(192, 0, 2, 253)}}));
  forwarding_.release_peer({peer});
  take(view);
  EXPECT_EQ(hop().get(layout::next_hop::kValid), 0U);
}

// Another daemon's kernel knows no neighbour, but its card has them.
TEST_F(ForwardingTest, ACardsNeighboursAreThoseThatItHandsPacketsToByTheirOwnAddress) {
  KernelView view = small_network();
  view.routes.push_back({v4(198, 51, 100, 1), kIpv4Prefix + 32, 0, kWanInterface, v4(192, 0, 2, 254)});
  take(view);
  EXPECT_TRUE(forwarding_.neighbours_of(image_).empty());
  view.neighbours[{kLanInterface, v4(10, 1, 0, 7)}] = kMacA;
  view.neighbours[{kLanInterface, v4(10, 1, 0, 8)}] = kMacB;
  view.neighbours[{kWanInterface, v4(192, 0, 2, 254)}] = kMacB;
  take(view);
  ASSERT_EQ(ask(v4(198, 51, 100, 1)), (Verdict{layout::Route::kSend, kMacB})) << "by a router";
  Forwarding next{{kLanInterface, 1500}, {kWanInterface, 1500}};
  KernelView forgotten = view;
  forgotten.neighbours.clear();
  next.update(forgotten).value();
  for (const KernelNeighbour& n : next.neighbours_of(image_)) forgotten.neighbours[{n.interface, n.address}] = n.mac;
  EXPECT_EQ(forgotten.neighbours, view.neighbours);
}

TEST_F(ForwardingTest, WhatTheHostSendsToAPeerIsTooLargeForARowOfItsOwn) {
  KernelView view = small_network();
  const auto address = v4(198, 51, 100, 9);
  view.neighbours[{kWanInterface, v4(192, 0, 2, 254)}] = kMacA;
  forwarding_.update(view).value();
  const Peer by_card{address}, by_host{address, true};
  const std::uint8_t row = forwarding_.hold_peer(by_card).value();
  const std::uint8_t row_of_host = forwarding_.hold_peer(by_host).value();
  const auto hop = [&](std::uint8_t r) { return image_.row(static_cast<unsigned>(layout::TableId::kNextHop), r); };
  take(view);
  EXPECT_EQ(hop(row).get(layout::next_hop::kMtu), 1500U);
  EXPECT_EQ(hop(row_of_host).get(layout::next_hop::kMtu), 0U);
  EXPECT_EQ(mac_of(hop(row_of_host)), kMacA);
  // Another daemon, which does not know the neighbour yet.
  Forwarding next{{kLanInterface, 1500}, {kWanInterface, 1500}};
  next.adopt_peer(by_host, row_of_host, image_);
  view.neighbours.clear();
  next.update(view).value();
  driver::TableImage adopted;
  next.write(adopted).value();
  EXPECT_TRUE(adopted.row(static_cast<unsigned>(layout::TableId::kNextHop), row_of_host) == hop(row_of_host));
  forwarding_.release_peer(by_host);
  take(view);
  EXPECT_EQ(hop(row_of_host).get(layout::next_hop::kValid), 0U);
  EXPECT_EQ(hop(row).get(layout::next_hop::kValid), 1U);
}

// LAN 2001:db8:0:1::1/64, WAN 2001:db8:0:2::1/64 with a default route by fe80::fe, as a router tells it.
KernelView small_network_of_ipv6() {
  KernelView view = small_network();
  view.addresses.push_back({kLanInterface, v6(1, 1), 64});
  view.addresses.push_back({kWanInterface, v6(2, 1), 64});
  view.routes.push_back({{}, 0, 1024, kWanInterface, {0xfe80'0000'0000'0000, 0xfe}});
  view.routes.push_back({v6(1, 0), 64, 256, kLanInterface, {}});
  view.routes.push_back({v6(2, 0), 64, 256, kWanInterface, {}});
  view.routes.push_back({{0xfe80'0000'0000'0000, 0}, 64, 256, kLanInterface, {}});
  return view;
}

TEST_F(ForwardingTest, BothVersionsHaveRoutesAndNeighboursOfTheirOwn) {
  KernelView view = small_network_of_ipv6();
  view.routes.erase(view.routes.begin());  // IPv4 has no default route, whatever IPv6 has
  view.neighbours[{kLanInterface, v6(1, 7)}] = kMacA;
  view.neighbours[{kWanInterface, {0xfe80'0000'0000'0000, 0xfe}}] = kMacB;
  take(view);
  EXPECT_EQ(ask(v6(1, 7)), (Verdict{layout::Route::kSend, kMacA}));
  EXPECT_EQ(ask(v6(1, 8)), (Verdict{layout::Route::kResolve, std::nullopt}));
  EXPECT_EQ(ask(v6(1, 1)).kind, layout::Route::kLocal);
  EXPECT_EQ(ask(v6(9, 9)), (Verdict{layout::Route::kSend, kMacB}));
  EXPECT_EQ(ask(v4(198, 51, 100, 1)).kind, layout::Route::kNone);
  EXPECT_EQ(forwarding_.hop_to(v6(9, 9)), (Hop{layout::Port::kWan, {0xfe80'0000'0000'0000, 0xfe}}));
  EXPECT_EQ(forwarding_.hop_to(v4(198, 51, 100, 1)), std::nullopt);
  EXPECT_EQ(forwarding_.address_on(layout::Port::kWan, v6(9, 9)), v6(2, 1));
  EXPECT_EQ(forwarding_.side_of(v6(1, 1)), layout::Port::kLan);
}

TEST_F(ForwardingTest, WhatHoldsOnALinkIsTheKernels) {
  KernelView view = small_network_of_ipv6();
  view.neighbours[{kLanInterface, {0xfe80'0000'0000'0000, 7}}] = kMacA;
  take(view);
  EXPECT_EQ(ask({0xfe80'0000'0000'0000, 7}).kind, layout::Route::kLocal);
  EXPECT_EQ(ask({0xff02'0000'0000'0000, 1}).kind, layout::Route::kLocal);
  EXPECT_EQ(ask({0xfec0'0000'0000'0000, 7}).kind, layout::Route::kResolve);
  EXPECT_FALSE(forwarding_.has_row({layout::Port::kLan, {0xfe80'0000'0000'0000, 7}}));
  EXPECT_EQ(forwarding_.hop_to({0xfe80'0000'0000'0000, 7}), std::nullopt);
  // Who speaks no IPv6 does not hear it either.
  take(small_network());
  EXPECT_EQ(ask({0xff02'0000'0000'0000, 1}).kind, layout::Route::kNone);
}

TEST_F(ForwardingTest, MoreNeighboursThanRowsAreToldAndLeftOut) {
  KernelView view = small_network();
  view.routes[1] = {v4(10, 1, 0, 0), kIpv4Prefix + 16, 0, kLanInterface, {}};
  for (unsigned i = 0; i < layout::kNextHops + 1; ++i) {
    view.neighbours[{kLanInterface, v4(10, 1, 1 + i / 256, i % 256)}] = kMacA;
  }
  const auto updated = forwarding_.update(view);
  ASSERT_FALSE(updated);
  EXPECT_EQ(updated.error().code, Errc::kFull);
  forwarding_.write(image_).value();
  EXPECT_EQ(ask(v4(10, 1, 1, 0)).mac, kMacA);
  EXPECT_EQ(ask(v4(10, 1, 2, 0)).kind, layout::Route::kResolve);
}

}  // namespace
}  // namespace sallyport::gateway
