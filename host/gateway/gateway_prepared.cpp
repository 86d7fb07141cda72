// SPDX-License-Identifier: Apache-2.0
// SAs for words that are not in force yet: negotiated while the old ones carry on, put into use by a flip, or given up.
#include <algorithm>

#include "host/gateway/gateway.hpp"
#include "host/gateway/own_child.hpp"

namespace sallyport::gateway {
namespace {

using policy::Action;
using policy::Policy;
using std::chrono::steady_clock;

std::string connected(const InstalledSa& sa) {
  return "connected with " + sa.remote.to_string() + " by " + sa.algorithm;
}

// Whose child it is; null: nobody's.
const Policy* owner_among(const std::vector<Policy>& policies, const std::string& target) {
  const auto found = std::find_if(policies.begin(), policies.end(),
                                  [&](const Policy& p) { return p.owns_child() && p.target() == target; });
  return found == policies.end() ? nullptr : &*found;
}

// Each user is to have their own and it is for all, or the other way round.
bool is_nobodys(const InstalledSa& sa, const Policy& owner) {
  return policy::split_target(sa.target).user.empty() == owner.sa_per_user();
}

}  // namespace

Need Gateway::need_of(const Policy& policy) const {
  if (policy.does() != Action::kProtect || start_action(policy) == StartAction::kNone || !keeper_->holds(policy) ||
      policy.sa_per_user()) {  // then nobody may be there; who is gets a successor once it is in force
    return Need::kNothing;
  }
  const InstalledSa* sa = keeper_->sending_for(policy.target());
  if (sa == nullptr || sa->child == ike::ChildHandle{})
    return prepared_by(policy) != nullptr ? Need::kNothing : Need::kSa;
  if (!policy.owns_child()) return Need::kNothing;
  return is_by(sa->child, policy) || prepared_by(policy) != nullptr ? Need::kNothing : Need::kReplacement;
}

bool Gateway::is_by(ike::ChildHandle child, const Policy& policy) const {
  const auto words = words_.find(child);
  return words != words_.end() && words->second == own_child(policy);
}

// RFC 7296: which exchanges bring it. The first child of an IKE SA comes with IKE_AUTH.
std::string Gateway::exchanges_of(const Policy& policy) const {
  const auto all = ike_->engine().status(steady_clock::now());
  const bool phase_1_is_there = std::any_of(all.begin(), all.end(), [&](const ike::IkeStatus& s) {
    return s.connection == policy.connection && s.state <= ike::IkeState::kEstablished;
  });
  return phase_1_is_there ? "CREATE_CHILD_SA" : "IKE_SA_INIT, IKE_AUTH";
}

Outcome Gateway::state_of(const Policy& policy) const {
  if (!keeper_->holds(policy)) return {true, "passed over now: it holds " + policy.when.to_string()};
  if (policy.does() != Action::kProtect) return {true, ""};
  if (policy.sa_per_user()) return {true, "each of its users gets an SA to themselves"};
  if (!policy.sa.empty()) return {true, "by the manual SA '" + policy.sa + "'"};
  if (const InstalledSa* sa = keeper_->sending_for(policy.target())) return {true, connected(*sa)};
  if (start_action(policy) == StartAction::kNone) {
    return {false, "its packets are dropped until '" + policy.target() + "' is initiated"};
  }
  return {false, "not connected"};
}

std::string Gateway::connected_sentence(const std::string& target) const {
  const InstalledSa* sa = prepared_for(target);
  if (sa == nullptr) sa = keeper_->sending_for(target);
  return sa == nullptr ? "up" : connected(*sa);
}

// ---- prepared ------------------------------------------------------------------------------------------------------

void Gateway::prepare(const std::string& target, OnOutcome done) {
  give_up_prepared(target);  // of other words
  const auto handle = child_in_use(target);
  if (!handle) return done(Error{Errc::kNotFound, "no SA of '" + target + "' is up"});
  auto actions = engine().prepare(*handle, steady_clock::now());
  if (!actions) return done(actions.error());
  wait_for_child(target, std::move(done));
  ike_->perform(std::move(*actions));
}

void Gateway::on_prepared(const ike::ChildPrepared& action) {
  const InstalledSa* sa = keeper_->find(action.new_child);
  if (sa == nullptr) return;  // it did not fit into the card, and is being terminated
  if (words_of(*sa) == Words::kPast) return end_sa(InstalledSa(*sa));
  const std::string target = sa->target;
  prepared_[target] = action.new_child;
  log::info("child.prepared", {{"child", target}, {"spi_in", to_string(sa->spi_in)}, {"algorithm", sa->algorithm}});
  answer_waiters([&](const Waiter& w) { return w.target == target; },
                 [&](const Waiter&) {
                   return Outcome{true, connected_sentence(target)};
                 });
}

const InstalledSa* Gateway::prepared_for(const std::string& target) const {
  const auto found = prepared_.find(target);
  return found == prepared_.end() ? nullptr : keeper_->find(found->second);
}

const InstalledSa* Gateway::prepared_by(const Policy& policy) const {
  const auto prepared = prepared_.find(policy.target());
  const bool fits = prepared != prepared_.end() && is_by(prepared->second, policy);
  return fits ? keeper_->find(prepared->second) : nullptr;
}

const Policy* Gateway::owner_of(const std::string& target) const { return owner_among(keeper_->policies(), target); }

// What was negotiated by words that are not in force yet carries nothing before they are. Words may also have changed
// between request and response: then nobody wants what comes.
Gateway::Words Gateway::words_of(const InstalledSa& sa) const {
  const auto words = words_.find(sa.child);
  const Policy* owner = owner_of(policy::split_target(sa.target).target);
  if (words == words_.end() || owner == nullptr || words->second == own_child(*owner)) return Words::kInForce;
  const auto* told = told_of(*owner);
  return told != nullptr && words->second == *told ? Words::kToCome : Words::kPast;
}

const ike::ChildConfig* Gateway::told_of(const Policy& owner) const {
  const auto told = told_.find(owner.connection);
  return told == told_.end() ? nullptr : told->second.find_child(owner.name);
}

void Gateway::ask_anew(const InstalledSa& sa) {
  log::info("child.of_past_words", {{"child", sa.target}, {"spi_in", to_string(sa.spi_in)}});
  end_sa(sa);
  if (const auto begun = begin(sa.target); !begun && begun.error().code != Errc::kExists)
    child_failed(sa.target, begun.error());
}

void Gateway::give_up_prepared_but(const std::set<std::string>& targets) {
  std::vector<std::string> others;
  for (const auto& [target, child] : prepared_) {
    if (!targets.contains(target)) others.push_back(target);
  }
  for (const auto& target : others) give_up_prepared(target);
}

void Gateway::give_up_prepared(const std::string& target) {
  const auto found = prepared_.extract(target);
  if (found.empty()) return;
  if (auto actions = engine().terminate(found.mapped(), steady_clock::now())) ike_->perform(std::move(*actions));
}

// It sends by now. Where IKE has made it by itself, IKE has replaced the one before already.
void Gateway::take_over(const std::string& target) {
  const auto found = prepared_.extract(target);
  if (found.empty()) return;
  if (auto actions = engine().take_over(found.mapped(), steady_clock::now())) ike_->perform(std::move(*actions));
  exceptions_->release_target(target);
  end_disowned(target);
}

void Gateway::end_sa_of(const std::string& target) {
  if (const InstalledSa* sa = keeper_->sending_for(target)) end_at_once(InstalledSa(*sa));
}

void Gateway::end_at_once(const InstalledSa& sa) {
  end_sa(sa);
  keeper_->commit_or_log();
}

// The daemon may have died in the middle of a change. What was stored counts: what was prepared for it takes over or
// waits on, and what was prepared for anything else goes. Returns the targets to take over once the policies are in
// force, for which the SAs are chosen here.
std::vector<std::string> Gateway::settle_prepared() {
  std::vector<std::string> ready;
  const auto& configurations = commits_->configurations();
  for (const auto& status : engine().status(steady_clock::now())) {
    for (const auto& child : status.children) {
      if (!child.prepared_for || child.state != ike::ChildState::kInstalled) continue;
      const std::string target = status.connection + "/" + child.name;
      const Policy* owner = owner_among(configurations.policies(), target);
      const bool waits = owner != nullptr && configurations.pending().contains(owner->name);
      const bool wanted = owner != nullptr && child.negotiated_by == own_child(*owner);
      if (wanted) prepared_[target] = child.child;
      const bool takes_over = wanted && !waits;
      if (takes_over) ready.push_back(target);
      const InstalledSa* used = keeper_->find(takes_over ? child.child : *child.prepared_for);
      if (used != nullptr) keeper_->use_outbound(used->spi_in);
      if (wanted) continue;
      if (auto actions = engine().terminate(child.child, steady_clock::now())) ike_->perform(std::move(*actions));
    }
  }
  return ready;
}

std::vector<InstalledSa> Gateway::sas_of_other_words(const std::vector<Policy>& policies) const {
  std::vector<InstalledSa> others;
  for (const auto& status : ike_->engine().status(steady_clock::now())) {
    for (const auto& child : status.children) {
      const InstalledSa* sa = keeper_->find(child.child);
      if (sa == nullptr || child.prepared_for || child.state != ike::ChildState::kInstalled) continue;
      const Policy* owner = owner_among(policies, policy::split_target(sa->target).target);
      if (owner != nullptr && (is_nobodys(*sa, *owner) || child.negotiated_by != own_child(*owner)))
        others.push_back(*sa);
    }
  }
  return others;
}

// And an SA whose words were put in force and not stored, or not confirmed, is renewed by those that hold. It ends when
// it cannot be, or is nobody's by now.
void Gateway::renew_of_other_words() {
  for (const InstalledSa& sa : sas_of_other_words(keeper_->policies())) {
    const Policy* owner = owner_of(policy::split_target(sa.target).target);
    if (owner == nullptr || is_nobodys(sa, *owner)) {
      end_at_once(sa);
      continue;
    }
    renew(sa, [this, sa](const Result<Outcome>& outcome) {
      if (!outcome) end_at_once(sa);
    });
  }
}

}  // namespace sallyport::gateway
