// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/told.hpp"

#include <algorithm>

namespace sallyport::gateway {

Told::News Told::on_packet(const std::string& user, const std::string& policy, const IpAddress& destination, Time now) {
  std::size_t count = 0;
  for (const Entry& e : entries_) {
    if (e.user != user || e.policy != policy) continue;
    if (e.rest || e.destination == destination) return News::kNone;
    ++count;
  }
  const bool rest = count + 1 >= limits_.destinations;
  if (rest) std::erase_if(entries_, [&](const Entry& e) { return e.user == user && e.policy == policy; });
  if (entries_.size() >= limits_.most) entries_.erase(entries_.begin());
  entries_.push_back({user, policy, destination, rest, now});
  return rest ? News::kRest : News::kDestination;
}

bool Told::forget(const std::string& user) {
  return std::erase_if(entries_, [&](const Entry& e) { return e.user == user; }) > 0;
}

bool Told::expire(Time now) {
  return std::erase_if(entries_, [&](const Entry& e) { return e.since + limits_.time <= now; }) > 0;
}

std::vector<policy::FrontRule> Told::front_rules() const {
  std::vector<policy::FrontRule> rules;
  for (const Entry& e : entries_) {
    policy::FrontRule rule{e.policy, e.user};
    if (!e.rest) rule.destination = TrafficSelector::of({e.destination, e.destination});
    rules.push_back(std::move(rule));
  }
  // A user's together: destinations share a rule of the card.
  std::stable_sort(rules.begin(), rules.end(), [](const auto& a, const auto& b) { return a.user < b.user; });
  return rules;
}

}  // namespace sallyport::gateway
