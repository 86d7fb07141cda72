// SPDX-License-Identifier: Apache-2.0
// The TCP connections that were opened while a change waits for them (change = "syn"), by policy: each has a rule in
// front of its policy that leads it to the new SA.
//
// Bounded, as the card tells only so many ports apart. A connection that finds no room goes by the old SA, and its
// policy is to wait no longer.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "host/policy/front_rule.hpp"

namespace sallyport::gateway {

// Its packets from LAN.
struct TcpFlow {
  IpAddress source;
  std::uint16_t source_port = 0;
  IpAddress destination;
  std::uint16_t destination_port = 0;
  friend std::strong_ordering operator<=>(const TcpFlow&, const TcpFlow&) = default;
  friend bool operator==(const TcpFlow&, const TcpFlow&) = default;

  [[nodiscard]] TrafficSelector from() const;
  [[nodiscard]] TrafficSelector to() const;
};

class OpenedFlows {
 public:
  // Ours: of layout::kPortIntervals intervals each port of its own takes two, and others need some.
  static constexpr std::size_t kMost = 64;

  // True: the rules have changed. False: it is known, or there is no room.
  bool open(const std::string& policy, const TcpFlow& flow);
  // Forgets those of other policies.
  void keep(const std::set<std::string>& policies);

  [[nodiscard]] std::size_t count(const std::string& policy) const;
  [[nodiscard]] bool is_full(const std::string& policy) const { return full_.contains(policy); }  // one found no room
  [[nodiscard]] std::vector<policy::FrontRule> front_rules() const;

 private:
  std::map<std::string, std::set<TcpFlow>> flows_;
  std::size_t size_ = 0;
  std::set<std::string> full_;
};

}  // namespace sallyport::gateway
