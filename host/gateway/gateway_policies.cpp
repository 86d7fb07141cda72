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

bool same_children(const ike::Connection& a, const ike::Connection& b) {
  return std::equal(a.children.begin(), a.children.end(), b.children.begin(), b.children.end(), same_child);
}

}  // namespace

SaOptions Gateway::options_of(const std::string& connection, const std::string& child) const {
  for (const auto& c : config_.connections) {
    if (c.connection.name != connection) continue;
    if (const auto found = c.children.find(child); found != c.children.end()) return found->second.sa;
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
  return std::any_of(keeper_->policies().begin(), keeper_->policies().end(), [&](const Policy& p) {
    return p.may_protect() && p.target() == target && start_action(p) != StartAction::kNone && keeper_->holds(p);
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
      if (p.connection == wanted.name && keeper_->holds(p)) wanted.children.push_back(own_child(p, config_.levels));
    }
    const auto told = told_.find(wanted.name);
    if (told != told_.end() && same_children(told->second, wanted)) continue;
    if (auto set = ike_->engine().set_connection(wanted); !set) return set;
    told_[wanted.name] = std::move(wanted);
  }
  return {};
}

// Policies as the card obeys them; nothing has changed when it does not take them.
Result<void> Gateway::put_in_force(std::vector<Policy> policies) {
  const std::vector<Policy> before = keeper_->policies();
  const auto acquire = acquiring(policies);
  keeper_->set_policies(std::move(policies), acquire);
  auto committed = keeper_->commit();
  if (!committed) {
    keeper_->set_policies(before, acquiring(before));
    return committed;
  }
  return {};
}

// SAs that no policy leads to any more.
void Gateway::end_orphans() {
  std::set<std::string> wanted;
  for (const auto* list : {&keeper_->policies(), &commits_->configurations().policies()}) {
    for (const auto& p : *list) {
      if (p.may_protect() && keeper_->holds(p)) wanted.insert(p.target());
    }
  }
  std::vector<ike::ChildHandle> orphans;
  for (const auto& sa : std::vector(keeper_->sas())) {
    if (wanted.contains(sa.target) || sa.target.starts_with("sa/")) continue;
    if (sa.child != ike::ChildHandle{}) {
      orphans.push_back(sa.child);
    } else {
      end_disowned(sa.target);
    }
  }
  for (const auto child : orphans) {
    if (auto actions = engine().terminate(child, steady_clock::now())) ike_->perform(std::move(*actions));
  }
}

Result<void> Gateway::check(const Policy& policy) const {
  if (auto valid = policy::validate(policy); !valid) return valid;
  return check_references(config_, policy);
}

}  // namespace sallyport::gateway
