// SPDX-License-Identifier: Apache-2.0
#include "tests/histories/history.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <deque>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>

#include "host/base/log.hpp"
#include "tests/histories/gateway_world.hpp"

namespace sallyport::histories {
namespace {

namespace json = boost::json;

constexpr std::uint32_t kComputers[] = {0x0a01000a, 0x0a01000b, 0x0a01000c, 0x0a01000d};  // 10.1.0.10-13
constexpr std::uint32_t kRemotes[] = {0x0a02000a, 0x0a02000b, 0x0a020101, 0x0a030001,
                                      0xc6336401};  // 10.2, 10.3, 198.51
constexpr std::size_t kMostPolicies = 9;
constexpr std::size_t kMostSessions = 6;
constexpr std::size_t kMostOldTags = 8;
constexpr std::uint64_t kMostRemembered = 50;  // configurations back; the gateway keeps more
constexpr unsigned kProbes = 4;                // after an event
constexpr unsigned kProbesAtAFlip = 3;
constexpr auto kPatience = std::chrono::seconds(30);
constexpr std::uint64_t kProgress = 1000;  // events

class History {
 public:
  History(const Life& life, const std::filesystem::path& folder)
      : random_(life.seed), by_ike_(life.by_ike), world_(folder, life.log) {
    now_.groups = {{"alice", {"staff"}}, {"bob", {"staff", "guests"}}, {"carol", {"guests"}}, {"dave", {}}};
    world_.on_flip([this] { probe_at_flip(); });
    world_.on_late([this](const Probe& probe, const Fate& fate) { see_late(probe, fate); });
    world_.start();
  }

  void one_event(Told& told) {
    told_ = &told;
    before_ = after_ = now_;
    between_.clear();
    wanted_ = now_.policies;
    std::erase_if(renewed_, [&](const std::string& target) {
      return std::none_of(now_.pending.begin(), now_.pending.end(),
                          [&](const auto& entry) { return entry.second.target() == target; });
    });
    renewed_.merge(world_.being_renewed());
    const std::string kind = choose();
    world_.settle();
    now_ = after_;
    log::info("history.event", {{"number", told.events}, {"kind", kind}});
    compare_pending();
    ++told.events;
    ++told.by_kind[kind];
    for (unsigned i = 0; i < kProbes; ++i) probe();
    if (below(16) == 0) compare_policies();
  }

  // A line each.
  [[nodiscard]] std::string models() const {
    std::string text = "before " + json::serialize(histories::told(before_)) + "\n";
    for (const Model& one : between_) text += "between " + json::serialize(histories::told(one)) + "\n";
    return text + "after " + json::serialize(histories::told(after_)) + "\n";
  }

 private:
  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  template <class C>
  const auto& any_of(const C& all) {
    return all[below(std::size(all))];
  }

  // ---- events. Each says in after_ what it wants before it asks for it, and takes that back when it is refused.

  std::string choose() {
    const auto dice = below(100);
    if (dice < 22) return log_in();
    if (dice < 33) return log_out();
    if (dice < 35) return let_hours_pass();
    if (dice < 40) return answer();
    if (fallback_ && dice < 86) return while_unconfirmed();
    if (dice < 54) return add();
    if (dice < 64) return replace();
    if (dice < 74) return remove();
    if (dice < 86) return commit();
    if (dice < 92) return roll_back();
    if (dice < 95) return rekey();
    if (dice < 98) return refused();
    return dice == 98 ? kill() : reset_card();
  }

  std::string log_in() {
    static const std::vector<std::string> kUsers = {"alice", "bob", "carol", "dave"};
    if (now_.sessions.size() >= kMostSessions) return "none";
    const Session session{any_of(kComputers), any_of(kUsers), below(2) == 0};
    const SessionId id = ++last_session_;
    const bool another = std::any_of(now_.sessions.begin(), now_.sessions.end(), [&](const auto& entry) {
      const Session& other = entry.second;
      return !other.tagged && other.computer == session.computer && other.user != session.user;
    });
    if (another && !session.tagged) {
      if (world_.log_in(id, session, now_.groups.at(session.user))) differ("two users have one address");
      return "refused";
    }
    after_.sessions[id] = session;
    must(world_.log_in(id, session, now_.groups.at(session.user)), session.user + " logs in");
    return session.tagged ? "login, tagged" : "login";
  }

  std::string log_out() {
    if (now_.sessions.empty()) return "none";
    const auto gone = *std::next(now_.sessions.begin(), static_cast<long>(below(now_.sessions.size())));
    remember_tag(gone);
    after_.end(gone.first);
    between_ = {after_};  // its answers go before its tag does
    between_.front().sessions.insert(gone);
    world_.log_out(gone.first);
    return "logout";
  }

  std::string let_hours_pass() {
    after_.moment = below(kMoments.size());
    if (after_.moment == now_.moment) return "none";
    world_.set_clock(after_.moment);
    return "hours pass";
  }

  // Somebody sends what is asked about, and says what is to become of it.
  std::string answer() {
    std::vector<std::pair<SessionId, Probe>> asked;
    for (const auto& [id, session] : now_.sessions) {
      for (const std::uint32_t remote : kRemotes) {
        Probe probe{true, session.computer, remote};
        if (session.tagged) probe.mark = Mark{id, Mark::Kind::kRight};
        if (below(2) == 0) probe.tcp = Probe::Tcp{3000};
        if (now_.fate(probe) == "asks") asked.emplace_back(id, probe);
      }
    }
    if (asked.empty()) return "none";
    const auto& [id, probe] = any_of(asked);
    const Session& session = now_.sessions.at(id);
    const Policy& policy = *now_.decides(probe, {session.user});
    const auto question = world_.ask_for(id, probe);
    if (!question) return "none";  // they did not answer before, and are not asked for a while
    static const std::vector<std::string> kChoices = {"clear", "refuse", "protect"};
    const std::string choice = kChoices[below(policy.sa.empty() ? 2 : 3)];
    after_.answer(*question, {id, session.user, policy.name, probe.remote, probe.tcp.has_value(), choice});
    must(world_.answer(id, *question, choice), session.user + " answers");
    return "answer";
  }

  // Somebody may still have the tag of a session that is over.
  void remember_tag(const std::pair<const SessionId, Session>& over) {
    if (!over.second.tagged) return;
    old_tags_.push_back(over.first);
    if (old_tags_.size() > kMostOldTags) old_tags_.pop_front();
  }

  std::string add() { return edit_once(&History::add_to, "add"); }
  std::string replace() { return edit_once(&History::replace_in, "replace"); }
  std::string remove() { return edit_once(&History::remove_from, "delete"); }

  // Several edits of a candidate, which are one change when they are committed.
  std::string commit() {
    unsigned edits = 0;
    for (auto wanted = 1 + below(4); wanted > 0; --wanted) {
      const auto edit = std::vector{&History::add_to, &History::replace_in, &History::remove_from}[below(3)];
      if ((this->*edit)("candidate")) ++edits;
    }
    for (unsigned i = 0; i < kProbes; ++i) probe();  // nothing has changed yet
    if (edits == 0) return "none";
    if (same(now_.policies, wanted_)) {
      must(world_.ask("DELETE", {"candidate"}), "give the candidate up");
      return "none";
    }
    if (below(8) == 0 && now_.connects(wanted_)) return let_run_out();
    return put_in_force("commit", {});
  }

  std::string roll_back() {
    if (configurations_.empty()) return "none";
    const auto& [number, policies] =
        *std::next(configurations_.begin(), static_cast<long>(below(configurations_.size())));
    if (same(policies, now_.policies)) return "none";
    wanted_ = policies;
    return put_in_force("rollback", {{"number", static_cast<std::int64_t>(number)}});
  }

  // What is wanted; at times until it is confirmed.
  std::string put_in_force(const std::string& how, json::object body) {
    const bool until_confirmed = below(3) == 0;
    if (until_confirmed) body["confirm_s"] = 3600;
    const std::vector<Policy> confirmed = fallback_.value_or(now_.policies);
    const Outcome outcome = change("POST", {how}, body, false);
    if (outcome == Outcome::kDone && until_confirmed) fallback_ = confirmed;
    const bool leaves_candidate = how == "commit" && outcome != Outcome::kDone;
    if (leaves_candidate && (outcome == Outcome::kRefused || same(after_.policies, before_.policies))) {
      must(world_.ask("DELETE", {"candidate"}), "give the candidate up");
    }
    if (outcome == Outcome::kRefused) return "not connected";
    if (outcome == Outcome::kKilled) return "kill in a change";
    return how + (until_confirmed ? " --confirm" : "");
  }

  // An SA whose renewal the change has made due may come by the words that are back, and then these take over.
  std::string let_run_out() {
    want();
    const Model unconfirmed = after_;
    after_.come_back(now_.policies);
    const std::size_t first = between_.size();
    take_over_one_by_one([this](const Policy& old) { return comes_by_another_sa(old); });
    for (std::size_t i = first, end = between_.size(); i < end; ++i) {
      between_.push_back(between_[i].with_users_sas_of(unconfirmed));
    }
    between_.push_back(unconfirmed);
    const auto report = world_.commit_unconfirmed();
    must(report, "commit");
    world_.settle();
    remember(report->number);
    const std::map<std::string, Policy> pending = after_.pending;
    for (const auto& [name, old] : pending) {
      if (comes_by_another_sa(old) && !world_.pending().contains(name)) after_.take_over(name);
    }
    return "not confirmed";
  }

  std::string while_unconfirmed() {
    if (below(2) == 0) {
      must(world_.ask("POST", {"confirm"}), "confirm");
      fallback_.reset();
      return "confirm";
    }
    if (world_.ask("POST", {"policies"}, random_policy("x").words()))
      differ("a change was taken, and one is to be confirmed");
    return "refused";
  }

  using Edit = bool (History::*)(const std::string& of);

  std::string edit_once(Edit edit, const std::string& kind) { return (this->*edit)("policies") ? kind : "none"; }

  // Edits of what is wanted: of "policies", in force at once, or of the "candidate". False: there was nothing to do.
  bool add_to(const std::string& of) {
    if (wanted_.size() >= kMostPolicies) return false;
    const Policy policy = random_policy("p" + std::to_string(next_name_++));
    json::object body = policy.words();
    auto place = wanted_.end();
    if (!wanted_.empty() && below(3) != 0) {
      place = wanted_.begin() + static_cast<long>(below(wanted_.size()));
      body["before"] = place->name;
    }
    wanted_.insert(place, policy);
    edited("POST", {of}, body, true);
    return true;
  }

  bool replace_in(const std::string& of) {
    if (wanted_.empty()) return false;
    auto& old = wanted_[below(wanted_.size())];
    const json::object before = old.words();
    old = random_policy(old.name);
    if (old.words() == before) return false;
    edited("PUT", {of, old.name}, old.words(), false);
    return true;
  }

  bool remove_from(const std::string& of) {
    if (wanted_.empty()) return false;
    const auto gone = wanted_.begin() + static_cast<long>(below(wanted_.size()));
    const std::string name = gone->name;
    wanted_.erase(gone);
    edited("DELETE", {of, name}, nullptr, true);
    return true;
  }

  void edited(const std::string& method, const std::vector<std::string>& path, const json::value& body, bool at_once) {
    if (path[0] == "policies") {
      (void)change(method, path, body, at_once);
    } else {
      must(world_.ask(method, path, body), method + " " + json::serialize(body));
    }
  }

  void want() {
    after_.commit(wanted_, [&](const std::string& target) { return world_.algorithm(target).has_value(); });
    between_ = {after_.with_users_sas_of(now_)};
  }

  enum class Outcome : std::uint8_t { kDone, kRefused, kKilled };

  // Asks for what is wanted, all of it or nothing. `at_once`: whether or not it connects.
  Outcome change(const std::string& method, const std::vector<std::string>& path, const json::value& body,
                 bool at_once) {
    const std::string what = method + " " + path.back() + " " + json::serialize(body);
    log::info("history.change", {{"what", what}});
    const bool connects = at_once || now_.connects(wanted_);
    want();
    const auto newest = world_.newest_configuration();
    const bool peer_is_slow = below(12) == 0;
    world_.let_peer_hear(!peer_is_slow);
    const auto asked = world_.begin_to_ask(method, path, body);
    if (peer_is_slow) {
      world_.let_pass(std::chrono::milliseconds(3));
      probe_at_flip();
      world_.let_peer_hear(true);
      const bool until_confirmed = body.is_object() && body.as_object().contains("confirm_s");
      if (!until_confirmed && !fallback_ && below(2) == 0) {
        die_in_a_change(newest);
        return Outcome::kKilled;
      }
    }
    const auto answer = world_.wait_for(asked);
    if (connects) must(answer, what);
    const auto* committed = answer ? answer->as_object().if_contains("committed") : nullptr;
    const bool done = answer && (committed == nullptr || committed->as_bool());
    if (done != connects) differ(what + ": " + (answer ? json::serialize(*answer) : answer.error().detail));
    if (!done) {
      after_ = now_;
      return Outcome::kRefused;
    }
    fallback_.reset();
    remember(answer->at("number").to_number<std::uint64_t>());
    return Outcome::kDone;
  }

  // What is wanted has become a configuration of the history.
  void remember(std::uint64_t number) {
    configurations_[number] = wanted_;
    while (configurations_.begin()->first + kMostRemembered < configurations_.rbegin()->first) {
      configurations_.erase(configurations_.begin());
    }
  }

  // It is what it was, or what was asked for, as a whole.
  void die_in_a_change(std::uint32_t newest) {
    log::info("history.kill_in_a_change");
    world_.kill();
    Model as_it_was = before_;
    as_it_was.restart({});
    before_ = before_.with_nobody_known();
    between_ = {after_.with_nobody_known(), as_it_was};
    after_.restart({});
    start();
    if (world_.newest_configuration() == newest) {
      after_ = as_it_was;
    } else {
      remember(world_.newest_configuration());
    }
    wait_for_sas();
  }

  // By hand. A policy that is pending changes with its SA, unless that is the same by the new words.
  std::string rekey() {
    for (const Policy& p : now_.policies) {
      const auto old = now_.pending.find(p.name);
      const Policy& words = old == now_.pending.end() ? p : old->second;
      if (!words.by_ike() || !world_.algorithm(words.target()) || below(2) == 0) continue;
      if (p.proposal == kRefused) continue;
      if (p.by_ike() && !same_sa(p, words)) after_.take_over(p.name);
      log::info("history.rekey", {{"policy", p.name}});
      must(world_.ask("POST", {"rekey"}, {{"connection", "peer"}, {"child", p.name}}), "rekey " + p.name);
      world_.run_until("the replacement of " + p.name,
                       [&] { return world_.pending().contains(p.name) == after_.pending.contains(p.name); });
      return "rekey";
    }
    return "none";
  }

  static bool same(const std::vector<Policy>& a, const std::vector<Policy>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const Policy& x, const Policy& y) { return x.words() == y.words(); });
  }

  // Nothing comes of what cannot be.
  std::string refused() {
    static const json::value kWrong[] = {
        {{"name", "x"}, {"action", "protect"}, {"sa", "none such"}},
        {{"name", "x"}, {"action", "bypass"}, {"source", "10.1.0.300"}},
        {{"name", "x"}, {"action", "bypass"}, {"user", "alice"}, {"group", "staff"}},
        {{"name", "x"}, {"action", "bypass"}, {"before", "none such"}},
    };
    if (world_.ask("POST", {"policies"}, any_of(kWrong))) differ("a wrong policy was taken");
    if (!fallback_ && world_.ask("POST", {"confirm"})) differ("confirmed, and there was nothing to confirm");
    return "refused";
  }

  std::string kill() {
    log::info("history.kill");
    world_.kill();
    for (unsigned i = 0; i < kProbes; ++i) probe_without_daemon();
    start_anew();
    return "kill";
  }

  std::string reset_card() {
    log::info("history.card_reset");
    world_.kill();
    world_.reset_card();
    before_.policies.clear();  // until it is brought up, it lets nothing through
    before_.pending.clear();
    start_anew();
    return "card reset";
  }

  // Sessions end with the daemon that knew them, and so does the time to confirm.
  void start_anew() {
    before_ = before_.with_nobody_known();
    after_.restart(fallback_);
    without_lost_sas();
    fallback_.reset();
    start();
    wait_for_sas();
  }

  // A policy whose SA by IKE was lost need not wait for it.
  void without_lost_sas() {
    take_over_one_by_one([](const Policy& old) { return old.by_ike(); });
  }

  // Those that wait with these old words, or some of them.
  void take_over_one_by_one(const std::function<bool(const Policy& old)>& may) {
    const auto first = static_cast<std::ptrdiff_t>(between_.size());
    between_.push_back(after_);
    for (const auto& [name, old] : after_.pending) {
      if (!may(old)) continue;
      std::vector<Model> taken_over(between_.begin() + first, between_.end());
      for (Model& model : taken_over) model.take_over(name);
      between_.insert(between_.end(), taken_over.begin(), taken_over.end());
    }
  }

  // Whether the words that wait are for another SA of the same target.
  bool comes_by_another_sa(const Policy& old) const {
    const auto words = std::find_if(after_.policies.begin(), after_.policies.end(),
                                    [&](const Policy& p) { return p.name == old.name; });
    return words->by_ike() && old.by_ike() && !same_sa(*words, old);
  }

  void start() {
    for (const auto& session : now_.sessions) remember_tag(session);
    world_.start();
  }

  // SAs of words that do not hold any more are renewed; and what waited for one that is lost either has another or
  // waits no longer.
  void wait_for_sas() {
    world_.run_until("SAs of the words that hold", [&] {
      for (const Policy& p : after_.in_force()) {
        const auto algorithm = p.by_ike() ? world_.algorithm(p.target()) : std::nullopt;
        if (algorithm && *algorithm != p.proposal) return false;
      }
      return true;
    });
    const std::map<std::string, Policy> pending = after_.pending;
    for (const auto& [name, old] : pending) {
      const auto words =
          std::find_if(after_.policies.begin(), after_.policies.end(), [&](const Policy& p) { return p.name == name; });
      if (words->proposal == kRefused && !words->sa_per_user()) {  // it waits on, and an SA that was lost is lost
        if (old.by_ike() && !world_.algorithm(old.target())) after_.pending.at(name).proposal = kRefused;
        continue;
      }
      world_.run_until("the change of " + name,
                       [&] { return world_.algorithm(old.target()) || !world_.pending().contains(name); });
      world_.settle();  // the change may be under way
      if (!world_.pending().contains(name)) after_.take_over(name);
    }
  }

  Policy random_policy(std::string name) {
    const std::vector<Range> sources = {{}, {}, {kComputers[0], kComputers[1]}, {kComputers[2], kComputers[2]}};
    const std::vector<Range> destinations = {
        {}, {0x0a020000, 0x0a02ffff}, {0x0a02000a, 0x0a02000a}, {0x0a020000, 0x0a0200ff}, {0x0a02000b, 0x0a030001}};
    Policy p;
    p.name = std::move(name);
    p.source = any_of(sources);
    p.destination = any_of(destinations);
    static const std::vector<std::string> kUsers = {"alice", "bob", "carol"};
    static const std::vector<std::string> kGroups = {"staff", "guests"};
    const auto who = below(3);
    if (who == 1) p.user = any_of(kUsers);
    if (who == 2) p.group = any_of(kGroups);
    static const std::vector<std::string> kActions = {"discard", "bypass",  "protect", "protect",
                                                      "protect", "protect", "protect", "ask"};
    static const std::vector<std::string> kProposals = {"aes128gcm16", "aes256gcm16", "aes128gcm16", "aes256gcm16",
                                                        "aes128gcm16", "aes256gcm16", kRefused};
    p.action = any_of(kActions);
    if (p.action == "protect" && below(100) < by_ike_) {
      p.proposal = any_of(kProposals);
      p.shared = p.names_people() && below(2) == 0;
    } else if (p.action == "protect" || (p.action == "ask" && below(2) == 0)) {
      p.sa = below(2) == 0 ? "m" : "n";
    }
    if (!p.by_ike() && below(4) == 0) p.when = any_of(kWindows);
    if (below(3) == 0) p.change = p.by_ike() && !p.sa_per_user() && below(2) == 0 ? "syn" : "after-idle";
    return p;
  }

  // ---- what is seen

  Probe random_probe() {
    Probe probe{below(4) != 0, any_of(kComputers), any_of(kRemotes)};
    if (probe.outbound && below(2) == 0) probe.mark = random_mark();
    if (probe.outbound && below(3) == 0) probe.tcp = Probe::Tcp{static_cast<std::uint16_t>(3000 + below(2))};
    return probe;
  }

  // Of a session that lasts, mostly, and mostly right.
  std::optional<Mark> random_mark() {
    using enum Mark::Kind;
    static const std::vector<Mark::Kind> kKinds = {kRight, kRight, kRight, kRight, kRight, kForged, kReplayed, kPlain};
    std::vector<SessionId> tagged;
    for (const auto& [id, session] : now_.sessions) {
      if (session.tagged) tagged.push_back(id);
    }
    const bool old = !old_tags_.empty() && below(4) == 0;
    if (!old && tagged.empty()) return std::nullopt;
    return Mark{old ? any_of(old_tags_) : any_of(tagged), any_of(kKinds)};
  }

  static std::string sentence(const Probe& probe, const Fate& fate, const std::string& should) {
    json::object packet{{"outbound", probe.outbound},
                        {"computer", Range{probe.computer, probe.computer}.text()},
                        {"remote", Range{probe.remote, probe.remote}.text()}};
    static constexpr const char* kKinds[] = {"right", "forged", "replayed", "plain"};
    if (probe.mark) {
      packet["tag"] = kKinds[static_cast<std::size_t>(probe.mark->kind)];
      packet["tag_of_session"] = probe.mark->session;
    }
    if (probe.tcp) packet["tcp"] = probe.tcp->port;
    if (probe.tcp && probe.tcp->opens) packet["opens"] = true;
    return json::serialize(packet) + " was '" + fate + "', and should be " + should;
  }

  void probe() {
    Probe probe = random_probe();
    if (probe.tcp && below(3) == 0) {
      probe.tcp->opens = true;
      before_ = now_;
      now_.open(probe);
      after_ = now_;
    }
    const Fate should = now_.fate(probe);
    if (should == "refused" || should == "asks") return expect(probe, world_.send(probe), should);
    if (!is_by_ike(should)) return expect(probe, world_.send_and_settle(probe, kPatience), should);
    // While there is no SA yet, or as one was refused before, it may be lost.
    Fate fate = world_.send_and_settle(probe, std::chrono::seconds(1));
    for (unsigned i = 0; i < 30 && (fate == "dropped" || fate == "waits"); ++i) {
      ++told_->sent_again;
      world_.let_pass(std::chrono::milliseconds(200));
      fate = world_.send_and_settle(probe, std::chrono::seconds(1));
    }
    expect(probe, fate, should);
  }

  // The card goes on; but nobody looks for a neighbour or an SA that it has not.
  void probe_without_daemon() {
    const Probe probe = random_probe();
    const Fate should = now_.fate(probe);
    const Fate fate = world_.send(probe);
    if (is_by_ike(should) && fate == "waits") return;
    expect(probe, fate, should == "clear" && !world_.had_neighbour_of(probe) ? "waits" : should);
  }

  void expect(const Probe& probe, const Fate& fate, const Fate& should) {
    ++told_->packets;
    const bool has_not_left = fate == "dropped" || fate == "waits";
    const bool may_not_leave = should == "refused" || should == "asks";
    if (fate != should && !(may_not_leave && has_not_left)) differ(sentence(probe, fate, "'" + should + "'"));
  }

  // Between two packets the tables are the old or the new ones, and never anything else.
  void probe_at_flip() {
    if (told_ == nullptr) return;  // it starts
    for (unsigned i = 0; i < kProbesAtAFlip; ++i) {
      const Probe probe = random_probe();
      const Fate fate = world_.send(probe);
      ++told_->packets_at_flips;
      std::set<Fate> may_be = {before_.fate(probe), after_.fate(probe)};
      for (const Model& one : between_) may_be.insert(one.fate(probe));
      const bool by_ike =
          std::any_of(may_be.begin(), may_be.end(), [](const Fate& one) { return is_by_ike(one) || one == "refused"; });
      if (may_be.contains(fate) || (fate == "waits" && may_be != std::set<Fate>{"dropped"})) continue;
      if (by_ike && fate == "dropped") continue;  // the old SA does not carry what the new words are for
      if (may_be.contains("asks") && fate == "dropped") continue;
      if (is_of_words_that_waited(probe, fate)) continue;
      differ_from(may_be, "at a flip, ", probe, fate);
    }
  }

  // What IKE makes in place of an SA whose policy waits has the words that wait, so they take over. It may have been
  // asked for before they came.
  [[nodiscard]] bool may_have_taken_over(const Policy& old) const {
    return renewed_.contains(old.target()) && comes_by_another_sa(old);
  }
  [[nodiscard]] bool is_of_words_that_waited(const Probe& probe, const Fate& fate) const {
    return std::any_of(after_.pending.begin(), after_.pending.end(), [&](const auto& entry) {
      Model taken_over = after_;
      taken_over.take_over(entry.first);
      return may_have_taken_over(entry.second) && taken_over.fate(probe) == fate;
    });
  }

  // What has waited leaves as the policies are by then; and whose it was it is still.
  void see_late(const Probe& probe, const Fate& fate) {
    std::set<Fate> may_be;
    const auto see = [&](const Model& model) {
      may_be.insert(model.fate(probe));
      for (const auto& [user, theirs] : model.groups) may_be.insert(model.fate(probe, {user}));
    };
    see(before_);
    std::for_each(between_.begin(), between_.end(), see);
    see(after_);
    if (!may_be.contains(fate)) differ_from(may_be, "late, ", probe, fate);
  }

  [[noreturn]] void differ_from(const std::set<Fate>& may_be, const std::string& when, const Probe& probe,
                                const Fate& fate) {
    std::string fates;
    for (const Fate& one : may_be) fates += (fates.empty() ? "'" : " or '") + one + "'";
    differ(when + sentence(probe, fate, fates));
  }

  void compare_pending() {
    const std::map<std::string, Policy> pending = now_.pending;
    for (const auto& [name, old] : pending) {
      if (may_have_taken_over(old) && !world_.pending().contains(name)) now_.take_over(name);
    }
    std::set<std::string> names;
    for (const auto& [name, old] : now_.pending) names.insert(name);
    if (names != world_.pending()) differ("other policies are pending than the model says");
  }

  void compare_policies() {
    const auto answer = world_.ask("GET", {"policies"});
    must(answer, "list policies");
    std::vector<std::string> names;
    std::vector<std::string> wanted;
    for (const auto& p : answer->at("policies").as_array()) names.emplace_back(p.at("name").as_string());
    for (const auto& p : now_.policies) wanted.push_back(p.name);
    if (names != wanted) differ("the gateway has other policies than the model");
  }

  template <class T>
  void must(const Result<T>& done, const std::string& what) {
    if (!done) differ(what + ": " + done.error().detail);
  }
  [[noreturn]] void differ(const std::string& sentence) const { throw std::runtime_error(sentence); }

  std::mt19937_64 random_;
  unsigned by_ike_;
  GatewayWorld world_;
  Model now_;
  Model before_;                // of the event under way
  std::vector<Model> between_;  // what it may be for a moment, on the way to after_
  Model after_;
  std::set<std::string> renewed_;                                // targets whose SAs may be replaced by themselves
  std::vector<Policy> wanted_;                                   // by the event under way
  std::map<std::uint64_t, std::vector<Policy>> configurations_;  // by number
  std::optional<std::vector<Policy>> fallback_;                  // comes back unless now_ is confirmed
  std::deque<SessionId> old_tags_;                               // of sessions that are over
  Told* told_ = nullptr;
  SessionId last_session_ = 0;
  unsigned next_name_ = 0;
};

}  // namespace

Told run_history(const Life& life, const std::filesystem::path& folder,
                 const std::function<void(const Told&)>& progress) {
  Told told;
  std::optional<History> history;
  try {
    history.emplace(life, folder);
    while (told.events < life.events) {
      history->one_event(told);
      if (told.events % kProgress == 0) progress(told);
    }
  } catch (const std::exception& problem) {
    told.difference = problem.what();
    if (history) told.models = history->models();
  }
  return told;
}

}  // namespace sallyport::histories
