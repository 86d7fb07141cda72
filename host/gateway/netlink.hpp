// SPDX-License-Identifier: Apache-2.0
// What the kernel knows about addresses, routes and neighbours, followed by netlink, and the few things we tell it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "host/gateway/netlink_messages.hpp"

struct mnl_socket;

namespace sallyport::gateway {

struct KernelView {
  std::vector<KernelAddress> addresses;
  std::vector<KernelRoute> routes;
  std::map<std::pair<unsigned, Address>, MacAddress> neighbours;  // (interface, address), usable ones only
  friend bool operator==(const KernelView&, const KernelView&) = default;
};

class Netlink {
 public:
  [[nodiscard]] static Result<Netlink> open();
  Netlink(Netlink&&) noexcept;
  Netlink& operator=(Netlink&&) noexcept;
  ~Netlink();

  // Readable when something changed; then call `drain`.
  [[nodiscard]] int fd() const;
  // Takes all waiting notices; true when one of them concerned addresses, routes or neighbours (or was lost).
  [[nodiscard]] Result<bool> drain();

  // Asks the kernel for everything, as seen on these interfaces. kBusy: it changes faster than it can be read.
  [[nodiscard]] Result<KernelView> view(const std::vector<unsigned>& interfaces);

  [[nodiscard]] Result<void> add_address(const KernelAddress& added);
  [[nodiscard]] Result<void> add_route(const KernelRoute& route);
  // One that the kernel may use at once and will ask before long (STALE, RFC 4861 7.3.2); what it knows itself stays.
  [[nodiscard]] Result<void> add_neighbour(const KernelNeighbour& neighbour);
  // Makes the kernel find the neighbour, or find out whether it is still there (NTF_USE, as if a packet were sent to
  // it).
  [[nodiscard]] Result<void> resolve(unsigned interface, const Address& address);

 private:
  struct Close {
    void operator()(mnl_socket* socket) const;
  };
  using Socket = std::unique_ptr<mnl_socket, Close>;
  [[nodiscard]] Result<KernelView> view_once(const std::vector<unsigned>& interfaces);
  Netlink(Socket notices, Socket requests) : notices_(std::move(notices)), requests_(std::move(requests)) {}

  Socket notices_;
  Socket requests_;
  unsigned sequence_ = 0;
};

[[nodiscard]] std::string to_string(const Address& address);

}  // namespace sallyport::gateway
