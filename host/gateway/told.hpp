// SPDX-License-Identifier: Apache-2.0
// Who has been told what became of their packets, under policies that tell. The first packet to a destination comes to
// the host, which tells its user; from then on a rule in front of the policy does for that user and destination what
// the policy does, for a while. Whoever has been told of several destinations is told of no more of that policy: its
// packets shall not go by the host.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "host/policy/front_rule.hpp"

namespace sallyport::gateway {

struct ToldLimits {  // ours
  std::chrono::seconds time = std::chrono::minutes(10);
  std::size_t destinations = 8;  // of a user and policy
  std::size_t most = 512;        // of all; the oldest goes
};

class Told {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit Told(ToldLimits limits = {}) : limits_(limits) {}

  enum class News : std::uint8_t {
    kNone,         // the user knows: the packet was on its way when the rule came
    kDestination,  // to be told of this destination
    kRest,         // and that there will be no more for a while
  };
  // The rules have changed unless there is no news.
  News on_packet(const std::string& user, const std::string& policy, const IpAddress& destination, Time now);
  // True: the rules have changed.
  bool forget(const std::string& user);
  bool expire(Time now);

  [[nodiscard]] std::vector<policy::FrontRule> front_rules() const;

 private:
  struct Entry {
    std::string user;
    std::string policy;
    IpAddress destination;
    bool rest = false;  // whatever the destination
    Time since;
  };
  ToldLimits limits_;
  std::vector<Entry> entries_;  // the oldest first
};

}  // namespace sallyport::gateway
