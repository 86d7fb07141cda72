// SPDX-License-Identifier: Apache-2.0
// The gateway: card, kernel, IKE and policy put together on one loop. It never knows whether the card is real.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "driver/control/card_control.hpp"
#include "host/gateway/card_keeper.hpp"
#include "host/gateway/config.hpp"
#include "host/gateway/dialogue.hpp"
#include "host/gateway/exception_path.hpp"
#include "host/gateway/ike_port.hpp"
#include "host/gateway/key_log.hpp"
#include "host/gateway/memory.hpp"
#include "host/gateway/netlink.hpp"
#include "host/gateway/principals.hpp"

namespace sallyport::gateway {

// What a change of policy or an initiation came to.
struct Outcome {
  bool connected = true;
  std::string sentence;  // for a person
};
using OnOutcome = std::function<void(Result<Outcome>)>;

// The time on the wall.
using WallClock = std::function<std::chrono::system_clock::time_point()>;

class Gateway {
 public:
  // Makes the TAP devices, brings the card up with the policies and manual SAs of `config`, enables it, and starts IKE.
  // A running card that the store of `config` knows is taken over as it is: its packets go on meanwhile. `card`
  // outlives the gateway. Everything happens on `io`'s thread.
  static Result<std::unique_ptr<Gateway>> start(boost::asio::io_context& io, Config config, driver::Card& card,
                                                WallClock clock = std::chrono::system_clock::now);
  ~Gateway();

  // For a backend in this process that knows when the card has something for us.
  void poll() { exceptions_->poll(); }

  // ---- policies, live. The answer comes when the change is in force and stored, or says why it is
  // not.
  // Behind all others, or before the one named `before`. In force at once: packets wait, or are lost, until the SA is
  // up.
  void add_policy(policy::Policy policy, const std::string& before, OnOutcome done);
  // The SA that the new words need is negotiated first; then, between two packets, the new policy takes over. When it
  // cannot be negotiated, the old policy stays.
  void replace_policy(policy::Policy policy, OnOutcome done);
  void delete_policy(const std::string& name, OnOutcome done);

  // ---- SAs, by hand
  void initiate(const std::string& connection, const std::string& child, OnOutcome done);
  void terminate(const std::string& connection, const std::string& child, OnOutcome done);  // child empty: the IKE SA
  void rekey(const std::string& connection, const std::string& child, OnOutcome done);

  // ---- to look at
  [[nodiscard]] const Config& config() const { return config_; }
  [[nodiscard]] CardKeeper& keeper() { return *keeper_; }
  [[nodiscard]] Principals& principals() { return *principals_; }
  [[nodiscard]] Dialogue& dialogue() { return *dialogue_; }
  [[nodiscard]] driver::CardControl& control() { return control_; }
  [[nodiscard]] driver::Card& card() { return card_; }
  [[nodiscard]] ike::Engine& engine() { return ike_->engine(); }
  [[nodiscard]] const ExceptionCounters& exception_counters() const { return exceptions_->counters(); }
  // Of SAs of one user's own that are up: all of the connection, or of one child of it, "connection/child".
  [[nodiscard]] std::vector<std::string> users_targets_in_use(const std::string& whose) const;
  [[nodiscard]] bool waits_for_packets(const std::string& target) const;  // the first packet brings its SA up
  [[nodiscard]] policy::WeekMinute week_minute() const;
  [[nodiscard]] std::chrono::system_clock::time_point now() const { return clock_(); }
  [[nodiscard]] std::chrono::steady_clock::time_point started() const { return started_; }

  // Somebody's packet had a tag of no session, or a wrong one: from where.
  void set_on_tag_rejected(std::function<void(const IpAddress&)> on_tag_rejected) {
    on_tag_rejected_ = std::move(on_tag_rejected);
  }

  // Deletes every SA in good order, waits for the peers a moment, disables the card, and calls `done`.
  void shut_down(std::function<void()> done);

 private:
  using Time = std::chrono::steady_clock::time_point;

  // Somebody waits for a child to come up.
  struct Waiter {
    std::string target;
    Time deadline;
    OnOutcome done;
  };

  Gateway(boost::asio::io_context& io, Config config, driver::Card& card, WallClock clock, driver::CardControl control,
          std::unique_ptr<ExceptionPath> exceptions, Netlink netlink, std::unique_ptr<Memory> memory);
  Result<void> bring_up();
  Result<void> take_card();  // adopts it, or begins anew
  [[nodiscard]] UsersConfig::Tags tags() const;
  Result<void> restore_ike();  // after the policies are known to it
  void save_ike();
  void end_disowned(const std::string& target);  // SAs of a life before, once another serves their target

  // gateway.cpp: kernel
  Result<void> configure_side(const SideConfig& side, unsigned interface);
  void follow_kernel();
  Result<void> take_kernel_view();
  void keep_neighbours_alive();
  void resolve(const Hop& hop);

  // gateway_ike.cpp
  void on_action(const ike::Action& action);
  void on_refused(const ike::PeerRefused& refused);
  void on_install(const ike::InstallSa& action);
  void on_use_outbound(const ike::UseOutbound& action);
  void on_remove(const ike::RemoveSa& action);
  void on_card_event(const driver::Message& event);
  void acquire(std::uint16_t policy_id, std::uint16_t principal, const IpAddress& destination);
  void child_is_up(const std::string& target);
  void child_failed(const std::string& target, const Error& reason);
  void connection_failed(const std::string& connection, const Error& reason);
  void wait_for_child(const std::string& target, OnOutcome done);
  void answer_waiters(const std::function<bool(const Waiter&)>& concerned,
                      const std::function<Result<Outcome>(const Waiter&)>& answer);
  void expire_waiters();
  Result<void> begin(const std::string& target);  // initiate its child
  [[nodiscard]] std::optional<ike::ChildHandle> child_in_use(const std::string& target) const;

  // gateway_users.cpp
  [[nodiscard]] Result<void> may_have(const std::string& target) const;
  void follow_user(const std::string& user);
  void start_child(const std::string& target);  // unless it is up or under way
  void start_children_of_users(const policy::Policy& policy);
  void renew_children_of_users(const policy::Policy& policy);
  void end_sa(const InstalledSa& sa);
  void send_by_another_than(const InstalledSa& gone);
  void renew_of_another_class();
  void follow_clock();  // gateway_windows.cpp

  // gateway_policies.cpp
  Result<void> check(const policy::Policy& policy) const;
  Result<void> put_in_force(std::vector<policy::Policy> policies);
  // One change at a time, in the order in which they are asked for: put in force, then stored, and only then done. What
  // cannot be stored is taken back.
  using Edit = std::function<Result<std::vector<policy::Policy>>(std::vector<policy::Policy>)>;
  void change_policies(Edit edit, std::function<void(Result<void>)> done);
  void next_change();
  void end_change(Result<void> changed);
  Result<void> tell_engine(const std::vector<policy::Policy>& policies);
  [[nodiscard]] std::map<std::string, bool> acquiring(const std::vector<policy::Policy>& policies) const;
  [[nodiscard]] SaOptions options_of(const std::string& connection, const std::string& child) const;
  [[nodiscard]] StartAction start_action(const policy::Policy& policy) const;
  void end_orphans();
  void connect_added(const policy::Policy& policy, const OnOutcome& done);
  void finish_replacement(const policy::Policy& policy, Result<Outcome> negotiated, const OnOutcome& done);
  [[nodiscard]] std::string connected_sentence(const std::string& target) const;

  boost::asio::io_context& io_;
  Config config_;
  driver::Card& card_;
  WallClock clock_;
  driver::CardControl control_;
  std::unique_ptr<ExceptionPath> exceptions_;
  Netlink netlink_;
  std::unique_ptr<Memory> memory_;
  bool adopted_ = false;
  boost::asio::posix::stream_descriptor kernel_notices_;
  boost::asio::steady_timer housekeeping_;
  std::unique_ptr<CardKeeper> keeper_;
  std::unique_ptr<Principals> principals_;
  std::unique_ptr<Dialogue> dialogue_;
  std::unique_ptr<IkePort> ike_;
  KeyLog key_log_;
  std::map<std::string, ike::Connection> told_;  // connections as the engine knows them
  std::list<Waiter> waiters_;
  std::map<std::string, Time> under_way_;   // targets that are being negotiated for waiting packets, since when
  std::map<std::string, Time> not_before_;  // targets that failed: when packets may ask again
  Time started_ = std::chrono::steady_clock::now();
  Time neighbours_kept_ = started_;
  std::function<void(const IpAddress&)> on_tag_rejected_;
  Time refusal_told_{};
  std::uint64_t refusals_untold_ = 0;
  bool replacing_ = false;  // one replacement at a time
  struct Change {
    Edit edit;
    std::function<void(Result<void>)> done;
  };
  std::deque<Change> changes_;  // the first is under way
};

}  // namespace sallyport::gateway
