// SPDX-License-Identifier: Apache-2.0
// What a gateway should do with a packet, in the fewest words: the first policy that is meant for it decides.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
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
  std::string action;  // discard, bypass, protect
  std::string sa;      // of protect

  [[nodiscard]] boost::json::object words() const;
};

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
};

// "dropped", "clear", or the name of the SA whose packets these are.
using Fate = std::string;

struct Model {
  std::vector<Policy> policies;
  std::map<SessionId, Session> sessions;
  std::map<std::string, std::vector<std::string>> groups;  // of users

  [[nodiscard]] Fate fate(const Probe& probe) const;
  // Whose an outbound packet is; who may have asked for an inbound one.
  [[nodiscard]] std::set<std::string> people(const Probe& probe) const;
  [[nodiscard]] std::vector<Policy>::iterator find(const std::string& name);
};

}  // namespace sallyport::histories
