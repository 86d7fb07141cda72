// SPDX-License-Identifier: Apache-2.0
#include "host/policy/inbound_class.hpp"

#include <algorithm>
#include <set>

namespace sallyport::policy {
namespace {

// May a packet that comes for the one be, for another user, one that comes for the other?
bool may_be_mistaken(const Policy& a, const Policy& b) {
  // Where users are asked, each has answers of their own.
  const auto of_people = [](const Policy& p) { return p.names_people() || p.action == Action::kAsk; };
  return !a.connection.empty() && a.connection == b.connection && (of_people(a) || of_people(b)) &&
         a.source.intersect(b.source) && a.destination.intersect(b.destination);
}

}  // namespace

std::vector<InboundClass> inbound_classes(std::span<const Policy> policies) {
  // By target, the policy number that stands for its class.
  std::vector<std::size_t> leader(policies.size());
  const auto lead = [&](std::size_t i) {
    while (leader[i] != i) i = leader[i];
    return i;
  };
  std::map<std::string, std::size_t> first;
  for (std::size_t i = 0; i < policies.size(); ++i) {
    leader[i] = i;
    if (!policies[i].may_protect()) continue;
    const auto join = [&](std::size_t other) {
      const auto [low, high] = std::minmax({lead(i), lead(other)});
      leader[high] = low;
    };
    if (const auto [known, added] = first.try_emplace(policies[i].target(), i); !added) join(known->second);
    for (std::size_t j = 0; j < i; ++j) {
      if (policies[j].may_protect() && may_be_mistaken(policies[i], policies[j])) join(j);
    }
  }
  std::map<std::size_t, InboundClass> classes;
  for (std::size_t i = 0; i < policies.size(); ++i) {
    if (!policies[i].may_protect()) continue;
    InboundClass& members = classes[lead(i)];
    const std::string target = policies[i].target();
    if (std::find(members.begin(), members.end(), target) == members.end()) members.push_back(target);
  }
  std::vector<InboundClass> out;
  for (auto& [number, members] : classes) out.push_back(std::move(members));
  return out;
}

std::map<std::string, std::uint16_t> inbound_ids(std::span<const InboundClass> classes,
                                                 const std::map<std::string, std::uint16_t>& own_ids,
                                                 std::span<const NumberedSa> sas) {
  std::map<std::string, std::size_t> class_of;
  for (std::size_t c = 0; c < classes.size(); ++c) {
    for (const auto& target : classes[c]) class_of[target] = c;
  }
  std::vector<std::map<std::uint16_t, std::size_t>> carried(classes.size());
  std::set<std::uint16_t> of_sas;
  for (const NumberedSa& sa : sas) {
    of_sas.insert(sa.id);
    if (const auto found = class_of.find(sa.target); found != class_of.end()) ++carried[found->second][sa.id];
  }
  std::map<std::string, std::uint16_t> ids;
  std::set<std::uint16_t> given;
  const auto give = [&](std::size_t c, std::uint16_t id) {
    given.insert(id);
    for (const auto& target : classes[c]) ids[target] = id;
  };
  std::vector<std::size_t> without;
  for (std::size_t c = 0; c < classes.size(); ++c) {
    std::uint16_t most = 0;
    std::size_t count = 0;
    for (const auto& [id, sas_with_it] : carried[c]) {
      if (sas_with_it > count && !given.contains(id)) {
        most = id;
        count = sas_with_it;
      }
    }
    if (count > 0) {
      give(c, most);
    } else {
      without.push_back(c);
    }
  }
  for (const std::size_t c : without) {
    for (const auto& target : classes[c]) {
      const std::uint16_t own = own_ids.at(target);
      if (ids.contains(target) || given.contains(own) || of_sas.contains(own)) continue;
      give(c, own);
    }
    if (ids.contains(classes[c].front())) continue;
    // Their own are all in use by SAs of classes that they belonged to.
    std::set<std::uint16_t> taken = of_sas;
    taken.insert(given.begin(), given.end());
    for (const auto& [target, id] : own_ids) taken.insert(id);
    std::uint16_t free = 1;
    while (taken.contains(free)) ++free;
    give(c, free);
  }
  return ids;
}

}  // namespace sallyport::policy
