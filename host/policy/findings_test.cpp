// SPDX-License-Identifier: Apache-2.0
// Beside sentences, against the obvious way: every packet that policies may tell apart, asked of the rules that the
// card would have.
#include "host/policy/findings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "host/policy/spd.hpp"

namespace sallyport::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = Finding::Kind;
using Words = std::vector<std::pair<std::string, std::string>>;

Policy policy(const std::string& name, const Words& words) {
  Policy p;
  p.name = name;
  for (const auto& [word, text] : words) set_word(p, word, text).value();
  validate(p).value();
  return p;
}

// "hidden last by first", one a finding.
std::vector<std::string> found(const std::vector<Policy>& policies, const People& people = {}) {
  std::vector<std::string> out;
  for (const auto& f : examine(policies, people)) {
    std::string text = std::string(to_string(f.kind)) + " " + f.policy;
    for (const auto& name : f.by) text += " " + name;
    out.push_back(std::move(text));
  }
  return out;
}

const Policy kRest = policy("rest", {{"action", "discard"}});
const Policy kAll = policy("all", {{"action", "bypass"}});

TEST(Findings, APolicyBehindOneForEverythingNeverDecides) {
  const auto findings = examine({kAll, kRest}, {});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].sentence,
            "policy 'rest' never decides: 'all' before it takes every packet of it; put it in front, or take it out");
  EXPECT_EQ(examine({kAll, policy("again", {{"source", "10.1.0.7"}, {"action", "bypass"}})}, {})[0].sentence,
            "policy 'again' never decides: 'all' before it takes every packet of it, and does the same; take it out");
}

TEST(Findings, AnExceptionInFrontOfARuleIsNone) {
  EXPECT_THAT(found({policy("printer", {{"destination", "10.2.0.77"}, {"action", "bypass"}}), kRest}), IsEmpty());
}

TEST(Findings, TwoThatShareSomePacketsAndDisagreeAreNamedWithAnExample) {
  const Policy from = policy("from", {{"source", "10.1.0.0/24"}, {"action", "bypass"}});
  const Policy to = policy("to", {{"destination", "10.2.0.0/24"}, {"protocol", "tcp"}, {"action", "discard"}});
  const auto findings = examine({from, to}, {});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].kind, Kind::kOverlap);
  EXPECT_EQ(findings[0].sentence,
            "policies 'from' (bypass) and 'to' (discard) share packets, such as 10.1.0.0 to 10.2.0.0, tcp, of anybody; "
            "'from' stands before and decides");
  Policy agrees = to;
  agrees.action = Action::kBypass;
  EXPECT_THAT(found({from, agrees}), IsEmpty());
}

TEST(Findings, APolicyWithLevelNoneDoesWhatABypassDoes) {
  const Words clear{{"source", "10.1.0.7"}, {"action", "protect"}, {"connection", "b"}, {"level", "none"}};
  EXPECT_EQ(examine({kAll, policy("clear", clear)}, {})[0].sentence,
            "policy 'clear' never decides: 'all' before it takes every packet of it, and does the same; take it out");
}

TEST(Findings, SeveralTogetherHideOneAndTheOthersAreNotBlamed) {
  const Policy low = policy("low", {{"destination", "10.2.0.0/25"}, {"action", "bypass"}});
  const Policy high = policy("high", {{"destination", "10.2.0.128-10.2.0.255"}, {"action", "discard"}});
  const Policy udp = policy("udp", {{"protocol", "udp"}, {"destination", "10.2.0.0/16"}, {"action", "bypass"}});
  const Policy both = policy("both", {{"destination", "10.2.0.0/24"}, {"action", "discard"}});
  EXPECT_THAT(found({udp, low, high, both}), testing::Contains("hidden both low high"));
}

// hw/README.md, Lookups: only four protocols have ports.
TEST(Findings, PortsAreThoseOfTheProtocolsThatHaveThem) {
  std::vector<Policy> policies;
  for (const char* protocol : {"tcp", "udp", "132", "33"}) {
    policies.push_back(policy(protocol, {{"protocol", protocol}, {"action", "bypass"}}));
  }
  policies.push_back(policy("web", {{"destination_port", "443"}, {"action", "bypass"}}));
  EXPECT_THAT(found(policies), ElementsAre("hidden web tcp udp 132 33"));
  const auto findings =
      examine({policy("ping", {{"protocol", "icmp"}, {"destination_port", "7"}, {"action", "bypass"}})}, {});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].sentence, "policy 'ping' never decides: no packet has what it asks for");
}

TEST(Findings, IpVersionsAreTwoWorlds) {
  const Policy four = policy("four", {{"source", "0.0.0.0/0"}, {"action", "bypass"}});
  const Policy six = policy("six", {{"destination", "::/0"}, {"action", "bypass"}});
  EXPECT_THAT(found({six, four}), IsEmpty());
  EXPECT_THAT(found({six, four, kRest}), ElementsAre("hidden rest six four"));
}

TEST(Findings, AGroupHidesItsMember) {
  const Policy staff = policy("staff", {{"group", "staff"}, {"action", "bypass"}});
  const Policy alice = policy("alice", {{"user", "alice"}, {"action", "discard"}});
  const People people{{{"alice", {"staff"}}, {"bob", {}}}, true};
  const auto findings = examine({staff, alice}, people);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].kind, Kind::kHidden);
  EXPECT_THAT(findings[0].sentence, HasSubstr("('alice' is in group 'staff')"));
  EXPECT_THAT(found({staff, alice}), IsEmpty()) << "nobody knows that she is";
  EXPECT_THAT(found({staff, policy("bob", {{"user", "bob"}, {"action", "discard"}})}, people), IsEmpty());
}

TEST(Findings, AllMembersTogetherHideTheirGroupUnlessThereMayBeMore) {
  const Policy alice = policy("alice", {{"user", "alice"}, {"action", "bypass"}});
  const Policy bob = policy("bob", {{"user", "bob"}, {"action", "bypass"}});
  const Policy staff = policy("staff", {{"group", "staff"}, {"action", "discard"}});
  People people{{{"alice", {"staff"}}, {"bob", {"staff", "night"}}}, true};
  EXPECT_THAT(found({alice, bob, staff}, people), ElementsAre("hidden staff alice bob"));
  people.complete = false;
  EXPECT_THAT(found({alice, bob, staff}, people), IsEmpty());
}

TEST(Findings, WindowsOfTimeAreToldApart) {
  const Policy day = policy("day", {{"when", "08:00-18:00"}, {"action", "bypass"}});
  const Policy night = policy("night", {{"when", "18:00-08:00"}, {"action", "discard"}});
  const Policy monday = policy("monday", {{"when", "mon 09:00-20:00"}, {"action", "discard"}});
  EXPECT_THAT(found({day, night}), IsEmpty());
  EXPECT_THAT(found({day, night, kRest}), ElementsAre("hidden rest day night"));
  const auto findings = examine({day, monday}, {});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_THAT(findings[0].sentence, HasSubstr("such as 0.0.0.0 to 0.0.0.0, tcp, of anybody on mon 09:00;"));
}

TEST(Findings, AreOfOnePolicyWhenAskedForOne) {
  const Policy web = policy("web", {{"destination", "10.3.0.0/16"}, {"action", "bypass"}});
  const Policy again = policy("again", {{"destination", "10.3.0.0/24"}, {"action", "bypass"}});
  const std::vector<Policy> policies{web, kAll, kRest, again};
  EXPECT_EQ(examine(policies, {}).size(), 2U);
  const auto of_web = examine(policies, {}, "web");
  ASSERT_EQ(of_web.size(), 1U);
  EXPECT_EQ(of_web[0].policy, "again");
  EXPECT_THAT(examine(policies, {}, "nobody's"), IsEmpty());
}

// A field of ever smaller boxes across each other has more pieces than anybody waits for.
TEST(Findings, TooManyPiecesAreSaidToBeUnchecked) {
  std::mt19937 random(7);
  const auto range = [&] {
    const auto a = static_cast<std::uint32_t>(random());
    const auto b = static_cast<std::uint32_t>(random());
    return AddressRange{IpAddress::from_v4(std::min(a, b)), IpAddress::from_v4(std::max(a, b))};
  };
  std::vector<Policy> policies;
  for (int i = 0; i < 1000; ++i) {
    policies.push_back(policy("p" + std::to_string(i), {{"action", "bypass"}}));
    policies.back().source.addresses = range();
    policies.back().destination.addresses = range();
    policies.back().source.first_port = policies.back().destination.first_port =
        static_cast<std::uint16_t>(random() % 65536);
  }
  const auto findings = examine(policies, {});
  EXPECT_EQ(findings.back().kind, Kind::kUnchecked);
  EXPECT_THAT(findings.back().sentence, HasSubstr("was not compared with all before it"));
}

// ---- against every packet ------------------------------------------------------------------------------------------

class EveryPacket {
 public:
  explicit EveryPacket(std::mt19937& random) : random_(random) {}

  std::string one_of(const std::vector<std::string>& texts) { return texts[random_() % texts.size()]; }

  Policy random_policy(const std::string& name) {
    const std::vector<std::string> kAddresses{"",          "",     "10.0.0.0/31",    "10.0.0.1",   "10.0.0.1-10.0.0.2",
                                              "0.0.0.0/0", "::/0", "2001:db8::/127", "2001:db8::1"};
    Policy p;
    do {
      p = Policy();
      p.name = name;
      const auto maybe = [&](const char* word, const std::string& text) {
        if (!text.empty()) set_word(p, word, text).value();
      };
      maybe("source", one_of(kAddresses));
      maybe("destination", one_of(kAddresses));
      maybe("protocol", one_of({"", "", "tcp", "udp", "icmp"}));
      maybe("source_port", one_of({"", "", "", "5", "0-5"}));
      maybe("destination_port", one_of({"", "", "5", "0-7", "6-65535"}));
      maybe(one_of({"user", "group"}).c_str(), one_of({"", "", "", "red", "blue"}));
      maybe("when", one_of({"", "", "mon-fri", "08:00-18:00", "sun 20:00-04:00"}));
      maybe("action", one_of({"bypass", "discard"}));
    } while (!validate(p));
    return p;
  }

  // red and blue are users and groups; dave is in both groups.
  People people() {
    People out{{{"red", {}}, {"dave", {"red", "blue"}}, {"erin", {"red"}}}, random_() % 2 == 0};
    if (random_() % 2 == 0) out.groups_of["blue"] = {"red"};
    return out;
  }

  // Everybody there may be is logged in, strangers of each group among them, if there may be any.
  static UsersOnLine on_line(const People& people) {
    UsersOnLine users;
    const auto add = [&](const std::string& name, const std::set<std::string>& groups) {
      const auto principal = static_cast<std::uint16_t>(users.size() + 1);
      users[name] = {principal, {groups.begin(), groups.end()}, {}};
    };
    for (const auto& [name, groups] : people.groups_of) add(name, groups);
    if (!people.groups_of.contains("blue")) add("blue", {});
    for (const char* group : {"red", "blue"}) {
      if (!people.complete) add(std::string("stranger of ") + group, {group});
    }
    return users;
  }

  struct Packet {
    driver::PacketKey key;
    std::uint16_t principal;
  };
  static std::vector<Packet> all(const UsersOnLine& users) {
    const auto number = [](const char* text) { return IpAddress::parse(text).value().number(); };
    const std::vector<layout::Address> four{number("9.0.0.0"), number("10.0.0.0"), number("10.0.0.1"),
                                            number("10.0.0.2"), number("10.0.0.3")};
    const std::vector<layout::Address> six{number("2001:db8::"), number("2001:db8::1"), number("2001:db8::2")};
    std::vector<Packet> packets;
    for (const auto& addresses : {four, six}) {
      for (const auto& source : addresses) {
        for (const auto& destination : addresses) {
          for (const std::uint8_t protocol : {1, 6, 17, 47, 132}) {
            for (const std::uint16_t from : {0, 5, 6}) {
              for (const std::uint16_t to : {0, 5, 6, 8}) {
                if ((from != 0 || to != 0) && !driver::has_ports(protocol)) continue;
                for (std::uint16_t principal = 0; principal <= users.size(); ++principal) {
                  packets.push_back({{source, destination, protocol, from, to}, principal});
                }
              }
            }
          }
        }
      }
    }
    return packets;
  }

 private:
  std::mt19937& random_;
};

TEST(Findings, AreWhatEveryPacketSays) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  EveryPacket world(random);
  std::size_t hidden_found = 0;
  std::size_t overlaps_found = 0;
  for (int round = 0; round < 100; ++round) {
    std::vector<Policy> policies;
    const std::size_t count = 2 + random() % 5;
    for (std::size_t i = 0; i < count; ++i) policies.push_back(world.random_policy(std::to_string(i)));
    const People people = world.people();
    const UsersOnLine users = EveryPacket::on_line(people);

    std::vector<bool> decides(count, false);
    std::set<std::pair<std::size_t, std::size_t>> taken;  // (before, behind): the first decides a packet of the second
    std::set<std::pair<std::size_t, std::size_t>>
        outside;  // (before, behind): the first has a packet that the second has not
    const auto ask = [&](const EveryPacket::Packet& packet, const std::vector<std::vector<driver::SpdRule>>& rules) {
      std::vector<bool> matches;
      for (const auto& r : rules) matches.push_back(first_match(r, packet.key, packet.principal) != nullptr);
      const auto first = static_cast<std::size_t>(std::find(matches.begin(), matches.end(), true) - matches.begin());
      if (first == count) return;
      decides[first] = true;
      for (std::size_t i = 0; i < count; ++i) {
        if (i > first && matches[i]) taken.insert({first, i});
        for (std::size_t j = 0; j < i; ++j) {
          if (matches[j] && !matches[i]) outside.insert({j, i});
        }
      }
    };
    for (const char* time : {"mon 03:00", "mon 12:00", "fri 20:00", "sat 09:00", "sun 07:00", "sun 22:00"}) {
      std::vector<std::vector<driver::SpdRule>> rules;
      for (const Policy& p : policies) {
        const bool holds = p.when.contains(parse_week_minute(time).value());
        rules.push_back(holds ? compile({{p, 1}}, {}, users).outbound : std::vector<driver::SpdRule>());
      }
      for (const auto& packet : EveryPacket::all(users)) ask(packet, rules);
    }

    std::set<std::string> expected;
    for (std::size_t i = 0; i < count; ++i) {
      if (!decides[i]) expected.insert("hidden " + policies[i].name);
      for (std::size_t j = 0; j < i; ++j) {
        if (decides[i] && taken.contains({j, i}) && outside.contains({j, i}) &&
            policies[j].action != policies[i].action) {
          expected.insert("overlap " + policies[i].name + " " + policies[j].name);
        }
      }
    }
    std::set<std::string> said;
    for (const auto& f : examine(policies, people)) {
      said.insert(std::string(to_string(f.kind)) + " " + f.policy + (f.kind == Kind::kOverlap ? " " + f.by[0] : ""));
      if (f.kind != Kind::kHidden) continue;
      // Those who are blamed hide it without anybody else.
      std::vector<Policy> alone;
      for (const auto& name : f.by) alone.push_back(policies[std::stoul(name)]);
      alone.push_back(policies[std::stoul(f.policy)]);
      const auto again = examine(alone, people);
      ASSERT_FALSE(again.empty());
      EXPECT_EQ(again.back().kind, Kind::kHidden);
      EXPECT_EQ(again.back().by, f.by);
      ++hidden_found;
    }
    overlaps_found += said.size();
    ASSERT_EQ(said, expected) << "round " << round;
  }
  EXPECT_GT(hidden_found, 0U);
  EXPECT_GT(overlaps_found, hidden_found) << "no overlap was ever seen";
}

}  // namespace
}  // namespace sallyport::policy
