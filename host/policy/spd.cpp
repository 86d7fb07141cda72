// SPDX-License-Identifier: Apache-2.0
// From policies to rules.
#include "host/policy/spd.hpp"

#include <algorithm>
#include <iterator>
#include <set>

namespace sallyport::policy {
namespace {

using driver::SpdRule;

std::vector<driver::NumberRange> ports_of(const TrafficSelector& selector) {
  if (selector.any_port()) return {};
  return {{selector.first_port, selector.last_port}};
}

// The card's numbers of a range. Amid those of IPv6 lie IPv4's, where no packet of IPv6 is (hw/layout/address.hpp):
// they are left out, so that ::/0 is no rule for IPv4.
std::vector<driver::AddressRange> numbers_of(const AddressRange& range) {
  constexpr layout::Address kBelowIpv4{0, 0xfffe'ffff'ffff};
  constexpr layout::Address kAboveIpv4 = layout::Address::from_v4(0xffffffff).next();
  const layout::Address first = range.first.number();
  const layout::Address last = range.last.number();
  if (range.first.is_v4()) return {{first, last}};
  std::vector<driver::AddressRange> parts;
  if (first <= kBelowIpv4) parts.push_back({first, std::min(last, kBelowIpv4)});
  if (last >= kAboveIpv4) parts.push_back({std::max(first, kAboveIpv4), last});
  return parts;
}

// The addresses of one end of a rule; none: no packet has them.
std::optional<std::vector<driver::AddressRange>> addresses_of(const TrafficSelector& selector) {
  std::vector<driver::AddressRange> numbers;
  if (selector.addresses == AddressRange::any()) return numbers;  // no range is ANY
  numbers = numbers_of(selector.addresses);
  if (numbers.empty()) return std::nullopt;
  return numbers;
}

void add_rule(std::vector<SpdRule>& rules, const TrafficSelector& source, const TrafficSelector& destination,
              layout::Action action, std::uint16_t policy_id, std::uint16_t sa_index = 0) {
  SpdRule rule;
  auto from = addresses_of(source);
  auto to = addresses_of(destination);
  if (!from || !to) return;
  rule.source = std::move(*from);
  rule.destination = std::move(*to);
  rule.source_port = ports_of(source);
  rule.destination_port = ports_of(destination);
  const std::uint8_t protocol = source.protocol != 0 ? source.protocol : destination.protocol;
  if (protocol != 0) rule.protocol = protocol;
  rule.action = action;
  rule.policy_id = policy_id;
  rule.sa_index = sa_index;
  rules.push_back(std::move(rule));
}

struct Pair {
  TrafficSelector local;
  TrafficSelector remote;
};

// The part of a policy that a pair of SAs carries. RFC 7296 2.9: every local selector goes with every remote one, of
// its family.
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
      if (one_protocol && source->addresses.shares_family(destination->addresses))
        out.push_back({*source, *destination});
    }
  }
  return out;
}

bool holds(const Pair& pair, const TrafficSelector& source, const TrafficSelector& destination) {
  return pair.local.contains(source) && pair.remote.contains(destination);
}

bool is_whole(const Policy& policy, const std::vector<Pair>& pairs) {
  for (const TrafficSelector& source : policy.local_ts()) {
    for (const TrafficSelector& destination : policy.remote_ts()) {
      if (!source.addresses.shares_family(destination.addresses)) continue;
      const bool held =
          std::any_of(pairs.begin(), pairs.end(), [&](const Pair& p) { return holds(p, source, destination); });
      if (!held) return false;
    }
  }
  return true;
}

void send_by(std::uint16_t sa_index, const Reach& reach, const Policy& policy, std::uint16_t policy_id,
             std::vector<SpdRule>& rules) {
  const auto pairs = carried(policy, reach);
  if (is_whole(policy, pairs)) {  // a rule, however many selectors say so
    return add_rule(rules, policy.source, policy.destination, layout::Action::kProtect, policy_id, sa_index);
  }
  for (const Pair& p : pairs) add_rule(rules, p.local, p.remote, layout::Action::kProtect, policy_id, sa_index);
  // What the peer narrowed away must not leave by a later rule.
  add_rule(rules, policy.source, policy.destination, layout::Action::kDiscard, policy_id);
}

void protect_outbound(const Policy& policy, const TargetState& target, std::vector<SpdRule>& rules) {
  if (target.sa_index) {
    const std::size_t first = rules.size();
    send_by(*target.sa_index, target.sending, policy, target.policy_id, rules);
    for (std::size_t i = first; i < rules.size(); ++i) {
      rules[i].syn_to_host = target.successor && rules[i].action == layout::Action::kProtect;
    }
    return;
  }
  const auto action = target.acquire ? layout::Action::kHost : layout::Action::kDiscard;
  add_rule(rules, policy.source, policy.destination, action, target.policy_id);
}

// RFC 4301 5.2: what an SA brought must match the policy it was made for; what came in the clear is refused by the
// same rule (drop reason clear_policy).
void protect_inbound(const Policy& policy, const TargetState& target, std::vector<SpdRule>& rules) {
  std::vector<Pair> pairs;
  for (const Reach& reach : target.accepting) {
    for (const Pair& p : carried(policy, reach)) {
      const bool known =
          std::any_of(pairs.begin(), pairs.end(), [&](const Pair& q) { return holds(q, p.local, p.remote); });
      if (!known) pairs.push_back(p);
    }
  }
  if (target.accepting.empty()) pairs.push_back({policy.source, policy.destination});
  for (const Pair& p : pairs) {
    add_rule(rules, p.remote, p.local, layout::Action::kProtect, target.inbound_id);
  }
  if (!is_whole(policy, pairs)) {
    add_rule(rules, policy.destination, policy.source, layout::Action::kDiscard, target.inbound_id);
  }
}

// The policy that would protect what `exempt`, policy number `place` or a part of it, lets pass, if that did not: the
// other gateway may still protect those packets, and its SA's packets are let through. RFC 4301 5.2 compares them with
// the SA's selectors, which cover them.
std::uint16_t taken_from(const Policy& exempt, const std::vector<NumberedPolicy>& policies, std::size_t place,
                         const std::map<std::string, TargetState>& targets) {
  for (std::size_t i = place; i < policies.size(); ++i) {
    const Policy& other = policies[i].policy;
    const bool meets = exempt.source.intersect(other.source) && exempt.destination.intersect(other.destination);
    if (meets && other.may_protect()) return targets.at(other.target()).inbound_id;
  }
  return policies[place].policy_id;
}

template <class T>
bool in_any(const std::vector<driver::Range<T>>& ranges, T value) {
  return ranges.empty() ||
         std::any_of(ranges.begin(), ranges.end(), [&](const auto& r) { return r.first <= value && value <= r.last; });
}

// The rules of `policy`, number `place` or a part of it, whoever sends.
Spd rules_for_everybody(const Policy& policy, const std::vector<NumberedPolicy>& policies, std::size_t place,
                        const std::map<std::string, TargetState>& targets) {
  Spd spd;
  const std::uint16_t policy_id = policies[place].policy_id;
  if (policy.does() == Action::kProtect) {
    const TargetState& target = targets.at(policy.target());
    protect_outbound(policy, target, spd.outbound);
    protect_inbound(policy, target, spd.inbound);
    return spd;
  }
  const auto action = policy.does() == Action::kBypass ? layout::Action::kBypass : layout::Action::kDiscard;
  add_rule(spd.outbound, policy.source, policy.destination, action, policy_id);
  const std::uint16_t inbound_id =
      policy.does() == Action::kBypass ? taken_from(policy, policies, place, targets) : policy_id;
  add_rule(spd.inbound, policy.destination, policy.source, action, inbound_id);
  return spd;
}

struct People {
  std::map<std::string, std::uint16_t> principals;  // by user
  std::set<layout::Address> addresses;
};

People people_of(const Policy& policy, const UsersOnLine& users) {
  People people;
  const auto add = [&](const std::string& name, const OnLine& one) {
    people.principals[name] = one.principal;
    for (const IpAddress& address : one.addresses) people.addresses.insert(address.number());
  };
  if (!policy.user.empty()) {
    if (const auto one = users.find(policy.user); one != users.end()) add(one->first, one->second);
    return people;
  }
  for (const auto& [name, one] : users) {
    if (means(policy, name, one)) add(name, one);
  }
  return people;
}

std::uint16_t next(std::uint16_t number) { return static_cast<std::uint16_t>(number + 1); }
layout::Address next(const layout::Address& address) { return address.next(); }

// Neighbours share a range, as the card has few intervals. None runs over numbers that nobody on line has: the tag of
// one who leaves is on the card a moment longer than they are in `users`.
template <class T>
std::vector<driver::Range<T>> ranges_of(const std::set<T>& values) {
  std::vector<driver::Range<T>> ranges;
  for (const T& value : values) {
    if (!ranges.empty() && next(ranges.back().last) == value) {
      ranges.back().last = value;
    } else {
      ranges.push_back({value, value});
    }
  }
  return ranges;
}

void ask_for(const std::set<std::uint16_t>& principals, std::vector<SpdRule>& rules, std::size_t first = 0) {
  const auto ranges = ranges_of(principals);
  for (std::size_t i = first; i < rules.size(); ++i) rules[i].principal = ranges;
}

std::set<std::uint16_t> principals_of(const People& people) {
  std::set<std::uint16_t> principals;
  for (const auto& [name, principal] : people.principals) principals.insert(principal);
  return principals;
}

// Outbound rules of a policy of people: who has an SA of their own is led into it. In the order of their numbers, which
// are given in order: so a newcomer's rule is behind the others', and moves few of them in the card's tables.
std::vector<SpdRule> send_by_own_sas(const Policy& policy, const TargetState& target, const People& people) {
  std::map<std::uint16_t, const SomeSa*> with;
  for (const auto& [user, sa] : target.of_users) {
    if (const auto found = people.principals.find(user); found != people.principals.end()) with[found->second] = &sa;
  }
  std::vector<SpdRule> rules;
  std::set<std::uint16_t> without = principals_of(people);
  for (const auto& [principal, sa] : with) {
    const std::size_t first = rules.size();
    send_by(sa->sa_index, sa->sending, policy, target.policy_id, rules);
    ask_for({principal}, rules, first);
    without.erase(principal);
  }
  if (without.empty()) return rules;
  const std::size_t first = rules.size();
  protect_outbound(policy, target, rules);
  ask_for(without, rules, first);
  return rules;
}

// A rule that would be for nobody goes: to the card, no range is ANY.
void keep_to(const People& people, Spd& spd) {
  if (people.principals.empty()) spd.outbound.clear();
  ask_for(principals_of(people), spd.outbound);
  for (SpdRule& rule : spd.inbound) {
    std::set<layout::Address> reached;
    std::copy_if(people.addresses.begin(), people.addresses.end(), std::inserter(reached, reached.end()),
                 [&](const layout::Address& address) { return in_any(rule.destination, address); });
    rule.destination = ranges_of(reached);
  }
  std::erase_if(spd.inbound, [](const SpdRule& rule) { return rule.destination.empty(); });
}

// The rules of `policy`, number `place` or a part of it, for whom it is.
Spd rules_of(const Policy& policy, const std::vector<NumberedPolicy>& policies, std::size_t place,
             const std::map<std::string, TargetState>& targets, const UsersOnLine& users) {
  Spd spd = rules_for_everybody(policy, policies, place, targets);
  if (!policy.names_people()) return spd;
  const People people = people_of(policy, users);
  keep_to(people, spd);
  if (policy.does() == Action::kProtect) spd.outbound = send_by_own_sas(policy, targets.at(policy.target()), people);
  return spd;
}

// The outbound rules of a part of a policy whose packets take the SA that is to succeed the target's.
std::vector<SpdRule> send_by_successor(const Policy& part, const TargetState& target, const UsersOnLine& users) {
  if (!target.successor || !carries(target.successor->sending, part.source, part.destination)) return {};
  Spd spd;
  send_by(target.successor->sa_index, target.successor->sending, part, target.policy_id, spd.outbound);
  if (part.names_people()) keep_to(people_of(part, users), spd);
  return std::move(spd.outbound);
}

void append(Spd& spd, Spd part) {
  std::move(part.outbound.begin(), part.outbound.end(), std::back_inserter(spd.outbound));
  std::move(part.inbound.begin(), part.inbound.end(), std::back_inserter(spd.inbound));
}

// Rules that stand together and differ in the addresses of the WAN side alone become one: the card has few.
void merge(std::vector<SpdRule>& rules, std::vector<driver::AddressRange> SpdRule::*wan) {
  std::vector<SpdRule> merged;
  for (SpdRule& rule : rules) {
    SpdRule* last = merged.empty() ? nullptr : &merged.back();
    std::vector<driver::AddressRange> addresses = std::move(rule.*wan);
    if (last != nullptr) rule.*wan = last->*wan;
    if (last != nullptr && !addresses.empty() && !(last->*wan).empty() && rule == *last) {
      (last->*wan).insert((last->*wan).end(), addresses.begin(), addresses.end());
      continue;
    }
    rule.*wan = std::move(addresses);
    merged.push_back(std::move(rule));
  }
  rules = std::move(merged);
}

// A rule in front of policy number `place`: that policy, narrowed.
Spd rules_in_front(const FrontRule& rule, const std::vector<NumberedPolicy>& policies, std::size_t place,
                   const std::map<std::string, TargetState>& targets, const UsersOnLine& users) {
  Policy part = policies[place].policy;
  const auto source = part.source.intersect(rule.source);
  const auto destination = part.destination.intersect(rule.destination);
  if (!source || !destination) return {};
  if (rule.action) {
    if (*rule.action == Action::kProtect ? !part.may_protect() : part.action != Action::kAsk) return {};
    part.action = *rule.action;
  }
  part.source = *source;
  part.destination = *destination;
  if (!rule.user.empty()) {
    const auto user = users.find(rule.user);
    if (user == users.end() || !means(part, user->first, user->second)) return {};
    part.group.clear();
    part.user = rule.user;
  }
  if (rule.by_successor) {
    if (part.does() != Action::kProtect) return {};
    return {send_by_successor(part, targets.at(part.target()), users), {}};
  }
  Spd spd = rules_of(part, policies, place, targets, users);
  if (!rule.action) spd.inbound.clear();  // as without it
  if (!rule.outbound) spd.outbound.clear();
  return spd;
}

bool matches_but_for_ports(const SpdRule& r, const driver::PacketKey& key, std::uint16_t principal) {
  return in_any(r.source, key.source) && in_any(r.destination, key.destination) && in_any(r.principal, principal) &&
         (!r.protocol || *r.protocol == key.protocol);
}

}  // namespace

bool carries(const Reach& reach, const TrafficSelector& source, const TrafficSelector& destination) {
  return covers(reach.local, {source}) && covers(reach.remote, {destination});
}

bool means(const Policy& policy, const std::string& name, const OnLine& user) {
  if (!policy.group.empty()) {
    return std::find(user.groups.begin(), user.groups.end(), policy.group) != user.groups.end();
  }
  return policy.user.empty() || name == policy.user;
}

Spd compile(const std::vector<NumberedPolicy>& policies, const std::map<std::string, TargetState>& targets,
            const UsersOnLine& users, const std::vector<FrontRule>& front, bool telling) {
  Spd spd;
  for (std::size_t i = 0; i < policies.size(); ++i) {
    const auto& [policy, policy_id] = policies[i];
    Spd decided;
    for (const FrontRule& rule : front) {
      if (rule.policy == policy.name) append(decided, rules_in_front(rule, policies, i, targets, users));
    }
    merge(decided.outbound, &SpdRule::destination);
    merge(decided.inbound, &SpdRule::source);
    append(spd, std::move(decided));

    if (policy.action == Action::kAsk || (policy.tell && telling)) {
      Spd spoken_to;
      add_rule(spoken_to.outbound, policy.source, policy.destination, layout::Action::kHost, policy_id);
      keep_to(people_of(policy, users), spoken_to);
      append(spd, std::move(spoken_to));
    }
    append(spd, rules_of(policy, policies, i, targets, users));
  }
  return spd;
}

const SpdRule* first_match(const std::vector<SpdRule>& rules, const driver::PacketKey& key, std::uint16_t principal) {
  const auto found = std::find_if(rules.begin(), rules.end(), [&](const SpdRule& r) {
    return matches_but_for_ports(r, key, principal) && in_any(r.source_port, key.source_port) &&
           in_any(r.destination_port, key.destination_port);
  });
  return found == rules.end() ? nullptr : &*found;
}

const SpdRule* first_match_of_any_ports(const std::vector<SpdRule>& rules, const driver::PacketKey& key) {
  const SpdRule* lets_some_pass = nullptr;
  for (const SpdRule& r : rules) {
    if (!matches_but_for_ports(r, key, 0)) continue;
    const bool names_ports = !r.source_port.empty() || !r.destination_port.empty();
    if (!names_ports || r.action != layout::Action::kBypass) return &r;
    if (lets_some_pass == nullptr) lets_some_pass = &r;
  }
  return lets_some_pass;
}

}  // namespace sallyport::policy
