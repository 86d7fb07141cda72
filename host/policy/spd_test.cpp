// SPDX-License-Identifier: Apache-2.0
#include "host/policy/spd.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>

namespace sallyport::policy {
namespace {

using driver::PacketKey;

Policy policy(std::initializer_list<std::pair<const char*, const char*>> words) {
  Policy p;
  for (const auto& [word, text] : words) set_word(p, word, text).value();
  validate(p).value();
  return p;
}

std::uint32_t v4(const char* text) { return IpAddress::parse(text).value().v4(); }
PacketKey packet(const char* source, const char* destination, std::uint8_t protocol = 1) {
  return {v4(source), v4(destination), protocol, 0, 0};
}
TrafficSelectors ts(const char* text) { return {TrafficSelector::parse(text).value()}; }

const Policy kNet = policy({{"name", "net"},
                            {"source", "10.1.0.0/16"},
                            {"destination", "10.2.0.0/16"},
                            {"action", "protect"},
                            {"connection", "b"},
                            {"child", "net"}});

layout::Action decide(const std::vector<driver::SpdRule>& rules, const PacketKey& key) {
  const auto* rule = first_match(rules, key);
  return rule == nullptr ? layout::Action::kDiscard : rule->action;
}

TEST(Spd, AsksTheHostForAnSaWhileThereIsNone) {
  const Spd spd = compile({{kNet, 7}}, {{"b/net", {.policy_id = 7, .acquire = true}}});
  ASSERT_EQ(spd.outbound.size(), 1U);
  EXPECT_EQ(spd.outbound[0].action, layout::Action::kHost);
  EXPECT_EQ(spd.outbound[0].policy_id, 7);
  ASSERT_EQ(spd.inbound.size(), 1U);
  EXPECT_EQ(spd.inbound[0].action, layout::Action::kProtect);
}

TEST(Spd, DropsWhereNobodyMayAskForAnSa) {
  const Spd spd = compile({{kNet, 7}}, {{"b/net", {.policy_id = 7, .acquire = false}}});
  EXPECT_EQ(decide(spd.outbound, packet("10.1.0.1", "10.2.0.1")), layout::Action::kDiscard);
}

// A destination is taken out of a policy at one gateway first: what the other still protects must pass meanwhile.
TEST(Spd, ABypassCarriesInboundTheNumberOfThePolicyItIsTakenFrom) {
  const Policy printer = policy({{"name", "printer"}, {"source", "10.1.0.7"}, {"action", "bypass"}});
  const Policy elsewhere = policy({{"name", "elsewhere"}, {"source", "10.9.0.0/16"}, {"action", "bypass"}});
  const Spd spd = compile({{printer, 1}, {elsewhere, 2}, {kNet, 7}}, {{"b/net", {.policy_id = 7, .acquire = true}}});
  const auto* rule = first_match(spd.inbound, packet("10.2.0.1", "10.1.0.7"));
  ASSERT_NE(rule, nullptr);
  EXPECT_EQ(rule->action, layout::Action::kBypass);
  EXPECT_EQ(rule->policy_id, 7);
  EXPECT_EQ(first_match(spd.inbound, packet("10.2.0.1", "10.9.0.1"))->policy_id, 2);
}

TEST(Spd, PointsTheOutboundRuleAtTheSaAndExchangesTheEndsInbound) {
  TargetState state{.policy_id = 7, .acquire = true, .sa_index = 3};
  state.sending = {ts("10.1.0.0/16"), ts("10.2.0.0/16")};
  state.accepting = {state.sending};
  const Spd spd = compile({{kNet, 7}}, {{"b/net", state}});
  ASSERT_EQ(spd.outbound.size(), 1U);
  EXPECT_EQ(spd.outbound[0].sa_index, 3);
  EXPECT_EQ(decide(spd.outbound, packet("10.1.0.1", "10.2.0.1")), layout::Action::kProtect);
  EXPECT_EQ(decide(spd.inbound, packet("10.2.0.1", "10.1.0.1")), layout::Action::kProtect);
  EXPECT_EQ(first_match(spd.inbound, packet("10.1.0.1", "10.2.0.1")), nullptr);
}

// RFC 7296 2.9: the responder may narrow. The rest of the policy must not leave in the clear by a later bypass.
TEST(Spd, DiscardsWhatThePeerNarrowedAway) {
  const Policy everything = policy({{"name", "rest"}, {"action", "bypass"}});
  TargetState state{.policy_id = 7, .acquire = true, .sa_index = 3};
  state.sending = {ts("10.1.0.0/16"), ts("10.2.5.0/24")};
  state.accepting = {state.sending};
  const Spd spd = compile({{kNet, 7}, {everything, 8}}, {{"b/net", state}});
  EXPECT_EQ(decide(spd.outbound, packet("10.1.0.1", "10.2.5.1")), layout::Action::kProtect);
  EXPECT_EQ(decide(spd.outbound, packet("10.1.0.1", "10.2.6.1")), layout::Action::kDiscard);
  EXPECT_EQ(decide(spd.inbound, packet("10.2.6.1", "10.1.0.1")), layout::Action::kDiscard);
  EXPECT_EQ(decide(spd.outbound, packet("10.1.0.1", "192.0.2.9")), layout::Action::kBypass);
}

TEST(Spd, AcceptsWhatTheOldSaStillCarriesAfterTheNewOneWasInstalled) {
  TargetState state{.policy_id = 7, .acquire = true, .sa_index = 4};
  state.sending = {ts("10.1.0.0/16"), ts("10.2.5.0/24")};
  state.accepting = {{ts("10.1.0.0/16"), ts("10.2.0.0/16")}, state.sending};
  const Spd spd = compile({{kNet, 7}}, {{"b/net", state}});
  EXPECT_EQ(decide(spd.inbound, packet("10.2.6.1", "10.1.0.1")), layout::Action::kProtect);
}

TEST(Spd, TheFirstPolicyThatMatchesDecides) {
  const Policy ssh = policy({{"name", "ssh"}, {"protocol", "tcp"}, {"destination_port", "22"}, {"action", "discard"}});
  const Policy rest = policy({{"name", "rest"}, {"action", "bypass"}});
  const Spd spd = compile({{ssh, 1}, {rest, 2}}, {});
  PacketKey key = packet("10.1.0.1", "192.0.2.9", 6);
  key.destination_port = 22;
  EXPECT_EQ(decide(spd.outbound, key), layout::Action::kDiscard);
  key.destination_port = 23;
  EXPECT_EQ(decide(spd.outbound, key), layout::Action::kBypass);
  // Back: the port is the source's.
  PacketKey back = packet("192.0.2.9", "10.1.0.1", 6);
  back.source_port = 22;
  EXPECT_EQ(decide(spd.inbound, back), layout::Action::kDiscard);
}

TEST(Policy, KeepsItsWordsThroughTextAndBack) {
  const Policy p = policy({{"name", "web"},
                           {"source", "10.1.0.7-10.1.0.9"},
                           {"destination", "10.2.0.0/16"},
                           {"protocol", "tcp"},
                           {"destination_port", "443"},
                           {"action", "protect"},
                           {"connection", "b"},
                           {"esp_proposals", "aes256gcm16"},
                           {"replay_window", "1024"}});
  Policy again;
  for (const auto word : policy_words()) {
    if (const auto text = get_word(p, word); !text.empty()) set_word(again, word, text).value();
  }
  for (const auto word : policy_words()) EXPECT_EQ(get_word(again, word), get_word(p, word)) << word;
  EXPECT_EQ(get_word(again, "protocol"), "tcp");
  EXPECT_EQ(again.replay_window, 1024U);
  EXPECT_EQ(again.target(), "b/web");
  EXPECT_TRUE(again.owns_child());
}

TEST(Policy, SaysWhatContradictsItself) {
  const auto why = [](std::initializer_list<std::pair<const char*, const char*>> words) {
    Policy p;
    for (const auto& [word, text] : words) set_word(p, word, text).value();
    const auto valid = validate(p);
    return valid ? std::string("fine") : valid.error().detail;
  };
  EXPECT_EQ(why({{"name", "x"}, {"action", "protect"}}),
            "policy 'x' protects, so it needs either 'connection' or the manual SA 'sa'");
  EXPECT_EQ(why({{"name", "x"}, {"action", "protect"}, {"connection", "b"}}),
            "policy 'x' needs exactly one of 'child', 'level' and 'esp_proposals' beside 'connection'");
  EXPECT_EQ(why({{"name", "x"}, {"action", "bypass"}, {"sa", "m"}}),
            "policy 'x' names an SA or a connection, which only action 'protect' uses");
  for (const auto* elsewhere : {"sa", "child"}) {
    EXPECT_EQ(why({{"name", "x"}, {"action", "protect"}, {elsewhere, "m"}, {"replay_window", "64"}}),
              "policy 'x' has 'replay_window', which only 'level' and 'esp_proposals' use");
  }
  EXPECT_EQ(why({{"action", "bypass"}}), "a policy needs 'name'");
}

}  // namespace
}  // namespace sallyport::policy
