// SPDX-License-Identifier: Apache-2.0
#include "host/mark/marker.hpp"

#include <net/if.h>

#include <algorithm>
#include <array>

#include "host/ipsec/address.hpp"

namespace sallyport::mark {
namespace {

constexpr std::size_t kMostPacketBytes = 65575;  // IPv6: a header and 65535
constexpr unsigned kPacketsAtOnce = 64;          // then the others have their turn
constexpr unsigned kLeastMtuV4 = 68;             // RFC 791 3.2
constexpr unsigned kLeastMtuV6 = 1280;           // RFC 8200 5
constexpr unsigned kUsualMtu = 1500;

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
  auto device = TunDevice::create("sp" + std::to_string(uid) + (order.ipv6 ? "v6" : ""));
  if (!device) return device.error();
  auto sender = Sender::open(order.ipv6);
  if (!sender) return sender.error();
  auto table = UserTable::open(uid, order.ipv6, device->index());
  if (!table) return table.error();
  Marker marker(std::move(order), std::move(*netlink), std::move(*device), std::move(*sender), std::move(*table));
  if (auto followed = marker.follow_routes(); !followed) return followed.error();
  if (auto begun = marker.table_.begin(); !begun) return begun.error();
  return marker;
}

Result<void> Marker::follow_routes() {
  const auto view = netlink_.view(interfaces_but(device_.index()));
  if (!view) return view.error();
  std::vector<Prefix> protect;
  for (const std::string& text : order_.protect) protect.push_back(*parse_prefix(text));  // which read_order() did
  auto destinations = plan(view->routes, protect);
  std::erase_if(destinations, [this](const Destination& d) { return d.prefix.address.is_v4() == order_.ipv6; });

  std::map<Prefix, Sender::Path> paths;
  unsigned narrowest = kMostPacketBytes;
  for (const Destination& destination : destinations) {
    const auto path = destination.marked ? Sender::path_to(within(destination.prefix)) : std::nullopt;
    if (!path) continue;
    paths.emplace(destination.prefix, *path);
    narrowest = std::min(narrowest, path->mtu);
  }
  if (paths.empty()) narrowest = kUsualMtu;
  // What fills the path must still fit when it has its tag.
  const unsigned least = order_.ipv6 ? kLeastMtuV6 : kLeastMtuV4;
  const unsigned mtu = std::max<unsigned>(narrowest, least + kTagBytes) - kTagBytes;
  if (mtu != mtu_) {
    if (auto up = device_.up(mtu); !up) return up.error();
    mtu_ = mtu;
  }

  std::set<UserTable::Route> routes;
  for (const Destination& destination : destinations) {
    if (!destination.marked) {
      routes.insert({destination});
    } else if (const auto path = paths.find(destination.prefix); path != paths.end()) {
      routes.insert({destination, path->second.source});
    }
  }
  return table_.hold(routes);
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
    if (packet->empty()) return {};
    switch (tagger_.put(*packet, tagged_)) {
      case Tagger::Outcome::kTagged:
        ++(sender_.send(tagged_) ? counts_.marked : counts_.not_sent);
        break;
      case Tagger::Outcome::kNoRoom:
        ++counts_.no_room;
        break;
      case Tagger::Outcome::kNotForThere:
        break;  // the kernel's own, as of neighbour discovery on the device
    }
  }
  return {};
}

}  // namespace sallyport::mark
