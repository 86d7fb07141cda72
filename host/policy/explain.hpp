// SPDX-License-Identifier: Apache-2.0
// Which policy decides about a packet from LAN to WAN, and why not those before it: by the rules that the card gets.
#pragma once

#include <functional>

#include "host/policy/question.hpp"
#include "host/policy/spd.hpp"

namespace sallyport::policy {

// What the card is given for these policies, the rest of the world being as it is.
using Compile = std::function<Spd(const std::vector<NumberedPolicy>& policies, const UsersOnLine& users)>;

struct Explanation {
  struct PassedOver {
    std::string policy;
    std::vector<std::string> reasons;
  };
  std::vector<PassedOver> before;
  std::optional<Policy> policy;  // none: no policy matches, so the packet is discarded (RFC 4301 5.1)
  driver::SpdRule rule{};        // by which it decides
};

// `principal`: who sends, as the card knows them; 0: nobody. The question has `from` and `at`.
[[nodiscard]] Explanation explain(const std::vector<NumberedPolicy>& policies, const Compile& compile,
                                  const UsersOnLine& users, std::uint16_t principal, const Question& question);

}  // namespace sallyport::policy
