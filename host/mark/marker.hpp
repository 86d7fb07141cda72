// SPDX-License-Identifier: Apache-2.0
// Marks the packets of one user of this computer, for as long as it lives.
#pragma once

#include <map>

#include "host/gateway/netlink.hpp"
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

 private:
  Marker(Order order, gateway::Netlink netlink, TunDevice device, Sender sender, UserTable table)
      : order_(std::move(order)),
        tagger_(order_.handle, std::move(order_.key), order_.plain),
        netlink_(std::move(netlink)),
        device_(std::move(device)),
        sender_(std::move(sender)),
        table_(std::move(table)) {}

  Result<void> follow_routes();

  Order order_;
  Tagger tagger_;
  gateway::Netlink netlink_;
  TunDevice device_;
  Sender sender_;
  UserTable table_;  // goes before its device
  unsigned mtu_ = 0;
  bool behind_ = false;  // the table may not be as the routes are
  Counts counts_;
  Buffer tagged_;
};

}  // namespace sallyport::mark
