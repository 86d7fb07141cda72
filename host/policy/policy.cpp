// SPDX-License-Identifier: Apache-2.0
// A policy as people write it.
#include "host/policy/policy.hpp"

#include <algorithm>
#include <charconv>

#include "driver/ip/ip.hpp"
#include "driver/sa/replay_window.hpp"

namespace sallyport::policy {
namespace {

constexpr std::string_view kWords[] = {"name",          "user",
                                       "group",         "source",
                                       "destination",   "protocol",
                                       "source_port",   "destination_port",
                                       "action",        "sa",
                                       "connection",    "child",
                                       "level",         "esp_proposals",
                                       "ah_proposals",  "mode",
                                       "replay_window", "start_action",
                                       "legacy",        "shared",
                                       "when",          "change",
                                       "idle",          "tell"};

constexpr std::string_view kActions[] = {"discard", "bypass", "protect", "ask"};
constexpr std::string_view kTakeOvers[] = {"now", "after-idle", "syn"};
constexpr std::uint32_t kMostIdle = 86400;  // ours

Result<void> set_addresses(TrafficSelector& selector, std::string_view text) {
  if (text == "any") {
    selector.addresses = AddressRange::any();
    return {};
  }
  auto range = AddressRange::parse(text);
  if (!range) return range.error();
  selector.addresses = *range;
  return {};
}

template <class T>
std::optional<T> parse_number(std::string_view text) {
  T number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Result<void> set_ports(TrafficSelector& selector, std::string_view text) {
  if (text == "any") {
    selector.first_port = 0;
    selector.last_port = 65535;
    return {};
  }
  const auto dash = text.find('-');
  const auto first = parse_number<std::uint16_t>(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_number<std::uint16_t>(text.substr(dash + 1));
  if (!first || !last || *first > *last) {
    return Error{Errc::kInvalid,
                 "'" + std::string(text) + "' is no port or range of ports; write \"443\" or \"1000-2000\""};
  }
  selector.first_port = *first;
  selector.last_port = *last;
  return {};
}

Result<void> set_protocol(Policy& policy, std::string_view text) {
  std::uint8_t protocol = 0;
  if (text != "any") {
    // The names and numbers are those of traffic selectors.
    auto selector = TrafficSelector::parse("0.0.0.0/0[" + std::string(text) + "]");
    if (!selector) {
      return Error{Errc::kInvalid,
                   "'" + std::string(text) + "' is no protocol; write \"tcp\", \"udp\", \"icmp\" or a number"};
    }
    protocol = selector->protocol;
  }
  policy.source.protocol = protocol;
  policy.destination.protocol = protocol;
  return {};
}

Result<void> set_action(Policy& policy, std::string_view text) {
  const auto* found = std::find(std::begin(kActions), std::end(kActions), text);
  if (found == std::end(kActions)) {
    return Error{Errc::kInvalid, "'" + std::string(text) + "' is none of 'bypass', 'discard', 'protect', 'ask'"};
  }
  policy.action = static_cast<Action>(found - std::begin(kActions));
  return {};
}

Result<void> set_flag(bool& flag, std::string_view text) {
  if (text != "yes" && text != "no") {
    return Error{Errc::kInvalid, "'" + std::string(text) + "' is neither 'yes' nor 'no'"};
  }
  flag = text == "yes";
  return {};
}

Result<void> set_mode(Policy& policy, std::string_view text) {
  for (const auto& mode : layout::kModes) {
    if (text != mode.name) continue;
    policy.mode = static_cast<Mode>(mode.value);
    return {};
  }
  return Error{Errc::kInvalid, "'" + std::string(text) + "' is none of the modes 'tunnel', 'transport'"};
}

Result<void> set_replay_window(Policy& policy, std::string_view text) {
  const auto packets = parse_number<std::uint32_t>(text);
  if (!packets) {
    return Error{Errc::kInvalid, "'" + std::string(text) + "' is no number of packets; write for example \"1024\""};
  }
  if (auto code = driver::replay_window_code(*packets); !code) return code.error();
  policy.replay_window = packets;
  return {};
}

Result<void> set_change(Policy& policy, std::string_view text) {
  const auto* found = std::find(std::begin(kTakeOvers), std::end(kTakeOvers), text);
  if (found == std::end(kTakeOvers)) {
    return Error{Errc::kInvalid, "'" + std::string(text) + "' is none of 'now', 'after-idle', 'syn'"};
  }
  policy.change = static_cast<TakeOver>(found - std::begin(kTakeOvers));
  return {};
}

Result<void> set_idle(Policy& policy, std::string_view text) {
  const auto seconds = parse_number<std::uint32_t>(text);
  if (!seconds || *seconds == 0 || *seconds > kMostIdle) {
    return Error{Errc::kInvalid, "'" + std::string(text) + "' is no number of seconds from 1 to " +
                                     std::to_string(kMostIdle) + "; write for example \"30\""};
  }
  policy.idle_s = seconds;
  return {};
}

std::string ports_text(const TrafficSelector& selector) {
  if (selector.any_port()) return {};
  if (selector.first_port == selector.last_port) return std::to_string(selector.first_port);
  return std::to_string(selector.first_port) + "-" + std::to_string(selector.last_port);
}

std::string addresses_text(const TrafficSelector& selector) {
  return selector.addresses == AddressRange::any() ? std::string() : selector.addresses.to_string();
}

// "any[tcp]" -> "tcp": the names of traffic selectors again.
std::string protocol_text(const TrafficSelector& selector) {
  if (selector.protocol == 0) return {};
  TrafficSelector bare = TrafficSelector::of(AddressRange::any_v4());
  bare.protocol = selector.protocol;
  const std::string text = bare.to_string();
  const auto open = text.find('[');
  return open == std::string::npos ? std::to_string(selector.protocol) : text.substr(open + 1, text.size() - open - 2);
}

// RFC 7296 3.13.1: a selector has one family.
TrafficSelectors of_each_family(const TrafficSelector& end, const TrafficSelector& other_end) {
  TrafficSelectors list;
  for (const auto& family : {AddressRange::any_v4(), AddressRange::any_v6()}) {
    const auto part = end.intersect(TrafficSelector::of(family));
    if (part && family.shares_family(other_end.addresses)) list.push_back(*part);
  }
  return list;
}

}  // namespace

std::string legacy_sentence(std::string_view where, std::string_view algorithm) {
  return "has " + std::string(algorithm) + " in '" + std::string(where) +
         "', which is broken; take it out, or write legacy = \"yes\" if it must be";
}

std::string_view to_string(Action action) { return kActions[static_cast<std::size_t>(action)]; }
std::string_view to_string(TakeOver change) { return kTakeOvers[static_cast<std::size_t>(change)]; }

TrafficSelectors Policy::local_ts() const { return of_each_family(source, destination); }
TrafficSelectors Policy::remote_ts() const { return of_each_family(destination, source); }

std::string Policy::target() const {
  if (!sa.empty()) return "sa/" + sa;
  return connection + "/" + (child.empty() ? name : child);
}

std::string target_of_user(const std::string& target, const std::string& user) { return target + kUserMark + user; }

SplitTarget split_target(const std::string& target) {
  const auto mark = target.find(kUserMark, target.find('/'));
  if (mark == std::string::npos) return {target, {}};
  return {target.substr(0, mark), target.substr(mark + 1)};
}

std::span<const std::string_view> policy_words() { return kWords; }

Result<void> set_word(Policy& policy, std::string_view word, std::string_view text) {
  if (word == "name") {
    policy.name = text;
  } else if (word == "user" || word == "group") {
    if (text.empty()) {
      return Error{Errc::kInvalid, "nobody has an empty name; leave '" + std::string(word) + "' out for everybody"};
    }
    (word == "user" ? policy.user : policy.group) = text;
  } else if (word == "source") {
    return set_addresses(policy.source, text);
  } else if (word == "destination") {
    return set_addresses(policy.destination, text);
  } else if (word == "protocol") {
    return set_protocol(policy, text);
  } else if (word == "source_port") {
    return set_ports(policy.source, text);
  } else if (word == "destination_port") {
    return set_ports(policy.destination, text);
  } else if (word == "action") {
    return set_action(policy, text);
  } else if (word == "sa") {
    policy.sa = text;
  } else if (word == "connection") {
    policy.connection = text;
  } else if (word == "child") {
    policy.child = text;
  } else if (word == "level") {
    policy.level = parse_level(text);
    if (!policy.level) {
      return Error{Errc::kInvalid, "'" + std::string(text) + "' is none of the levels 'high', 'middle', 'low', 'none'"};
    }
  } else if (word == "esp_proposals") {
    auto proposals = parse_proposals(Protocol::kEsp, text);
    if (!proposals) return proposals.error();
    policy.esp_proposals = std::move(*proposals);
  } else if (word == "ah_proposals") {
    auto proposals = parse_proposals(Protocol::kAh, text);
    if (!proposals) return proposals.error();
    policy.ah_proposals = std::move(*proposals);
  } else if (word == "mode") {
    return set_mode(policy, text);
  } else if (word == "replay_window") {
    return set_replay_window(policy, text);
  } else if (word == "change") {
    return set_change(policy, text);
  } else if (word == "idle") {
    return set_idle(policy, text);
  } else if (word == "legacy") {
    return set_flag(policy.legacy, text);
  } else if (word == "shared") {
    return set_flag(policy.shared, text);
  } else if (word == "tell") {
    return set_flag(policy.tell, text);
  } else if (word == "when") {
    if (text == "any") {
      policy.when = When();
      return {};
    }
    auto when = When::parse(text);
    if (!when) return when.error();
    policy.when = std::move(*when);
  } else if (word == "start_action") {
    if (text != "trap" && text != "start") {
      return Error{Errc::kInvalid, "'" + std::string(text) + "' is none of 'trap', 'start'"};
    }
    policy.start = text == "start";
  } else {
    return Error{Errc::kNotFound, "a policy has no '" + std::string(word) + "'"};
  }
  return {};
}

std::string get_word(const Policy& policy, std::string_view word) {
  if (word == "name") return policy.name;
  if (word == "user") return policy.user;
  if (word == "group") return policy.group;
  if (word == "source") return addresses_text(policy.source);
  if (word == "destination") return addresses_text(policy.destination);
  if (word == "protocol") return protocol_text(policy.source);
  if (word == "source_port") return ports_text(policy.source);
  if (word == "destination_port") return ports_text(policy.destination);
  if (word == "action") return std::string(to_string(policy.action));
  if (word == "sa") return policy.sa;
  if (word == "connection") return policy.connection;
  if (word == "child") return policy.child;
  if (word == "level") return policy.level ? std::string(to_string(*policy.level)) : std::string();
  if (word == "esp_proposals") return sallyport::to_string(policy.esp_proposals);
  if (word == "ah_proposals") return sallyport::to_string(policy.ah_proposals);
  if (word == "mode") return policy.mode == Mode::kTransport ? "transport" : "";
  if (word == "replay_window") return policy.replay_window ? std::to_string(*policy.replay_window) : std::string();
  if (word == "legacy") return policy.legacy ? "yes" : "";
  if (word == "shared") return policy.shared ? "yes" : "";
  if (word == "when") return policy.when.to_string();
  if (word == "start_action") return policy.start ? "start" : "";
  if (word == "change") {
    return policy.change == TakeOver::kNow ? "" : std::string(to_string(policy.change));
  }
  if (word == "idle") return policy.idle_s ? std::to_string(*policy.idle_s) : std::string();
  if (word == "tell") return policy.tell ? "yes" : "";
  return {};
}

Result<void> validate(const Policy& policy) {
  const auto invalid = [&](std::string_view sentence) {
    return Error{Errc::kInvalid, "policy '" + policy.name + "' " + std::string(sentence)};
  };
  if (policy.name.empty()) return Error{Errc::kInvalid, "a policy needs 'name'"};
  if (policy.name.find_first_of("/@") != std::string::npos) return invalid("must have a name without '/' and '@'");
  if (!policy.source.addresses.shares_family(policy.destination.addresses)) {
    return invalid("has one end of IPv4 and one of IPv6, which no packet has");
  }
  if (!policy.user.empty() && !policy.group.empty()) {
    return invalid("has both 'user' and 'group'; write one, or a policy for each");
  }
  if ((policy.names_people() || policy.speaks_to_users()) && policy.mode == Mode::kTransport) {
    return invalid("has mode 'transport', which is for the gateway's own packets: no user sends those");
  }
  if (policy.idle_s && policy.change == TakeOver::kNow) {
    return invalid("has 'idle', which only change = \"after-idle\" and change = \"syn\" use");
  }
  if (policy.change == TakeOver::kSyn) {
    constexpr std::string_view kOther = "; write change = \"after-idle\"";
    if (policy.action != Action::kProtect || !policy.owns_child()) {
      return invalid("has change = \"syn\", which is for what 'level', 'esp_proposals' and 'ah_proposals' protect" +
                     std::string(kOther));
    }
    if (policy.sa_per_user()) {
      return invalid(
          "has change = \"syn\", but SAs of users' own are renewed at once; leave it out, or write "
          "shared = \"yes\"");
    }
    if (policy.source.protocol != 0 && policy.source.protocol != driver::kProtocolTcp) {
      return invalid("has change = \"syn\", and no packet of TCP" + std::string(kOther));
    }
  }
  const bool in_the_clear = policy.level == Level::kNone;
  if (in_the_clear && policy.action != Action::kProtect && policy.action != Action::kBypass) {
    return invalid("has level 'none', by which its packets leave in the clear, and action '" +
                   std::string(to_string(policy.action)) + "'; take out the one, or write action = \"bypass\"");
  }
  // With level none its words wait for another level.
  const bool owns_child = policy.owns_child() || in_the_clear;
  constexpr std::string_view kOfAChildOfItsOwn = "which only 'level', 'esp_proposals' and 'ah_proposals' use";
  if (policy.shared && !policy.names_people()) {
    return invalid("has 'shared', which only a policy with 'user' or 'group' uses: the SAs of others are shared");
  }
  if (policy.shared && !owns_child) return invalid("has 'shared', " + std::string(kOfAChildOfItsOwn));
  if (policy.replay_window && !owns_child) {
    return invalid("has 'replay_window', " + std::string(kOfAChildOfItsOwn));
  }
  if (policy.mode == Mode::kTransport && !owns_child) {
    return invalid("has 'mode', " + std::string(kOfAChildOfItsOwn));
  }
  const bool names_sa = !policy.sa.empty();
  const bool names_connection = !policy.connection.empty();
  const bool proposes = policy.level || !policy.esp_proposals.empty() || !policy.ah_proposals.empty();
  if (policy.tell && policy.does() != Action::kBypass && policy.does() != Action::kDiscard) {
    return invalid("has 'tell', which only the actions 'bypass' and 'discard' use");
  }
  if (!policy.may_protect() && !in_the_clear) {
    if (names_sa || names_connection || !policy.child.empty() || proposes) {
      return invalid(policy.action == Action::kAsk
                         ? "names no 'connection' or 'sa' by which users could choose to be protected"
                         : "names an SA or a connection, which only the actions 'protect' and 'ask' use");
    }
    return {};
  }
  if (names_sa == names_connection && !in_the_clear) {
    return invalid("protects, so it needs either 'connection' or the manual SA 'sa'");
  }
  if (names_sa && (!policy.child.empty() || proposes)) {
    return invalid("protects by a manual SA, which has neither 'child' nor 'level' nor proposals");
  }
  const int ways = int{!policy.child.empty()} + int{policy.level.has_value()} + int{!policy.esp_proposals.empty()} +
                   int{!policy.ah_proposals.empty()};
  if ((names_connection || in_the_clear) && ways != 1) {
    return invalid("needs exactly one of 'child', 'level', 'esp_proposals' and 'ah_proposals' beside 'connection'");
  }
  if (policy.legacy && !owns_child) return invalid("has 'legacy', " + std::string(kOfAChildOfItsOwn));
  if (const auto broken = legacy_in(policy.esp_proposals); broken && !policy.legacy) {
    return invalid(legacy_sentence("esp_proposals", *broken));
  }
  if (const auto broken = legacy_in(policy.ah_proposals); broken && !policy.legacy) {
    return invalid(legacy_sentence("ah_proposals", *broken));
  }
  const auto one_address = [](const TrafficSelector& end) { return end.addresses.first == end.addresses.last; };
  if (policy.mode == Mode::kTransport && !(one_address(policy.source) && one_address(policy.destination))) {
    return invalid(
        "has mode 'transport', which is for packets between this gateway and its peer; write the address of the one as "
        "'source' and of the other as 'destination'");
  }
  if (policy.start && !owns_child) return invalid("has 'start_action', which its 'child' has already");
  return {};
}

}  // namespace sallyport::policy
