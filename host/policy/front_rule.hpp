// SPDX-License-Identifier: Apache-2.0
// What was decided about some packets of a policy one by one: a rule in front of the policy's own.
#pragma once

#include <optional>
#include <string>

#include "host/policy/policy.hpp"

namespace sallyport::policy {

// It stands directly in front of its policy's rules and covers nothing that the policy does not cover, so what stands
// before the policy decides first, as ever, and with the policy it goes.
struct FrontRule {
  std::string policy;                                                      // by name
  std::string user{};                                                      // while on line; empty: whoever sends
  TrafficSelector source = TrafficSelector::of(AddressRange::any());       // as in a policy, from LAN to WAN
  TrafficSelector destination = TrafficSelector::of(AddressRange::any());  // same protocol as source
  // None: what the policy does where it neither tells nor asks. Bypass and discard: in front of action ask alone.
  // Protect: in front of what may protect.
  std::optional<Action> action{};
  bool outbound = true;  // else it is for packets back alone: those from LAN go on to the policy
  // From LAN alone: by the SA that waits to succeed the target's. No rule while there is none, or where it does not
  // carry all of this.
  bool by_successor = false;
};

}  // namespace sallyport::policy
