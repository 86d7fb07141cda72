// SPDX-License-Identifier: Apache-2.0
// What a message of the kernel says about an address, a route or a neighbour (rtnetlink(7)).
//
// IPv4 addresses are plain numbers: 192.0.2.1 is 0xC0000201.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>

#include "driver/mac_address.hpp"

struct nlmsghdr;

namespace sallyport::gateway {

using driver::MacAddress;

struct KernelAddress {
  unsigned interface = 0;
  std::uint32_t address = 0;
  unsigned prefix_length = 32;
  friend auto operator<=>(const KernelAddress&, const KernelAddress&) = default;
};

// A unicast route of the main table.
struct KernelRoute {
  std::uint32_t destination = 0;
  unsigned prefix_length = 0;
  std::uint32_t metric = 0;
  unsigned interface = 0;
  std::uint32_t gateway = 0;  // 0: on link
  friend auto operator<=>(const KernelRoute&, const KernelRoute&) = default;
};

struct KernelNeighbour {
  unsigned interface = 0;
  std::uint32_t address = 0;
  MacAddress mac{};
};

// Nothing for a message that is cut or says nothing of use to a gateway. The message is as long as its header says.
[[nodiscard]] std::optional<KernelAddress> parse_address(const nlmsghdr* message);
[[nodiscard]] std::optional<KernelRoute> parse_route(const nlmsghdr* message);
[[nodiscard]] std::optional<KernelNeighbour> parse_neighbour(const nlmsghdr* message);  // one that may be used

}  // namespace sallyport::gateway
