// SPDX-License-Identifier: Apache-2.0
// What a gateway should do with a packet, in the fewest words: the first policy that is meant for it decides.
#pragma once

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

// A policy as it is asked for.
struct Policy {
  std::string name;
  Range source;
  Range destination;
  std::string user;
  std::string group;
  std::string action;    // discard, bypass, protect
  std::string sa;        // of protect: by a manual one
  std::string proposal;  // or by IKE: what the policy's own SA is to be
  bool shared = false;   // of people, by IKE: all by one SA
  std::string change;    // when it takes over from other words: now (empty), after-idle, syn

  [[nodiscard]] bool names_people() const { return !user.empty() || !group.empty(); }
  [[nodiscard]] bool by_ike() const { return !proposal.empty(); }
  [[nodiscard]] bool sa_per_user() const { return by_ike() && names_people() && !shared; }
  [[nodiscard]] std::string target() const { return by_ike() ? "peer/" + name : "sa/" + sa; }
  [[nodiscard]] boost::json::object words() const;
};

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

// "dropped", "clear", "refused": for lack of an SA, which cannot be; or whose packets these are: the name of a manual
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

  [[nodiscard]] Fate fate(const Probe& probe) const { return fate(probe, people(probe)); }
  [[nodiscard]] Fate fate(const Probe& probe, const People& who) const;
  // Whose an outbound packet is; who may have asked for an inbound one.
  [[nodiscard]] People people(const Probe& probe) const;
  [[nodiscard]] std::vector<Policy> in_force() const;

  // What changes it.
  void open(const Probe& probe);  // a connection, where that makes a difference
  // Whether all can be connected that needs to be before `next` can be in force.
  [[nodiscard]] bool connects(const std::vector<Policy>& next) const;
  // `has_sa`: whether by this target packets are sent before.
  void commit(std::vector<Policy> next, const std::function<bool(const std::string& target)>& has_sa);
  void take_over(const std::string& policy);
  // The daemon died, and is back. `fallback`: the newest configuration was not confirmed.
  void restart(const std::optional<std::vector<Policy>>& fallback);
  // The same policies, as long as each user's SA is still what it was before.
  [[nodiscard]] Model with_users_sas_of(const Model& before) const;

 private:
  [[nodiscard]] const Policy* decides(const Probe& probe, const People& who) const;  // as it was committed
  [[nodiscard]] const Policy& in_force(const Policy& policy) const;
  [[nodiscard]] bool takes_new_connection(const Policy& policy, const Probe& probe) const;
};

}  // namespace sallyport::histories
