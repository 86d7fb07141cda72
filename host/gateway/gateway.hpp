// SPDX-License-Identifier: Apache-2.0
// The gateway: card, kernel, IKE and policy put together on one loop. It never knows whether the card is real.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "driver/control/card_control.hpp"
#include "host/gateway/card_keeper.hpp"
#include "host/gateway/commits.hpp"
#include "host/gateway/config.hpp"
#include "host/gateway/dialogue.hpp"
#include "host/gateway/exception_path.hpp"
#include "host/gateway/ike_port.hpp"
#include "host/gateway/key_log.hpp"
#include "host/gateway/memory.hpp"
#include "host/gateway/netlink.hpp"
#include "host/gateway/principals.hpp"

namespace sallyport::gateway {

// What an initiation came to.
struct Outcome {
  bool connected = true;
  std::string sentence;  // for a person
};
using OnOutcome = std::function<void(Result<Outcome>)>;

// What must be negotiated before a policy can be in force.
enum class Need : std::uint8_t {
  kNothing,
  kSa,
  kReplacement,  // of an SA that old words brought, and that goes on meanwhile
};
// Whether the user of a session may still be here, or why not.
using Vouch = std::function<Result<void>(const users::Session&)>;

class Gateway {
 public:
  // Makes the TAP devices, brings the card up with the policies and manual SAs of `config`, enables it, and starts IKE.
  // A running card that the store of `config` knows is taken over as it is: its packets go on meanwhile, and so do the
  // sessions for whose users `vouch`, which may be empty, vouches. `card` outlives the gateway. Everything happens on
  // `io`'s thread.
  static Result<std::unique_ptr<Gateway>> start(boost::asio::io_context& io, Config config, driver::Card& card,
                                                WallClock clock = std::chrono::system_clock::now,
                                                const Vouch& vouch = {});
  ~Gateway();

  // For a backend in this process that knows when the card has something for us.
  void poll() { exceptions_->poll(); }

  // ---- policies, live
  [[nodiscard]] Commits& commits() { return *commits_; }
  // What is wrong with a policy, by itself and with what it refers to; and with one of a whole configuration.
  [[nodiscard]] Result<void> check(const policy::Policy& policy, const Levels& levels) const;
  [[nodiscard]] Result<void> check(const policy::Configuration& configuration) const;

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
  // Manual SAs that were not installed, by name, and why.
  [[nodiscard]] const std::map<std::string, std::string>& refused_sas() const { return refused_sas_; }
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
  friend class Commits;  // the part of it that changes policies
  using Time = std::chrono::steady_clock::time_point;

  // Somebody waits for a child to come up.
  struct Waiter {
    std::string target;
    Time deadline;
    OnOutcome done;
  };

  Gateway(boost::asio::io_context& io, Config config, driver::Card& card, WallClock clock, driver::CardControl control,
          std::unique_ptr<ExceptionPath> exceptions, Netlink netlink, std::unique_ptr<Memory> memory);
  Result<void> bring_up(const Vouch& vouch);
  Result<void> take_card(const Vouch& vouch);  // adopts it, or begins anew
  void make_principals();
  Result<void> configure_card();
  [[nodiscard]] UsersConfig::Tags tags() const;
  Result<void> restore_ike();  // after the policies are known to it
  void end_children_without_rows();
  void save_ike();
  void end_disowned(const std::string& target);  // SAs of a life before, once another serves their target

  // gateway.cpp: kernel
  Result<void> configure_side(const SideConfig& side, unsigned interface);
  void follow_kernel();
  void catch_up_with_kernel();
  Result<void> take_kernel_view();
  Result<void> remember_neighbours();
  void keep_neighbours_alive();
  void resolve(const Hop& hop);

  // gateway_ike.cpp
  void on_action(const ike::Action& action);
  void on_refused(const ike::PeerRefused& refused);
  void on_install(const ike::InstallSa& action);
  void on_use_outbound(const ike::UseOutbound& action);
  void on_up(ike::ChildHandle child);
  void on_remove(const ike::RemoveSa& action);
  void take_back(ike::ChildHandle child, const std::string& target, const Error& why);
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
  void renew(const InstalledSa& sa, OnOutcome done);
  [[nodiscard]] std::optional<ike::ChildHandle> child_in_use(const std::string& target) const;

  // gateway_sessions.cpp: those of the life before that go on
  Result<std::vector<SessionRecord>> sessions_that_go_on(const Vouch& vouch);
  [[nodiscard]] Result<void> may_go_on(const SessionRecord& record, const Vouch& vouch) const;

  // gateway_users.cpp
  [[nodiscard]] Result<void> may_have(const std::string& target) const;
  void follow_user(const std::string& user);
  void start_child(const std::string& target);  // unless it is under way, or up and known to IKE
  void start_children_of_users(const policy::Policy& policy);
  // Answers when each user has theirs, or says whose cannot be had: those are ended.
  void renew_children_of_users(const policy::Policy& policy, OnOutcome done);
  void end_sa(const InstalledSa& sa);
  void send_by_another_than(const InstalledSa& gone);
  void renew_of_another_class();
  [[nodiscard]] bool waits_with_old_words(const InstalledSa& sa) const;
  void follow_clock();  // gateway_windows.cpp
  void tell_of_windows();

  // gateway_policies.cpp
  Result<void> put_in_force(std::vector<policy::Policy> policies);
  Result<void> tell_engine(const std::vector<policy::Policy>& policies, const std::vector<policy::Policy>& beside);
  [[nodiscard]] std::map<std::string, bool> acquiring(const std::vector<policy::Policy>& policies) const;
  [[nodiscard]] SaOptions options_of(const std::string& connection, const std::string& child) const;
  [[nodiscard]] StartAction start_action(const policy::Policy& policy) const;
  void end_orphans();

  // gateway_manual.cpp
  Result<void> take_manual_sas();  // after the policies

  // gateway_prepared.cpp
  [[nodiscard]] bool is_under_way(const std::string& target) const { return under_way_.contains(target); }
  [[nodiscard]] Need need_of(const policy::Policy& policy) const;
  [[nodiscard]] bool is_by(ike::ChildHandle child, const policy::Policy& policy) const;  // negotiated
  [[nodiscard]] std::string exchanges_of(const policy::Policy& policy) const;
  [[nodiscard]] Outcome state_of(const policy::Policy& policy) const;
  [[nodiscard]] std::string connected_sentence(const std::string& target) const;
  void prepare(const std::string& target, OnOutcome done);  // by the words that the engine was told
  void on_prepared(const ike::ChildPrepared& action);
  [[nodiscard]] const InstalledSa* prepared_for(const std::string& target) const;
  [[nodiscard]] const InstalledSa* prepared_by(const policy::Policy& policy) const;  // by just these words
  [[nodiscard]] const policy::Policy* owner_of(const std::string& target) const;     // in force; null: none
  enum class Words : std::uint8_t { kInForce, kToCome, kPast };
  [[nodiscard]] Words words_of(const InstalledSa& sa) const;
  [[nodiscard]] const ike::ChildConfig* told_of(const policy::Policy& owner) const;  // null: the engine knows none
  void ask_anew(const InstalledSa& sa);
  void give_up_prepared(const std::string& target);
  void give_up_prepared_but(const std::set<std::string>& targets);
  void take_over(const std::string& target);
  void end_sa_of(const std::string& target);
  void end_at_once(const InstalledSa& sa);
  [[nodiscard]] std::vector<std::string> settle_prepared();
  [[nodiscard]] std::vector<InstalledSa> sas_of_other_words(const std::vector<policy::Policy>& policies) const;
  void renew_of_other_words();

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
  std::map<std::string, std::string> refused_sas_;
  std::map<std::string, ike::Connection> told_;  // connections as the engine knows them
  std::list<Waiter> waiters_;
  bool windows_changed_ = false;            // and IKE has not been told yet
  std::set<std::string> windows_begun_;     // policies, since then
  std::map<std::string, Time> under_way_;   // targets that are being negotiated for waiting packets, since when
  std::map<std::string, Time> not_before_;  // targets that failed: when packets may ask again
  Time started_ = std::chrono::steady_clock::now();
  Time neighbours_kept_ = started_;
  bool behind_kernel_ = false;  // a change is not in the card
  Time caught_up_ = started_;   // or tried to
  std::function<void(const IpAddress&)> on_tag_rejected_;
  Time refusal_told_{};
  std::uint64_t refusals_untold_ = 0;
  std::map<std::string, ike::ChildHandle> prepared_;    // by target
  std::map<ike::ChildHandle, ike::ChildConfig> words_;  // that a child was negotiated by
  std::unique_ptr<Commits> commits_;
};

}  // namespace sallyport::gateway
