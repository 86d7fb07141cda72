// SPDX-License-Identifier: Apache-2.0
// Policies, changed live. What the new words need is negotiated first; then one flip of the tables puts them in force.
#include <algorithm>

#include "host/gateway/gateway.hpp"

namespace sallyport::gateway {
namespace {

using policy::Action;
using policy::Policy;
using std::chrono::steady_clock;

// The child that a policy without a configured one has for itself.
ike::ChildConfig own_child(const Policy& policy, const Levels& levels) {
  ike::ChildConfig child;
  child.name = policy.name;
  child.local_ts = policy.local_ts();
  child.remote_ts = policy.remote_ts();
  child.proposals = policy.level                  ? levels.esp_proposals(*policy.level)
                    : policy.ah_proposals.empty() ? policy.esp_proposals
                                                  : policy.ah_proposals;
  child.mode = policy.mode;
  child.replay_window = policy.replay_window.value_or(child.replay_window);
  child.restart = policy.start;
  child.per_user = policy.sa_per_user();
  return child;
}

bool same_child(const ike::ChildConfig& a, const ike::ChildConfig& b) {
  return a.name == b.name && a.local_ts == b.local_ts && a.remote_ts == b.remote_ts && a.proposals == b.proposals &&
         a.mode == b.mode && a.replay_window == b.replay_window && a.restart == b.restart && a.per_user == b.per_user;
}

bool same_children(const ike::Connection& a, const ike::Connection& b) {
  return std::equal(a.children.begin(), a.children.end(), b.children.begin(), b.children.end(), same_child);
}

std::vector<Policy>::iterator find(std::vector<Policy>& policies, const std::string& name) {
  return std::find_if(policies.begin(), policies.end(), [&](const Policy& p) { return p.name == name; });
}

Error no_policy(const std::string& name) { return {Errc::kNotFound, "there is no policy '" + name + "'"}; }

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
  const std::string of_policy = policy::split_target(target).target;
  return std::any_of(keeper_->policies().begin(), keeper_->policies().end(), [&](const Policy& p) {
    return p.may_protect() && p.target() == of_policy && start_action(p) != StartAction::kNone && keeper_->holds(p);
  });
}

// Configured children, and those of policies' own. The engine keeps SAs that exist as they are.
Result<void> Gateway::tell_engine(const std::vector<Policy>& policies) {
  for (const auto& configured : config_.connections) {
    ike::Connection wanted = configured.connection;
    for (const auto& p : policies) {
      if (p.owns_child() && p.connection == wanted.name && keeper_->holds(p))
        wanted.children.push_back(own_child(p, config_.levels));
    }
    const auto told = told_.find(wanted.name);
    if (told != told_.end() && same_children(told->second, wanted)) continue;
    if (auto set = ike_->engine().set_connection(wanted); !set) return set;
    told_[wanted.name] = std::move(wanted);
  }
  return {};
}

Result<void> Gateway::put_in_force(std::vector<Policy> policies) {
  if (auto told = tell_engine(policies); !told) return told;
  const std::vector<Policy> before = keeper_->policies();
  const auto acquire = acquiring(policies);
  keeper_->set_policies(std::move(policies), acquire);
  auto committed = keeper_->commit();
  if (!committed) {
    keeper_->set_policies(before, acquiring(before));
    return committed;
  }
  renew_of_another_class();
  return {};
}

void Gateway::change_policies(Edit edit, std::function<void(Result<void>)> done) {
  changes_.push_back({std::move(edit), std::move(done)});
  if (changes_.size() == 1) next_change();
}

void Gateway::next_change() {
  const std::vector<Policy> before = keeper_->policies();
  auto after = changes_.front().edit(before);
  if (!after) return end_change(after.error());
  if (auto put = put_in_force(*after); !put) return end_change(put);
  memory_->save_policies(*after, config_.policies, [this, before](Result<void> stored) {
    if (stored) return end_change({});
    log::error("policies.not_stored", {{"why", stored.error().detail}});
    std::string sentence = "the policies stay as they were, because the new ones cannot be stored: ";
    if (const auto back = put_in_force(before); !back) {
      sentence =
          "until the next restart the new policies are in force, but they cannot be stored (and the card does not "
          "take the old ones back: " +
          back.error().detail + "): ";
    }
    end_orphans();
    end_change(Error{stored.error().code, sentence + stored.error().detail});
  });
}

void Gateway::end_change(Result<void> changed) {
  const auto done = std::move(changes_.front().done);
  done(std::move(changed));  // may ask for another change, which is then the last
  changes_.pop_front();
  if (!changes_.empty()) next_change();
}

// SAs that no policy leads to any more.
void Gateway::end_orphans() {
  for (const auto& sa : std::vector(keeper_->sas())) {
    if (!keeper_->wants(sa.target) && !sa.target.starts_with("sa/")) end_sa(sa);
  }
}

Result<void> Gateway::check(const Policy& policy) const {
  if (auto valid = policy::validate(policy); !valid) return valid;
  return check_references(config_, policy);
}

std::string Gateway::connected_sentence(const std::string& target) const {
  const InstalledSa* sa = keeper_->sending_for(target);
  if (sa == nullptr) return "'" + target + "' is up";
  return "'" + target + "' is connected with " + sa->remote.to_string() + " by " + sa->algorithm;
}

void Gateway::add_policy(Policy policy, const std::string& before, OnOutcome done) {
  if (auto fine = check(policy); !fine) return done(fine.error());
  const auto edit = [policy, before](std::vector<Policy> policies) -> Result<std::vector<Policy>> {
    if (find(policies, policy.name) != policies.end()) {
      return Error{Errc::kExists,
                   "there is a policy '" + policy.name + "' already; to change it: sallyport policy replace"};
    }
    const auto place = before.empty() ? policies.end() : find(policies, before);
    if (!before.empty() && place == policies.end()) return no_policy(before);
    policies.insert(place, policy);
    return policies;
  };
  change_policies(edit, [this, policy, done = std::move(done)](Result<void> changed) {
    if (!changed) return done(changed.error());
    log::info("policy.added", {{"policy", policy.name}, {"generation", keeper_->generation()}});
    connect_added(policy, done);
  });
}

// What a new policy needs beside its rules.
void Gateway::connect_added(const Policy& policy, const OnOutcome& done) {
  const std::string in_force = "policy '" + policy.name + "' is in force";
  if (!keeper_->holds(policy)) {
    return done(Outcome{true, in_force + ", and passed over now: it holds " + policy.when.to_string()});
  }
  if (policy.action != Action::kProtect) return done(Outcome{true, in_force});
  if (policy.sa_per_user()) {
    start_children_of_users(policy);
    return done(Outcome{true, in_force + ": each of its users gets an SA to themselves"});
  }
  const std::string target = policy.target();
  if (keeper_->sending_for(target) != nullptr) return done(Outcome{true, in_force + ": " + connected_sentence(target)});
  if (start_action(policy) == StartAction::kNone) {
    return done(Outcome{false, in_force + "; its packets are dropped until '" + target + "' is initiated"});
  }
  initiate(policy.connection, policy.child.empty() ? policy.name : policy.child,
           [in_force, target, done](Result<Outcome> outcome) {
             if (outcome) return done(Outcome{true, in_force + ": " + outcome->sentence});
             done(Outcome{false, in_force + ", but '" + target + "' does not connect: " + outcome.error().detail});
           });
}

void Gateway::replace_policy(Policy policy, OnOutcome done) {
  if (auto fine = check(policy); !fine) return done(fine.error());
  auto policies = keeper_->policies();
  const auto place = find(policies, policy.name);
  if (place == policies.end()) return done(no_policy(policy.name));
  if (replacing_) return done(Error{Errc::kBusy, "another policy is being replaced; try again in a moment"});
  const Policy old = *place;
  const std::string target = policy.target();
  const bool same_target = old.may_protect() && old.target() == target;

  *place = policy;
  const bool negotiates =
      policy.action == Action::kProtect && !policy.connection.empty() && start_action(policy) != StartAction::kNone &&
      keeper_->holds(policy) &&
      !policy.sa_per_user();  // then nobody may be there; who is gets a successor once it is in force
  const bool new_words = !same_target || (policy.owns_child() && !same_child(own_child(old, config_.levels),
                                                                             own_child(policy, config_.levels)));
  const bool up = keeper_->sending_for(target) != nullptr;
  if (!negotiates || (up && !new_words)) {
    return finish_replacement(policy, Outcome{true, up ? connected_sentence(target) : ""}, done);
  }

  // The new words are the engine's first; the card's rules stay until the new SA is there.
  auto both = policies;
  if (!same_target) both.push_back(old);
  if (auto told = tell_engine(both); !told) return done(told.error());
  replacing_ = true;
  const OnOutcome then = [this, policy, done = std::move(done)](Result<Outcome> outcome) {
    replacing_ = false;
    finish_replacement(policy, std::move(outcome), done);
  };
  const std::string child = policy.child.empty() ? policy.name : policy.child;
  if (up) {
    rekey(policy.connection, child, then);
  } else {
    initiate(policy.connection, child, then);
  }
}

void Gateway::finish_replacement(const Policy& policy, Result<Outcome> negotiated, const OnOutcome& done) {
  if (!negotiated) {
    const auto restored = tell_engine(keeper_->policies());
    log::warning("policy.not_replaced", {{"policy", policy.name}, {"why", negotiated.error().detail}});
    return done(Error{negotiated.error().code,
                      "policy '" + policy.name + "' stays as it was: the new words do not connect: " +
                          negotiated.error().detail + (restored ? "" : "; " + restored.error().detail)});
  }
  const auto edit = [policy](std::vector<Policy> policies) -> Result<std::vector<Policy>> {
    const auto place = find(policies, policy.name);
    if (place == policies.end()) return no_policy(policy.name);  // deleted in the meantime
    *place = policy;
    return policies;
  };
  change_policies(edit, [this, policy, done, how = negotiated->sentence](Result<void> changed) {
    if (!changed) return done(changed.error());
    log::info("policy.replaced", {{"policy", policy.name}, {"generation", keeper_->generation()}});
    end_orphans();
    if (policy.sa_per_user()) renew_children_of_users(policy);
    const std::string sentence = "policy '" + policy.name + "' is in force";
    done(Outcome{true, how.empty() ? sentence : sentence + ": " + how});
  });
}

void Gateway::delete_policy(const std::string& name, OnOutcome done) {
  const auto edit = [name](std::vector<Policy> policies) -> Result<std::vector<Policy>> {
    const auto place = find(policies, name);
    if (place == policies.end()) return no_policy(name);
    policies.erase(place);
    return policies;
  };
  change_policies(edit, [this, name, done = std::move(done)](Result<void> changed) {
    if (!changed) return done(changed.error());
    log::info("policy.deleted", {{"policy", name}, {"generation", keeper_->generation()}});
    end_orphans();
    done(Outcome{true, "policy '" + name + "' is deleted"});
  });
}

}  // namespace sallyport::gateway
