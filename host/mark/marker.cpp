// SPDX-License-Identifier: Apache-2.0
#include "host/mark/marker.hpp"

#include <net/if.h>

#include <algorithm>
#include <array>

#include "host/ipsec/address.hpp"

namespace sallyport::mark {
namespace {

constexpr std::size_t kMostPacketBytes = 65575;        // IPv6: a header and 65535
constexpr unsigned kPacketsAtOnce = 64;                // then the others have their turn
constexpr unsigned kLeastMtuV4 = 68;                   // RFC 791 3.2
constexpr unsigned kLeastMtuV6 = 1280;                 // RFC 8200 5
constexpr unsigned kMostMtu = 65535;                   // RFC 791 3.1
constexpr unsigned kDeviceMtu = kMostMtu - kTagBytes;  // what leads to the device says what its own path takes

std::vector<unsigned> interfaces_but(unsigned ours) {
  std::vector<unsigned> out;
  struct if_nameindex* all = ::if_nameindex();
  for (const auto* one = all; one != nullptr && one->if_index != 0; ++one) {
    if (one->if_index != ours) out.push_back(one->if_index);
  }
  ::if_freenameindex(all);
  return out;
}

// One that the route to the prefix is for: of a default route, any that is nobody's (RFC 5737, RFC 3849).
layout::Address within(const Prefix& prefix) {
  if (prefix.length == 0) return IpAddress::parse("2001:db8::1")->number();
  if (prefix.length == driver::kIpv4Prefix && prefix.address.is_v4()) return layout::Address::from_v4(0xc0000201);
  return prefix.length == layout::kAddressBits ? prefix.address : prefix.address.next();
}

}  // namespace

Result<Marker> Marker::begin(Order order, std::uint32_t uid) {
  auto netlink = gateway::Netlink::open();
  if (!netlink) return netlink.error();
  auto device = TunDevice::create("sp" + std::to_string(uid));
  if (!device) return device.error();
  Versions versions;
  for (const bool ipv6 : {false, true}) {
    if (!(ipv6 ? order.ipv6 : order.ipv4)) continue;
    auto sender = Sender::open(ipv6);
    if (!sender) return sender.error();
    auto table = UserTable::open(uid, ipv6, device->index());
    if (!table) return table.error();
    versions.emplace(ipv6, Version{std::move(*sender), std::move(*table)});
  }
  Marker marker(std::move(order), std::move(*netlink), std::move(*device), std::move(versions));
  if (auto up = marker.device_.up(kDeviceMtu); !up) return up.error();
  if (auto followed = marker.follow_routes(); !followed) return followed.error();
  for (auto& [ipv6, version] : marker.versions_) {
    if (auto begun = version.table.begin(); !begun) return begun.error();
  }
  return marker;
}

Result<void> Marker::follow_routes() {
  const auto view = netlink_.view(interfaces_but(device_.index()));
  if (!view) return view.error();
  std::vector<Prefix> protect;
  for (const std::string& text : order_.protect) protect.push_back(*parse_prefix(text));  // which read_order() did

  std::map<bool, std::set<UserTable::Route>> routes;
  std::set<layout::Address> sources;
  for (const Destination& destination : plan(view->routes, protect)) {
    const bool ipv6 = !destination.prefix.address.is_v4();
    if (!destination.marked) {
      routes[ipv6].insert({destination});
    } else if (const auto path = Sender::path_to(within(destination.prefix))) {
      // What fills the path must still fit when it has its tag.
      const unsigned least = ipv6 ? kLeastMtuV6 : kLeastMtuV4;
      const unsigned mtu = std::clamp<unsigned>(path->mtu, least + kTagBytes, kMostMtu) - kTagBytes;
      routes[ipv6].insert({destination, path->source, mtu});
      if (versions_.contains(ipv6)) sources.insert(path->source);
    }
  }
  for (auto& [ipv6, version] : versions_) {
    if (auto held = version.table.hold(routes[ipv6]); !held) return held;
  }
  sources_ = std::move(sources);
  return {};
}

std::vector<IpAddress> Marker::sources() const {
  std::vector<IpAddress> out;
  for (const layout::Address& address : sources_) out.push_back(IpAddress::from_number(address));
  return out;
}

bool Marker::on_notices() {
  const auto changed = netlink_.drain();
  if (!changed || *changed || behind_) behind_ = !follow_routes();
  return !behind_;
}

Result<void> Marker::on_packets() {
  std::array<std::uint8_t, kMostPacketBytes> room;
  for (unsigned i = 0; i < kPacketsAtOnce; ++i) {
    const auto packet = device_.receive(room);
    if (!packet) return packet.error();
    if (packet->empty()) break;
    // One of another version is none of those that were asked for.
    const auto version = versions_.find((*packet)[0] >> 4 == 6);
    Buffer tagged;
    const auto outcome = version == versions_.end() ? Tagger::Outcome::kNotForThere : tagger_.put(*packet, tagged);
    switch (outcome) {
      case Tagger::Outcome::kTagged:
        version->second.tagged.push_back(std::move(tagged));
        break;
      case Tagger::Outcome::kNoRoom:
        ++counts_.no_room;
        break;
      case Tagger::Outcome::kNotForThere:
        break;  // the kernel's own, as of neighbour discovery on the device
    }
  }
  send_tagged();
  return {};
}

void Marker::send_tagged() {
  for (auto& [ipv6, version] : versions_) {
    const std::size_t taken = version.sender.send(version.tagged);
    counts_.marked += taken;
    counts_.not_sent += version.tagged.size() - taken;
    version.tagged.clear();
  }
}

}  // namespace sallyport::mark
