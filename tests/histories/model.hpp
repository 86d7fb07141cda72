// SPDX-License-Identifier: Apache-2.0
// What a gateway should do with a packet, in the fewest words: the first policy that is meant for it decides.
#pragma once

#include <array>
#include <boost/json/value.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace sallyport::histories {

struct Range {
  std::uint32_t first = 0;
  std::uint32_t last = 0xffffffff;

  [[nodiscard]] bool holds(std::uint32_t address) const { return first <= address && address <= last; }
  [[nodiscard]] std::string text() const;  // empty: any
};

// When it may be, and when policies hold then.
inline constexpr std::array<const char*, 4> kMoments = {"mon 03:00", "mon 12:00", "sat 12:00", "sat 23:00"};
struct Window {
  const char* words;
  std::array<bool, kMoments.size()> holds;
};
inline constexpr Window kAlways = {"", {true, true, true, true}};
inline constexpr Window kWindows[] = {kAlways,
                                      {"mon-fri 08:00-18:00", {false, true, false, false}},
                                      {"22:00-06:00", {true, false, false, true}},
                                      {"sat-sun", {false, false, true, true}}};

// A policy as it is asked for.
struct Policy {
  std::string name;
  Range source;
  Range destination;
  std::string user;
  std::string group;
  std::string action;    // discard, bypass, protect, ask
  std::string sa;        // of protect: by a manual one; of ask: what may be chosen
  std::string proposal;  // or by IKE: what the policy's own SA is to be
  bool shared = false;   // of people, by IKE: all by one SA
  std::string change;    // when it takes over from other words: now (empty), after-idle, syn
  Window when = kAlways;

  [[nodiscard]] bool names_people() const { return !user.empty() || !group.empty(); }
  [[nodiscard]] bool by_ike() const { return !proposal.empty(); }
  [[nodiscard]] bool sa_per_user() const { return by_ike() && names_people() && !shared; }
  [[nodiscard]] std::string target() const { return by_ike() ? "peer/" + name : "sa/" + sa; }
  [[nodiscard]] boost::json::object words() const;
};

// Whether by these words IKE makes the same SA.
[[nodiscard]] bool same_sa(const Policy& a, const Policy& b);

// Of proposals the other gateway agrees to these alone.
inline constexpr const char* kAgreedTo = "aes128gcm16, aes256gcm16";
inline constexpr const char* kRefused = "aes192gcm16";

// Who is logged in at a computer.
struct Session {
  std::uint32_t computer = 0;
  std::string user;
  bool tagged = false;  // their packets say so by a tag; else those of the computer's address are theirs
};
using SessionId = std::uint64_t;

// What a user whom a policy asked said of what they send to one place; it holds as long as the session.
struct Answer {
  SessionId session = 0;
  std::string user;
  std::string policy;
  std::uint32_t remote = 0;
  bool tcp = false;
  std::string choice;  // clear, refuse, protect
};

// A tag in a packet. The right one may be in a packet from anywhere: it is made for the packet's own addresses.
struct Mark {
  SessionId session = 0;  // whose tag it was, or is
  enum class Kind : std::uint8_t { kRight, kForged, kReplayed, kPlain } kind = Kind::kRight;
};

// Between a computer of the LAN and an address beyond the WAN.
struct Probe {
  bool outbound = true;
  std::uint32_t computer = 0;
  std::uint32_t remote = 0;
  std::optional<Mark> mark{};  // of an outbound one
  struct Tcp {
    std::uint16_t port = 0;
    bool opens = false;  // the connection: SYN without ACK
  };
  std::optional<Tcp> tcp{};  // else it is UDP
};

// "dropped", "clear", "asks": its user, it waits or has waited long enough; "refused": for lack of an SA, which cannot
// be; or whose packets these are: the name of a manual
// SA, or of what has one by IKE, and its algorithm.
using Fate = std::string;
[[nodiscard]] bool is_by_ike(const Fate& fate);

struct Model {
  using People = std::set<std::string>;
  // Addresses and port of the computer.
  using Flow = std::tuple<std::uint32_t, std::uint32_t, std::uint16_t>;

  std::vector<Policy> policies;                    // as they were committed last
  std::map<std::string, Policy> pending;           // the words by which policies go on until they change, by name
  std::map<std::string, std::set<Flow>> opened{};  // connections that begun by the new words meanwhile
  std::map<SessionId, Session> sessions;
  std::map<std::string, std::vector<std::string>> groups;  // of users
  std::map<std::uint64_t, Answer> answers{};               // by the questions' numbers; of two the older decides
  std::size_t moment = 1;                                  // that the clock shows, of kMoments

  [[nodiscard]] Fate fate(const Probe& probe) const { return fate(probe, people(probe)); }
  [[nodiscard]] Fate fate(const Probe& probe, const People& who) const;
  // Whose an outbound packet is; who may have asked for an inbound one.
  [[nodiscard]] People people(const Probe& probe) const;
  [[nodiscard]] std::vector<Policy> in_force() const;

  [[nodiscard]] const Policy* decides(const Probe& probe, const People& who) const;  // as it was committed

  // What changes it.
  void open(const Probe& probe);  // a connection, where that makes a difference
  void end(SessionId session);
  void answer(std::uint64_t question, Answer answer);
  // Whether all can be connected that needs to be before `next` can be in force.
  [[nodiscard]] bool connects(const std::vector<Policy>& next) const;
  // `has_sa`: whether by this target packets are sent before.
  void commit(std::vector<Policy> next, const std::function<bool(const std::string& target)>& has_sa);
  // Nobody confirmed what is in force: these come back, and of them waits only what waited.
  void come_back(std::vector<Policy> previous);
  void take_over(const std::string& policy);
  // The daemon died, and is back. `fallback`: the newest configuration was not confirmed.
  void restart(const std::optional<std::vector<Policy>>& fallback);
  // What a card goes on by without its daemon, and until the next one has put policies in force: of nobody's packets it
  // knows whose they are, but for each user's computer answers are let in as ever.
  [[nodiscard]] Model with_nobody_known() const;
  // The same policies, as long as each user's SA is still what it was before.
  [[nodiscard]] Model with_users_sas_of(const Model& before) const;

 private:
  [[nodiscard]] const Policy& in_force(const Policy& policy) const;
  [[nodiscard]] bool names(const Policy& policy, const std::string& user) const;
  [[nodiscard]] Fate by(const Policy& policy, const Probe& probe, const People& who) const;
  [[nodiscard]] Fate as_answered(const Policy& policy, const Probe& probe, const People& who) const;
  [[nodiscard]] bool takes_new_connection(const Policy& policy, const Probe& probe) const;
};

// All of it, to be read.
[[nodiscard]] boost::json::object told(const Model& model);

}  // namespace sallyport::histories
