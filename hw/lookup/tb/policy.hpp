// SPDX-License-Identifier: Apache-2.0
// What the lookups are about, the obvious way: ordered rules, routes and users, each found by looking at them one by
// one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <vector>

#include "hw/layout/tables.hpp"

namespace sallyport::hw {

struct Range {
  std::uint32_t low = 0;
  std::uint32_t high = 0;  // included
  bool holds(std::uint32_t key) const { return low <= key && key <= high; }
};

// Fields in the order of layout::SpdTable.
enum Field { kSource, kDestination, kSourcePort, kDestinationPort, kPrincipal, kRangeFields };

constexpr std::uint32_t largest(int field) { return field <= kDestination ? 0xffffffffU : 0xffffU; }

struct Rule {
  Range range[kRangeFields];
  std::optional<std::uint8_t> protocol;
  unsigned action = 0;
  unsigned policy_id = 0;
  unsigned sa_index = 0;
};

struct Key {
  bool bank = false;
  std::uint32_t source = 0, destination = 0;
  std::uint16_t source_port = 0, destination_port = 0;
  std::uint8_t protocol = 0;
};

struct Route {
  std::uint32_t start = 0;  // the first address it holds for; it ends where the next one starts
  unsigned kind = 0;
  unsigned next_hop = 0;
};

struct Answer {
  unsigned principal = 0;
  const Rule* rule = nullptr;
  Route route;
};

// Too slow to ship, too simple to be wrong.
struct Policy {
  std::vector<Rule> rules;                         // the first that matches decides (RFC 4301 4.4.1)
  std::vector<Route> routes;                       // ascending, the first from 0
  std::map<std::uint32_t, std::uint16_t> senders;  // address to principal

  Answer look_up(const Key& key) const {
    Answer answer;
    const auto sender = senders.find(key.source);
    if (sender != senders.end()) answer.principal = sender->second;
    const std::uint32_t keys[kRangeFields] = {key.source, key.destination, key.source_port, key.destination_port,
                                              answer.principal};
    for (const Rule& rule : rules) {
      bool match = !rule.protocol || *rule.protocol == key.protocol;
      for (int f = 0; f < kRangeFields; ++f) match = match && rule.range[f].holds(keys[f]);
      if (match) {
        answer.rule = &rule;
        break;
      }
    }
    for (const Route& route : routes) {
      if (route.start <= key.destination) answer.route = route;
    }
    return answer;
  }
};

// Random policies and packets that hit them: both take their values from the same few.
class PolicyMaker {
 public:
  explicit PolicyMaker(std::mt19937& random) : random_(random) {
    for (int f = 0; f < kRangeFields; ++f) {
      values_[f] = {0, 1, largest(f) - 1, largest(f)};
      while (values_[f].size() < (f <= kDestination ? 200 : 80)) values_[f].push_back(random_() & largest(f));
    }
  }

  Policy make(unsigned rules) {
    Policy policy;
    while (policy.senders.size() < 60) policy.senders[pick(kSource)] = static_cast<std::uint16_t>(near(kPrincipal));
    for (unsigned i = 0; i < rules; ++i) policy.rules.push_back(rule());
    std::map<std::uint32_t, Route> routes = {{0, route(0)}};
    for (int i = 0; i < 1500; ++i) {
      const std::uint32_t start = i % 2 ? random_() : near(kDestination);
      routes[start] = route(start);
    }
    for (const auto& [start, route] : routes) policy.routes.push_back(route);
    return policy;
  }

  Key key() {
    Key key;
    key.source = near(kSource);
    key.destination = near(kDestination);
    key.source_port = static_cast<std::uint16_t>(near(kSourcePort));
    key.destination_port = static_cast<std::uint16_t>(near(kDestinationPort));
    key.protocol = protocol();
    return key;
  }

 private:
  std::uint32_t pick(int f) { return values_[f][random_() % values_[f].size()]; }
  // A value of the field, or one beside it: where mistakes live.
  std::uint32_t near(int f) { return (pick(f) + (random_() % 4 == 0 ? random_() % 3 - 1 : 0)) & largest(f); }
  std::uint8_t protocol() { return static_cast<std::uint8_t>(random_() % 3 ? 6 + random_() % 2 * 11 : random_()); }

  Rule rule() {
    Rule rule;
    for (int f = 0; f < kRangeFields; ++f) {
      Range& range = rule.range[f];
      const unsigned shape = random_() % 8;
      if (shape < 4) {
        range = {0, largest(f)};  // any
      } else if (shape == 4 && f <= kDestination) {
        const std::uint32_t hosts = 0xffffffffU >> (random_() % 25 + 4);
        range = {pick(f) & ~hosts, pick(f)};
        range.high = range.low | hosts;  // prefix
      } else if (shape == 5) {
        range = {pick(f), 0};
        range.high = range.low;  // one value
      } else {
        range = {pick(f), pick(f)};
        if (range.high < range.low) std::swap(range.low, range.high);
      }
    }
    if (random_() % 2) rule.protocol = protocol();
    rule.action = random_() % 4;
    rule.policy_id = random_() & 0xffff;
    rule.sa_index = random_() & 0xffff;
    return rule;
  }

  Route route(std::uint32_t start) { return {start, pick_below(4), pick_below(256)}; }
  unsigned pick_below(unsigned end) { return static_cast<unsigned>(random_() % end); }

  std::mt19937& random_;
  std::vector<std::uint32_t> values_[kRangeFields];
};

}  // namespace sallyport::hw
