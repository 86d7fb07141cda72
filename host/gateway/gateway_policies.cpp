// SPDX-License-Identifier: Apache-2.0
// Policies as the engine and the card get them.
#include <algorithm>

#include "host/gateway/gateway.hpp"
#include "host/gateway/own_child.hpp"

namespace sallyport::gateway {
namespace {

using policy::Action;
using policy::Policy;
using std::chrono::steady_clock;

}  // namespace

SaOptions Gateway::options_of(const std::string& connection, const std::string& child) const {
  for (const auto& c : config_.connections) {
    if (c.connection.name != connection) continue;
    if (const auto found = c.children.find(child); found != c.children.end()) return found->second.sa;
    SaOptions of_a_policys;
    of_a_policys.too_big = c.too_big;
    return of_a_policys;
  }
  return {};
}

StartAction Gateway::start_action(const Policy& p) const {
  if (!p.may_protect() || p.connection.empty()) return StartAction::kNone;
  if (p.owns_child()) return p.start ? StartAction::kStart : StartAction::kTrap;
  for (const auto& c : config_.connections) {
    if (c.connection.name != p.connection) continue;
    if (const auto found = c.children.find(p.child); found != c.children.end()) return found->second.start;
  }
  return StartAction::kNone;
}

std::map<std::string, bool> Gateway::acquiring(const std::vector<Policy>& policies) const {
  std::map<std::string, bool> out;
  for (const auto& p : policies) {
    if (p.may_protect()) out[p.target()] = start_action(p) != StartAction::kNone;
  }
  return out;
}

bool Gateway::waits_for_packets(const std::string& target) const {
  const std::string of_policy = policy::split_target(target).target;
  return std::any_of(keeper_->policies().begin(), keeper_->policies().end(), [&](const Policy& p) {
    return p.may_protect() && p.target() == of_policy && start_action(p) != StartAction::kNone && keeper_->holds(p);
  });
}

// Configured children, and those of policies' own. Of the policies `beside` these, those that have another target. The
// engine keeps SAs that exist as they are.
Result<void> Gateway::tell_engine(const std::vector<Policy>& policies, const std::vector<Policy>& beside) {
  std::vector<Policy> owners;
  std::set<std::string> targets;
  for (const auto* list : {&policies, &beside}) {
    for (const auto& p : *list) {
      if (p.owns_child() && targets.insert(p.target()).second) owners.push_back(p);
    }
  }
  for (const auto& configured : config_.connections) {
    ike::Connection wanted = configured.connection;
    for (const auto& p : owners) {
      if (p.connection == wanted.name && keeper_->holds(p)) wanted.children.push_back(own_child(p));
    }
    const auto told = told_.find(wanted.name);
    if (told != told_.end() && told->second.children == wanted.children) continue;
    if (auto set = ike_->engine().set_connection(wanted); !set) return set;
    told_[wanted.name] = std::move(wanted);
  }
  return {};
}

// Policies as the card obeys them; nothing has changed when it does not take them.
Result<void> Gateway::put_in_force(std::vector<Policy> policies) {
  const auto acquire = acquiring(policies);
  if (auto replaced = keeper_->replace_policies(std::move(policies), acquire); !replaced) return replaced;
  renew_of_another_class();
  return {};
}

// SAs that no policy leads to any more.
void Gateway::end_orphans() {
  const auto& committed = commits_->configurations().policies();  // some of which may wait for their time
  const auto waited_for = [&](const std::string& target) {
    return std::any_of(committed.begin(), committed.end(),
                       [&](const Policy& p) { return p.may_protect() && keeper_->holds(p) && p.target() == target; });
  };
  for (const auto& sa : std::vector(keeper_->sas())) {
    const bool wanted = keeper_->wants(sa.target) || waited_for(sa.target) || !sa.typed_in.empty();
    if (!wanted) end_sa(sa);
  }
}

Result<void> Gateway::check(const Policy& policy, const Levels& levels) const {
  if (auto valid = policy::validate(policy); !valid) return valid;
  return check_references(config_, levels, policy);
}

Result<void> Gateway::check(const policy::Configuration& configuration) const {
  for (const Policy& p : configuration.policies) {
    if (auto valid = policy::validate(p); !valid) return valid;  // which names it
    if (auto refers = check_references(config_, configuration.levels, p); !refers) {
      return Error{refers.error().code, "policy '" + p.name + "': " + refers.error().detail};
    }
  }
  return {};
}

}  // namespace sallyport::gateway
