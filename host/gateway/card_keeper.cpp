// SPDX-License-Identifier: Apache-2.0
// What the gateway has put into the card.
#include "host/gateway/card_keeper.hpp"

#include <algorithm>
#include <random>
#include <set>

#include "driver/control/card_control.hpp"
#include "driver/tables/principal_compiler.hpp"
#include "host/gateway/ip_frames.hpp"
#include "host/gateway/sa_overhead.hpp"
#include "host/gateway/sa_protection.hpp"
#include "host/ipsec/proposal.hpp"

namespace sallyport::gateway {
namespace {

std::uint32_t number(Spi spi) { return static_cast<std::uint32_t>(spi); }

// RFC 8200 8.1: UDP over IPv6 has a checksum, which the card does not write (docs/decisions/udp-over-ipv6.md).
template <class Sa>
Peer peer_of(const Sa& sa) {
  return {sa.remote.number(), sa.encap.has_value() && !sa.remote.is_v4()};
}

}  // namespace

CardKeeper::CardKeeper(driver::Card& card, driver::TableSession session, Forwarding forwarding, CardJournal* journal,
                       std::uint32_t hash_seed)
    : session_(std::move(session)),
      sa_table_(card, session_),
      tag_keys_(session_.loader()),
      forwarding_(std::move(forwarding)),
      journal_(journal),
      hash_seed_(hash_seed) {}

Result<std::unique_ptr<CardKeeper>> CardKeeper::start(driver::Card& card, Forwarding forwarding, CardJournal* journal) {
  auto control = driver::CardControl::open(card);
  if (!control) return control.error();
  if (auto wiped = control->wipe_sas(); !wiped) return wiped.error();
  auto status = control->status();
  if (!status) return status.error();
  // Nobody outside knows which addresses share buckets.
  const std::uint32_t seed = std::random_device{}();
  if (auto set = control->set_hash_seed(seed); !set) return set.error();
  auto session = status->generation == 0 ? driver::TableSession::fresh(card) : driver::TableSession::take_over(card);
  if (!session) return session.error();
  return std::unique_ptr<CardKeeper>(new CardKeeper(card, std::move(*session), std::move(forwarding), journal, seed));
}

Result<std::unique_ptr<CardKeeper>> CardKeeper::adopt(driver::Card& card, Forwarding forwarding, CardJournal* journal,
                                                      Remembered remembered) {
  auto control = driver::CardControl::open(card);
  if (!control) return control.error();
  auto seed = control->hash_seed();
  if (!seed) return seed.error();
  auto session = driver::TableSession::adopt(card, remembered.image);
  if (!session) return session.error();
  std::unique_ptr<CardKeeper> keeper(new CardKeeper(card, std::move(*session), std::move(forwarding), journal, *seed));
  std::vector<std::uint16_t> rows;
  std::vector<std::uint32_t> spis;
  for (const InstalledSa& sa : remembered.sas) {
    rows.push_back(sa.row);
    spis.push_back(number(sa.spi_in));
    keeper->forwarding_.adopt_peer(peer_of(sa), sa.next_hop, remembered.image);
  }
  keeper->ids_ = std::move(remembered.policy_ids);
  keeper->stored_ids_ = keeper->ids_;
  if (auto adopted = keeper->sa_table_.adopt(rows, spis); !adopted) return adopted.error();
  keeper->sas_ = std::move(remembered.sas);
  return keeper;
}

// ---- policies ------------------------------------------------------------------------------------------------------

std::uint16_t CardKeeper::policy_id(const std::string& key) {
  if (const auto found = ids_.find(key); found != ids_.end()) return found->second;
  std::set<std::uint16_t> taken;
  for (const auto& [name, id] : ids_) taken.insert(id);
  for (const auto& [name, id] : inbound_ids_) taken.insert(id);
  for (const InstalledSa& sa : sas_) taken.insert(sa.policy_id);
  for (const Going& one : going_) taken.insert(one.sa.policy_id);
  std::uint16_t id = 1;  // 0 is "no policy" in descriptors
  while (taken.contains(id)) ++id;
  ids_[key] = id;
  return id;
}

void CardKeeper::set_policies(std::vector<policy::Policy> policies, const std::map<std::string, bool>& acquiring) {
  policies_ = std::move(policies);
  acquiring_ = acquiring;
  // A number stays with its target while there are SAs of it.
  std::set<std::string> used;
  for (const auto& p : policies_) {
    if (p.may_protect()) used.insert(p.target());
    if (p.does() != policy::Action::kProtect) used.insert("policy/" + p.name);
  }
  for (const auto& sa : sas_) used.insert(policy::split_target(sa.target).target);
  std::erase_if(ids_, [&](const auto& entry) { return !used.contains(entry.first); });
  for (const auto& key : used) policy_id(key);
  by_target_.clear();
  per_user_.clear();
  for (std::size_t i = 0; i < policies_.size(); ++i) {
    if (policies_[i].may_protect()) by_target_[policies_[i].target()].push_back(i);
    if (policies_[i].sa_per_user()) per_user_[policies_[i].target()] = i;
  }
  classes_ = policy::inbound_classes(policies_);
  number_classes();
}

Result<void> CardKeeper::replace_policies(std::vector<policy::Policy> policies,
                                          const std::map<std::string, bool>& acquiring) {
  auto policies_before = policies_;
  const auto acquiring_before = acquiring_;
  auto ids_before = ids_;
  set_policies(std::move(policies), acquiring);
  auto committed = commit();
  if (!committed) {
    ids_ = std::move(ids_before);  // the card still has them
    set_policies(std::move(policies_before), acquiring_before);
  }
  return committed;
}

void CardKeeper::number_classes() {
  std::vector<policy::NumberedSa> carried;
  const auto carries = [&](const InstalledSa& sa) {
    carried.push_back({policy::split_target(sa.target).target, sa.policy_id});
  };
  for (const InstalledSa& sa : sas_) carries(sa);
  for (const Going& one : going_) carries(one.sa);
  inbound_ids_ = policy::inbound_ids(classes_, ids_, carried);
}

std::optional<std::string> CardKeeper::target_of(const WaitsForSa& packet) const {
  const auto found =
      std::find_if(ids_.begin(), ids_.end(), [&](const auto& entry) { return entry.second == packet.policy_id; });
  if (found == ids_.end()) return std::nullopt;
  if (per_user(found->first) == nullptr) return found->first;
  const auto user = names_.find(packet.principal);
  if (user == names_.end()) return std::nullopt;  // logged out in the meantime
  return policy::target_of_user(found->first, user->second);
}

const policy::Policy* CardKeeper::per_user(const std::string& target) const {
  const auto found = per_user_.find(target);
  return found == per_user_.end() ? nullptr : &policies_[found->second];
}

bool CardKeeper::wants(const std::string& target) const {
  const auto [of_policy, user] = policy::split_target(target);
  const auto found = by_target_.find(of_policy);
  if (found == by_target_.end()) return false;
  const auto one = users_.find(user);
  return std::any_of(found->second.begin(), found->second.end(), [&](std::size_t i) {
    const policy::Policy& p = policies_[i];
    if (user.empty()) return holds(p);
    return holds(p) && p.sa_per_user() && one != users_.end() && policy::means(p, user, one->second);
  });
}

Result<void> CardKeeper::has_room_for(const std::string& target) {
  if (sending_for(target) != nullptr) return {};
  const auto [of_policy, user] = policy::split_target(target);
  const policy::Policy* policy = per_user(of_policy);
  if (policy == nullptr) return {};
  auto states = target_states();
  states.at(of_policy).of_users[user] = {0, {policy->local_ts(), policy->remote_ts()}};
  if (policy::compile(in_force(), states, users_, {}, false).outbound.size() <= layout::kSpdRules) return {};
  return Error{Errc::kFull, "an SA of '" + user + "' alone takes a rule of the card, and its " +
                                std::to_string(layout::kSpdRules) +
                                " are in use; have policies with shared = \"yes\", or fewer users on line"};
}

std::vector<const policy::Policy*> CardKeeper::per_user_policies() const {
  std::vector<const policy::Policy*> policies;
  for (const auto& [target, number] : per_user_) policies.push_back(&policies_[number]);
  return policies;
}

void CardKeeper::know_users(policy::UsersOnLine users, Addresses addresses) {
  users_ = std::move(users);
  addresses_ = std::move(addresses);
  names_.clear();
  for (const auto& [name, one] : users_) names_[one.principal] = name;
}

Result<void> CardKeeper::keep_users(policy::UsersOnLine users, Addresses addresses,
                                    const std::vector<std::uint32_t>& tags) {
  know_users(std::move(users), std::move(addresses));
  if (auto r = tag_keys_.adopt(tags); !r) return r;
  driver::TableImage image = session_.current();
  if (auto r = driver::compile_principals(addresses_, hash_seed_, image); !r) return r;
  return open(image);
}

void CardKeeper::set_users(policy::UsersOnLine users, Addresses addresses) {
  know_users(std::move(users), std::move(addresses));
  for (InstalledSa& sa : sas_) {
    if (!policy::split_target(sa.target).user.empty() && !wants(sa.target)) stop_sending(sa);
  }
}

const policy::Policy* CardKeeper::speaking(std::uint16_t policy_id) const {
  const auto name = target_of({policy_id, 0});
  const auto found = std::find_if(policies_.begin(), policies_.end(), [&](const policy::Policy& p) {
    return p.speaks_to_users() && name == "policy/" + p.name;
  });
  return found == policies_.end() ? nullptr : &*found;
}

void CardKeeper::set_front_rules(const std::string& owner, std::vector<policy::FrontRule> rules) {
  front_rules_[owner] = std::move(rules);
}

std::map<std::string, policy::TargetState> CardKeeper::target_states() {
  number_classes();
  std::map<std::string, policy::TargetState> states;
  for (const auto& p : policies_) {
    if (!p.may_protect()) continue;
    auto& state = states[p.target()];
    state.policy_id = policy_id(p.target());
    state.inbound_id = inbound_ids_.at(p.target());
    const auto acquire = acquiring_.find(p.target());
    state.acquire = acquire != acquiring_.end() && acquire->second;
  }
  std::map<std::string, std::uint16_t> brought;  // by targets whose SAs are all of another class
  for (const InstalledSa& sa : sas_) {
    const auto [target, user] = policy::split_target(sa.target);
    const auto found = states.find(target);
    if (found == states.end()) continue;
    policy::TargetState& state = found->second;
    const bool first = state.accepting.empty();
    state.accepting.push_back(sa.reach);
    if (sa.policy_id == inbound_ids_.at(target)) {
      brought.erase(target);
    } else if (first || brought.contains(target)) {
      brought[target] = sa.policy_id;
    }
    // Where each user has their own, one for all is nobody's: the peer made it. And one of a user's own is nobody's
    // where all have one together.
    if (!sa.sending || user.empty() != (per_user(target) == nullptr)) continue;
    if (!user.empty()) {
      state.of_users[user] = {sa.row, sa.reach};
    } else {
      state.sa_index = sa.row;
      state.sending = sa.reach;
    }
  }
  for (auto& [target, state] : states) {
    if (const InstalledSa* sa = successor_of(target)) state.successor = {sa->row, sa->reach};
  }
  // They go on to bring what they brought until the first of their successors is there.
  for (const auto& [target, id] : brought) states.at(target).inbound_id = id;
  return states;
}

std::vector<ike::ChildHandle> CardKeeper::of_another_class() const {
  std::vector<ike::ChildHandle> children;
  for (const InstalledSa& sa : sas_) {
    const auto id = inbound_ids_.find(policy::split_target(sa.target).target);
    const bool other = id != inbound_ids_.end() && id->second != sa.policy_id;
    if (other && sa.sending && sa.child != ike::ChildHandle{}) children.push_back(sa.child);
  }
  return children;
}

void CardKeeper::journal(const InstalledSa& changed) {
  if (journal_ != nullptr) (void)journal_->sa_changed(changed);  // told by the next commit's own entry
}

// ---- SAs -----------------------------------------------------------------------------------------------------------

Result<Spi> CardKeeper::allocate() {
  auto spi = sa_table_.reserve_spi();
  if (!spi) return spi.error();
  return *reserved_.insert(Spi{*spi}).first;
}

void CardKeeper::release(Spi spi) {
  // What was installed is free once its row is wiped; the engine says both.
  if (reserved_.erase(spi) != 0) sa_table_.release_spi(number(spi));
}

std::vector<InstalledSa>::iterator CardKeeper::find_inbound(Spi spi_in) {
  return std::find_if(sas_.begin(), sas_.end(), [&](const InstalledSa& sa) { return sa.spi_in == spi_in; });
}

Result<void> CardKeeper::install(const std::string& target, ike::ChildHandle child, const SaParameters& sa,
                                 const SaOptions& options, const std::string& typed_in) {
  auto inbound = protection_of(sa.encryption, sa.integrity, sa.in);
  if (!inbound) return inbound.error();
  auto outbound = protection_of(sa.encryption, sa.integrity, sa.out);
  if (!outbound) return outbound.error();
  if (!typed_in.empty()) {
    if (auto claimed = sa_table_.claim_spi(number(sa.spi_in)); !claimed) return claimed;
  }
  InstalledSa made;
  made.target = target;
  made.child = child;
  made.typed_in = typed_in;
  const auto number_of_class = inbound_ids_.find(policy::split_target(target).target);
  made.policy_id =
      number_of_class == inbound_ids_.end() ? policy_id(policy::split_target(target).target) : number_of_class->second;
  made.spi_in = sa.spi_in;
  made.spi_out = sa.spi_out;
  made.protocol = sa.protocol;
  made.mode = sa.mode;
  made.algorithm = algorithm_of(sa);
  made.esn = sa.esn;
  made.replay_window = sa.replay_window;
  made.local = sa.local;
  made.remote = sa.remote;
  made.encap = sa.encap;
  made.reach = {sa.local_ts, sa.remote_ts};
  made.installed = std::chrono::system_clock::now();

  const Peer peer = peer_of(sa);
  auto next_hop = forwarding_.hold_peer(peer);
  if (!next_hop) return next_hop.error();

  driver::InboundSa in;
  in.spi = number(sa.spi_in);
  in.mode = sa.mode;
  in.protocol = card_protocol(sa.protocol);
  in.destination = sa.local.number();
  in.protection = std::move(*inbound);
  in.esn = sa.esn;
  in.replay_window = sa.replay_window;
  in.policy_id = made.policy_id;
  in.limits = options.limits;
  if (auto installed = sa_table_.install(in); !installed) {
    forwarding_.release_peer(peer);
    return installed;
  }
  reserved_.erase(sa.spi_in);
  driver::OutboundSa out;
  out.spi = number(sa.spi_out);
  out.mode = sa.mode;
  out.protocol = card_protocol(sa.protocol);
  out.source = sa.local.number();
  out.destination = sa.remote.number();
  out.protection = std::move(*outbound);
  out.esn = sa.esn;
  if (sa.encap) out.encap = driver::UdpPorts{sa.encap->local_port, sa.encap->remote_port};
  out.next_hop = *next_hop;
  out.policy_id = made.policy_id;
  out.limits = options.limits;
  out.df = options.df;
  out.dscp = options.dscp;
  out.ah_align8 = options.ah_align8;
  out.too_big = peer.by_host || must_stay_whole(made) ? layout::TooBig::kFragment : options.too_big;
  auto row = sa_table_.install(out);
  if (!row) {
    going_.push_back({.sa = std::move(made), .sends = false});
    (void)finish_removals();  // the error to tell is the first one
    return row.error();
  }
  made.row = *row;
  made.next_hop = *next_hop;
  sas_.push_back(made);
  return journal_ == nullptr ? Result<void>() : journal_->sa_installed(made);
}

// What is cut before it is protected has no ports but in its first piece, which policies that name some ask for. TCP
// needs no such care: its senders set DF, and send smaller segments once they are told. RFC 8200 5, RFC 2473 7.1: of
// IPv6 nobody need send less than 1280 bytes, whatever is told.
bool CardKeeper::must_stay_whole(const InstalledSa& sa) const {
  const bool ipv6_fits = largest_packet(sa, true, forwarding_.mtu_of(layout::Port::kWan)) >= kLeastMtuOfIpv6;
  return std::ranges::any_of(carried_by(sa), [&](const TrafficSelector& s) {
    if (!s.addresses.first.is_v4()) return !ipv6_fits;
    return sa.mode == Mode::kTunnel && !s.any_port() && s.protocol != driver::kProtocolTcp;
  });
}

TrafficSelectors CardKeeper::carried_by(const InstalledSa& sa) const {
  TrafficSelectors carried;
  const auto add = [&](const TrafficSelectors& some) { carried.insert(carried.end(), some.begin(), some.end()); };
  if (const auto found = by_target_.find(policy::split_target(sa.target).target); found != by_target_.end()) {
    for (const std::size_t i : found->second) {
      add(narrow(policies_[i].local_ts(), sa.reach.local));
      add(narrow(policies_[i].remote_ts(), sa.reach.remote));
    }
  }
  if (carried.empty()) {  // its policies are to come
    add(sa.reach.local);
    add(sa.reach.remote);
  }
  return carried;
}

void CardKeeper::disown(Spi spi_in) {
  if (const auto found = find_inbound(spi_in); found != sas_.end()) found->child = {};
}

void CardKeeper::use_outbound(Spi spi_in) {
  const auto chosen = find_inbound(spi_in);
  if (chosen == sas_.end()) return;
  for (InstalledSa& sa : sas_) {
    const bool sends = &sa == &*chosen;
    if (sa.target != chosen->target || sa.sending == sends) continue;
    sa.sending = sends;
    journal(sa);
  }
}

void CardKeeper::stop_sending(Spi spi_in) {
  if (const auto found = find_inbound(spi_in); found != sas_.end()) stop_sending(*found);
}

void CardKeeper::stop_sending(InstalledSa& sa) {
  if (!sa.sending) return;
  sa.sending = false;
  journal(sa);
}

Result<void> CardKeeper::remove(Spi spi_in) {
  const auto found = find_inbound(spi_in);
  if (found == sas_.end()) return Error{Errc::kNotFound, "no SA has the SPI " + to_string(spi_in)};
  Going gone{.sa = std::move(*found)};
  sas_.erase(found);
  // First no rule points to it any more, then the packets that were admitted before leave, then its rows go.
  const auto committed = put_in_force();
  going_.push_back(std::move(gone));
  return committed ? finish_removals() : committed;
}

Result<void> CardKeeper::finish_removals() {
  Result<void> done;
  for (auto one = going_.begin(); one != going_.end();) {
    if (const auto finished = finish(*one); finished) {
      one = going_.erase(one);
    } else {
      done = finished;
      ++one;
    }
  }
  return done;
}

Result<void> CardKeeper::finish(Going& one) {
  if (one.sends) {
    if (auto r = sa_table_.retire_outbound(one.sa.row); !r) return r;
    one.sends = false;
  }
  if (one.receives) {
    if (auto r = sa_table_.retire_inbound(number(one.sa.spi_in)); !r) return r;
    forwarding_.release_peer(peer_of(one.sa));
    one.receives = false;
  }
  return journal_ == nullptr ? Result<void>() : journal_->sa_removed(one.sa.spi_in);
}

const InstalledSa* CardKeeper::find(ike::ChildHandle child) const {
  const auto found = std::find_if(sas_.begin(), sas_.end(), [&](const InstalledSa& sa) { return sa.child == child; });
  return found == sas_.end() ? nullptr : &*found;
}

const InstalledSa* CardKeeper::sending_for(const std::string& target) const {
  const auto found =
      std::find_if(sas_.begin(), sas_.end(), [&](const InstalledSa& sa) { return sa.sending && sa.target == target; });
  return found == sas_.end() ? nullptr : &*found;
}

const InstalledSa* CardKeeper::successor_of(const std::string& target) const {
  const auto named = successors_.find(target);
  if (named == successors_.end()) return nullptr;
  const auto found = std::find_if(sas_.begin(), sas_.end(), [&](const InstalledSa& sa) {
    return sa.spi_in == named->second && sa.target == target && !sa.sending;
  });
  return found == sas_.end() ? nullptr : &*found;
}

const InstalledSa* CardKeeper::by_row(bool outbound, std::uint16_t row, std::uint32_t spi) const {
  const auto found = std::find_if(sas_.begin(), sas_.end(), [&](const InstalledSa& sa) {
    return outbound ? sa.row == row && number(sa.spi_out) == spi : number(sa.spi_in) == spi;
  });
  return found == sas_.end() ? nullptr : &*found;
}

// ---- commit --------------------------------------------------------------------------------------------------------

std::vector<policy::NumberedPolicy> CardKeeper::numbered() {
  std::vector<policy::NumberedPolicy> all;
  for (const auto& p : policies_) {
    all.push_back({p, policy_id(p.does() == policy::Action::kProtect ? p.target() : "policy/" + p.name)});
  }
  return all;
}

std::vector<policy::NumberedPolicy> CardKeeper::in_force() {
  auto policies = numbered();
  std::erase_if(policies, [this](const auto& numbered) { return !holds(numbered.policy); });
  return policies;
}

std::vector<policy::FrontRule> CardKeeper::front_rules() const {
  std::vector<policy::FrontRule> all;
  for (const auto& [owner, rules] : front_rules_) all.insert(all.end(), rules.begin(), rules.end());
  return all;
}

policy::Spd CardKeeper::compile(const std::vector<policy::NumberedPolicy>& policies, const policy::UsersOnLine& users,
                                bool with_front_rules) {
  if (!with_front_rules) return policy::compile(policies, target_states(), users, {}, false);
  return policy::compile(policies, target_states(), users, front_rules(), true);
}

void CardKeeper::commit_or_log() {
  if (const auto r = commit(); !r) log::error("tables.not_committed", {{"why", r.error().detail}});
}

Result<void> CardKeeper::commit() {
  if (auto r = put_in_force(); !r) return r;
  if (const auto r = finish_removals(); !r) log::error("sa.not_removed", {{"why", r.error().detail}});
  return {};
}

Result<void> CardKeeper::put_in_force() {
  auto made = tables(true);
  const bool full = !made && made.error().code == Errc::kFull;
  if (full) {
    const Error why = made.error();
    made = tables(false);
    if (made && front_rules_fit_) log::warning("front_rules.full", {{"why", why.detail}});
  }
  if (!made) return made.error();
  if (auto r = open(made->image); !r) return r;
  forwarding_.committed();
  front_rules_fit_ = !full;
  spd_ = std::move(made->spd);
  return sa_table_.reclaim();
}

Result<CardKeeper::Tables> CardKeeper::tables(bool with_front_rules) {
  policy::Spd spd = compile(in_force(), users_, with_front_rules);
  driver::TableImage image = session_.current();
  if (auto r = driver::compile_spd(driver::Direction::kOutbound, spd.outbound, image); !r) return r.error();
  if (auto r = driver::compile_spd(driver::Direction::kInbound, spd.inbound, image); !r) return r.error();
  if (auto r = driver::compile_principals(addresses_, hash_seed_, image); !r) return r.error();
  if (auto r = forwarding_.write(image); !r) return r.error();
  return Tables{std::move(spd), std::move(image)};
}

Result<void> CardKeeper::open(const driver::TableImage& image) {
  return image == session_.current() ? Result<void>() : flip_to(image);
}

Result<void> CardKeeper::flush() {
  if (auto flipped = flip_to(session_.current()); !flipped) return flipped;
  return session_.drain();
}

Result<void> CardKeeper::flip_to(const driver::TableImage& image) {
  if (journal_ != nullptr) {
    if (ids_ != stored_ids_) {
      if (auto r = journal_->policy_ids_changed(ids_); !r) return r;
      stored_ids_ = ids_;
    }
    if (auto r = journal_->about_to_open(session_.generation() + 1, image); !r) return r;
  }
  auto committed = session_.commit(image);
  if (!committed) return committed.error();
  log::debug("tables.committed", {{"generation", committed->generation}, {"rows", committed->rows}});
  return {};
}

}  // namespace sallyport::gateway
