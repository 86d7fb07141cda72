// SPDX-License-Identifier: Apache-2.0
// What sallyport-login asks of sallyport-mark, in one datagram of JSON.
#pragma once

#include <string>
#include <vector>

#include "base/secret.hpp"
#include "host/mark/plan.hpp"

namespace sallyport::mark {

struct Order {
  std::uint32_t handle = 0;
  Secret key{};
  bool plain = false;
  bool ipv4 = false;  // whether packets of this version are marked: the gateway has an address of it
  bool ipv6 = false;
  std::vector<std::string> protect{};  // prefixes, as written; none: whatever goes by a next hop
};

constexpr std::size_t kMostOrderBytes = 16384;

// In memory that is wiped.
[[nodiscard]] Secret write(const Order& order);
[[nodiscard]] Result<Order> read_order(Bytes datagram);

// "10.2.0.0/16", "2001:db8::/32", "10.2.0.9". kInvalid names what is none.
[[nodiscard]] Result<Prefix> parse_prefix(const std::string& text);

}  // namespace sallyport::mark
