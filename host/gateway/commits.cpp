// SPDX-License-Identifier: Apache-2.0
// Changes of configuration.
#include <algorithm>

#include "host/gateway/commit_run.hpp"
#include "host/gateway/gateway.hpp"

namespace sallyport::gateway {
namespace {

using policy::Action;
using policy::Policies;
using policy::Policy;
using policy::TakeOver;
using std::chrono::steady_clock;

constexpr auto kRollBackAgain = std::chrono::seconds(10);  // ours

}  // namespace

Commits::Commits(boost::asio::io_context& io, Gateway& gateway, Memory& memory, Configurations configurations)
    : gateway_(gateway), memory_(memory), configurations_(std::move(configurations)), confirmation_(io) {}

// ---- one at a time -------------------------------------------------------------------------------------------------

void Commits::enqueue(std::function<void()> job) {
  jobs_.push_back(std::move(job));
  if (jobs_.size() == 1) jobs_.front()();
}

void Commits::end_job() {
  jobs_.pop_front();
  if (!jobs_.empty()) jobs_.front()();
}

void Commits::save(Configurations next, OnDone done) {
  auto copy = std::make_shared<Configurations>(std::move(next));
  memory_.save(*copy, [this, copy, done = std::move(done)](const Result<void>& stored) {
    if (stored) configurations_ = std::move(*copy);
    done(stored);
    end_job();
  });
}

void Commits::end(const RunPtr& run, Result<CommitReport> report) {
  run->done(std::move(report));  // may ask for another change, which is then the last
  end_job();
}

// ---- what can be asked for -----------------------------------------------------------------------------------------

void Commits::commit_edit(Edit edit, CommitOptions options, OnCommit done) {
  enqueue([this, edit = std::move(edit), options = std::move(options), done = std::move(done)] {
    auto run = std::make_shared<Run>();
    run->configuration = configurations_.configuration();
    run->options = options;
    run->done = done;
    auto edited = edit(run->configuration);
    if (edited) edited = begin(run);
    if (!edited) end(run, edited.error());
  });
}

void Commits::commit_candidate(CommitOptions options, OnCommit done) {
  enqueue([this, options = std::move(options), done = std::move(done)] {
    auto run = std::make_shared<Run>();
    run->options = options;
    run->done = done;
    run->ends_candidate = true;
    const auto& candidate = configurations_.candidate();
    if (!candidate) {
      return end(run, Error{Errc::kNotFound,
                            "there is no candidate; begin one with: sallyport candidate add, replace, "
                            "delete or move"});
    }
    const auto& newest = configurations_.newest();
    if (candidate->base != newest.number) {
      return end(run, Error{Errc::kExists, "the candidate began from configuration " + std::to_string(candidate->base) +
                                               ", and " + newest.who + " has committed " +
                                               std::to_string(newest.number) + " since (" + newest.summary +
                                               "); to do the same to that: sallyport candidate rebase"});
    }
    run->configuration = candidate->configuration;
    if (run->options.may_commit && !run->options.may_commit(run->configuration)) {
      return end(run, CommitReport{false, newest.number, {}});
    }
    if (auto begun = begin(run); !begun) end(run, begun.error());
  });
}

void Commits::roll_back(std::uint32_t number, CommitOptions options, OnCommit done) {
  enqueue([this, number, options = std::move(options), done = std::move(done)] {
    auto run = std::make_shared<Run>();
    run->options = options;
    run->done = done;
    if (run->options.comment.empty()) run->options.comment = "rollback to " + std::to_string(number);
    go_back(run, number);
  });
}

void Commits::go_back(const RunPtr& run, std::uint32_t number) {
  run->rolls_back = true;
  auto old = configurations_.of(number);
  if (!old) return end(run, old.error());
  run->configuration = std::move(*old);
  if (auto begun = begin(run); !begun) end(run, begun.error());
}

void Commits::edit_candidate(Edit edit, OnDone done) {
  enqueue([this, edit = std::move(edit), done = std::move(done)] {
    Configurations next = configurations_;
    Candidate candidate =
        next.candidate().value_or(Candidate{configurations_.newest().number, configurations_.configuration()});
    if (const auto edited = edit(candidate.configuration); !edited) {
      done(edited);
      return end_job();
    }
    next.set_candidate(std::move(candidate));
    save(std::move(next), done);
  });
}

void Commits::rebase_candidate(OnDone done) {
  enqueue([this, done = std::move(done)] {
    Configurations next = configurations_;
    const auto rebased = [&]() -> Result<policy::Configuration> {
      const auto& candidate = next.candidate();
      if (!candidate) return Error{Errc::kNotFound, "there is no candidate"};
      auto base = next.of(candidate->base);
      if (!base) {
        return Error{Errc::kNotFound, "the candidate began from configuration " + std::to_string(candidate->base) +
                                          ", which is not kept any more; sallyport candidate discard, and begin anew"};
      }
      return policy::rebase(*base, candidate->configuration, next.configuration());
    }();
    if (!rebased) {
      done(Error{rebased.error().code, rebased.error().detail + (rebased.error().code == Errc::kExists
                                                                     ? "; make them as they are in force by sallyport "
                                                                       "candidate replace, or discard the candidate"
                                                                     : "")});
      return end_job();
    }
    next.set_candidate(Candidate{next.newest().number, *rebased});
    save(std::move(next), done);
  });
}

void Commits::discard_candidate(OnDone done) {
  enqueue([this, done = std::move(done)] {
    if (!configurations_.candidate()) {
      done(Error{Errc::kNotFound, "there is no candidate"});
      return end_job();
    }
    Configurations next = configurations_;
    next.set_candidate(std::nullopt);
    save(std::move(next), done);
  });
}

// ---- to be confirmed -----------------------------------------------------------------------------------------------

std::optional<std::chrono::seconds> Commits::confirm_within() const {
  if (configurations_.fallback() == 0) return std::nullopt;
  return std::max(std::chrono::seconds(0),
                  std::chrono::duration_cast<std::chrono::seconds>(confirmation_.expiry() - steady_clock::now()));
}

void Commits::confirm(OnDone done) {
  enqueue([this, done = std::move(done)] {
    if (configurations_.fallback() == 0) {
      done(Error{Errc::kNotFound, "no configuration waits to be confirmed"});
      return end_job();
    }
    Configurations next = configurations_;
    next.set_fallback(0);
    save(std::move(next), [this, done](const Result<void>& stored) {
      if (stored) {
        confirmation_.cancel();
        log::info("configuration.confirmed", {{"number", configurations_.newest().number}});
      }
      done(stored);
    });
  });
}

void Commits::on_came_back(std::function<void(const store::StoredConfiguration&)> told) {
  came_back_ = std::move(told);
  if (configurations_.came_back()) came_back_(configurations_.newest());
}

void Commits::arm_confirmation(std::chrono::seconds within) {
  confirmation_.expires_after(within);
  confirmation_.async_wait([this](boost::system::error_code cancelled) {
    if (!cancelled) roll_back_unconfirmed();
  });
}

void Commits::roll_back_unconfirmed() {
  enqueue([this, number = configurations_.newest().number] {
    const std::uint32_t fallback = configurations_.fallback();
    // Confirmed in the last moment, or followed by another.
    if (fallback == 0 || configurations_.newest().number != number) return end_job();
    log::warning("configuration.not_confirmed", {{"number", number}, {"back_to", fallback}});
    auto run = std::make_shared<Run>();
    run->options = {"sallyportd", std::to_string(number) + " was not confirmed in time", Order::kAtOnce};
    run->comes_back = true;
    run->done = [this](const Result<CommitReport>& done) {
      if (done) {
        if (came_back_) came_back_(configurations_.newest());
        return;
      }
      log::error("configuration.not_rolled_back", {{"why", done.error().detail}});
      if (configurations_.fallback() != 0) arm_confirmation(kRollBackAgain);
    };
    go_back(run, fallback);
  });
}

// ---- a change ------------------------------------------------------------------------------------------------------

Result<void> Commits::begin(const RunPtr& run) {
  if (configurations_.fallback() != 0 && run->is_entry && !run->rolls_back) {
    const std::string number = std::to_string(configurations_.newest().number);
    return Error{Errc::kBusy, "configuration " + number + " waits to be confirmed; sallyport confirm, or sallyport " +
                                  "rollback " + std::to_string(configurations_.fallback()) + ", comes first"};
  }
  if (auto fine = gateway_.check(run->configuration); !fine) return fine;
  run->goal = policy::in_full(run->configuration);
  run->committed_before = configurations_.policies();
  run->before = gateway_.keeper().policies();
  run->pending = pending_of(*run);
  // The engine learns the new words, beside the old ones where those are of another target; the card's rules stay until
  // the new SAs are there.
  if (auto told = gateway_.tell_engine(run->goal, run->before); !told) {
    (void)gateway_.tell_engine(configurations_.policies(), run->before);
    return told;
  }
  if (run->options.order == Order::kAtOnce) {
    put_in_force(run);
  } else {
    connect(run, &Commits::on_connected);
  }
  return {};
}

// Policies whose old words go on holding: they have an SA in use, and the new words say that it is waited for. What
// comes back because nobody confirmed lets nothing wait that did not wait before: what goes may be what cut everybody
// off.
Configurations::Pending Commits::pending_of(const Run& run) const {
  const auto& before = configurations_.pending();
  Configurations::Pending pending;
  for (const Policy& p : run.goal) {
    const Policy* was = policy::find_policy(run.before, p.name);
    if (p.change == TakeOver::kNow || run.takes_over == p.name || was == nullptr || Run::same_but_change(*was, p))
      continue;
    if (was->does() != Action::kProtect || was->sa_per_user()) continue;
    const bool waits = run.comes_back
                           ? before.contains(p.name)
                           : run.waits_on(p, before) || gateway_.keeper().sending_for(was->target()) != nullptr;
    if (waits) pending[p.name] = *was;
  }
  return pending;
}

// Every policy of the goal that needs an SA which is not there: negotiates it, and then goes on.
void Commits::connect(const RunPtr& run, void (Commits::*then)(const RunPtr&)) {
  run->open = 1;
  const auto one_done = [this, run, then] {
    if (--run->open == 0) (this->*then)(run);
  };
  for (const Policy& p : run->goal) {
    const bool waits_on = run->waits_on(p, configurations_.pending());  // whatever becomes of it is not ours to tell
    if (waits_on || !run->changes(p) || gateway_.need_of(p) == Need::kNothing) continue;
    ++run->open;
    negotiate(run, p, one_done);
  }
  one_done();
}

// What was under way before comes, or fails, by the words of before, and is then followed by another, by these.
void Commits::negotiate(const RunPtr& run, const Policy& policy, const std::function<void()>& done, unsigned tries) {
  const auto on_outcome = [this, run, &policy, tries, done, joined = gateway_.is_under_way(policy.target()),
                           how = gateway_.exchanges_of(policy)](Result<Outcome> outcome) {
    const bool of_other_words = outcome ? gateway_.need_of(policy) != Need::kNothing : joined;
    if (of_other_words && tries > 1) return negotiate(run, policy, done, tries - 1);
    if (of_other_words && outcome) {
      outcome = Error{Errc::kBusy, "SAs of '" + policy.target() + "' come up by other words; try again in a moment"};
    }
    if (outcome) outcome->sentence = gateway_.connected_sentence(policy.target()) + " (" + how + ")";
    run->tried.emplace(policy.name, std::move(outcome));
    done();
  };
  if (gateway_.need_of(policy) == Need::kReplacement) {
    gateway_.prepare(policy.target(), on_outcome);
  } else {
    gateway_.initiate(policy.connection, policy.child.empty() ? policy.name : policy.child, on_outcome);
  }
}

void Commits::on_connected(const RunPtr& run) {
  if (run->options.order == Order::kTried || run->all_connected()) return put_in_force(run);
  std::string why;
  for (const auto& [name, outcome] : run->tried) {
    if (!outcome)
      why += (why.empty() ? "policy '" : "; policy '") + name + "' does not connect: " + outcome.error().detail;
  }
  log::warning("configuration.not_committed", {{"who", run->options.who}, {"why", why}});
  abandon(run);
  report(run);
}

void Commits::use_prepared(const RunPtr& run, const Policy& policy) {
  const std::string target = policy.target();
  const InstalledSa* next = gateway_.prepared_by(policy);
  const InstalledSa* now = gateway_.keeper().sending_for(target);
  if (next == nullptr) return;
  run->sent_under[target] = now == nullptr ? std::nullopt : std::optional(now->spi_in);
  gateway_.keeper().use_outbound(next->spi_in);
}

// Nothing was negotiated before, and what the new words are for does not go by an SA of the old ones: it waits.
void Commits::stop_old_words(const RunPtr& run, const Policy& policy) {
  if (run->options.order != Order::kAtOnce || gateway_.need_of(policy) != Need::kReplacement) return;
  const InstalledSa* now = gateway_.keeper().sending_for(policy.target());
  run->sent_under[policy.target()] = now->spi_in;
  run->stopped.push_back(*now);
  gateway_.keeper().stop_sending(now->spi_in);
}

void Commits::send_as_before(const RunPtr& run) {
  CardKeeper& keeper = gateway_.keeper();
  for (const auto& [target, spi] : std::exchange(run->sent_under, {})) {
    if (spi) {
      keeper.use_outbound(*spi);
    } else if (const InstalledSa* next = keeper.sending_for(target)) {
      keeper.stop_sending(next->spi_in);
    }
  }
}

void Commits::put_in_force(const RunPtr& run) {
  const Policies holds = Configurations::with_old_words(run->goal, run->pending);
  for (const Policy& p : holds) {
    const bool ready = p.does() == Action::kProtect && !run->pending.contains(p.name);
    if (!ready || !run->changes(p)) continue;
    use_prepared(run, p);
    stop_old_words(run, p);
  }
  lead_new_connections(run->goal, run->pending);
  if (auto put = gateway_.put_in_force(holds); !put) {
    lead_new_connections(configurations_.policies(), configurations_.pending());
    abandon(run);
    return end(run, put.error());
  }
  Configurations next = configurations_;
  if (run->is_entry) {
    const auto& before = configurations_.configuration();
    const bool changes = !policy::same(before, run->configuration);
    const std::uint32_t confirmed =
        configurations_.fallback() != 0 ? configurations_.fallback() : configurations_.newest().number;
    next.set_fallback(changes && run->options.confirm ? confirmed : 0);
    if (changes) {
      next.append(run->configuration, run->options.who, run->options.comment,
                  policy::summary(before, run->configuration));
    }
    if (run->ends_candidate) next.set_candidate(std::nullopt);
  }
  next.set_pending(run->pending);
  auto copy = std::make_shared<Configurations>(std::move(next));
  memory_.save(*copy, [this, run, copy](const Result<void>& stored) { on_stored(run, *copy, stored); });
}

void Commits::on_stored(const RunPtr& run, const Configurations& next, const Result<void>& stored) {
  // What was not confirmed goes, stored or not: the next start finds it unconfirmed, and rolls back too.
  const bool goes_anyhow = run->rolls_back && configurations_.fallback() != 0;
  if (!stored) log::error("policies.not_stored", {{"why", stored.error().detail}});
  if (stored || goes_anyhow) {
    configurations_ = next;
    return in_force(run);
  }
  std::string sentence = "the policies stay as they were, because the new ones cannot be stored: ";
  send_as_before(run);
  lead_new_connections(configurations_.policies(), configurations_.pending());
  if (const auto back = gateway_.put_in_force(run->before); !back) {
    sentence =
        "until the next restart the new policies are in force, but they cannot be stored (and the card does not "
        "take the old ones back: " +
        back.error().detail + "): ";
  }
  abandon(run);
  forget_flows();
  end(run, Error{stored.error().code, sentence + stored.error().detail});
}

// What was negotiated is not used: the old SAs go on as if nothing had been.
void Commits::abandon(const RunPtr& run) {
  send_as_before(run);
  std::set<std::string> waiting;  // as they did before
  for (const auto& [name, old] : configurations_.pending()) {
    const Policy* p = policy::find_policy(configurations_.policies(), name);
    if (p != nullptr && gateway_.prepared_by(*p) != nullptr) waiting.insert(p->target());
  }
  gateway_.give_up_prepared_but(waiting);
  (void)gateway_.tell_engine(configurations_.policies(), run->before);  // it knew these words before
  gateway_.renew_of_other_words();                                      // SAs of users' own that came up meanwhile
  gateway_.end_orphans();
  if (lacks_successor()) prepare_again();
}

// In force and stored.
void Commits::in_force(const RunPtr& run) {
  for (const auto& [target, spi] : run->sent_under) gateway_.take_over(target);
  run->sent_under.clear();
  for (const InstalledSa& sa : std::exchange(run->stopped, {})) gateway_.end_sa(sa);
  gateway_.renew_of_another_class();  // which left those out
  std::set<std::string> waiting;
  for (const auto& [name, old] : run->pending) waiting.insert(policy::find_policy(run->goal, name)->target());
  gateway_.give_up_prepared_but(waiting);  // of words that nobody wants any more
  std::erase_if(watched_, [&](const auto& entry) { return !run->pending.contains(entry.first); });
  forget_flows();
  (void)gateway_.tell_engine(configurations_.policies(), gateway_.keeper().policies());
  gateway_.end_orphans();
  run->holds = true;
  if (run->is_entry) {
    log::info("configuration.committed", {{"number", configurations_.newest().number},
                                          {"who", run->options.who},
                                          {"what", configurations_.newest().summary},
                                          {"generation", gateway_.keeper().generation()}});
    confirmation_.cancel();
    if (configurations_.fallback() != 0) arm_confirmation(*run->options.confirm);
  }
  renew_of_users(run);
}

// SAs of users' own are negotiated anew one by one, each in place of the one before.
void Commits::renew_of_users(const RunPtr& run) {
  run->open = 1;
  const auto one_done = [this, run] {
    if (--run->open != 0) return;
    if (run->options.order == Order::kAtOnce) return connect(run, &Commits::report);
    report(run);
  };
  for (const Policy& p : run->goal) {
    const bool waits = run->pending.contains(p.name);  // the SA that all have together goes on
    if (!p.sa_per_user() || waits || !run->changes(p)) continue;
    ++run->open;
    gateway_.renew_children_of_users(p, [run, one_done, name = p.name](Result<Outcome> outcome) {
      run->tried.emplace(name, std::move(outcome));
      one_done();
    });
  }
  one_done();
}

void Commits::report(const RunPtr& run) {
  CommitReport report;
  report.number = configurations_.newest().number;
  report.committed = run->holds;
  if (run->options.order != Order::kConnected) {
    // It is in force whether or not it connects: what was prepared after the flip takes over, and an SA of words that
    // hold no longer goes.
    for (const Policy& p : run->goal) {
      const auto tried = run->tried.find(p.name);
      if (tried == run->tried.end() || run->pending.contains(p.name) || p.sa_per_user()) continue;
      if (tried->second) {
        gateway_.take_over(p.target());
      } else {
        gateway_.end_sa_of(p.target());
      }
    }
    lead_new_connections(configurations_.policies(), configurations_.pending());  // to what was prepared after the flip
    gateway_.keeper().commit_or_log();
  }
  for (auto& difference : policy::differences(run->is_entry ? run->committed_before : run->before, run->goal)) {
    report.policies.push_back(report_of(*run, std::move(difference)));
  }
  end(run, std::move(report));
}

PolicyReport Commits::report_of(const Run& run, policy::Difference difference) const {
  PolicyReport report;
  report.difference = std::move(difference);
  const std::string& name = report.difference.name;
  const auto tried = run.tried.find(name);
  const Policy* p = policy::find_policy(run.goal, name);
  if (run.pending.contains(name)) report.takes_over = p->change;
  if (tried == run.tried.end()) {
    const Outcome state = p == nullptr ? Outcome{} : gateway_.state_of(*p);
    report.connected = state.connected;
    report.sentence = state.sentence;
  } else if (tried->second) {
    report.sentence = tried->second->sentence;
  } else {
    report.connected = false;
    report.sentence = tried->second.error().detail;
    report.failed = tried->second.error().code;
  }
  return report;
}

}  // namespace sallyport::gateway
