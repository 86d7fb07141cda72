// SPDX-License-Identifier: Apache-2.0
// What the lookups are about, the obvious way: ordered rules, routes and users, each found by looking at them one by
// one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <vector>

#include "hw/layout/address.hpp"
#include "hw/layout/tables.hpp"

namespace sallyport::hw {

using layout::Address;

// Of addresses; of ports and principals in the low 16 bits.
struct Range {
  Address low;
  Address high;  // included
  bool holds(const Address& key) const { return low <= key && key <= high; }
};

// Fields in the order of layout::SpdTable.
enum Field { kSource, kDestination, kSourcePort, kDestinationPort, kPrincipal, kRangeFields };

constexpr Address largest(int field) { return field <= kDestination ? layout::kLastAddress : Address(0, 0xffff); }

struct Rule {
  Range range[kRangeFields];
  std::optional<std::uint8_t> protocol;
  unsigned action = 0;
  unsigned policy_id = 0;
  unsigned sa_index = 0;
  bool syn_to_host = false;
};

struct Key {
  bool bank = false;
  Address source, destination;
  std::uint16_t source_port = 0, destination_port = 0;
  std::uint8_t protocol = 0;
  std::optional<std::uint16_t> sender{};  // known without its address
};

struct Route {
  Address start;  // the first address it holds for; it ends where the next one starts
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
  std::vector<Rule> rules;                   // the first that matches decides (RFC 4301 4.4.1)
  std::vector<Route> routes;                 // ascending, the first from 0
  std::map<Address, std::uint16_t> senders;  // address to principal

  Answer look_up(const Key& key) const {
    Answer answer;
    const auto sender = senders.find(key.source);
    if (sender != senders.end()) answer.principal = sender->second;
    if (key.sender) answer.principal = *key.sender;
    const Address keys[kRangeFields] = {
        key.source, key.destination, {0, key.source_port}, {0, key.destination_port}, {0, answer.principal}};
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
      const Address last = largest(f);
      values_[f] = {{0, 0}, {0, 1}, {last.high, last.low - 1}, last};
      while (values_[f].size() < (f <= kDestination ? 200 : 80)) values_[f].push_back(random_value(f));
    }
  }

  Policy make(unsigned rules) {
    Policy policy;
    while (policy.senders.size() < 60) policy.senders[pick(kSource)] = narrow(kPrincipal);
    for (unsigned i = 0; i < rules; ++i) policy.rules.push_back(rule());
    std::map<Address, Route> routes = {{Address(), route({})}};
    for (int i = 0; i < 1500; ++i) {
      const Address start = i % 2 ? random_value(kDestination) : near(kDestination);
      routes[start] = route(start);
    }
    for (const auto& [start, route] : routes) policy.routes.push_back(route);
    return policy;
  }

  Key key() {
    Key key;
    key.source = near(kSource);
    key.destination = near(kDestination);
    key.source_port = narrow(kSourcePort);
    key.destination_port = narrow(kDestinationPort);
    key.protocol = protocol();
    if (random_() % 3 == 0) key.sender = random_() % 3 ? narrow(kPrincipal) : 0;
    return key;
  }

 private:
  std::uint64_t random64() { return std::uint64_t{random_()} << 32 | random_(); }
  // Addresses are of both versions, and those of IPv6 differ in either half.
  Address random_value(int f) {
    if (f > kDestination) return {0, random_() & 0xffff};
    if (random_() % 2) return Address::from_v4(random_());
    return {0x20010db8'00000000 | (random_() % 2 ? 0 : random_()), random_() % 4 ? random64() : random_() % 8};
  }
  Address pick(int f) { return values_[f][random_() % values_[f].size()]; }
  // A value of the field, or one beside it: where mistakes live.
  Address near(int f) {
    Address value = pick(f);
    if (random_() % 4) return value;
    const bool high_half = f <= kDestination && random_() % 4 == 0;
    std::uint64_t& half = high_half ? value.high : value.low;
    half += random_() % 3;
    --half;
    if (f > kDestination) value.low &= 0xffff;
    return value;
  }
  std::uint16_t narrow(int f) { return static_cast<std::uint16_t>(near(f).low); }
  std::uint8_t protocol() { return static_cast<std::uint8_t>(random_() % 3 ? 6 + random_() % 2 * 11 : random_()); }

  Rule rule() {
    Rule rule;
    for (int f = 0; f < kRangeFields; ++f) {
      Range& range = rule.range[f];
      const unsigned shape = random_() % 8;
      if (shape < 4) {
        range = {Address(), largest(f)};  // any
      } else if (shape == 4 && f <= kDestination) {
        range.low = pick(f);
        range.high = range.low;  // prefix
        const unsigned length = 1 + random_() % 127;
        const std::uint64_t hosts = ~std::uint64_t{0} >> length % 64;
        if (length < 64) {
          range = {{range.low.high & ~hosts, 0}, {range.low.high | hosts, ~std::uint64_t{0}}};
        } else {
          range.low.low &= ~hosts;
          range.high.low |= hosts;
        }
      } else if (shape == 5) {
        range.low = pick(f);
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
    rule.syn_to_host = random_() % 2;
    return rule;
  }

  Route route(const Address& start) { return {start, pick_below(4), pick_below(256)}; }
  unsigned pick_below(unsigned end) { return static_cast<unsigned>(random_() % end); }

  std::mt19937& random_;
  std::vector<Address> values_[kRangeFields];
};

}  // namespace sallyport::hw
