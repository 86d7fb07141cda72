// SPDX-License-Identifier: Apache-2.0
#include "host/policy/explain.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace sallyport::policy {
namespace {

using ::testing::ElementsAre;
using Words = std::vector<std::pair<std::string, std::string>>;

Policy policy(const std::string& name, const Words& words) {
  Policy p;
  p.name = name;
  for (const auto& [word, text] : words) set_word(p, word, text).value();
  validate(p).value();
  return p;
}

Question question(const Words& words) {
  Question q;
  q.from = IpAddress::parse("10.1.0.7").value();
  q.at = parse_week_minute("mon 09:00").value();
  for (const auto& [word, text] : words) set_word(q, word, text).value();
  validate(q).value();
  return q;
}

std::string why(const Words& words) {
  Question q;
  for (const auto& [word, text] : words) {
    if (auto set = set_word(q, word, text); !set) return set.error().detail;
  }
  const auto valid = validate(q);
  return valid ? "fine" : valid.error().detail;
}

const UsersOnLine kUsers{{"alice", {7, {"staff"}, {IpAddress::parse("10.1.0.7").value()}}},
                         {"bob", {8, {}, {IpAddress::parse("10.1.0.8").value()}}}};

Explanation ask(const std::vector<NumberedPolicy>& policies, const Question& q, std::uint16_t principal) {
  std::map<std::string, TargetState> targets;
  for (const auto& p : policies) {
    if (p.policy.may_protect()) targets[p.policy.target()] = {.policy_id = p.policy_id, .acquire = true};
  }
  const Compile with_targets = [&](const auto& some, const auto& users) { return compile(some, targets, users); };
  return explain(policies, with_targets, kUsers, principal, q);
}

TEST(Question, IsCompletedAsPeopleMeanIt) {
  EXPECT_EQ(question({{"to", "10.2.0.1"}}).to_string(), "10.1.0.7 to 10.2.0.1, icmp");
  EXPECT_EQ(question({{"to", "10.2.0.1"}, {"port", "443"}}).to_string(), "10.1.0.7 to 10.2.0.1, tcp port 443");
  EXPECT_EQ(question({{"from", "2001:db8::1"}, {"to", "2001:db8::2"}}).its_protocol(), 58);
  EXPECT_EQ(question({{"to", "10.2.0.1"}, {"port", "53"}, {"protocol", "udp"}}).key().destination_port, 53);
  EXPECT_EQ(question({{"to", "10.2.0.1"}}).key().source_port, 0);
}

TEST(Question, SaysWhatIsMissingOrCannotBe) {
  EXPECT_EQ(why({}), "needs 'to', the address it goes to");
  EXPECT_EQ(why({{"to", "10.2.0.1"}, {"from", "2001:db8::1"}}),
            "has one address of IPv4 and one of IPv6, which no packet has");
  EXPECT_EQ(why({{"to", "10.2.0.1"}, {"protocol", "tcp"}}), "needs 'port', as such a packet goes to one");
  EXPECT_EQ(why({{"to", "10.2.0.1"}, {"protocol", "icmp"}, {"port", "7"}}),
            "has a port, and a protocol that has none; write protocol tcp or udp");
  EXPECT_EQ(why({{"port", "1-2"}}), "'1-2' is more than one port, and a packet has one");
  EXPECT_EQ(why({{"colour", "red"}}), "there is no 'colour'");
  EXPECT_THAT(why({{"at", "noon"}}), testing::HasSubstr("write for example \"mon 08:00\""));
}

TEST(Explain, NamesThePolicyThatDecidesAndWhyThoseBeforeItDoNot) {
  const std::vector<NumberedPolicy> policies{
      {policy("printer", {{"destination", "10.2.0.77"}, {"action", "bypass"}}), 1},
      {policy("night", {{"when", "18:00-08:00"}, {"action", "discard"}}), 2},
      {policy("bob", {{"user", "bob"}, {"action", "discard"}}), 3},
      {policy("day", {{"group", "day"}, {"action", "discard"}}), 4},
      {policy("web",
              {{"source", "10.9.0.0/16"}, {"protocol", "tcp"}, {"destination_port", "80"}, {"action", "bypass"}}),
       5},
      {policy("staff", {{"group", "staff"}, {"action", "protect"}, {"connection", "b"}, {"level", "high"}}), 6},
      {policy("rest", {{"action", "discard"}}), 7}};
  const auto found = ask(policies, question({{"to", "10.2.0.1"}}), 7);
  ASSERT_TRUE(found.policy);
  EXPECT_EQ(found.policy->name, "staff");
  EXPECT_EQ(found.rule.action, layout::Action::kHost);
  ASSERT_EQ(found.before.size(), 5U);
  EXPECT_THAT(found.before[0].reasons, ElementsAre("its destination is 10.2.0.77"));
  EXPECT_THAT(found.before[1].reasons, ElementsAre("it holds 18:00-08:00, and this is mon 09:00"));
  EXPECT_THAT(found.before[2].reasons, ElementsAre("it is for packets of 'bob', not of 'alice'"));
  EXPECT_THAT(found.before[3].reasons, ElementsAre("'alice' is not in group 'day'"));
  EXPECT_THAT(found.before[4].reasons,
              ElementsAre("its source is 10.9.0.0/16", "its protocol is tcp", "its destination_port is 80"));
  const auto of_nobody = ask(policies, question({{"to", "10.2.0.1"}}), 0);
  EXPECT_EQ(of_nobody.policy->name, "rest");
  EXPECT_THAT(of_nobody.before[2].reasons,
              ElementsAre("it is for packets of 'bob', and nobody is logged in who sends this one"));
}

TEST(Explain, APolicyWithLevelNoneDecidesThatItsPacketsLeaveInTheClear) {
  const auto found = ask({{policy("office", {{"action", "protect"}, {"connection", "b"}, {"level", "none"}}), 1}},
                         question({{"to", "10.2.0.1"}}), 0);
  ASSERT_TRUE(found.policy);
  EXPECT_EQ(found.policy->does(), Action::kBypass);
  EXPECT_EQ(found.rule.action, layout::Action::kBypass);
}

TEST(Explain, WhereNoPolicyMatchesNoneDecides) {
  const auto found =
      ask({{policy("six", {{"source", "::/0"}, {"action", "bypass"}}), 1}}, question({{"to", "10.2.0.1"}}), 0);
  EXPECT_FALSE(found.policy);
  EXPECT_EQ(found.rule.action, layout::Action::kDiscard);
  EXPECT_EQ(found.before.size(), 1U);
}

// The rules of all policies, as the card has them, decide the same; and who is passed over has a reason.
TEST(Explain, NeverDisagreesWithTheRulesOfTheCard) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto one_of = [&](const std::vector<std::string>& texts) { return texts[random() % texts.size()]; };
  std::size_t decided = 0;
  for (int round = 0; round < 200; ++round) {
    std::vector<NumberedPolicy> policies;
    std::map<std::string, TargetState> targets;
    for (std::uint16_t id = 1; id <= 6; ++id) {
      Policy p;
      p.name = std::to_string(id);
      const auto maybe = [&](const char* word, const std::string& text) {
        if (!text.empty()) set_word(p, word, text).value();
      };
      maybe("source", one_of({"", "10.1.0.0/29", "10.1.0.8", "2001:db8::/64"}));
      maybe("destination", one_of({"", "10.2.0.0/31", "10.2.0.1"}));
      maybe("protocol", one_of({"", "", "tcp", "icmp"}));
      maybe("destination_port", one_of({"", "", "80", "0"}));
      maybe(one_of({"user", "group"}).c_str(), one_of({"", "", "alice", "staff", "bob"}));
      maybe("when", one_of({"", "", "mon", "08:00-10:00"}));
      maybe("action", one_of({"bypass", "discard", "protect"}));
      if (p.action == Action::kProtect) {
        p.connection = "b";
        p.level = random() % 3 == 0 ? Level::kNone : Level::kHigh;
      }
      if (!validate(p)) continue;
      if (p.may_protect()) {
        TargetState& state = targets[p.target()] = {.policy_id = id, .acquire = random() % 2 == 0};
        if (random() % 2 == 0) {
          state.sa_index = id;
          state.sending = {{TrafficSelector::parse("10.1.0.0/28").value()},
                           {TrafficSelector::parse(one_of({"10.2.0.0/30", "10.2.0.1"})).value()}};
          state.accepting = {state.sending};
        }
      }
      policies.push_back({p, id});
    }
    const Compile with_targets = [&](const auto& some, const auto& users) { return compile(some, targets, users); };
    for (int packet = 0; packet < 20; ++packet) {
      Question q = question({{"from", one_of({"10.1.0.7", "10.1.0.8", "10.1.0.9"})},
                             {"to", one_of({"10.2.0.0", "10.2.0.1", "10.2.0.2"})}});
      if (random() % 2 == 0) q.port = random() % 2 == 0 ? 80 : 443;
      q.at = parse_week_minute(one_of({"mon 09:00", "mon 12:00", "tue 09:00", "tue 12:00"})).value();
      const std::uint16_t principal = std::vector<std::uint16_t>{0, 7, 8}[random() % 3];
      std::vector<NumberedPolicy> in_force;
      std::copy_if(policies.begin(), policies.end(), std::back_inserter(in_force),
                   [&](const auto& p) { return p.policy.when.contains(*q.at); });
      const Spd card = compile(in_force, targets, kUsers);
      const auto* rule = first_match(card.outbound, q.key(), principal);
      const auto found = explain(policies, with_targets, kUsers, principal, q);
      ASSERT_EQ(found.policy.has_value(), rule != nullptr);
      for (const auto& passed : found.before) EXPECT_FALSE(passed.reasons.empty()) << passed.policy;
      if (rule == nullptr) continue;
      ++decided;
      EXPECT_EQ(std::to_string(rule->policy_id), found.policy->name);
      EXPECT_EQ(rule->action, found.rule.action);
      EXPECT_EQ(rule->sa_index, found.rule.sa_index);
    }
  }
  EXPECT_GT(decided, 0U);
}

}  // namespace
}  // namespace sallyport::policy
