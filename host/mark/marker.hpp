// SPDX-License-Identifier: Apache-2.0
// Marks the packets of one user of this computer, for as long as it lives.
#pragma once

#include <map>
#include <set>

#include "host/gateway/netlink.hpp"
#include "host/ipsec/address.hpp"
#include "host/mark/order.hpp"
#include "host/mark/sender.hpp"
#include "host/mark/tag.hpp"
#include "host/mark/tun_device.hpp"
#include "host/mark/user_table.hpp"

namespace sallyport::mark {

class Marker {
 public:
  // kDenied without CAP_NET_ADMIN and CAP_NET_RAW, of which the former is needed later, too.
  static Result<Marker> begin(Order order, std::uint32_t uid);

  // Of the descriptors that are readable.
  [[nodiscard]] int packets_fd() const { return device_.fd(); }
  [[nodiscard]] int notices_fd() const { return netlink_.fd(); }
  Result<void> on_packets();
  // The computer's own routes changed. False: they could not be followed; to be called again soon.
  bool on_notices();

  struct Counts {
    std::uint64_t marked = 0;
    std::uint64_t no_room = 0;   // dropped: their own options leave no place for a tag
    std::uint64_t not_sent = 0;  // dropped: the kernel did not take them
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }
  [[nodiscard]] const std::string& interface() const { return device_.name(); }
  // The computer's addresses that marked packets come from, unless a program chooses another.
  [[nodiscard]] std::vector<IpAddress> sources() const;

 private:
  // What there is of each IP version whose packets are marked.
  struct Version {
    Sender sender;
    UserTable table;
    std::vector<Buffer> tagged{};  // to be sent
  };
  using Versions = std::map<bool, Version>;  // by whether it is IPv6

  Marker(Order order, gateway::Netlink netlink, TunDevice device, Versions versions)
      : order_(std::move(order)),
        tagger_(order_.handle, std::move(order_.key), order_.plain),
        netlink_(std::move(netlink)),
        device_(std::move(device)),
        versions_(std::move(versions)) {}

  Result<void> follow_routes();
  void send_tagged();

  Order order_;
  Tagger tagger_;
  gateway::Netlink netlink_;
  TunDevice device_;
  Versions versions_;  // go before their device
  std::set<layout::Address> sources_;
  bool behind_ = false;  // a table may not be as the routes are
  Counts counts_;
};

}  // namespace sallyport::mark
