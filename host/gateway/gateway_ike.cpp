// SPDX-License-Identifier: Apache-2.0
// What the gateway does for IKE, and what it asks of it: SAs into the card and out, packets that wait for one, limits.
#include <algorithm>

#include "host/gateway/gateway.hpp"
#include "host/gateway/sa_protection.hpp"

namespace sallyport::gateway {
namespace {

using std::chrono::steady_clock;

// All ours.
constexpr auto kAcquireAgain = std::chrono::seconds(3);   // packets do not ask for an SA again so soon after a failure
constexpr auto kAcquireLimit = std::chrono::seconds(30);  // and believe an initiation lost after so long
constexpr auto kWaiterPatience = std::chrono::seconds(20);

std::string target_of(const std::string& connection, const std::string& child) { return connection + "/" + child; }

std::pair<std::string, std::string> split(const std::string& target) {
  const auto slash = target.find('/');
  return {target.substr(0, slash), target.substr(slash + 1)};
}

}  // namespace

void Gateway::on_action(const ike::Action& action) {
  if (const auto* install = std::get_if<ike::InstallSa>(&action)) {
    on_install(*install);
  } else if (const auto* use = std::get_if<ike::UseOutbound>(&action)) {
    on_use_outbound(*use);
  } else if (const auto* remove = std::get_if<ike::RemoveSa>(&action)) {
    on_remove(*remove);
  } else if (const auto* up = std::get_if<ike::IkeEstablished>(&action)) {
    log::info("ike.established", {{"connection", up->connection}, {"peer", up->remote.to_string()}});
  } else if (std::holds_alternative<ike::IkeRekeyed>(action)) {
    log::info("ike.rekeyed");
  } else if (const auto* ike_lost = std::get_if<ike::IkeFailed>(&action)) {
    connection_failed(ike_lost->connection, ike_lost->reason);
  } else if (const auto* gone = std::get_if<ike::IkeDeleted>(&action)) {
    log::info("ike.deleted", {{"connection", gone->connection}});
  } else if (const auto* child = std::get_if<ike::ChildEstablished>(&action)) {
    on_up(child->child);
  } else if (const auto* rekeyed = std::get_if<ike::ChildRekeyed>(&action)) {
    on_up(rekeyed->new_child);
  } else if (const auto* prepared = std::get_if<ike::ChildPrepared>(&action)) {
    on_prepared(*prepared);
  } else if (const auto* failed = std::get_if<ike::ChildFailed>(&action)) {
    child_failed(target_of(failed->connection, failed->name), failed->reason);
  } else if (const auto* refused = std::get_if<ike::PeerRefused>(&action)) {
    on_refused(*refused);
  } else if (const auto* moved = std::get_if<ike::PeerMoved>(&action)) {
    log::info("ike.peer_moved", {{"peer", moved->remote.to_string()}});
  }
}

// Anybody can make us refuse: one line a second is enough to see why.
void Gateway::on_refused(const ike::PeerRefused& refused) {
  const auto now = steady_clock::now();
  if (now - refusal_told_ < std::chrono::seconds(1)) {
    ++refusals_untold_;
    return;
  }
  log::warning("ike.refused", {{"peer", refused.remote.to_string()},
                               {"connection", refused.connection},
                               {"why", refused.reason.detail},
                               {"others_untold", refusals_untold_}});
  refusal_told_ = now;
  refusals_untold_ = 0;
}

void Gateway::on_install(const ike::InstallSa& action) {
  const std::string target = target_of(action.connection, action.name);
  auto done = may_have(target);  // it may have been asked for before its user logged out
  if (done) {
    done = keeper_->install(target, action.child, action.sa, options_of(action.connection, action.name));
  }
  if (done) done = keeper_->commit();  // a narrowed SA changes what is accepted
  if (!done) return take_back(action.child, target, done.error());
  key_log_.write(action.sa);
  words_[action.child] = action.negotiated_by;
  const auto& sa = *keeper_->find(action.child);
  log::info("sa.installed", {{"child", target},
                             {"spi_in", to_string(sa.spi_in)},
                             {"spi_out", to_string(sa.spi_out)},
                             {"peer", sa.remote.to_string()},
                             {"protocol", word_of(sa.protocol)},
                             {"mode", word_of(sa.mode)},
                             {"algorithm", sa.algorithm},
                             {"encap", sa.encap.has_value()},
                             {"replaces", action.replaces.has_value()}});
  for (const Hop& hop : keeper_->forwarding().hops_of_peers()) {
    if (!keeper_->forwarding().is_known(hop)) resolve(hop);
  }
}

void Gateway::on_use_outbound(const ike::UseOutbound& action) {
  const InstalledSa* sa = keeper_->find(action.child);
  if (sa == nullptr) return;  // it did not fit into the card, and is being terminated
  const Words words = words_of(*sa);
  if (words == Words::kPast) return ask_anew(InstalledSa(*sa));
  // A user's own is of use at once: theirs are renewed one by one anyhow.
  if (words == Words::kToCome && policy::split_target(sa->target).user.empty()) {
    prepared_[sa->target] = action.child;
    return commits_->replaced(std::string(sa->target));
  }
  keeper_->use_outbound(sa->spi_in);
  if (const auto r = keeper_->commit(); !r) {
    log::error("tables.not_committed", {{"child", sa->target}, {"why", r.error().detail}});
    if (r.error().code == Errc::kFull) take_back(action.child, std::string(sa->target), r.error());
    return;
  }
  log::info("sa.in_use",
            {{"child", sa->target}, {"spi_out", to_string(sa->spi_out)}, {"generation", keeper_->generation()}});
  exceptions_->release_target(sa->target);
  end_disowned(std::string(sa->target));
}

// Unless the card refused it, and that was told; or what it was asked for by holds no longer, and it is asked for anew.
void Gateway::on_up(ike::ChildHandle child) {
  const InstalledSa* sa = keeper_->find(child);
  if (sa != nullptr && words_of(*sa) != Words::kPast) child_is_up(std::string(sa->target));
}

// The card does not take what this child brings, and would take nothing of anybody else's as long as it is there.
void Gateway::take_back(ike::ChildHandle child, const std::string& target, const Error& why) {
  if (const InstalledSa* sa = keeper_->find(child)) {
    send_by_another_than(*sa);
    const auto removed = keeper_->remove(sa->spi_in);
    if (!removed) log::error("sa.not_removed", {{"child", target}, {"why", removed.error().detail}});
  }
  child_failed(target, why);
  if (auto ended = ike_->engine().terminate(child, steady_clock::now())) ike_->perform(std::move(*ended));
}

void Gateway::end_disowned(const std::string& target) {
  if (target.starts_with("sa/")) return;  // typed in: never IKE's
  for (const auto& sa : std::vector(keeper_->sas())) {
    if (sa.target != target || sa.child != ike::ChildHandle{}) continue;
    const auto removed = keeper_->remove(sa.spi_in);
    if (!removed) log::error("sa.not_removed", {{"child", target}, {"why", removed.error().detail}});
    log::info("sa.removed", {{"child", target}, {"spi_in", to_string(sa.spi_in)}, {"spi_out", to_string(sa.spi_out)}});
  }
}

void Gateway::on_remove(const ike::RemoveSa& action) {
  std::erase_if(prepared_, [&](const auto& entry) { return entry.second == action.child; });
  words_.erase(action.child);
  const InstalledSa* sa = keeper_->find(action.child);
  if (sa == nullptr) return;
  const std::string target = sa->target;
  send_by_another_than(*sa);
  const auto removed = keeper_->remove(action.spi_in);
  if (!removed) {
    log::error("sa.not_removed", {{"child", target}, {"why", removed.error().detail}});
    return;
  }
  log::info("sa.removed",
            {{"child", target}, {"spi_in", to_string(action.spi_in)}, {"spi_out", to_string(action.spi_out)}});
}

// ---- packets and limits --------------------------------------------------------------------------------------------

Result<void> Gateway::begin(const std::string& target) {
  if (auto may = may_have(target); !may) return may;
  const auto [connection, child] = split(target);
  auto actions = ike_->engine().initiate(connection, child, steady_clock::now());
  if (!actions) return actions.error();
  under_way_[target] = steady_clock::now();
  ike_->perform(std::move(*actions));
  return {};
}

void Gateway::acquire(std::uint16_t policy_id, std::uint16_t principal, const IpAddress& destination) {
  const auto target = keeper_->target_of({policy_id, principal});
  if (!target || target->starts_with("sa/")) return;
  const auto now = steady_clock::now();
  dialogue_->waits(*target, principal, destination);
  if (const auto begun = under_way_.find(*target); begun != under_way_.end() && now - begun->second < kAcquireLimit)
    return;
  if (const auto failed = not_before_.find(*target); failed != not_before_.end() && now < failed->second) {
    return exceptions_->give_up_target(*target);
  }
  log::info("policy.acquire", {{"child", *target}, {"policy_id", policy_id}});
  if (const auto begun = begin(*target); !begun && begun.error().code != Errc::kExists) {
    not_before_[*target] = now + kAcquireAgain;
    log::warning("child.not_started", {{"child", *target}, {"why", begun.error().detail}});
    exceptions_->give_up_target(*target);
    dialogue_->not_connected(*target, begun.error().code, now);
  }
}

void Gateway::on_card_event(const driver::Message& event) {
  if (event.reason == layout::Upcall::kSpiUnknown) {
    log::warning("sa.spi_unknown", {{"spi", log::hex32(event.spi)}, {"source", to_string(event.source)}});
    return dialogue_->spi_unknown(IpAddress::from_number(event.source), steady_clock::now());
  }
  if (event.reason == layout::Upcall::kTagRejected) {
    if (on_tag_rejected_) on_tag_rejected_(IpAddress::from_number(event.source));
    return;
  }
  const bool hard = event.reason == layout::Upcall::kHardLimit;
  const InstalledSa* sa = keeper_->by_row(event.outbound, event.sa_index, event.spi);
  if (sa == nullptr) return;  // removed in the meantime
  const std::string target = sa->target;
  (hard ? log::warning : log::info)(hard ? "sa.hard_limit" : "sa.soft_limit",
                                    {{"child", target}, {"spi", log::hex32(event.spi)}, {"outbound", event.outbound}});
  if (target.starts_with("sa/")) return;  // keys typed in are not renewed by themselves
  auto actions = ike_->engine().rekey(sa->child, steady_clock::now());
  if (actions) {
    ike_->perform(std::move(*actions));
  } else {
    log::debug("child.not_rekeyed", {{"child", target}, {"why", actions.error().detail}});
  }
}

// ---- who waits -----------------------------------------------------------------------------------------------------

std::optional<ike::ChildHandle> Gateway::child_in_use(const std::string& target) const {
  const InstalledSa* sa = keeper_->sending_for(target);
  return sa == nullptr ? std::nullopt : std::optional(sa->child);
}

void Gateway::wait_for_child(const std::string& target, OnOutcome done) {
  waiters_.push_back({target, steady_clock::now() + kWaiterPatience, std::move(done)});
}

// Off the list first: an answer may begin something that waits again.
void Gateway::answer_waiters(const std::function<bool(const Waiter&)>& concerned,
                             const std::function<Result<Outcome>(const Waiter&)>& answer) {
  std::list<Waiter> served;
  for (auto at = waiters_.begin(); at != waiters_.end();) {
    const auto next = std::next(at);
    if (concerned(*at)) served.splice(served.end(), waiters_, at);
    at = next;
  }
  for (Waiter& waiter : served) waiter.done(answer(waiter));
}

void Gateway::child_is_up(const std::string& target) {
  under_way_.erase(target);
  not_before_.erase(target);
  log::info("child.established", {{"child", target}});
  dialogue_->connected(target);
  answer_waiters([&](const Waiter& w) { return w.target == target; },
                 [&](const Waiter&) {
                   return Outcome{true, "'" + target + "' is " + connected_sentence(target)};
                 });
}

void Gateway::child_failed(const std::string& target, const Error& reason) {
  log::warning("child.failed", {{"child", target}, {"reason", to_string(reason.code)}, {"why", reason.detail}});
  under_way_.erase(target);
  const auto now = steady_clock::now();
  not_before_[target] = now + kAcquireAgain;
  if (keeper_->sending_for(target) == nullptr) {
    exceptions_->give_up_target(target);
    dialogue_->not_connected(target, reason.code, now);
  }
  answer_waiters([&](const Waiter& w) { return w.target == target; }, [&](const Waiter&) { return reason; });
}

void Gateway::connection_failed(const std::string& connection, const Error& reason) {
  log::warning("ike.failed", {{"connection", connection}, {"reason", to_string(reason.code)}, {"why", reason.detail}});
  std::set<std::string> concerned;
  for (const auto& waiter : waiters_) concerned.insert(waiter.target);
  for (const auto& [target, since] : under_way_) concerned.insert(target);
  for (const auto& target : concerned) {
    if (split(target).first == connection && keeper_->sending_for(target) == nullptr) child_failed(target, reason);
  }
}

void Gateway::expire_waiters() {
  const auto now = steady_clock::now();
  answer_waiters(
      [&](const Waiter& w) { return w.deadline <= now; },
      [](const Waiter& w) {
        return Error{Errc::kTimeout, "no answer from the peer of '" + w.target + "' yet; IKE goes on trying"};
      });
}

// ---- by hand -------------------------------------------------------------------------------------------------------

void Gateway::initiate(const std::string& connection, const std::string& child, OnOutcome done) {
  const std::string target = target_of(connection, child);
  const auto told = told_.find(connection);
  const ike::ChildConfig* words = told == told_.end() ? nullptr : told->second.find_child(child);
  if (words != nullptr && words->per_user && words->name == child) {
    return done(Error{Errc::kInvalid, "each user has an SA of '" + target +
                                          "' to themselves; name one who is logged in: " + child + policy::kUserMark +
                                          "USER"});
  }
  if (const auto* sa = keeper_->sending_for(target); sa != nullptr && sa->child != ike::ChildHandle{}) {
    return done(Error{Errc::kExists, "'" + target + "' is up already; to renew it: sallyport rekey"});
  }
  wait_for_child(target, done);
  const auto begun = begin(target);
  if (begun || begun.error().code == Errc::kExists) return;  // kExists: under way, so its outcome is ours too
  waiters_.pop_back();
  done(begun.error());
}

void Gateway::terminate(const std::string& connection, const std::string& child, OnOutcome done) {
  const auto now = steady_clock::now();
  const std::string all = target_of(connection, child);  // of a policy with an SA for each user, all of theirs
  ike::Actions actions;
  unsigned ended = 0;
  for (const auto& status : engine().status(now)) {
    if (status.connection != connection) continue;
    for (const auto& c : status.children) {
      const bool meant = c.name == child || policy::split_target(target_of(connection, c.name)).target == all;
      if (child.empty() || !meant) continue;
      if (auto more = engine().terminate(c.child, now)) {
        ++ended;
        actions.insert(actions.end(), std::make_move_iterator(more->begin()), std::make_move_iterator(more->end()));
      }
    }
    if (!child.empty()) continue;
    if (auto more = engine().terminate(status.ike, now)) {
      ++ended;
      actions.insert(actions.end(), std::make_move_iterator(more->begin()), std::make_move_iterator(more->end()));
    }
  }
  const std::string what = child.empty() ? "connection '" + connection + "'" : "'" + target_of(connection, child) + "'";
  if (ended == 0) return done(Error{Errc::kNotFound, "no SA of " + what + " is up"});
  ike_->perform(std::move(actions));
  done(Outcome{true, std::to_string(ended) + (ended == 1 ? " SA of " : " SAs of ") + what + " deleted"});
}

void Gateway::renew(const InstalledSa& sa, OnOutcome done) {
  auto actions = engine().rekey(sa.child, steady_clock::now());
  if (!actions) return done(actions.error());
  wait_for_child(sa.target, std::move(done));
  ike_->perform(std::move(*actions));
}

void Gateway::rekey(const std::string& connection, const std::string& child, OnOutcome done) {
  const auto now = steady_clock::now();
  if (!child.empty()) {
    const std::string target = target_of(connection, child);
    if (const auto theirs = users_targets_in_use(target); !theirs.empty()) {
      for (const auto& one : theirs) {
        if (auto actions = engine().rekey(*child_in_use(one), now)) ike_->perform(std::move(*actions));
      }
      return done(Outcome{true, std::to_string(theirs.size()) + " SAs of '" + target + "' are being rekeyed"});
    }
    const InstalledSa* sa = keeper_->sending_for(target);
    if (sa == nullptr) return done(Error{Errc::kNotFound, "no SA of '" + target + "' is up"});
    return renew(*sa, std::move(done));
  }
  for (const auto& status : engine().status(now)) {
    if (status.connection != connection || status.state != ike::IkeState::kEstablished) continue;
    auto actions = engine().rekey(status.ike, now);
    if (!actions) return done(actions.error());
    ike_->perform(std::move(*actions));
    return done(Outcome{true, "the IKE SA of '" + connection + "' is being rekeyed"});
  }
  done(Error{Errc::kNotFound, "no IKE SA of '" + connection + "' is up"});
}

}  // namespace sallyport::gateway
