// SPDX-License-Identifier: Apache-2.0
// Changes of configuration, one at a time in the order in which they are asked for. A change is checked; the SAs that
// its words need are negotiated while the old ones carry on; one flip of the tables puts it in force; it is stored; and
// only then it is told. What fails on the way leaves everything as it was.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <set>

#include "host/gateway/configurations.hpp"
#include "host/gateway/memory.hpp"
#include "host/gateway/opened_flows.hpp"

namespace sallyport::gateway {

class Gateway;

// What comes first, being in force or being connected.
enum class Order : std::uint8_t {
  kConnected,  // nothing changes unless all of it connects
  kTried,      // in force after everything was tried
  kAtOnce,     // in force first
};

struct CommitOptions {
  std::string who;
  std::string comment{};
  Order order = Order::kConnected;
  std::optional<std::chrono::seconds> confirm{};  // rolled back unless confirmed in time
  // Of a candidate, when its turn comes: false leaves everything as it is.
  std::function<bool(const policy::Configuration&)> may_commit{};
};

// What became of a policy.
struct PolicyReport {
  policy::Difference difference;
  bool connected = true;                                 // or has nothing to connect
  policy::TakeOver takes_over = policy::TakeOver::kNow;  // else its old words go on for a while
  std::string sentence;          // how it is connected, or why not; empty: there is nothing to connect
  std::optional<Errc> failed{};  // what the negotiation came to that was tried
};

struct CommitReport {
  bool committed = false;
  std::uint32_t number = 0;  // the configuration that is in force now
  std::vector<PolicyReport> policies;
};
using OnCommit = std::function<void(Result<CommitReport>)>;

class Commits {
 public:
  // Both outlive it.
  Commits(boost::asio::io_context& io, Gateway& gateway, Memory& memory, Configurations configurations);

  [[nodiscard]] const Configurations& configurations() const { return configurations_; }
  [[nodiscard]] bool busy() const { return !jobs_.empty(); }
  // Until when the newest configuration must be confirmed.
  [[nodiscard]] std::optional<std::chrono::seconds> confirm_within() const;
  // Why a pending policy did not take over when it was its time; empty: it was not yet.
  [[nodiscard]] std::string why_pending(const std::string& policy) const;

  // Of a pending policy that changes with new TCP connections: how many of those go by the new SA.
  [[nodiscard]] std::size_t flows_of(const std::string& policy) const { return flows_.count(policy); }

  // Who is told of every configuration that came back because nobody confirmed another; if it was at the start, now.
  void on_came_back(std::function<void(const store::StoredConfiguration&)> told);

  // Several times a second.
  void tick();
  // What opens a TCP connection under an SA of `target` is at the host, which sends it on after this.
  void on_opening(const std::string& target, const driver::PacketKey& key);
  // IKE has made an SA in place of a target's by itself; it waits for the words by which it was made.
  void replaced(const std::string& target);

  // An edit of what was committed last, when its turn comes.
  using Edit = std::function<Result<void>(policy::Configuration&)>;
  void commit_edit(Edit edit, CommitOptions options, OnCommit done);
  void commit_candidate(CommitOptions options, OnCommit done);
  void roll_back(std::uint32_t number, CommitOptions options, OnCommit done);

  using OnDone = std::function<void(Result<void>)>;
  void confirm(OnDone done);
  // Of the candidate, which begins as the newest configuration.
  void edit_candidate(Edit edit, OnDone done);
  void rebase_candidate(OnDone done);
  void discard_candidate(OnDone done);

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Run;
  using RunPtr = std::shared_ptr<Run>;

  // An old SA that carries on.
  struct Watched {
    std::uint32_t spi_in = 0;
    std::uint64_t packets = 0;
    Time idle_since;
    std::string why;
  };

  void enqueue(std::function<void()> job);
  void go_back(const RunPtr& run, std::uint32_t number);
  void end_job();
  void save(Configurations next, OnDone done);  // as the last thing of a job
  void end(const RunPtr& run, Result<CommitReport> report);

  Result<void> begin(const RunPtr& run);
  [[nodiscard]] Configurations::Pending pending_of(const Run& run) const;
  void connect(const RunPtr& run, void (Commits::*then)(const RunPtr&));
  static constexpr unsigned kNegotiations = 2;  // of one policy: what was under way before, and ours
  void negotiate(const RunPtr& run, const policy::Policy& policy, const std::function<void()>& done,
                 unsigned tries = kNegotiations);
  void on_connected(const RunPtr& run);
  void put_in_force(const RunPtr& run);
  void on_stored(const RunPtr& run, const Configurations& next, const Result<void>& stored);
  void in_force(const RunPtr& run);
  void renew_of_users(const RunPtr& run);
  void report(const RunPtr& run);
  void abandon(const RunPtr& run);
  void stop_old_words(const RunPtr& run, const policy::Policy& policy);
  void use_prepared(const RunPtr& run, const policy::Policy& policy);
  void send_as_before(const RunPtr& run);
  void take_over(const std::string& name);
  void lead_new_connections(const policy::Policies& policies, const Configurations::Pending& pending);
  [[nodiscard]] bool lacks_successor(const policy::Policy& policy) const;
  [[nodiscard]] bool lacks_successor() const;  // any of them
  void prepare_again();
  void forget_flows();
  [[nodiscard]] PolicyReport report_of(const Run& run, policy::Difference difference) const;
  void arm_confirmation(std::chrono::seconds within);
  void roll_back_unconfirmed();
  [[nodiscard]] bool is_due(const std::string& name, const policy::Policy& old, Time now);
  [[nodiscard]] bool may_try_again(const std::string& name, Time now);

  Gateway& gateway_;
  Memory& memory_;
  Configurations configurations_;
  std::deque<std::function<void()>> jobs_;  // the first is under way
  std::map<std::string, Watched> watched_;  // by the name of the pending policy
  OpenedFlows flows_;
  boost::asio::steady_timer confirmation_;
  std::function<void(const store::StoredConfiguration&)> came_back_;
  Time looked_{};
  Time prepared_again_{};
};

}  // namespace sallyport::gateway
