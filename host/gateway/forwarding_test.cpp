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

constexpr std::uint32_t v4(unsigned a, unsigned b, unsigned c, unsigned d) { return a << 24 | b << 16 | c << 8 | d; }

// LAN 10.1.0.1/24, WAN 192.0.2.1/24 with a default route by 192.0.2.254.
KernelView small_network() {
  KernelView view;
  view.addresses = {{kLanInterface, v4(10, 1, 0, 1), 24}, {kWanInterface, v4(192, 0, 2, 1), 24}};
  view.routes = {{0, 0, 0, kWanInterface, v4(192, 0, 2, 254)},
                 {v4(10, 1, 0, 0), 24, 0, kLanInterface, 0},
                 {v4(192, 0, 2, 0), 24, 0, kWanInterface, 0}};
  return view;
}

struct Verdict {
  layout::Route kind;
  std::optional<MacAddress> mac;
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

MacAddress mac_of(const layout::Row& row) {
  MacAddress mac{};
  const auto value = row.get(layout::next_hop::kMac);
  for (unsigned i = 0; i < 6; ++i) mac[i] = static_cast<std::uint8_t>(value >> (40 - 8 * i));
  return mac;
}

// As the card decides.
Verdict ask(const driver::TableImage& image, std::uint32_t destination) {
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
  Verdict ask(std::uint32_t destination) const { return gateway::ask(image_, destination); }

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
  view.routes.push_back({0, 0, 100, kLanInterface, v4(10, 1, 0, 254)});
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
  const std::uint8_t row = forwarding_.hold_peer(peer).value();
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
  forwarding_.release_peer(peer);
  take(view);
  EXPECT_EQ(hop().get(layout::next_hop::kValid), 0U);
}

TEST_F(ForwardingTest, MoreNeighboursThanRowsAreToldAndLeftOut) {
  KernelView view = small_network();
  view.routes[1] = {v4(10, 1, 0, 0), 16, 0, kLanInterface, 0};
  for (unsigned i = 0; i < layout::kNextHops + 1; ++i) view.neighbours[{kLanInterface, v4(10, 1, 1, 0) + i}] = kMacA;
  const auto updated = forwarding_.update(view);
  ASSERT_FALSE(updated);
  EXPECT_EQ(updated.error().code, Errc::kFull);
  forwarding_.write(image_).value();
  EXPECT_EQ(ask(v4(10, 1, 1, 0)).mac, kMacA);
  EXPECT_EQ(ask(v4(10, 1, 1, 0) + layout::kNextHops).kind, layout::Route::kResolve);
}

}  // namespace
}  // namespace sallyport::gateway
