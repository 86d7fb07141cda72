// SPDX-License-Identifier: Apache-2.0
// What the gateway has put into the card: SAs, policies, routes. One writer, one image, one commit a change.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "driver/sa/sa_table.hpp"
#include "driver/tables/table_session.hpp"
#include "driver/tables/tag_keys.hpp"
#include "host/gateway/config.hpp"
#include "host/gateway/forwarding.hpp"
#include "host/ike/action.hpp"
#include "host/ike/engine.hpp"
#include "host/policy/inbound_class.hpp"
#include "host/policy/spd.hpp"

namespace sallyport::gateway {

// A pair of SAs on the card. No keys: those are on the card alone.
struct InstalledSa {
  std::string target;           // policy::Policy::target() of the policies it serves, or policy::target_of_user() of it
  ike::ChildHandle child{};     // zero for a manual SA
  std::string typed_in;         // of a manual SA: the digest of its words in the configuration; else empty
  std::uint16_t policy_id = 0;  // that an inbound rule carries whose packets it may bring
  Spi spi_in{};
  Spi spi_out{};
  std::uint16_t row = 0;      // of sa_out
  std::uint8_t next_hop = 0;  // row of next_hop that leads to the peer
  bool sending = false;       // the outbound rules point here
  Protocol protocol = Protocol::kEsp;
  Mode mode = Mode::kTunnel;
  std::string algorithm;  // "aes128gcm16"
  bool esn = false;
  std::uint32_t replay_window = driver::kDefaultReplayWindow;
  IpAddress local;
  IpAddress remote;
  std::optional<UdpEncap> encap;
  policy::Reach reach;
  std::chrono::system_clock::time_point installed;
};

// Stores what a restarted daemon needs to take a running card over. The generation says which image a card holds.
class CardJournal {
 public:
  virtual ~CardJournal() = default;
  // Before the flip to `generation`.
  virtual Result<void> about_to_open(std::uint32_t generation, const driver::TableImage& image) = 0;
  virtual Result<void> policy_ids_changed(const std::map<std::string, std::uint16_t>& ids) = 0;
  virtual Result<void> sa_installed(const InstalledSa& sa) = 0;
  virtual Result<void> sa_changed(const InstalledSa& sa) = 0;
  virtual Result<void> sa_removed(Spi spi_in) = 0;
};

// What a journal remembers of the card.
struct Remembered {
  driver::TableImage image;
  std::vector<InstalledSa> sas;
  std::map<std::string, std::uint16_t> policy_ids;
};

// What a held packet waits for: an SA of the policy with this number, where users have their own that of this
// principal.
struct WaitsForSa {
  std::uint16_t policy_id = 0;
  std::uint16_t principal = 0;
  friend std::strong_ordering operator<=>(const WaitsForSa&, const WaitsForSa&) = default;
};

class CardKeeper final : public ike::SpiAllocator {
 public:
  // A card that has never been used, or whose SAs may be forgotten: these are wiped, and everything is dropped until
  // the first commit. `journal` may be null: then nothing survives.
  static Result<std::unique_ptr<CardKeeper>> start(driver::Card& card, Forwarding forwarding, CardJournal* journal);
  // A running card as it was left. The next call must be keep_users(); nothing more is touched before the next commit.
  static Result<std::unique_ptr<CardKeeper>> adopt(driver::Card& card, Forwarding forwarding, CardJournal* journal,
                                                   Remembered remembered);

  // ---- policies: in force with the next commit
  // `acquiring`: targets whose packets, without an SA, ask the host for one.
  void set_policies(std::vector<policy::Policy> policies, const std::map<std::string, bool>& acquiring);
  // In force at once. What the card does not take leaves those before as they were, their numbers too.
  Result<void> replace_policies(std::vector<policy::Policy> policies, const std::map<std::string, bool>& acquiring);
  [[nodiscard]] const std::vector<policy::Policy>& policies() const { return policies_; }
  [[nodiscard]] const policy::Spd& spd() const { return spd_; }  // as committed last
  // All of them, and what the card is given for some, were these users on line.
  [[nodiscard]] std::vector<policy::NumberedPolicy> numbered();
  [[nodiscard]] policy::Spd compile(const std::vector<policy::NumberedPolicy>& policies,
                                    const policy::UsersOnLine& users) {
    return compile(policies, users, front_rules_fit_);
  }
  // What the clock shows: with the next commit only the policies are in force that hold then.
  void set_week_minute(policy::WeekMinute now) { week_minute_ = now; }
  [[nodiscard]] policy::WeekMinute week_minute() const { return week_minute_; }
  [[nodiscard]] bool holds(const policy::Policy& policy) const { return policy.when.contains(week_minute_); }
  // What the SAs belong to that such a packet waits for.
  [[nodiscard]] std::optional<std::string> target_of(const WaitsForSa& packet) const;
  // A policy that holds leads to it; when it is of one user's own, the policy is for that user, who is logged in.
  [[nodiscard]] bool wants(const std::string& target) const;
  // Whether there are rules enough on the card for an SA of one user's own. kFull.
  [[nodiscard]] Result<void> has_room_for(const std::string& target);
  // Those by which each user has an SA of their own.
  [[nodiscard]] std::vector<const policy::Policy*> per_user_policies() const;
  // Else the number is that of a policy's own rules.
  [[nodiscard]] static bool is_of_sas(const std::string& target) { return !target.starts_with("policy/"); }
  [[nodiscard]] const std::map<std::string, std::uint16_t>& policy_ids() const { return ids_; }

  // ---- users: in force with the next commit
  // `addresses`: of the computers whose packets are one user's, with the user's principal. Who is on line at others is
  // known by tags.
  using Addresses = std::map<layout::Address, std::uint16_t>;
  // On an adopted card: nobody but these is anybody, at once, and of no other session is a tag known. Users of before
  // who are not among them are gone before anything else is done.
  Result<void> keep_users(policy::UsersOnLine users, Addresses addresses, const std::vector<std::uint32_t>& tags);
  // The SAs of who is gone send no more, whoever is given their number.
  void set_users(policy::UsersOnLine users, Addresses addresses);
  [[nodiscard]] driver::TagKeys& tag_keys() { return tag_keys_; }  // in force at once
  [[nodiscard]] const policy::UsersOnLine& users() const { return users_; }

  // ---- rules in front of policies, each owner's: in force with the next commit. They cost nobody else anything: where
  // the card has no room for them, a commit goes without them, and without telling users.
  void set_front_rules(const std::string& owner, std::vector<policy::FrontRule> rules);
  // The policy that gave a packet to the host to speak with its user; null: it is another's, or waits for an SA.
  [[nodiscard]] const policy::Policy* speaking(std::uint16_t policy_id) const;
  [[nodiscard]] bool front_rules_fit() const { return front_rules_fit_; }  // as committed last

  // ---- SAs
  Result<Spi> allocate() override;
  void release(Spi spi) override;
  // Both directions into free rows; packets under spi_in are accepted after the next commit. `typed_in`: as in
  // InstalledSa; then the SPI is the administrator's, not from allocate().
  Result<void> install(const std::string& target, ike::ChildHandle child, const SaParameters& sa,
                       const SaOptions& options, const std::string& typed_in = {});
  // Its child is unknown to IKE from now on: it goes on until another serves its target.
  void disown(Spi spi_in);
  void use_outbound(Spi spi_in);  // with the next commit; the target's others stop sending
  void stop_sending(Spi spi_in);  // with the next commit; it is received by as before
  // By target, an SA that waits to succeed the one that sends: until then what opens a TCP connection comes to the
  // host, and front rules may lead to it. With the next commit.
  void set_successors(std::map<std::string, Spi> successors) { successors_ = std::move(successors); }
  [[nodiscard]] const InstalledSa* successor_of(const std::string& target) const;  // null: none waits
  // What the card or the journal did not let go is gone for everybody else, and tried again by every commit.
  Result<void> remove(Spi spi_in);
  [[nodiscard]] bool is_removing() const { return !going_.empty(); }
  [[nodiscard]] const std::vector<InstalledSa>& sas() const { return sas_; }
  [[nodiscard]] const InstalledSa* find(ike::ChildHandle child) const;
  [[nodiscard]] const InstalledSa* sending_for(const std::string& target) const;
  // Made before policies changed that the peer may confuse: what their successors will bring may be accepted by more.
  [[nodiscard]] std::vector<ike::ChildHandle> of_another_class() const;
  [[nodiscard]] const InstalledSa* by_row(bool outbound, std::uint16_t row, std::uint32_t spi) const;
  Result<driver::OutboundState> outbound_state(const InstalledSa& sa) { return sa_table_.outbound_state(sa.row); }
  Result<driver::InboundState> inbound_state(const InstalledSa& sa) {
    return sa_table_.inbound_state(static_cast<std::uint32_t>(sa.spi_in));
  }

  // ---- forwarding
  [[nodiscard]] Forwarding& forwarding() { return forwarding_; }
  // Of the tables in force.
  [[nodiscard]] std::vector<KernelNeighbour> neighbours() const {
    return forwarding_.neighbours_of(session_.current());
  }

  // Everything that was asked for, at one packet boundary; nothing at all when it does not fit. No change, no commit.
  Result<void> commit();
  // Where nobody waits for the outcome: what fails is logged, and a part of the next commit.
  void commit_or_log();
  // Waits until every packet that is inside now has left.
  Result<void> flush();
  [[nodiscard]] std::uint32_t generation() const { return session_.generation(); }

 private:
  CardKeeper(driver::Card& card, driver::TableSession session, Forwarding forwarding, CardJournal* journal,
             std::uint32_t hash_seed);

  // An SA that is being removed, and what of it may still be on the card.
  struct Going {
    InstalledSa sa;
    bool sends = true;
    bool receives = true;
  };
  struct Tables {
    policy::Spd spd;
    driver::TableImage image;
  };
  Result<Tables> tables(bool with_front_rules);
  Result<void> put_in_force();      // what commit() says
  Result<void> finish_removals();   // of what no rule points to any more; the last error
  Result<void> finish(Going& one);  // all that is left to do
  [[nodiscard]] std::vector<policy::FrontRule> front_rules() const;
  [[nodiscard]] std::vector<policy::NumberedPolicy> in_force();
  policy::Spd compile(const std::vector<policy::NumberedPolicy>& policies, const policy::UsersOnLine& users,
                      bool with_front_rules);
  Result<void> open(const driver::TableImage& image);     // where it differs from what is in force
  Result<void> flip_to(const driver::TableImage& image);  // told to the journal first
  [[nodiscard]] std::map<std::string, policy::TargetState> target_states();
  std::uint16_t policy_id(const std::string& key);
  void number_classes();
  [[nodiscard]] const policy::Policy* per_user(const std::string& target) const;
  // Its packets that the WAN is too small for are fragmented once they are protected, whatever its options say.
  [[nodiscard]] bool must_stay_whole(const InstalledSa& sa) const;
  // Selectors of either end, as policies make use of the SA.
  [[nodiscard]] TrafficSelectors carried_by(const InstalledSa& sa) const;
  void stop_sending(InstalledSa& sa);
  void journal(const InstalledSa& changed);
  void know_users(policy::UsersOnLine users, Addresses addresses);
  std::vector<InstalledSa>::iterator find_inbound(Spi spi_in);

  driver::TableSession session_;
  driver::SaTable sa_table_;
  driver::TagKeys tag_keys_;
  Forwarding forwarding_;
  CardJournal* journal_;
  std::vector<policy::Policy> policies_;
  std::map<std::string, std::vector<std::size_t>> by_target_;  // policies that protect
  std::map<std::string, std::size_t> per_user_;                // by target, the policy
  std::vector<policy::InboundClass> classes_;
  std::map<std::string, std::uint16_t> inbound_ids_;  // of classes, by target
  std::map<std::string, bool> acquiring_;
  std::map<std::string, std::uint16_t> ids_;
  std::map<std::string, std::uint16_t> stored_ids_;
  std::set<Spi> reserved_;  // from allocate(), not installed yet
  std::vector<InstalledSa> sas_;
  std::vector<Going> going_;
  std::map<std::string, Spi> successors_;  // by target
  policy::UsersOnLine users_;
  std::map<std::uint16_t, std::string> names_;  // of principals
  Addresses addresses_;
  std::map<std::string, std::vector<policy::FrontRule>> front_rules_;  // by owner
  bool front_rules_fit_ = true;
  policy::WeekMinute week_minute_ = policy::week_minute(std::chrono::system_clock::now());
  std::uint32_t hash_seed_;  // of the principal table
  policy::Spd spd_;
};

}  // namespace sallyport::gateway
