// SPDX-License-Identifier: Apache-2.0
// Which SAs may bring what which policy is for: docs/decisions/policy-id.md.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "host/policy/policy.hpp"

namespace sallyport::policy {

// Targets of which the peer, who knows no users, may send by each other's SAs: policies of one connection that meet in
// what they are for, one of them naming people; and whoever these meet likewise. Each target is in one class; classes
// and their members are in the order of policies.
using InboundClass = std::vector<std::string>;
[[nodiscard]] std::vector<InboundClass> inbound_classes(std::span<const Policy> policies);

// An inbound SA that is on the card, where its number cannot be changed.
struct NumberedSa {
  std::string target;  // Policy::target() of the policies it serves
  std::uint16_t id = 0;
};

// The number of each class' inbound rules and of the SAs that are made for it from now on: that of most of its SAs,
// else of a member. No two classes have the same, nor one that an SA of another carries unless both descend from one.
[[nodiscard]] std::map<std::string, std::uint16_t> inbound_ids(std::span<const InboundClass> classes,
                                                               const std::map<std::string, std::uint16_t>& own_ids,
                                                               std::span<const NumberedSa> sas);

}  // namespace sallyport::policy
