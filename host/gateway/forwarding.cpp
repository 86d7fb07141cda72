// SPDX-License-Identifier: Apache-2.0
// From what the kernel knows to what the card forwards by.
#include "host/gateway/forwarding.hpp"

#include <algorithm>

namespace sallyport::gateway {
namespace {

using driver::kIpv4Prefix;
using driver::RouteEntry;

bool within(const Address& address, const Address& prefix, unsigned length) {
  // ::/0 is no default route of IPv4.
  return address.is_v4() == prefix.is_v4() && driver::first_of(address, length) == driver::first_of(prefix, length);
}

// RFC 1122 3.2.1.3: the addresses that name no single host: 224.0.0.0/4, and 240.0.0.0/4 with the broadcast address.
constexpr RouteEntry kGroupsOfIpv4{Address::from_v4(0xe0000000), kIpv4Prefix + 3, layout::Route::kNone, 0};

// RFC 4291 2.4.
constexpr RouteEntry kLinkScope[] = {{Address(0xff00'0000'0000'0000, 0), 8, layout::Route::kLocal, 0},
                                     {Address(0xfe80'0000'0000'0000, 0), 10, layout::Route::kLocal, 0}};

}  // namespace

bool is_link_scope(const Address& address) {
  return std::any_of(std::begin(kLinkScope), std::end(kLinkScope),
                     [&](const RouteEntry& r) { return within(address, r.prefix, r.length); });
}

std::optional<layout::Port> Forwarding::port_of(unsigned interface) const {
  if (interface == lan_.interface) return layout::Port::kLan;
  if (interface == wan_.interface) return layout::Port::kWan;
  return std::nullopt;
}

std::optional<driver::NextHop> Forwarding::next_hop(const Hop& hop) const {
  const auto found = view_.neighbours.find({interface_of(hop.port), hop.address});
  if (found == view_.neighbours.end()) return std::nullopt;
  return driver::NextHop{hop.port, found->second, mtu_of(hop.port)};
}

bool Forwarding::is_known(const Hop& hop) const { return next_hop(hop).has_value(); }

std::optional<MacAddress> Forwarding::mac_of(const Hop& hop) const {
  const auto next = next_hop(hop);
  return next ? std::optional(next->mac) : std::nullopt;
}

bool Forwarding::is_ours(const Address& address) const { return side_of(address).has_value(); }

std::optional<layout::Port> Forwarding::side_of(const Address& address) const {
  const auto found =
      std::find_if(view_.addresses.begin(), view_.addresses.end(), [&](const auto& a) { return a.address == address; });
  return found == view_.addresses.end() ? std::nullopt : port_of(found->interface);
}

std::optional<Address> Forwarding::address_on(layout::Port port, const Address& like) const {
  const auto found = std::find_if(view_.addresses.begin(), view_.addresses.end(), [&](const auto& a) {
    return a.interface == interface_of(port) && a.address.is_v4() == like.is_v4() && !is_link_scope(a.address);
  });
  return found == view_.addresses.end() ? std::nullopt : std::optional(found->address);
}

std::optional<std::uint8_t> Forwarding::free_row() const {
  std::set<std::uint8_t> taken;
  for (const auto& [hop, row] : neighbours_) taken.insert(row);
  for (const auto& [peer, held] : peers_) taken.insert(held.row);
  for (unsigned row = 0; row < layout::kNextHops; ++row) {
    if (!taken.contains(static_cast<std::uint8_t>(row))) return static_cast<std::uint8_t>(row);
  }
  return std::nullopt;
}

Result<void> Forwarding::update(KernelView view) {
  view_ = std::move(view);
  std::erase_if(neighbours_, [&](const auto& entry) { return !is_known(entry.first); });
  bool full = false;
  for (const auto& [key, mac] : view_.neighbours) {
    const auto port = port_of(key.first);
    if (!port) continue;
    const Hop hop{*port, key.second};
    // Hosts have an address of the link beside others; packets are handed to it where it is a router's alone.
    const bool wanted =
        !is_link_scope(hop.address) || std::any_of(view_.routes.begin(), view_.routes.end(), [&](const auto& r) {
          return r.interface == key.first && r.gateway == hop.address;
        });
    if (!wanted || neighbours_.contains(hop)) continue;
    if (const auto row = free_row()) {
      neighbours_[hop] = *row;
    } else {
      full = true;
    }
  }
  for (auto& [peer, held] : peers_) refresh(peer.address, held);
  if (full) return Error{Errc::kFull, "more neighbours than the card has rows of next_hop"};
  return {};
}

std::optional<Hop> Forwarding::hop_to(const Address& destination) const {
  if (is_ours(destination) || is_link_scope(destination)) return std::nullopt;
  const KernelRoute* best = nullptr;
  for (const KernelRoute& r : view_.routes) {
    if (!within(destination, r.destination, r.prefix_length)) continue;
    const bool better = best == nullptr || r.prefix_length > best->prefix_length ||
                        (r.prefix_length == best->prefix_length && r.metric < best->metric);
    if (better) best = &r;
  }
  if (best == nullptr) return std::nullopt;
  return Hop{*port_of(best->interface), best->gateway != Address() ? best->gateway : destination};
}

void Forwarding::refresh(const Address& address, PeerRow& row) {
  const auto hop = hop_to(address);
  const auto next = hop ? next_hop(*hop) : std::nullopt;
  if (next) row.last = next;
}

Result<std::uint8_t> Forwarding::hold_peer(const Peer& peer) {
  auto found = peers_.find(peer);
  if (found == peers_.end()) {
    const auto row = free_row();
    if (!row) return Error{Errc::kFull, "no row of next_hop is free for the peer " + to_string(peer.address)};
    found = peers_.emplace(peer, PeerRow{*row, 0, std::nullopt}).first;
    refresh(peer.address, found->second);
  }
  ++found->second.holders;
  return found->second.row;
}

void Forwarding::adopt_peer(const Peer& peer, std::uint8_t row, const driver::TableImage& image) {
  PeerRow& adopted = peers_.try_emplace(peer, PeerRow{row, 0, std::nullopt}).first->second;
  ++adopted.holders;
  if (const auto held = driver::next_hop(image, row)) adopted.last = held;
}

std::vector<KernelNeighbour> Forwarding::neighbours_of(const driver::TableImage& image) const {
  std::vector<KernelNeighbour> neighbours;
  for (const auto& [address, next] : driver::image_neighbours(image)) {
    // A route to one address by a router says nothing of who has that address.
    if (hop_to(address) == Hop{next.port, address}) neighbours.push_back({interface_of(next.port), address, next.mac});
  }
  return neighbours;
}

void Forwarding::release_peer(const Peer& peer) {
  const auto found = peers_.find(peer);
  if (found != peers_.end() && --found->second.holders == 0) peers_.erase(found);
}

std::vector<Hop> Forwarding::hops_of_peers() const {
  std::set<Hop> hops;
  for (const auto& [peer, held] : peers_) {
    if (const auto hop = hop_to(peer.address)) hops.insert(*hop);
  }
  return {hops.begin(), hops.end()};
}

Result<void> Forwarding::write(driver::TableImage& image) const {
  std::vector<RouteEntry> entries;
  // Of equal prefixes the later entry decides: so the worst metric first.
  auto routes = view_.routes;
  std::stable_sort(routes.begin(), routes.end(), [](const auto& a, const auto& b) { return a.metric > b.metric; });
  for (const KernelRoute& r : routes) {
    if (is_link_scope(r.destination)) continue;
    RouteEntry entry{r.destination, r.prefix_length, layout::Route::kResolve, 0};
    if (r.gateway != Address()) {
      if (const auto row = neighbours_.find(Hop{*port_of(r.interface), r.gateway}); row != neighbours_.end()) {
        entry.kind = layout::Route::kSend;
        entry.next_hop = row->second;
      }
    }
    entries.push_back(entry);
  }
  for (const auto& [hop, row] : neighbours_) {
    if (hop_to(hop.address) == hop) entries.push_back({hop.address, layout::kAddressBits, layout::Route::kSend, row});
  }
  for (const KernelAddress& a : view_.addresses) {
    if (a.address.is_v4() && a.prefix_length < kIpv4Prefix + 31) {  // RFC 2644: a directed broadcast is not forwarded
      const Address broadcast = driver::last_of(a.address, a.prefix_length);
      entries.push_back({broadcast, layout::kAddressBits, layout::Route::kNone, 0});
    }
  }
  for (const KernelAddress& a : view_.addresses) {
    entries.push_back({a.address, layout::kAddressBits, layout::Route::kLocal, 0});
  }
  entries.push_back(kGroupsOfIpv4);
  const bool speaks_ipv6 =
      std::any_of(view_.addresses.begin(), view_.addresses.end(), [](const auto& a) { return !a.address.is_v4(); });
  if (speaks_ipv6) entries.insert(entries.end(), std::begin(kLinkScope), std::end(kLinkScope));

  if (auto compiled = driver::compile_routes(entries, image); !compiled) return compiled;
  for (unsigned row = 0; row < layout::kNextHops; ++row) driver::clear_next_hop(image, static_cast<std::uint8_t>(row));
  for (const auto& [hop, row] : neighbours_) driver::set_next_hop(image, row, *next_hop(hop));
  for (const auto& [peer, held] : peers_) {
    if (!held.last) continue;
    driver::NextHop next = *held.last;
    if (peer.by_host) next.mtu = 0;
    driver::set_next_hop(image, held.row, next);
  }
  return {};
}

}  // namespace sallyport::gateway
