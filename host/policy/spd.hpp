// SPDX-License-Identifier: Apache-2.0
// From policies and the SAs that serve them to the ordered rules of both directions, and the same rules asked in
// software.
#pragma once

#include <map>
#include <vector>

#include "driver/ip/ip.hpp"
#include "driver/tables/spd_compiler.hpp"
#include "host/policy/front_rule.hpp"

namespace sallyport::policy {

// What a pair of SAs may carry, as negotiated; narrower than the policy when the peer narrowed it.
struct Reach {
  TrafficSelectors local;
  TrafficSelectors remote;
};

// An SA by which some packets of a target go: those of one user, or of connections that were opened lately.
struct SomeSa {
  std::uint16_t sa_index = 0;
  Reach sending{};
};

// Where the SAs of a target (Policy::target) stand.
struct TargetState {
  std::uint16_t policy_id = 0;               // of its outbound rules
  std::uint16_t inbound_id = 0;              // of its inbound ones (inbound_class.hpp)
  bool acquire = false;                      // without an SA the host is asked for one; else packets are dropped
  std::optional<std::uint16_t> sa_index{};   // outbound packets go here
  Reach sending{};                           // what sa_index carries
  std::map<std::string, SomeSa> of_users{};  // of a policy with an SA for each user: by user, instead of sa_index
  std::optional<SomeSa> successor{};         // of sa_index: what opens a TCP connection goes to the host meanwhile
  std::vector<Reach> accepting{};            // of every inbound SA, whosesoever; empty: none is installed
};

struct Spd {
  std::vector<driver::SpdRule> outbound;
  std::vector<driver::SpdRule> inbound;
};

// One policy with the number its rules carry. Protecting policies carry their target's two; where the user may choose
// protection, the rules that this makes do.
struct NumberedPolicy {
  Policy policy;
  std::uint16_t policy_id = 0;
};

// A user who is logged in.
struct OnLine {
  std::uint16_t principal = 0;
  std::vector<std::string> groups{};
  std::vector<IpAddress> addresses{};  // of the computers
};
using UsersOnLine = std::map<std::string, OnLine>;

// Whether a policy is for this user's packets, too.
[[nodiscard]] bool means(const Policy& policy, const std::string& name, const OnLine& user);

// Whether a pair of SAs carries all packets from `source` to `destination`.
[[nodiscard]] bool carries(const Reach& reach, const TrafficSelector& source, const TrafficSelector& destination);

// The target of every policy that may protect must be in `targets`. A policy of people of whom nobody is in `users`
// makes no rule: the policies behind it decide.
//
// Outbound, a rule of people asks for their principals. Inbound it cannot: a packet's principal is that of its source,
// which is somebody behind the other gateway. There it asks for their computers' addresses as destination, so answers
// come back to those who may ask, as long as they may, and what is for others is decided by the others' policies.
//
// Where each user has an SA of their own, each of them has a rule that leads into it, and one rule is for those who
// have none yet. Inbound the policy's rules are the same for all of them: the peer knows no users, and sends by any.
//
// `front`: in their order, where several are of one policy. What users on line send under a policy that speaks to them
// goes to the host, unless a rule in front decides it; but under `tell` only if `telling`.
[[nodiscard]] Spd compile(const std::vector<NumberedPolicy>& policies,
                          const std::map<std::string, TargetState>& targets, const UsersOnLine& users,
                          const std::vector<FrontRule>& front = {}, bool telling = true);

// The first rule that matches, or null (RFC 4301 5.1: then the packet is discarded). The gateway's own packets are
// nobody's: principal 0.
[[nodiscard]] const driver::SpdRule* first_match(const std::vector<driver::SpdRule>& rules,
                                                 const driver::PacketKey& key, std::uint16_t principal = 0);

// Of a fragment that is not the first: it may be of any ports. A rule that would have some of them protected or
// discarded stands before those that let only some pass.
[[nodiscard]] const driver::SpdRule* first_match_of_any_ports(const std::vector<driver::SpdRule>& rules,
                                                              const driver::PacketKey& key);

}  // namespace sallyport::policy
