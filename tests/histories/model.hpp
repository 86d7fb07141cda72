// SPDX-License-Identifier: Apache-2.0
// What a gateway should do with a packet, in the fewest words: the first policy that is meant for it decides.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <map>
#include <optional>
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

// Between a computer of the LAN and an address beyond the WAN.
struct Probe {
  bool outbound = true;
  std::uint32_t computer = 0;
  std::uint32_t remote = 0;
};

// "dropped", "clear", or the name of the SA whose packets these are.
using Fate = std::string;

struct Model {
  std::vector<Policy> policies;
  std::map<std::uint32_t, std::string> on_line;            // who is at a computer
  std::map<std::string, std::vector<std::string>> groups;  // of users

  [[nodiscard]] Fate fate(const Probe& probe) const;
  [[nodiscard]] std::vector<Policy>::iterator find(const std::string& name);
};

}  // namespace sallyport::histories
