// SPDX-License-Identifier: Apache-2.0
// From what the kernel knows to what the card forwards by.
#include "host/gateway/forwarding.hpp"

#include <algorithm>

namespace sallyport::gateway {
namespace {

constexpr std::uint32_t mask(unsigned length) { return length == 0 ? 0 : ~std::uint32_t{0} << (32 - length); }

bool within(std::uint32_t address, std::uint32_t prefix, unsigned length) {
  return ((address ^ prefix) & mask(length)) == 0;
}

// RFC 1122 3.2.1.3: the addresses that name no single host.
constexpr std::uint32_t kMulticast = 0xe0000000;  // 224.0.0.0/4, and 240.0.0.0/4 with the broadcast address above it
constexpr unsigned kMulticastLength = 3;

}  // namespace

std::optional<layout::Port> Forwarding::port_of(unsigned interface) const {
  if (interface == lan_.interface) return layout::Port::kLan;
  if (interface == wan_.interface) return layout::Port::kWan;
  return std::nullopt;
}

std::optional<driver::NextHop> Forwarding::next_hop(const Hop& hop) const {
  const auto found = view_.neighbours.find({interface_of(hop.port), hop.address});
  if (found == view_.neighbours.end()) return std::nullopt;
  return driver::NextHop{hop.port, found->second, hop.port == layout::Port::kLan ? lan_.mtu : wan_.mtu};
}

bool Forwarding::is_known(const Hop& hop) const { return next_hop(hop).has_value(); }

std::optional<MacAddress> Forwarding::mac_of(const Hop& hop) const {
  const auto next = next_hop(hop);
  return next ? std::optional(next->mac) : std::nullopt;
}

bool Forwarding::is_ours(std::uint32_t address) const {
  return std::any_of(view_.addresses.begin(), view_.addresses.end(),
                     [&](const auto& a) { return a.address == address; });
}

std::uint32_t Forwarding::address_on(layout::Port port) const {
  const auto found = std::find_if(view_.addresses.begin(), view_.addresses.end(),
                                  [&](const auto& a) { return a.interface == interface_of(port); });
  return found == view_.addresses.end() ? 0 : found->address;
}

std::optional<std::uint8_t> Forwarding::free_row() const {
  std::set<std::uint8_t> taken;
  for (const auto& [hop, row] : neighbours_) taken.insert(row);
  for (const auto& [address, peer] : peers_) taken.insert(peer.row);
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
    if (neighbours_.contains(hop)) continue;
    if (const auto row = free_row()) {
      neighbours_[hop] = *row;
    } else {
      full = true;
    }
  }
  for (auto& [address, peer] : peers_) refresh(address, peer);
  if (full) return Error{Errc::kFull, "more neighbours than the card has rows of next_hop"};
  return {};
}

std::optional<Hop> Forwarding::hop_to(std::uint32_t destination) const {
  if (is_ours(destination)) return std::nullopt;
  const KernelRoute* best = nullptr;
  for (const KernelRoute& r : view_.routes) {
    if (!within(destination, r.destination, r.prefix_length)) continue;
    const bool better = best == nullptr || r.prefix_length > best->prefix_length ||
                        (r.prefix_length == best->prefix_length && r.metric < best->metric);
    if (better) best = &r;
  }
  if (best == nullptr) return std::nullopt;
  return Hop{*port_of(best->interface), best->gateway != 0 ? best->gateway : destination};
}

void Forwarding::refresh(std::uint32_t address, Peer& peer) {
  const auto hop = hop_to(address);
  const auto next = hop ? next_hop(*hop) : std::nullopt;
  if (next) peer.last = next;
}

Result<std::uint8_t> Forwarding::hold_peer(std::uint32_t address) {
  auto found = peers_.find(address);
  if (found == peers_.end()) {
    const auto row = free_row();
    if (!row) return Error{Errc::kFull, "no row of next_hop is free for the peer " + to_dotted(address)};
    found = peers_.emplace(address, Peer{*row, 0, std::nullopt}).first;
    refresh(address, found->second);
  }
  ++found->second.holders;
  return found->second.row;
}

void Forwarding::adopt_peer(std::uint32_t address, std::uint8_t row, const driver::TableImage& image) {
  Peer& peer = peers_.try_emplace(address, Peer{row, 0, std::nullopt}).first->second;
  ++peer.holders;
  const layout::Row& held = image.row(static_cast<unsigned>(layout::TableId::kNextHop), row);
  if (held.get(layout::next_hop::kValid) == 0) return;
  driver::NextHop next;
  next.port = static_cast<layout::Port>(held.get(layout::next_hop::kPort));
  next.mtu = static_cast<std::uint16_t>(held.get(layout::next_hop::kMtu));
  const std::uint64_t mac = held.get(layout::next_hop::kMac);
  for (unsigned i = 0; i < next.mac.size(); ++i) next.mac[i] = static_cast<std::uint8_t>(mac >> (40 - 8 * i));
  peer.last = next;
}

void Forwarding::release_peer(std::uint32_t address) {
  const auto found = peers_.find(address);
  if (found != peers_.end() && --found->second.holders == 0) peers_.erase(found);
}

std::vector<Hop> Forwarding::hops_of_peers() const {
  std::set<Hop> hops;
  for (const auto& [address, peer] : peers_) {
    if (const auto hop = hop_to(address)) hops.insert(*hop);
  }
  return {hops.begin(), hops.end()};
}

Result<void> Forwarding::write(driver::TableImage& image) const {
  std::vector<driver::RouteEntry> entries;
  // Of equal prefixes the later entry decides: so the worst metric first.
  auto routes = view_.routes;
  std::stable_sort(routes.begin(), routes.end(), [](const auto& a, const auto& b) { return a.metric > b.metric; });
  for (const KernelRoute& r : routes) {
    driver::RouteEntry entry{r.destination, r.prefix_length, layout::Route::kResolve, 0};
    if (r.gateway != 0) {
      if (const auto row = neighbours_.find(Hop{*port_of(r.interface), r.gateway}); row != neighbours_.end()) {
        entry.kind = layout::Route::kSend;
        entry.next_hop = row->second;
      }
    }
    entries.push_back(entry);
  }
  for (const auto& [hop, row] : neighbours_) {
    if (hop_to(hop.address) == hop) entries.push_back({hop.address, 32, layout::Route::kSend, row});
  }
  for (const KernelAddress& a : view_.addresses) {
    if (a.prefix_length < 31) {  // RFC 2644: a directed broadcast is not forwarded
      entries.push_back({a.address | ~mask(a.prefix_length), 32, layout::Route::kNone, 0});
    }
  }
  for (const KernelAddress& a : view_.addresses) entries.push_back({a.address, 32, layout::Route::kLocal, 0});
  entries.push_back({kMulticast, kMulticastLength, layout::Route::kNone, 0});

  if (auto compiled = driver::compile_routes(entries, image); !compiled) return compiled;
  for (unsigned row = 0; row < layout::kNextHops; ++row) driver::clear_next_hop(image, static_cast<std::uint8_t>(row));
  for (const auto& [hop, row] : neighbours_) driver::set_next_hop(image, row, *next_hop(hop));
  for (const auto& [address, peer] : peers_) {
    if (peer.last) driver::set_next_hop(image, peer.row, *peer.last);
  }
  return {};
}

}  // namespace sallyport::gateway
