// SPDX-License-Identifier: Apache-2.0
// What a message of the kernel says about an address, a route or a neighbour (rtnetlink(7)).
//
// Addresses and prefixes are the card's: IPv4 is mapped, and its prefix lengths count from driver::kIpv4Prefix.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>

#include "driver/mac_address.hpp"
#include "driver/tables/route_compiler.hpp"
#include "hw/layout/address.hpp"

struct nlmsghdr;

namespace sallyport::gateway {

using driver::MacAddress;
using layout::Address;

struct KernelAddress {
  unsigned interface = 0;
  Address address;
  unsigned prefix_length = layout::kAddressBits;
  friend std::strong_ordering operator<=>(const KernelAddress&, const KernelAddress&) = default;
};

// A unicast route of the main table.
struct KernelRoute {
  Address destination;
  unsigned prefix_length = 0;
  std::uint32_t metric = 0;
  unsigned interface = 0;
  Address gateway;  // ::, of IPv4 too: on link
  friend std::strong_ordering operator<=>(const KernelRoute&, const KernelRoute&) = default;
};

struct KernelNeighbour {
  unsigned interface = 0;
  Address address;
  MacAddress mac{};
};

// Nothing for a message that is cut or says nothing of use to a gateway. The message is as long as its header says.
[[nodiscard]] std::optional<KernelAddress> parse_address(const nlmsghdr* message);
[[nodiscard]] std::optional<KernelRoute> parse_route(const nlmsghdr* message);
[[nodiscard]] std::optional<KernelNeighbour> parse_neighbour(const nlmsghdr* message);  // one that may be used

}  // namespace sallyport::gateway
