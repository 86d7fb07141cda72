// SPDX-License-Identifier: Apache-2.0
#include "host/policy/explain.hpp"

#include <algorithm>

namespace sallyport::policy {
namespace {

const UsersOnLine::value_type* user_with(const UsersOnLine& users, std::uint16_t principal) {
  const auto found =
      std::find_if(users.begin(), users.end(), [&](const auto& user) { return user.second.principal == principal; });
  return found == users.end() ? nullptr : &*found;
}

std::string quoted(std::string_view name) { return "'" + std::string(name) + "'"; }

// Why the policy is not for such a sender; empty: it is.
std::string why_not_theirs(const Policy& policy, const UsersOnLine::value_type* sender) {
  if (!policy.names_people()) return {};
  const std::string whose = policy.user.empty() ? "members of group " + quoted(policy.group) : quoted(policy.user);
  if (sender == nullptr) return "it is for packets of " + whose + ", and nobody is logged in who sends this one";
  const auto& [name, one] = *sender;
  if (!policy.user.empty()) {
    return name == policy.user ? std::string() : "it is for packets of " + whose + ", not of " + quoted(name);
  }
  const bool member = std::find(one.groups.begin(), one.groups.end(), policy.group) != one.groups.end();
  return member ? std::string() : quoted(name) + " is not in group " + quoted(policy.group);
}

// In the order in which people read a policy.
std::vector<std::string> why_not(const Policy& policy, const UsersOnLine::value_type* sender,
                                 const Question& question) {
  std::vector<std::string> reasons;
  if (!policy.when.contains(*question.at)) {
    reasons.push_back("it holds " + policy.when.to_string() + ", and this is " + to_string(*question.at));
  }
  if (auto people = why_not_theirs(policy, sender); !people.empty()) reasons.push_back(std::move(people));
  const auto address = [&](std::string_view end, const TrafficSelector& selector, const IpAddress& asked) {
    if (selector.addresses.contains(asked)) return;
    reasons.push_back("its " + std::string(end) + " is " + selector.addresses.to_string());
  };
  address("source", policy.source, *question.from);
  address("destination", policy.destination, question.to);
  const auto key = question.key();
  if (policy.source.protocol != 0 && policy.source.protocol != key.protocol) {
    reasons.push_back("its protocol is " + get_word(policy, "protocol"));
  }
  const auto port = [&](std::string_view word, const TrafficSelector& selector, std::uint16_t asked) {
    if (selector.first_port <= asked && asked <= selector.last_port) return;
    reasons.push_back("its " + std::string(word) + " is " + get_word(policy, word));
  };
  port("source_port", policy.source, key.source_port);
  port("destination_port", policy.destination, key.destination_port);
  return reasons;
}

}  // namespace

Explanation explain(const std::vector<NumberedPolicy>& policies, const Compile& compile, const UsersOnLine& users,
                    std::uint16_t principal, const Question& question) {
  Explanation out;
  const auto* sender = principal == 0 ? nullptr : user_with(users, principal);
  for (const NumberedPolicy& numbered : policies) {
    // The rules that the card has for all are those for each, one behind the other.
    const bool holds = numbered.policy.when.contains(*question.at);
    const Spd rules = holds ? compile({numbered}, users) : Spd();
    if (const auto* rule = first_match(rules.outbound, question.key(), principal); rule != nullptr) {
      out.policy = numbered.policy;
      out.rule = *rule;
      return out;
    }
    out.before.push_back({numbered.policy.name, why_not(numbered.policy, sender, question)});
  }
  return out;
}

}  // namespace sallyport::policy
