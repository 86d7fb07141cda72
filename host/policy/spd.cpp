// SPDX-License-Identifier: Apache-2.0
// From policies to rules.
#include "host/policy/spd.hpp"

#include <algorithm>

namespace sallyport::policy {
namespace {

using driver::SpdRule;

std::vector<driver::NumberRange> ports_of(const TrafficSelector& selector) {
  if (selector.any_port()) return {};
  return {{selector.first_port, selector.last_port}};
}

SpdRule rule_for(const TrafficSelector& source, const TrafficSelector& destination, layout::Action action,
                 std::uint16_t policy_id, std::uint16_t sa_index = 0) {
  SpdRule rule;
  rule.source = {{source.addresses.first.v4(), source.addresses.last.v4()}};
  rule.destination = {{destination.addresses.first.v4(), destination.addresses.last.v4()}};
  rule.source_port = ports_of(source);
  rule.destination_port = ports_of(destination);
  const std::uint8_t protocol = source.protocol != 0 ? source.protocol : destination.protocol;
  if (protocol != 0) rule.protocol = protocol;
  rule.action = action;
  rule.policy_id = policy_id;
  rule.sa_index = sa_index;
  return rule;
}

struct Pair {
  TrafficSelector local;
  TrafficSelector remote;
};

// The part of a policy that a pair of SAs carries. RFC 7296 2.9: every local selector goes with every remote one.
std::vector<Pair> carried(const Policy& policy, const Reach& reach) {
  std::vector<Pair> out;
  for (const TrafficSelector& local : reach.local) {
    const auto source = policy.source.intersect(local);
    if (!source) continue;
    for (const TrafficSelector& remote : reach.remote) {
      const auto destination = policy.destination.intersect(remote);
      if (!destination) continue;
      const bool one_protocol =
          source->protocol == 0 || destination->protocol == 0 || source->protocol == destination->protocol;
      if (one_protocol) out.push_back({*source, *destination});
    }
  }
  return out;
}

bool is_whole(const Policy& policy, const std::vector<Pair>& pairs) {
  return std::any_of(pairs.begin(), pairs.end(), [&](const Pair& p) {
    return p.local.contains(policy.source) && p.remote.contains(policy.destination);
  });
}

void protect_outbound(const Policy& policy, const TargetState& target, std::vector<SpdRule>& rules) {
  if (!target.sa_index) {
    const auto action = target.acquire ? layout::Action::kHost : layout::Action::kDiscard;
    rules.push_back(rule_for(policy.source, policy.destination, action, target.policy_id));
    return;
  }
  const auto pairs = carried(policy, target.sending);
  for (const Pair& p : pairs) {
    rules.push_back(rule_for(p.local, p.remote, layout::Action::kProtect, target.policy_id, *target.sa_index));
  }
  // What the peer narrowed away must not leave by a later rule.
  if (!is_whole(policy, pairs)) {
    rules.push_back(rule_for(policy.source, policy.destination, layout::Action::kDiscard, target.policy_id));
  }
}

// RFC 4301 5.2: what an SA brought must match the policy it was made for; what came in the clear is refused by the
// same rule (drop reason clear_policy).
void protect_inbound(const Policy& policy, const TargetState& target, std::vector<SpdRule>& rules) {
  std::vector<Pair> pairs;
  for (const Reach& reach : target.accepting) {
    for (const Pair& p : carried(policy, reach)) {
      const bool known = std::any_of(pairs.begin(), pairs.end(), [&](const Pair& q) {
        return q.local.contains(p.local) && q.remote.contains(p.remote);
      });
      if (!known) pairs.push_back(p);
    }
  }
  if (target.accepting.empty()) pairs.push_back({policy.source, policy.destination});
  for (const Pair& p : pairs) {
    rules.push_back(rule_for(p.remote, p.local, layout::Action::kProtect, target.policy_id));
  }
  if (!is_whole(policy, pairs)) {
    rules.push_back(rule_for(policy.destination, policy.source, layout::Action::kDiscard, target.policy_id));
  }
}

// The policy that would protect what bypass policy number `bypass` covers, if that were not there: the other gateway
// may still protect those packets, and its SA's packets are let through. RFC 4301 5.2 compares them with the SA's
// selectors, which cover them.
std::uint16_t taken_from(const std::vector<NumberedPolicy>& policies, std::size_t bypass,
                         const std::map<std::string, TargetState>& targets) {
  const Policy& exempt = policies[bypass].policy;
  for (std::size_t i = bypass + 1; i < policies.size(); ++i) {
    const Policy& other = policies[i].policy;
    const bool meets = exempt.source.intersect(other.source) && exempt.destination.intersect(other.destination);
    if (meets && other.action == Action::kProtect) return targets.at(other.target()).policy_id;
  }
  return policies[bypass].policy_id;
}

template <class T>
bool in_any(const std::vector<driver::Range<T>>& ranges, T value) {
  return ranges.empty() ||
         std::any_of(ranges.begin(), ranges.end(), [&](const auto& r) { return r.first <= value && value <= r.last; });
}

}  // namespace

Spd compile(const std::vector<NumberedPolicy>& policies, const std::map<std::string, TargetState>& targets) {
  Spd spd;
  for (std::size_t i = 0; i < policies.size(); ++i) {
    const auto& [policy, policy_id] = policies[i];
    if (policy.action == Action::kProtect) {
      const TargetState& target = targets.at(policy.target());
      protect_outbound(policy, target, spd.outbound);
      protect_inbound(policy, target, spd.inbound);
    } else {
      const auto action = policy.action == Action::kBypass ? layout::Action::kBypass : layout::Action::kDiscard;
      spd.outbound.push_back(rule_for(policy.source, policy.destination, action, policy_id));
      const std::uint16_t inbound_id = policy.action == Action::kBypass ? taken_from(policies, i, targets) : policy_id;
      spd.inbound.push_back(rule_for(policy.destination, policy.source, action, inbound_id));
    }
  }
  return spd;
}

const SpdRule* first_match(const std::vector<SpdRule>& rules, const driver::PacketKey& key) {
  const auto found = std::find_if(rules.begin(), rules.end(), [&](const SpdRule& r) {
    return in_any(r.source, key.source) && in_any(r.destination, key.destination) &&
           in_any(r.source_port, key.source_port) && in_any(r.destination_port, key.destination_port) &&
           r.principal.empty() && (!r.protocol || *r.protocol == key.protocol);
  });
  return found == rules.end() ? nullptr : &*found;
}

}  // namespace sallyport::policy
