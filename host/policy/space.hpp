// SPDX-License-Identifier: Apache-2.0
// The packets that some policies speak of: which each of them means, and what one of them looks like to a person.
#pragma once

#include "host/policy/people.hpp"

namespace sallyport::policy {

class PacketSpace {
 public:
  PacketSpace(const std::vector<Policy>& policies, const People& people) : senders_(policies, people) {}

  // What would match from LAN to WAN, were there no other policy.
  [[nodiscard]] PacketSet of(const Policy& policy) const;
  // "10.1.0.1 to 10.2.0.1, tcp port 22, of alice"
  [[nodiscard]] std::string example(const Box& box) const;

 private:
  Senders senders_;
};

}  // namespace sallyport::policy
