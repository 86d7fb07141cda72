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

Spd for_everybody(const std::vector<NumberedPolicy>& policies, const std::map<std::string, TargetState>& targets) {
  return compile(policies, targets, {});
}

layout::Action decide(const std::vector<driver::SpdRule>& rules, const PacketKey& key) {
  const auto* rule = first_match(rules, key);
  return rule == nullptr ? layout::Action::kDiscard : rule->action;
}

TEST(Spd, AsksTheHostForAnSaWhileThereIsNone) {
  const Spd spd = for_everybody({{kNet, 7}}, {{"b/net", {.policy_id = 7, .acquire = true}}});
  ASSERT_EQ(spd.outbound.size(), 1U);
  EXPECT_EQ(spd.outbound[0].action, layout::Action::kHost);
  EXPECT_EQ(spd.outbound[0].policy_id, 7);
  ASSERT_EQ(spd.inbound.size(), 1U);
  EXPECT_EQ(spd.inbound[0].action, layout::Action::kProtect);
}

TEST(Spd, DropsWhereNobodyMayAskForAnSa) {
  const Spd spd = for_everybody({{kNet, 7}}, {{"b/net", {.policy_id = 7, .acquire = false}}});
  EXPECT_EQ(decide(spd.outbound, packet("10.1.0.1", "10.2.0.1")), layout::Action::kDiscard);
}

// A destination is taken out of a policy at one gateway first: what the other still protects must pass meanwhile.
TEST(Spd, ABypassCarriesInboundTheNumberOfThePolicyItIsTakenFrom) {
  const Policy printer = policy({{"name", "printer"}, {"source", "10.1.0.7"}, {"action", "bypass"}});
  const Policy elsewhere = policy({{"name", "elsewhere"}, {"source", "10.9.0.0/16"}, {"action", "bypass"}});
  const Spd spd = for_everybody({{printer, 1}, {elsewhere, 2}, {kNet, 7}},
                                {{"b/net", {.policy_id = 7, .inbound_id = 17, .acquire = true}}});
  const auto* rule = first_match(spd.inbound, packet("10.2.0.1", "10.1.0.7"));
  ASSERT_NE(rule, nullptr);
  EXPECT_EQ(rule->action, layout::Action::kBypass);
  EXPECT_EQ(rule->policy_id, 17);
  EXPECT_EQ(first_match(spd.inbound, packet("10.2.0.1", "10.9.0.1"))->policy_id, 2);
}

// RFC 4301 7: its ports are its first fragment's alone.
TEST(Spd, AFragmentWithoutPortsIsThatOfARuleForSomePortsUnlessThatLetsThemPassAndAnotherDoesNot) {
  const auto rule = [](layout::Action action, std::optional<std::uint8_t> protocol, std::uint16_t port) {
    driver::SpdRule made;
    made.action = action;
    made.protocol = protocol;
    if (port != 0) made.destination_port = {{port, port}};
    return made;
  };
  const auto ssh = rule(layout::Action::kBypass, 6, 22), web = rule(layout::Action::kProtect, 6, 443),
             all = rule(layout::Action::kBypass, std::nullopt, 0);
  const auto of = [](const std::vector<driver::SpdRule>& rules, std::uint8_t protocol) -> std::ptrdiff_t {
    const auto* found = first_match_of_any_ports(rules, packet("10.2.0.1", "10.1.0.7", protocol));
    return found == nullptr ? -1 : found - rules.data();
  };
  EXPECT_EQ(of({ssh, web, all}, 6), 1);
  EXPECT_EQ(of({ssh, web, all}, 17), 2);
  EXPECT_EQ(of({all, web}, 6), 0);
  EXPECT_EQ(of({ssh, all}, 6), 1);
  EXPECT_EQ(of({ssh}, 6), 0);
  EXPECT_EQ(of({ssh, web}, 17), -1);
}

TEST(Spd, PointsTheOutboundRuleAtTheSaAndExchangesTheEndsInbound) {
  TargetState state{.policy_id = 7, .acquire = true, .sa_index = 3};
  state.sending = {ts("10.1.0.0/16"), ts("10.2.0.0/16")};
  state.accepting = {state.sending};
  const Spd spd = for_everybody({{kNet, 7}}, {{"b/net", state}});
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
  const Spd spd = for_everybody({{kNet, 7}, {everything, 8}}, {{"b/net", state}});
  EXPECT_EQ(decide(spd.outbound, packet("10.1.0.1", "10.2.5.1")), layout::Action::kProtect);
  EXPECT_EQ(decide(spd.outbound, packet("10.1.0.1", "10.2.6.1")), layout::Action::kDiscard);
  EXPECT_EQ(decide(spd.inbound, packet("10.2.6.1", "10.1.0.1")), layout::Action::kDiscard);
  EXPECT_EQ(decide(spd.outbound, packet("10.1.0.1", "192.0.2.9")), layout::Action::kBypass);
}

TEST(Spd, AcceptsWhatTheOldSaStillCarriesAfterTheNewOneWasInstalled) {
  TargetState state{.policy_id = 7, .acquire = true, .sa_index = 4};
  state.sending = {ts("10.1.0.0/16"), ts("10.2.5.0/24")};
  state.accepting = {{ts("10.1.0.0/16"), ts("10.2.0.0/16")}, state.sending};
  const Spd spd = for_everybody({{kNet, 7}}, {{"b/net", state}});
  EXPECT_EQ(decide(spd.inbound, packet("10.2.6.1", "10.1.0.1")), layout::Action::kProtect);
}

TEST(Spd, TheFirstPolicyThatMatchesDecides) {
  const Policy ssh = policy({{"name", "ssh"}, {"protocol", "tcp"}, {"destination_port", "22"}, {"action", "discard"}});
  const Policy rest = policy({{"name", "rest"}, {"action", "bypass"}});
  const Spd spd = for_everybody({{ssh, 1}, {rest, 2}}, {});
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
  const Spd spd = for_everybody({{four, 1}, {six, 2}}, {});
  EXPECT_EQ(first_match(spd.outbound, packet("10.1.0.1", "10.2.0.1"))->policy_id, 1);
  for (const char* far : {"::1", "2001:db8::1", "::fffe:ffff:ffff", "::1:0:0:0", "ffff::"}) {
    EXPECT_EQ(first_match(spd.outbound, packet("2001:db8::7", far))->policy_id, 2) << far;
  }
  // Amid IPv6's numbers stand IPv4's.
  const Spd only_six = for_everybody({{six, 2}}, {});
  for (const char* far : {"0.0.0.0", "192.0.2.9", "255.255.255.255"}) {
    EXPECT_EQ(first_match(only_six.outbound, packet("10.1.0.1", far)), nullptr) << far;
    EXPECT_EQ(first_match(only_six.inbound, packet(far, "10.1.0.1")), nullptr) << far;
  }
}

TEST(Spd, AnyIsBothFamilies) {
  const Spd spd = for_everybody({{policy({{"name", "all"}, {"action", "bypass"}}), 1}}, {});
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
  const Spd spd = for_everybody({{all, 7}}, {{"b/net", state}});
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
  const Spd spd = for_everybody({{both, 7}}, {{"b/both", state}});
  EXPECT_EQ(spd.outbound.size(), 3U);  // two to protect, and what the peer narrowed away
  EXPECT_EQ(decide(spd.outbound, packet("10.1.0.1", "10.2.0.1")), layout::Action::kProtect);
  EXPECT_EQ(decide(spd.outbound, packet("2001:db8:1::1", "2001:db8:2::1")), layout::Action::kProtect);
  EXPECT_EQ(decide(spd.inbound, packet("2001:db8:2::1", "2001:db8:1::1")), layout::Action::kProtect);
  EXPECT_EQ(decide(spd.outbound, packet("2001:db8:9::1", "2001:db8:2::1")), layout::Action::kDiscard);
  // Nothing was narrowed away where each family is whole, and one rule says it of both.
  state.sending = {both.local_ts(), both.remote_ts()};
  state.accepting = {state.sending};
  const Spd whole = for_everybody({{both, 7}}, {{"b/both", state}});
  EXPECT_EQ(whole.outbound.size(), 1U);
  EXPECT_EQ(decide(whole.outbound, packet("10.9.0.1", "10.2.0.1")), layout::Action::kProtect);
  EXPECT_EQ(decide(whole.outbound, packet("2001:db8:9::1", "2001:db8:2::1")), layout::Action::kProtect);
}

const Policy kAlices =
    policy({{"name", "alices"}, {"user", "alice"}, {"destination", "10.2.0.0/16"}, {"action", "bypass"}});
const Policy kNights =
    policy({{"name", "nights"}, {"group", "night"}, {"source", "10.1.0.0/16"}, {"action", "bypass"}});

IpAddress address(const char* text) { return IpAddress::parse(text).value(); }

TEST(SpdOfUsers, APolicyOfWhomNobodyIsOnLineIsNoRule) {
  const Spd spd = compile({{kAlices, 1}, {kNights, 2}}, {}, {{"bob", {5, {"day"}, {address("10.1.0.5")}}}});
  EXPECT_TRUE(spd.outbound.empty());
  EXPECT_TRUE(spd.inbound.empty());
}

TEST(SpdOfUsers, OutboundAsksForThePrincipalsOfThoseOnLine) {
  const UsersOnLine users{{"alice", {7, {}, {address("10.1.0.7")}}},
                          {"bob", {5, {"day", "night"}, {address("10.1.0.5")}}},
                          {"carol", {6, {"night"}, {address("10.1.0.6"), address("10.1.0.66")}}},
                          {"dave", {9, {"night"}, {address("10.1.0.9")}}}};
  const Spd spd = compile({{kAlices, 1}, {kNights, 2}}, {}, users);
  ASSERT_EQ(spd.outbound.size(), 2U);
  EXPECT_EQ(spd.outbound[0].principal, (std::vector<driver::NumberRange>{{7, 7}}));
  EXPECT_EQ(spd.outbound[1].principal, (std::vector<driver::NumberRange>{{5, 6}, {9, 9}}));
  EXPECT_EQ(first_match(spd.outbound, packet("10.1.0.7", "10.2.0.1")), nullptr) << "the gateway's own packet";
}

TEST(SpdOfUsers, InboundAsksForTheirAddressesSoThatAnswersComeBackToThemAlone) {
  const UsersOnLine users{{"alice", {7, {}, {address("10.1.0.7")}}},
                          {"bob", {5, {"night"}, {address("10.1.0.8"), address("10.9.0.1")}}}};
  const Policy rest = policy({{"name", "rest"}, {"action", "discard"}});
  const Spd spd = compile({{kAlices, 1}, {kNights, 2}, {rest, 3}}, {}, users);
  for (const auto& rule : spd.inbound) EXPECT_TRUE(rule.principal.empty());
  const auto id = [&](const char* from, const char* to) {
    return first_match(spd.inbound, packet(from, to))->policy_id;
  };
  EXPECT_EQ(id("10.2.0.1", "10.1.0.7"), 1);
  EXPECT_EQ(id("10.3.0.1", "10.1.0.7"), 3) << "from elsewhere than she may ask";
  EXPECT_EQ(id("10.2.0.1", "10.1.0.8"), 2);
  EXPECT_EQ(id("10.2.0.1", "10.9.0.1"), 3) << "at a computer outside of the policy's source";
  EXPECT_EQ(id("10.2.0.1", "10.1.0.9"), 3) << "nobody";
}

// What the peer narrowed away leaves by no later rule, for those who are meant; the others' packets are not concerned.
TEST(SpdOfUsers, ProtectsThoseWhoAreMeantAndNobodyElse) {
  Policy net = kNet;
  net.group = "night";
  const Policy rest = policy({{"name", "rest"}, {"action", "bypass"}});
  TargetState state{.policy_id = 7, .acquire = true, .sa_index = 3};
  state.sending = {ts("10.1.0.0/16"), ts("10.2.5.0/24")};
  state.accepting = {state.sending};
  const Spd spd = compile({{net, 7}, {rest, 8}}, {{"b/net", state}}, {{"bob", {5, {"night"}, {address("10.1.0.5")}}}});
  ASSERT_EQ(spd.outbound.size(), 3U);
  const std::vector<driver::NumberRange> bob{{5, 5}};
  EXPECT_EQ(spd.outbound[0].principal, bob);
  EXPECT_EQ(spd.outbound[0].action, layout::Action::kProtect);
  EXPECT_EQ(spd.outbound[1].principal, bob);
  EXPECT_EQ(spd.outbound[1].action, layout::Action::kDiscard);
  EXPECT_TRUE(spd.outbound[2].principal.empty());
  EXPECT_EQ(decide(spd.inbound, packet("10.2.5.1", "10.1.0.5")), layout::Action::kProtect);
  EXPECT_EQ(decide(spd.inbound, packet("10.2.6.1", "10.1.0.5")), layout::Action::kDiscard);
  EXPECT_EQ(decide(spd.inbound, packet("10.2.5.1", "10.1.0.6")), layout::Action::kBypass);
}

const Policy kStaffs = policy({{"name", "staffs"},
                               {"group", "staff"},
                               {"source", "10.1.0.0/16"},
                               {"destination", "10.2.0.0/16"},
                               {"action", "protect"},
                               {"connection", "b"},
                               {"level", "high"}});

// Of three who are on line and meant, two have SAs, one of which the peer narrowed.
TEST(SpdOfUsers, EachUserIsLedIntoTheirOwnSaAndWhoHasNoneAsksForIt) {
  const UsersOnLine users{{"alice", {7, {"staff"}, {address("10.1.0.7")}}},
                          {"bob", {5, {"staff"}, {address("10.1.0.5")}}},
                          {"carol", {6, {"staff"}, {address("10.1.0.6")}}},
                          {"dave", {9, {}, {address("10.1.0.9")}}}};
  TargetState state{.policy_id = 3, .inbound_id = 4, .acquire = true};
  state.of_users["alice"] = {70, {ts("10.1.0.0/16"), ts("10.2.0.0/16")}};
  state.of_users["bob"] = {50, {ts("10.1.0.0/16"), ts("10.2.5.0/24")}};
  state.of_users["erin"] = {80, {ts("10.1.0.0/16"), ts("10.2.0.0/16")}};  // logged out
  for (const auto& [user, sa] : state.of_users) state.accepting.push_back(sa.sending);
  const Spd spd = compile({{kStaffs, 3}}, {{"b/staffs", state}}, users);
  const auto rule = [&](std::size_t i) { return spd.outbound.at(i); };
  const auto is_for = [&](std::size_t i, std::uint16_t principal) {
    return rule(i).principal == std::vector<driver::NumberRange>{{principal, principal}};
  };
  ASSERT_EQ(spd.outbound.size(), 4U);
  EXPECT_TRUE(is_for(0, 5) && rule(0).action == layout::Action::kProtect && rule(0).sa_index == 50) << "by number";
  EXPECT_TRUE(is_for(1, 5) && rule(1).action == layout::Action::kDiscard) << "what was narrowed away";
  EXPECT_TRUE(is_for(2, 7) && rule(2).action == layout::Action::kProtect && rule(2).sa_index == 70);
  EXPECT_TRUE(is_for(3, 6) && rule(3).action == layout::Action::kHost && rule(3).policy_id == 3);
  // What comes may come by any of them, to any of those on line.
  ASSERT_EQ(spd.inbound.size(), 1U);
  EXPECT_EQ(spd.inbound[0].policy_id, 4);
  for (const char* to : {"10.1.0.7", "10.1.0.5", "10.1.0.6"}) {
    EXPECT_EQ(decide(spd.inbound, packet("10.2.5.1", to)), layout::Action::kProtect) << to;
  }
  EXPECT_EQ(first_match(spd.inbound, packet("10.2.5.1", "10.1.0.9")), nullptr);
}

// ---- policies that speak to users ----------------------------------------------------------------------------------

const UsersOnLine kAliceAndBob{{"alice", {7, {}, {address("10.1.0.7")}}}, {"bob", {5, {}, {address("10.1.0.5")}}}};
const Policy kAsk = policy({{"name", "ask"}, {"destination", "10.2.0.0/16"}, {"action", "ask"}});
const Policy kAskOrProtect = policy(
    {{"name", "ask"}, {"destination", "10.2.0.0/16"}, {"action", "ask"}, {"connection", "b"}, {"level", "high"}});

layout::Action decide_for(const Spd& spd, std::uint16_t principal, const PacketKey& key) {
  const auto* rule = first_match(spd.outbound, key, principal);
  return rule == nullptr ? layout::Action::kDiscard : rule->action;
}
// What `user` was let do, or not, with packets to `destination`, "10.2.0.9[tcp/443]".
FrontRule in_front(const char* user, const char* destination, std::optional<Action> action) {
  FrontRule rule{"ask", user};
  rule.destination = TrafficSelector::parse(destination).value();
  rule.source.protocol = rule.destination.protocol;
  rule.action = action;
  return rule;
}
const PacketKey kWeb{number("10.1.0.7"), number("10.2.0.9"), 6, 40000, 443};

TEST(SpdThatSpeaks, ToldUsersPacketsGoByTheHostAndNobodysDoNot) {
  Policy rest = policy({{"name", "rest"}, {"action", "bypass"}, {"tell", "yes"}});
  const Spd spd = compile({{rest, 3}}, {}, kAliceAndBob);
  EXPECT_EQ(decide_for(spd, 7, kWeb), layout::Action::kHost);
  EXPECT_EQ(decide_for(spd, 0, kWeb), layout::Action::kBypass);
  EXPECT_EQ(decide_for(compile({{rest, 3}}, {}, kAliceAndBob, {}, false), 7, kWeb), layout::Action::kBypass);
  EXPECT_EQ(compile({{rest, 3}}, {}, {}).outbound.size(), 1U) << "nobody is there to be told";
  FrontRule told{"rest", "alice"};
  told.destination = ts("10.2.0.9")[0];
  const Spd then = compile({{rest, 3}}, {}, kAliceAndBob, {told});
  EXPECT_EQ(decide_for(then, 7, kWeb), layout::Action::kBypass);
  EXPECT_EQ(decide_for(then, 5, kWeb), layout::Action::kHost) << "bob has not been told";
  rest.action = Action::kDiscard;
  EXPECT_EQ(decide_for(compile({{rest, 3}}, {}, kAliceAndBob, {told}), 7, kWeb), layout::Action::kDiscard);
}

TEST(SpdThatSpeaks, AskedUsersPacketsWaitAtTheHostAndNobodysAreRefused) {
  const Spd spd = compile({{kAsk, 3}}, {}, kAliceAndBob, {}, false);
  EXPECT_EQ(decide_for(spd, 7, kWeb), layout::Action::kHost);
  EXPECT_EQ(decide_for(spd, 0, kWeb), layout::Action::kDiscard);
  EXPECT_EQ(decide(spd.inbound, packet("10.2.0.9", "10.1.0.7", 6)), layout::Action::kDiscard);
}

TEST(SpdThatSpeaks, AnAnswerIsForItsUserAndForWhatWasAskedAlone) {
  const Spd spd = compile({{kAsk, 3}}, {}, kAliceAndBob, {in_front("alice", "10.2.0.9[tcp/443]", Action::kBypass)});
  EXPECT_EQ(decide_for(spd, 7, kWeb), layout::Action::kBypass);
  EXPECT_EQ(decide_for(spd, 5, kWeb), layout::Action::kHost);
  PacketKey other = kWeb;
  other.destination_port = 80;
  EXPECT_EQ(decide_for(spd, 7, other), layout::Action::kHost);
  const auto back = [&](const char* to, std::uint16_t port) {
    return decide(spd.inbound, {number("10.2.0.9"), number(to), 6, port, 40000});
  };
  EXPECT_EQ(back("10.1.0.7", 443), layout::Action::kBypass);
  EXPECT_EQ(back("10.1.0.7", 80), layout::Action::kDiscard);
  EXPECT_EQ(back("10.1.0.5", 443), layout::Action::kDiscard);
  auto rule = in_front("alice", "10.2.0.9[tcp/443]", Action::kBypass);
  rule.outbound = false;
  const Spd looking = compile({{kAsk, 3}}, {}, kAliceAndBob, {rule});
  EXPECT_EQ(decide_for(looking, 7, kWeb), layout::Action::kHost);
  EXPECT_EQ(looking.inbound, spd.inbound) << "what is on its way back still comes";
}

TEST(SpdThatSpeaks, AnAnswerGoesNoFartherThanItsPolicy) {
  const Policy before = policy({{"name", "before"}, {"destination", "10.2.0.9"}, {"action", "discard"}});
  const std::vector<FrontRule> clear{in_front("alice", "10.0.0.0/8", Action::kBypass)};
  const Spd spd = compile({{before, 2}, {kAsk, 3}}, {}, kAliceAndBob, clear);
  EXPECT_EQ(decide_for(spd, 7, kWeb), layout::Action::kDiscard) << "what stands before decides first";
  EXPECT_EQ(decide_for(spd, 7, packet("10.1.0.7", "10.2.0.8")), layout::Action::kBypass);
  EXPECT_EQ(decide_for(spd, 7, packet("10.1.0.7", "10.3.0.8")), layout::Action::kDiscard);
  EXPECT_EQ(compile({{kAsk, 3}}, {}, {}, clear).outbound.size(), 1U) << "she has left";
  Policy bobs = kAsk;
  bobs.user = "bob";
  EXPECT_EQ(decide_for(compile({{bobs, 3}}, {}, kAliceAndBob, clear), 7, packet("10.1.0.7", "10.2.0.8")),
            layout::Action::kDiscard);
}

// The policy has become another meanwhile.
TEST(SpdThatSpeaks, AnAnswerToAQuestionThatIsNoLongerAskedIsNoRule) {
  Policy discards = kAsk;
  discards.action = Action::kDiscard;
  const auto spd = [&](const Policy& p, Action answer) {
    return compile({{p, 3}}, {{"b/ask", {.policy_id = 4, .acquire = true}}}, kAliceAndBob,
                   {in_front("alice", "10.2.0.9", answer)});
  };
  EXPECT_EQ(decide_for(spd(discards, Action::kBypass), 7, kWeb), layout::Action::kDiscard);
  EXPECT_EQ(decide(spd(discards, Action::kBypass).inbound, packet("10.2.0.9", "10.1.0.7")), layout::Action::kDiscard);
  EXPECT_EQ(first_match(spd(kAsk, Action::kProtect).outbound, kWeb, 7)->policy_id, 3) << "it may not protect";
  const auto* protect = first_match(spd(kAskOrProtect, Action::kProtect).outbound, kWeb, 7);
  EXPECT_EQ(protect->action, layout::Action::kHost);
  EXPECT_EQ(protect->policy_id, 4) << "its packets ask for an SA, not for their user";
}

TEST(SpdThatSpeaks, WhatIsProtectedByChoiceTakesThePolicysSa) {
  TargetState state{.policy_id = 4, .inbound_id = 14, .acquire = true, .sa_index = 9};
  state.sending = {ts("0.0.0.0/0"), ts("10.2.0.0/16")};
  state.accepting = {state.sending};
  const Spd spd = compile({{kAskOrProtect, 3}}, {{"b/ask", state}}, kAliceAndBob,
                          {in_front("alice", "10.2.0.9[tcp/443]", Action::kProtect)});
  const auto* rule = first_match(spd.outbound, kWeb, 7);
  EXPECT_EQ(rule->action, layout::Action::kProtect);
  EXPECT_EQ(rule->sa_index, 9);
  EXPECT_EQ(rule->policy_id, 4);
  const auto* back = first_match(spd.inbound, {number("10.2.0.9"), number("10.1.0.7"), 6, 443, 40000});
  EXPECT_EQ(back->action, layout::Action::kProtect);
  EXPECT_EQ(back->policy_id, 14);
  EXPECT_EQ(decide_for(spd, 5, kWeb), layout::Action::kHost);
}

TEST(SpdThatSpeaks, AnswersAlikeShareARuleOfTheCard) {
  std::vector<FrontRule> answers;
  for (const char* far : {"10.2.0.1[tcp/443]", "10.2.0.5[tcp/443]", "10.2.0.9[tcp/443]"}) {
    answers.push_back(in_front("alice", far, Action::kBypass));
  }
  answers.push_back(in_front("alice", "10.2.0.6[tcp/443]", Action::kDiscard));
  const Spd spd = compile({{kAsk, 3}}, {}, kAliceAndBob, answers);
  EXPECT_EQ(spd.outbound.size(), 4U) << "clear, refused, asked, and nobody's";
  EXPECT_EQ(decide_for(spd, 7, kWeb), layout::Action::kBypass);
  PacketKey other = kWeb;
  for (const auto& [far, action] :
       {std::pair("10.2.0.5", layout::Action::kBypass), std::pair("10.2.0.6", layout::Action::kDiscard),
        std::pair("10.2.0.7", layout::Action::kHost)}) {
    other.destination = number(far);
    EXPECT_EQ(decide_for(spd, 7, other), action) << far;
  }
}

// ---- a change that new connections take ----------------------------------------------------------------------------

FrontRule new_connection(const char* source, const char* destination) {
  FrontRule rule{"net"};
  rule.source = TrafficSelector::parse(source).value();
  rule.destination = TrafficSelector::parse(destination).value();
  rule.by_successor = true;
  return rule;
}

TEST(SpdThatChanges, TheHostSeesWhatOpensAConnectionAndLeadsItToTheNewSa) {
  TargetState state{.policy_id = 7, .inbound_id = 17, .acquire = true, .sa_index = 3};
  state.sending = {ts("10.1.0.0/16"), ts("10.2.0.0/16")};
  state.successor = {4, state.sending};
  state.accepting = {state.sending, state.sending};
  const auto flow = new_connection("10.1.0.7[tcp/40000]", "10.2.0.9[tcp/443]");
  const Spd spd = compile({{kNet, 7}}, {{"b/net", state}}, {}, {flow});
  ASSERT_EQ(spd.outbound.size(), 2U);
  EXPECT_EQ(spd.outbound[0].sa_index, 4);
  EXPECT_EQ(spd.outbound[0].policy_id, 7);
  EXPECT_FALSE(spd.outbound[0].syn_to_host) << "it is known";
  EXPECT_EQ(first_match(spd.outbound, {number("10.1.0.7"), number("10.2.0.9"), 6, 40000, 443}), &spd.outbound[0]);
  const PacketKey others[] = {{number("10.1.0.7"), number("10.2.0.9"), 6, 40001, 443},
                              {number("10.1.0.7"), number("10.2.0.9"), 6, 40000, 444},
                              {number("10.1.0.8"), number("10.2.0.9"), 6, 40000, 443},
                              {number("10.1.0.7"), number("10.2.0.8"), 6, 40000, 443},
                              {number("10.1.0.7"), number("10.2.0.9"), 17, 40000, 443}};
  for (const PacketKey& other : others) EXPECT_EQ(first_match(spd.outbound, other), &spd.outbound[1]);
  EXPECT_EQ(spd.outbound[1].sa_index, 3);
  EXPECT_TRUE(spd.outbound[1].syn_to_host);
  ASSERT_EQ(spd.inbound.size(), 1U) << "whichever of both brings it";
  EXPECT_EQ(spd.inbound[0].policy_id, 17);
}

TEST(SpdThatChanges, AConnectionStaysWithTheOldSaWhereTheNewOneDoesNotCarryIt) {
  TargetState state{.policy_id = 7, .acquire = true, .sa_index = 3};
  state.sending = {ts("10.1.0.0/16"), ts("10.2.0.0/16")};
  const auto far = new_connection("10.1.0.7[tcp/40000]", "10.2.0.9[tcp/443]");
  EXPECT_EQ(compile({{kNet, 7}}, {{"b/net", state}}, {}, {far}).outbound.size(), 1U) << "there is none";
  state.successor = {4, {ts("10.1.0.0/16"), ts("10.2.0.0/29")}};
  const Spd spd = compile({{kNet, 7}}, {{"b/net", state}}, {}, {far});
  ASSERT_EQ(spd.outbound.size(), 1U);
  EXPECT_EQ(spd.outbound[0].sa_index, 3);
}

TEST(SpdThatChanges, ANewConnectionIsThatOfThePolicysPeopleAlone) {
  Policy staff = policy({{"name", "net"},
                         {"group", "staff"},
                         {"source", "10.1.0.0/16"},
                         {"destination", "10.2.0.0/16"},
                         {"action", "protect"},
                         {"connection", "b"},
                         {"level", "high"},
                         {"shared", "yes"}});
  TargetState state{.policy_id = 7, .acquire = true, .sa_index = 3};
  state.sending = {ts("10.1.0.0/16"), ts("10.2.0.0/16")};
  state.successor = {4, state.sending};
  const UsersOnLine alice{{"alice", {5, {"staff"}, {IpAddress::parse("10.1.0.7").value()}}}};
  const auto flow = new_connection("10.1.0.7[tcp/40000]", "10.2.0.9[tcp/443]");
  const Spd spd = compile({{staff, 7}}, {{"b/net", state}}, alice, {flow});
  const PacketKey key{number("10.1.0.7"), number("10.2.0.9"), 6, 40000, 443};
  EXPECT_EQ(first_match(spd.outbound, key, 5)->sa_index, 4);
  EXPECT_EQ(first_match(spd.outbound, key, 0), nullptr);
  EXPECT_TRUE(compile({{staff, 7}}, {{"b/net", state}}, {}, {flow}).outbound.empty());
}

}  // namespace
}  // namespace sallyport::policy
