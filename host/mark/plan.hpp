// SPDX-License-Identifier: Apache-2.0
// Which destinations lie behind the gateway, so that packets to them are marked.
#pragma once

#include <vector>

#include "host/gateway/netlink_messages.hpp"

namespace sallyport::mark {

struct Prefix {
  layout::Address address;
  unsigned length = 0;  // of 128 bits: that of IPv4 counts from driver::kIpv4Prefix
  friend bool operator==(const Prefix&, const Prefix&) = default;
  friend bool operator<(const Prefix& a, const Prefix& b) {
    return a.length != b.length ? a.length < b.length : a.address < b.address;
  }
};

struct Destination {
  Prefix prefix;
  bool marked = false;  // false: goes as it went before
  friend bool operator==(const Destination&, const Destination&) = default;
};

// Of the routes of the main table those by a next hop lie behind the gateway, or, where `protect` names any, those
// destinations do. Neighbours on link and groups do not, unless `protect` says so more precisely.
[[nodiscard]] std::vector<Destination> plan(const std::vector<gateway::KernelRoute>& routes,
                                            const std::vector<Prefix>& protect);

}  // namespace sallyport::mark
