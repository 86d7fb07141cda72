// SPDX-License-Identifier: Apache-2.0
#include "host/mark/plan.hpp"

#include <map>

namespace sallyport::mark {
namespace {

using layout::Address;

// RFC 5771 and RFC 919: nobody's own address. Those of IPv6 the kernel keeps in a table of its own.
const Prefix kGroups = {Address::from_v4(0xe0000000), driver::kIpv4Prefix + 4};
const Prefix kBroadcast = {Address::from_v4(0xffffffff), layout::kAddressBits};

}  // namespace

std::vector<Destination> plan(const std::vector<gateway::KernelRoute>& routes, const std::vector<Prefix>& protect) {
  std::map<Prefix, bool> marked = {{kGroups, false}, {kBroadcast, false}};
  std::map<Prefix, std::uint32_t> metric;  // of several routes to one prefix the kernel takes the least
  for (const gateway::KernelRoute& route : routes) {
    const bool on_link = route.gateway == Address();
    if (!on_link && !protect.empty()) continue;
    const Prefix prefix = {route.destination, route.prefix_length};
    const auto [known, first] = metric.try_emplace(prefix, route.metric);
    if (!first && known->second <= route.metric) continue;
    known->second = route.metric;
    marked[prefix] = !on_link;
  }
  for (const Prefix& prefix : protect) marked[prefix] = true;

  std::vector<Destination> out;
  for (const auto& [prefix, is_marked] : marked) out.push_back({prefix, is_marked});
  return out;
}

}  // namespace sallyport::mark
