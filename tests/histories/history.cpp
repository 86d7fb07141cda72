// SPDX-License-Identifier: Apache-2.0
#include "tests/histories/history.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <deque>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>

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
constexpr std::uint64_t kProgress = 1000;  // events

class History {
 public:
  History(std::uint64_t seed, const std::filesystem::path& folder) : random_(seed), world_(folder) {
    now_.groups = {{"alice", {"staff"}}, {"bob", {"staff", "guests"}}, {"carol", {"guests"}}, {"dave", {}}};
    world_.on_flip([this] { probe_at_flip(); });
    world_.start();
  }

  void one_event(Told& told) {
    told_ = &told;
    before_ = between_ = after_ = now_;
    const std::string kind = choose();
    now_ = after_;
    ++told.events;
    ++told.by_kind[kind];
    for (unsigned i = 0; i < kProbes; ++i) probe(now_);
    if (below(16) == 0) compare_policies();
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
    if (dice < 25) return log_in();
    if (dice < 40) return log_out();
    if (fallback_ && dice < 86) return while_unconfirmed();
    if (dice < 54) return add();
    if (dice < 64) return replace();
    if (dice < 74) return remove();
    if (dice < 86) return commit();
    if (dice < 92) return roll_back();
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
    const auto gone = std::next(after_.sessions.begin(), static_cast<long>(below(after_.sessions.size())));
    const SessionId id = gone->first;
    remember_tag(*gone);
    after_.sessions.erase(gone);
    world_.log_out(id);
    return "logout";
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
    for (unsigned i = 0; i < kProbes; ++i) probe(now_);  // nothing has changed yet
    if (edits == 0) return "none";
    if (same(now_.policies, after_.policies)) {
      must(world_.ask("DELETE", {"candidate"}), "give the candidate up");
      return "none";
    }
    if (below(8) == 0) return let_run_out();
    return put_in_force("commit", {});
  }

  std::string roll_back() {
    if (configurations_.empty()) return "none";
    const auto& [number, policies] =
        *std::next(configurations_.begin(), static_cast<long>(below(configurations_.size())));
    if (same(policies, now_.policies)) return "none";
    after_.policies = policies;
    return put_in_force("rollback", {{"number", static_cast<std::int64_t>(number)}});
  }

  // What after_ is; at times until it is confirmed.
  std::string put_in_force(const std::string& how, json::object body) {
    const bool until_confirmed = below(3) == 0;
    if (until_confirmed) body["confirm_s"] = 3600;
    remember(world_.ask("POST", {how}, body), how + " " + json::serialize(body));
    fallback_.reset();
    if (!until_confirmed) return how;
    fallback_ = now_.policies;
    return how + " --confirm";
  }

  std::string let_run_out() {
    const auto report = world_.commit_unconfirmed();
    must(report, "commit");
    configurations_[report->number] = after_.policies;
    after_.policies = now_.policies;
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

  // Edits of "policies", in force at once, or of the "candidate". False: there was nothing to do.
  bool add_to(const std::string& of) {
    if (after_.policies.size() >= kMostPolicies) return false;
    const Policy policy = random_policy("p" + std::to_string(next_name_++));
    json::object body = policy.words();
    auto place = after_.policies.end();
    if (!after_.policies.empty() && below(3) != 0) {
      place = after_.policies.begin() + static_cast<long>(below(after_.policies.size()));
      body["before"] = place->name;
    }
    after_.policies.insert(place, policy);
    edited(of, world_.ask("POST", {of}, body), "add " + json::serialize(body));
    return true;
  }

  bool replace_in(const std::string& of) {
    if (after_.policies.empty()) return false;
    auto& old = after_.policies[below(after_.policies.size())];
    const json::object before = old.words();
    old = random_policy(old.name);
    if (old.words() == before) return false;
    edited(of, world_.ask("PUT", {of, old.name}, old.words()), "replace " + json::serialize(old.words()));
    return true;
  }

  bool remove_from(const std::string& of) {
    if (after_.policies.empty()) return false;
    const auto gone = after_.policies.begin() + static_cast<long>(below(after_.policies.size()));
    const std::string name = gone->name;
    after_.policies.erase(gone);
    edited(of, world_.ask("DELETE", {of, name}), "delete " + name);
    return true;
  }

  void edited(const std::string& of, const Result<json::value>& answer, const std::string& what) {
    if (of == "policies") return remember(answer, what);
    must(answer, what);
  }

  // What after_ is has become a configuration of the history.
  void remember(const Result<json::value>& answer, const std::string& what) {
    must(answer, what);
    const auto* committed = answer->as_object().if_contains("committed");
    if (committed != nullptr && !committed->as_bool()) differ(what + ": " + json::serialize(*answer));
    configurations_[answer->at("number").to_number<std::uint64_t>()] = after_.policies;
    while (configurations_.begin()->first + kMostRemembered < configurations_.rbegin()->first) {
      configurations_.erase(configurations_.begin());
    }
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
    world_.kill();
    for (unsigned i = 0; i < kProbes; ++i) probe_without_daemon();
    start_anew();
    return "kill";
  }

  std::string reset_card() {
    world_.kill();
    world_.reset_card();
    before_.policies.clear();  // until it is brought up, it lets nothing through
    start_anew();
    return "card reset";
  }

  // Sessions end with the daemon that knew them, and so does the time to confirm.
  void start_anew() {
    between_ = before_;
    between_.sessions.clear();
    for (const auto& session : after_.sessions) remember_tag(session);
    after_.sessions.clear();
    if (fallback_) after_.policies = std::move(*fallback_);
    fallback_.reset();
    world_.start();
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
    static const std::vector<std::string> kActions = {"discard", "bypass", "protect", "protect"};
    p.action = any_of(kActions);
    if (p.action == "protect") p.sa = below(2) == 0 ? "m" : "n";
    return p;
  }

  // ---- what is seen

  Probe random_probe() {
    Probe probe{below(4) != 0, any_of(kComputers), any_of(kRemotes)};
    if (probe.outbound && below(2) == 0) probe.mark = random_mark();
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
    return json::serialize(packet) + " was '" + fate + "', and should be " + should;
  }

  void probe(const Model& model) {
    const Probe probe = random_probe();
    expect(probe, world_.send_and_settle(probe), model.fate(probe));
  }

  // The card goes on; but nobody looks for a neighbour that it has not.
  void probe_without_daemon() {
    const Probe probe = random_probe();
    const Fate fate = now_.fate(probe);
    expect(probe, world_.send(probe), fate == "clear" && !world_.had_neighbour_of(probe) ? "waits" : fate);
  }

  void expect(const Probe& probe, const Fate& fate, const Fate& should) {
    ++told_->packets;
    if (fate != should) differ(sentence(probe, fate, "'" + should + "'"));
  }

  // Between two packets the tables are the old or the new ones, and never anything else.
  void probe_at_flip() {
    if (told_ == nullptr) return;  // it starts
    for (unsigned i = 0; i < kProbesAtAFlip; ++i) {
      const Probe probe = random_probe();
      const Fate fate = world_.send(probe);
      ++told_->packets_at_flips;
      const std::set<Fate> may_be = {before_.fate(probe), between_.fate(probe), after_.fate(probe)};
      if (may_be.contains(fate) || (fate == "waits" && may_be != std::set<Fate>{"dropped"})) continue;
      std::string fates;
      for (const Fate& one : may_be) fates += (fates.empty() ? "'" : " or '") + one + "'";
      differ("at a flip, " + sentence(probe, fate, fates));
    }
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
  GatewayWorld world_;
  Model now_;
  Model before_;   // of the event under way
  Model between_;  // it and after_, where it takes two steps
  Model after_;
  std::map<std::uint64_t, std::vector<Policy>> configurations_;  // by number
  std::optional<std::vector<Policy>> fallback_;                  // comes back unless now_ is confirmed
  std::deque<SessionId> old_tags_;                               // of sessions that are over
  Told* told_ = nullptr;
  SessionId last_session_ = 0;
  unsigned next_name_ = 0;
};

}  // namespace

Told run_history(std::uint64_t seed, std::uint64_t events, const std::filesystem::path& folder,
                 const std::function<void(const Told&)>& progress) {
  Told told;
  try {
    History history(seed, folder);
    while (told.events < events) {
      history.one_event(told);
      if (told.events % kProgress == 0) progress(told);
    }
  } catch (const std::exception& problem) {
    told.difference = problem.what();
  }
  return told;
}

}  // namespace sallyport::histories
