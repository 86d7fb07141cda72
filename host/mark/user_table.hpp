// SPDX-License-Identifier: Apache-2.0
// A routing table for one user's packets of one IP version, and the rule that leads to it (ip-rule(8)): of policy
// routing the part that we need, by libmnl.
#pragma once

#include <memory>
#include <set>
#include <tuple>

#include "host/gateway/netlink_request.hpp"
#include "host/mark/plan.hpp"

namespace sallyport::mark {

// Ours: what leaves with this bit set has its tag, and goes by the main table.
constexpr std::uint32_t kMarkedBit = 0x10000000;

class UserTable {
 public:
  // A table whose marked destinations lead to the device `interface`. What another process left behind for this user is
  // taken away.
  static Result<UserTable> open(std::uint32_t uid, bool ipv6, unsigned interface);
  UserTable(UserTable&&) = default;
  // Takes the rule away. The routes go with the device.
  ~UserTable();

  struct Route {
    Destination destination;
    // Of a marked one:
    layout::Address source{};  // for sockets that have not chosen
    unsigned mtu = 0;
    friend bool operator<(const Route& a, const Route& b) {
      return std::tie(a.destination.prefix, a.destination.marked, a.source, a.mtu) <
             std::tie(b.destination.prefix, b.destination.marked, b.source, b.mtu);
    }
  };
  // Makes the table hold these.
  Result<void> hold(const std::set<Route>& routes);
  // From now on the user's packets are asked of it.
  Result<void> begin();

 private:
  struct Close {
    void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
  };
  using Socket = std::unique_ptr<mnl_socket, Close>;
  UserTable(Socket socket, std::uint32_t uid, std::uint8_t family, unsigned interface)
      : socket_(std::move(socket)), uid_(uid), family_(family), interface_(interface) {}

  Result<void> change(std::uint16_t type, std::uint16_t flags, const Route& route);
  Result<void> remove_rules();

  Socket socket_;
  std::uint32_t uid_;
  std::uint8_t family_;
  unsigned interface_;
  unsigned sequence_ = 0;
  std::set<Route> held_;
};

}  // namespace sallyport::mark
