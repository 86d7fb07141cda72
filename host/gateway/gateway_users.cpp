// SPDX-License-Identifier: Apache-2.0
// SAs of one user's own: there while their user is logged in, and of several between the same networks the peer may
// send by any.
#include <algorithm>

#include "host/gateway/gateway.hpp"
#include "host/gateway/own_child.hpp"

namespace sallyport::gateway {

using std::chrono::steady_clock;

// An SA of somebody's own is for who is logged in, which may have ended while it was negotiated; and nothing is
// negotiated that the card would not take.
Result<void> Gateway::may_have(const std::string& target) const {
  const auto [of_policy, user] = policy::split_target(target);
  if (user.empty()) return {};
  if (keeper_->wants(target)) return keeper_->has_room_for(target);
  return Error{Errc::kNotFound, "'" + user + "' is not logged in, or no policy leads them to '" + of_policy + "'"};
}

// Who came, who went, or whose groups are others now. The card knows already: no packet of who is gone is anybody's.
void Gateway::follow_user(const std::string& user) {
  for (const auto& sa : std::vector(keeper_->sas())) {
    if (policy::split_target(sa.target).user == user && !keeper_->wants(sa.target)) end_sa(sa);
  }
  for (const policy::Policy* policy : keeper_->per_user_policies()) {
    const std::string target = policy::target_of_user(policy->target(), user);
    if (keeper_->wants(target)) {
      if (policy->start) start_child(target);
      continue;
    }
    engine().forget(policy->connection, policy->name + policy::kUserMark + user);
    under_way_.erase(target);
    not_before_.erase(target);
  }
}

void Gateway::start_child(const std::string& target) {
  const InstalledSa* sa = keeper_->sending_for(target);
  if (sa != nullptr && sa->child != ike::ChildHandle{}) return;
  if (const auto begun = begin(target); !begun && begun.error().code != Errc::kExists) {
    log::warning("child.not_started", {{"child", target}, {"why", begun.error().detail}});
  }
}

void Gateway::start_children_of_users(const policy::Policy& policy) {
  if (!policy.start) return;
  for (const auto& [user, one] : keeper_->users()) {
    const std::string target = policy::target_of_user(policy.target(), user);
    if (keeper_->wants(target)) start_child(target);
  }
}

// Its words are others now. An SA that all its users had together is not for them any more.
void Gateway::renew_children_of_users(const policy::Policy& policy, OnOutcome done) {
  struct Renewal {
    unsigned open = 1;  // this call itself
    std::string connected;
    std::string failed;
  };
  const auto renewal = std::make_shared<Renewal>();
  const auto one_done = [renewal, done = std::move(done)] {
    if (--renewal->open != 0) return;
    if (!renewal->failed.empty())
      return done(
          Error{Errc::kDisconnected, renewal->failed + (renewal->connected.empty() ? "" : "; ") + renewal->connected});
    done(Outcome{true, renewal->connected.empty() ? "each of its users gets an SA to themselves" : renewal->connected});
  };
  const std::string target = policy.target();
  for (const auto& sa : std::vector(keeper_->sas())) {
    const auto [of_policy, user] = policy::split_target(sa.target);
    if (!sa.sending || of_policy != target) continue;
    if (user.empty()) {
      end_sa(sa);
      continue;
    }
    const auto ended = [this, renewal, one_done, user = user, own = sa.target](const Result<Outcome>& outcome) {
      std::string& text = outcome ? renewal->connected : renewal->failed;
      text += (text.empty() ? "" : "; ") + user + ": " + (outcome ? connected_sentence(own) : outcome.error().detail);
      if (!outcome) end_sa_of(own);  // it has the words of before
      one_done();
    };
    ++renewal->open;
    renew(sa, ended);
  }
  start_children_of_users(policy);
  one_done();
}

// The peer is told; what it sends by this SA until it knows is still opened, and goes where policies of others say.
void Gateway::end_sa(const InstalledSa& sa) {
  if (sa.child == ike::ChildHandle{}) return end_disowned(sa.target);
  keeper_->stop_sending(sa.spi_in);  // its policy may be wanted again before the peer has answered
  if (auto actions = ike_->engine().terminate(sa.child, steady_clock::now())) ike_->perform(std::move(*actions));
}

// Of several SAs between the same networks, as a peer makes them for its users, one sends: when that goes, the newest
// of the others does.
void Gateway::send_by_another_than(const InstalledSa& gone) {
  if (!gone.sending) return;
  std::set<ike::ChildHandle> fit;
  for (const auto& status : engine().status(steady_clock::now())) {
    for (const auto& child : status.children) {
      const bool lives = child.state == ike::ChildState::kInstalled || child.state == ike::ChildState::kRekeying;
      if (lives) fit.insert(child.child);
    }
  }
  const auto& sas = keeper_->sas();
  const auto other = std::find_if(sas.rbegin(), sas.rend(), [&](const InstalledSa& sa) {
    return sa.target == gone.target && sa.spi_in != gone.spi_in && fit.contains(sa.child) &&
           words_of(sa) == Words::kInForce;
  });
  if (other != sas.rend()) keeper_->use_outbound(other->spi_in);
}

// What the peer may confuse was changed: SAs made before carry another number than those that are made now. While a
// policy waits, its old SA goes on as it is: what IKE would make in its place is of the words to come. And one that was
// prepared is renewed once it has taken over: until then its commit may be given up.
void Gateway::renew_of_another_class() {
  for (const auto child : keeper_->of_another_class()) {
    const InstalledSa& sa = *keeper_->find(child);
    if (waits_with_old_words(sa) || prepared_for(sa.target) == &sa) continue;
    if (auto actions = engine().rekey(child, steady_clock::now())) ike_->perform(std::move(*actions));
  }
}

bool Gateway::waits_with_old_words(const InstalledSa& sa) const {
  const policy::Policy* owner = owner_of(policy::split_target(sa.target).target);
  const auto* told = owner == nullptr ? nullptr : told_of(*owner);
  return told != nullptr && *told != own_child(*owner);
}

std::vector<std::string> Gateway::users_targets_in_use(const std::string& whose) const {
  std::vector<std::string> targets;
  for (const auto& sa : keeper_->sas()) {
    const auto [of_policy, user] = policy::split_target(sa.target);
    const bool meant = of_policy == whose || of_policy.substr(0, of_policy.find('/')) == whose;
    if (sa.sending && meant && !user.empty()) targets.push_back(sa.target);
  }
  return targets;
}

}  // namespace sallyport::gateway
