// SPDX-License-Identifier: Apache-2.0
#include "host/policy/people.hpp"

#include <algorithm>

namespace sallyport::policy {

Senders::Senders(const std::vector<Policy>& policies, const People& people) {
  std::set<std::string> users;
  std::set<std::string> groups;
  for (const Policy& p : policies) {
    if (!p.user.empty()) users.insert(p.user);
    if (!p.group.empty()) groups.insert(p.group);
  }
  std::map<std::pair<std::string, std::set<std::string>>, std::size_t> known;
  std::set<std::string> inhabited;
  const auto add = [&](const std::string& name, const std::set<std::string>& all_groups) {
    Kind kind{users.contains(name) ? name : std::string(), {}, name, 1};
    std::set_intersection(all_groups.begin(), all_groups.end(), groups.begin(), groups.end(),
                          std::inserter(kind.groups, kind.groups.end()));
    if (kind.user.empty() && kind.groups.empty()) return;
    inhabited.insert(kind.groups.begin(), kind.groups.end());
    const auto [place, is_new] = known.try_emplace({kind.user, kind.groups}, kinds_.size());
    if (is_new) {
      kinds_.push_back(std::move(kind));
    } else {
      ++kinds_[place->second].count;
    }
  };
  for (const auto& [name, all_groups] : people.groups_of) add(name, all_groups);
  for (const std::string& name : users) {
    if (!people.groups_of.contains(name)) add(name, {});
  }
  // Whoever else may come: of one group alone, as more of them would only let more policies decide before.
  for (const std::string& group : groups) {
    if (!people.complete || !inhabited.contains(group))
      kinds_.push_back({{}, {group}, "a member of '" + group + "'", 1});
  }
}

bool Senders::Kind::is_meant_by(const Policy& policy) const {
  if (!policy.user.empty()) return user == policy.user;
  return policy.group.empty() || groups.contains(policy.group);
}

NumberSet Senders::of(const Policy& policy) const {
  if (!policy.names_people()) return NumberSet::of(0, kinds_.size() - 1);
  NumberSet numbers;
  for (std::size_t i = 0; i < kinds_.size(); ++i) {
    if (kinds_[i].is_meant_by(policy)) numbers.add(NumberSet::of(i, i));
  }
  return numbers;
}

std::string Senders::example(const NumberSet& numbers) const {
  const Kind& kind = kinds_[numbers.ranges().front().first.low];
  if (kind.count == 1) return kind.called;
  return kind.called + " and " + std::to_string(kind.count - 1) + (kind.count == 2 ? " other" : " others");
}

}  // namespace sallyport::policy
