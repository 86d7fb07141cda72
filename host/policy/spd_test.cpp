// SPDX-License-Identifier: Apache-2.0
#include "host/policy/spd.hpp"

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

layout::Address number(const char* text) { return IpAddress::parse(text).value().number(); }
PacketKey packet(const char* source, const char* destination, std::uint8_t protocol = 1) {
  return {number(source), number(destination), protocol, 0, 0};
}
template <class... Texts>
TrafficSelectors ts(Texts... texts) {
  return {TrafficSelector::parse(texts).value()...};
}

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

// RFC 4301 4.4.1: the SPD holds rules of both families side by side.
TEST(Spd, TellsTheFamiliesApart) {
  const Policy four = policy({{"name", "four"}, {"source", "0.0.0.0/0"}, {"action", "discard"}});
  const Policy six = policy({{"name", "six"}, {"destination", "::/0"}, {"action", "bypass"}});
  const Spd spd = compile({{four, 1}, {six, 2}}, {});
  EXPECT_EQ(first_match(spd.outbound, packet("10.1.0.1", "10.2.0.1"))->policy_id, 1);
  for (const char* far : {"::1", "2001:db8::1", "::fffe:ffff:ffff", "::1:0:0:0", "ffff::"}) {
    EXPECT_EQ(first_match(spd.outbound, packet("2001:db8::7", far))->policy_id, 2) << far;
  }
  // Amid IPv6's numbers stand IPv4's.
  const Spd only_six = compile({{six, 2}}, {});
  for (const char* far : {"0.0.0.0", "192.0.2.9", "255.255.255.255"}) {
    EXPECT_EQ(first_match(only_six.outbound, packet("10.1.0.1", far)), nullptr) << far;
    EXPECT_EQ(first_match(only_six.inbound, packet(far, "10.1.0.1")), nullptr) << far;
  }
}

TEST(Spd, AnyIsBothFamilies) {
  const Spd spd = compile({{policy({{"name", "all"}, {"action", "bypass"}}), 1}}, {});
  ASSERT_EQ(spd.outbound.size(), 1U);
  EXPECT_TRUE(spd.outbound[0].source.empty());
  EXPECT_EQ(decide(spd.outbound, packet("10.1.0.1", "192.0.2.9")), layout::Action::kBypass);
  EXPECT_EQ(decide(spd.outbound, packet("2001:db8::1", "::1")), layout::Action::kBypass);
}

// What a peer's selectors may narrow a policy to: addresses that no packet has are no rule, and not one for all.
TEST(Spd, ARangeThatOnlyHoldsIpv4InsideIpv6IsNoRule) {
  const Policy all = policy({{"name", "all"}, {"action", "protect"}, {"connection", "b"}, {"child", "net"}});
  const std::uint8_t mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
  const IpAddress address = IpAddress::from_bytes(mapped).value();
  TargetState state{.policy_id = 7, .acquire = true, .sa_index = 3};
  state.sending = {ts("::/0"), {TrafficSelector::of({address, address})}};
  state.accepting = {state.sending};
  const Spd spd = compile({{all, 7}}, {{"b/net", state}});
  for (const char* far : {"192.0.2.1", "192.0.2.2"}) {
    EXPECT_EQ(decide(spd.outbound, packet("10.1.0.1", far)), layout::Action::kDiscard) << far;
  }
  EXPECT_EQ(decide(spd.outbound, packet("2001:db8::1", "2001:db8::2")), layout::Action::kDiscard);
}

// RFC 7296 2.9: a list may mix families; a packet has one.
TEST(Spd, AnSaOfBothFamiliesCarriesPacketsOfEither) {
  const Policy both = policy({{"name", "both"}, {"action", "protect"}, {"connection", "b"}, {"level", "high"}});
  EXPECT_EQ(to_string(both.local_ts()), "0.0.0.0/0, ::/0");
  TargetState state{.policy_id = 7, .acquire = true, .sa_index = 3};
  state.sending = {ts("10.1.0.0/16", "2001:db8:1::/48"), ts("10.2.0.0/16", "2001:db8:2::/48")};
  state.accepting = {state.sending};
  const Spd spd = compile({{both, 7}}, {{"b/both", state}});
  EXPECT_EQ(spd.outbound.size(), 3U);  // two to protect, and what the peer narrowed away
  EXPECT_EQ(decide(spd.outbound, packet("10.1.0.1", "10.2.0.1")), layout::Action::kProtect);
  EXPECT_EQ(decide(spd.outbound, packet("2001:db8:1::1", "2001:db8:2::1")), layout::Action::kProtect);
  EXPECT_EQ(decide(spd.inbound, packet("2001:db8:2::1", "2001:db8:1::1")), layout::Action::kProtect);
  EXPECT_EQ(decide(spd.outbound, packet("2001:db8:9::1", "2001:db8:2::1")), layout::Action::kDiscard);
  // Nothing was narrowed away where each family is whole.
  state.sending = {both.local_ts(), both.remote_ts()};
  state.accepting = {state.sending};
  EXPECT_EQ(compile({{both, 7}}, {{"b/both", state}}).outbound.size(), 2U);
}

}  // namespace
}  // namespace sallyport::policy
