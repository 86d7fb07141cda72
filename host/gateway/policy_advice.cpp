// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/policy_advice.hpp"

#include "host/base/log.hpp"

namespace sallyport::gateway {

void with_people(Login* login, const policy::Policies& policies, std::set<std::string> users,
                 std::function<void(policy::People)> then) {
  std::set<std::string> groups;
  users.erase("");
  for (const auto& p : policies) {
    if (!p.user.empty()) users.insert(p.user);
    if (!p.group.empty()) groups.insert(p.group);
  }
  if (login == nullptr || (users.empty() && groups.empty())) return then({});
  login->administration().people(std::move(users), std::move(groups),
                                 [then = std::move(then)](Result<policy::People> people) {
                                   if (!people) {
                                     log::warning("people.unknown", {{"why", people.error().detail}});
                                     return then({});
                                   }
                                   then(std::move(*people));
                                 });
}

void with_findings(Login* login, policy::Policies policies, const std::string& about,
                   std::function<void(std::vector<policy::Finding>)> then) {
  const auto examine = [policies, about, then = std::move(then)](const policy::People& people) {
    then(about.empty() ? policy::examine(policies, people) : policy::examine(policies, people, about));
  };
  with_people(login, policies, {}, examine);
}

void log_findings(const std::vector<policy::Finding>& findings) {
  for (const auto& f : findings) {
    const std::string event = "policy." + std::string(policy::to_string(f.kind));
    log::warning(event, {{"policy", f.policy}, {"meaning", f.sentence}});
  }
}

}  // namespace sallyport::gateway
