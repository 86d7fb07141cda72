// SPDX-License-Identifier: Apache-2.0
// Answers as host/api/README.md describes them, and what people read.
#include "host/cli/screens.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "host/cli/table.hpp"
#include "hw/layout/codes.hpp"

namespace sallyport::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
namespace json = boost::json;

TEST(Table, KeepsARowOnItsLineAndSteersNobodysTerminal) {
  Table table({"user", "full name"});
  table.add({"alice", "Al\nice \x1b[31m"});
  table.add({"bob", ""});
  EXPECT_EQ(table.text(), "USER   FULL NAME\nalice  Al\\x0aice \\x1b[31m\nbob    -\n");
}

TEST(StatusScreen, ShowsCardSidesAndConnectionsWithTheirChildren) {
  const auto status = json::parse(R"({
    "version": "0.1.0", "uptime_s": 7980, "policies": 3, "dropped": 1700,
    "card": {"description": "software card", "generation": 12},
    "sides": [{"name": "lan", "tap": "sp-lan", "addresses": ["10.1.0.1/24", "10.9.0.1/24"], "rx_packets": 1200, "tx_packets": 7},
              {"name": "wan", "tap": "sp-wan", "addresses": ["192.0.2.1/24"], "rx_packets": 1, "tx_packets": 0}],
    "connections": [
      {"name": "b", "remote_address": "192.0.2.2", "state": "established", "ike_proposal": "aes256gcm16-prfsha256-ecp256",
       "established_s": 303, "children": [
        {"name": "net", "state": "installed", "algorithm": "aes128gcm16", "spi_in": "0x8f21c0aa", "spi_out": "0x00c0ffee",
         "packets_in": 1024, "packets_out": 1, "bytes_in": 1268777, "bytes_out": 84, "installed_s": 65, "new_flows": 2},
        {"name": "voice", "state": "trap"}]},
      {"name": "c", "remote_address": "192.0.2.3", "state": "connecting", "children": []}]})");
  EXPECT_EQ(status_screen(status), R"(sallyport 0.1.0, up 2 h 13 min
card: software card, generation 12
lan: sp-lan 10.1.0.1/24, 10.9.0.1/24, 1,200 packets received, 7 sent
wan: sp-wan 192.0.2.1/24, 1 packet received, 0 sent
policies: 3
dropped: 1,700 packets

connection: b
  peer: 192.0.2.2
  ike: established 5 min 3 s ago, aes256gcm16-prfsha256-ecp256
  child net: installed 1 min 5 s ago, aes128gcm16
    spi: in 0x8f21c0aa, out 0x00c0ffee
    transfer: 1.21 MiB received (1,024 packets), 84 B sent (1 packet)
    changes: with new connections: 2 on the new SA
  child voice: trap

connection: c
  peer: 192.0.2.3
  ike: connecting
)");
}

TEST(SasScreen, HasOnePairARowAndAddsUpWhatItRefused) {
  const auto sas = json::parse(R"({"sas": [
    {"target": "b/net", "state": "installed", "spi_in": "0x8f21c0aa", "spi_out": "0x00c0ffee", "local_address": "192.0.2.1",
     "remote_address": "192.0.2.2", "algorithm": "aes128gcm16", "esn": true, "encap": true, "local_ts": "10.1.0.0/24",
     "remote_ts": "10.2.0.0/24, 10.3.0.0/24", "packets_in": 3, "bytes_in": 300, "packets_out": 12, "bytes_out": 2048, "seq": 12,
     "icv_failures": 2, "replays": 1, "installed_s": 61},
    {"target": "b/own", "state": "installed", "spi_in": "0x8f21c0ab", "spi_out": "0x00c0ffef", "remote_address": "2001:db8::2",
     "protocol": "ah", "mode": "transport", "algorithm": "sha256", "local_ts": "2001:db8::1", "remote_ts": "2001:db8::2"},
    {"target": "sa/typed", "state": "installed", "algorithm": "aes256gcm16", "esn": false, "encap": false}]})");
  EXPECT_EQ(
      sas_screen(sas),
      R"(TARGET    STATE      PEER         ALGORITHM            SPI IN      SPI OUT     RECEIVED      SENT  SEQ  REFUSED        AGE  TRAFFIC
b/net     installed  192.0.2.2    aes128gcm16 esn udp  0x8f21c0aa  0x00c0ffee     300 B  2.00 KiB   12        3  1 min 1 s  10.1.0.0/24 <-> 10.2.0.0/24, 10.3.0.0/24
b/own     installed  2001:db8::2  ah sha256 transport  0x8f21c0ab  0x00c0ffef       0 B       0 B    0        0        0 s  2001:db8::1 <-> 2001:db8::2
sa/typed  installed  -            aes256gcm16          -           -                0 B       0 B    0        0        0 s  any <-> any
)");
  EXPECT_EQ(sas_screen(json::parse(R"({"sas": []})")), "no SAs\n");
}

TEST(SasScreen, AndStatusNameAManualSaThatWasRefusedAndWhy) {
  const auto answer = json::parse(
      R"({"sas": [], "refused_sas": [{"name": "typed", "why": "its key has been used before; write new ones"}]})");
  const char* const sentence =
      "\nsa/typed is not installed, and its policies let nothing through: its key has been used before; write new "
      "ones\n";
  EXPECT_EQ(sas_screen(answer), std::string("no SAs\n") + sentence);
  EXPECT_THAT(status_screen(answer), testing::EndsWith(sentence));
}

TEST(PoliciesScreen, KeepsTheOrderThatDecidesAndSaysByWhatEachProtects) {
  const auto policies = json::parse(R"({"generation": 7, "policies": [
    {"name": "web", "source": "10.1.0.0/24", "destination": "10.3.0.0/16", "protocol": "tcp", "destination_port": "443", "action": "protect",
     "connection": "b", "level": "high"},
    {"name": "net", "source": "", "action": "protect", "connection": "b", "child": "net"},
    {"name": "own", "action": "protect", "connection": "b", "esp_proposals": "aes256gcm16"},
    {"name": "typed", "action": "protect", "sa": "by-hand", "user": "alice"},
    {"name": "clear", "action": "protect", "connection": "b", "level": "none"},
    {"name": "rest", "action": "discard", "group": "night", "when": "sat-sun", "holds": false}],
    "findings": [{"kind": "hidden", "policy": "own", "by": ["net"], "sentence": "policy 'own' never decides"}]})");
  EXPECT_EQ(policies_screen(policies), R"(generation 7
#  NAME   PEOPLE       SOURCE       DESTINATION           PROTOCOL  WHEN               ACTION   BY
1  web    any          10.1.0.0/24  10.3.0.0/16 port 443  tcp       any                protect  b, level high
2  net    any          any          any                   any       any                protect  b/net
3  own    any          any          any                   any       any                protect  b, aes256gcm16
4  typed  alice        any          any                   any       any                protect  sa/by-hand
5  clear  any          any          any                   any       any                bypass   level none
6  rest   group night  any          any                   any       sat-sun (not now)  discard  -

note: policy 'own' never decides
)");
  EXPECT_THAT(policies_screen(json::parse(R"({"generation": 0, "policies": []})")), HasSubstr("every packet is disc"));
}

TEST(PoliciesScreen, SaysWhatWaitsForItsTime) {
  const auto shown = policies_screen(json::parse(R"({"generation": 7, "number": 3, "confirm_s": 40, "policies": [
    {"name": "web", "action": "bypass", "pending": {"words": {"idle": "60"}, "why": "no proposal in common"}}]})"));
  EXPECT_THAT(shown, testing::StartsWith("configuration 3, generation 7\n"));
  EXPECT_THAT(shown,
              HasSubstr("web is to change when its SA has been idle for 60 s; it was, but no proposal in common\n"));
  EXPECT_THAT(shown, HasSubstr("rolled back in 40 s unless: sallyport confirm\n"));
  EXPECT_THAT(
      policies_screen(json::parse(R"({"generation": 7, "policies": [
    {"name": "web", "action": "protect", "pending": {"words": {}, "why": "", "new_flows": 3}}]})")),
      HasSubstr("web is to change when its SA has been idle for 30 s, and with new connections: 3 on the new SA\n"));
}

TEST(ExplainScreen, SaysWhatDecidesAndWhoWasPassedOver) {
  const auto explained =
      json::parse(R"({"packet": "10.1.0.7 to 10.2.0.1, icmp, of bob", "notes": ["'bob' is not logged in"],
    "answers": [{"as": "logged in", "sentence": "policy 'net' decides",
                 "before": [{"policy": "printer", "reasons": ["its destination is 10.2.0.77", "its protocol is tcp"]}]},
                {"as": "now", "sentence": "it is discarded", "before": []}]})");
  EXPECT_EQ(explain_screen(explained), R"(10.1.0.7 to 10.2.0.1, icmp, of bob
note: 'bob' is not logged in

logged in: policy 'net' decides
PASSED OVER  BECAUSE
printer      its destination is 10.2.0.77; its protocol is tcp

now: it is discarded
)");
}

TEST(ExpectationsScreen, SaysWhichHoldAndHowManyFail) {
  const auto verdicts = json::parse(R"({"failed": 1, "expectations": [
    {"name": "a", "holds": true, "sentence": "as it should"}, {"name": "b", "holds": false, "sentence": "it is not"}]})");
  EXPECT_EQ(expectations_screen(verdicts), "holds: a: as it should\nFAILS: b: it is not\n1 of 2 fail\n");
  EXPECT_THAT(expectations_screen(json::parse("{}")), HasSubstr("[[expectations]]"));
}

TEST(ExpectationsScreen, ShowsTheWordsOfEach) {
  const auto expectations = json::parse(R"({"failed": 1, "expectations": [
    {"name": "a", "holds": true, "words": {"name": "a", "to": "10.2.0.9", "action": "protect"}},
    {"name": "b", "holds": false, "words": {"name": "b", "to": "10.2.0.77", "port": "9100", "policy": "printer"}}]})");
  EXPECT_EQ(expectation_words_screen(expectations), R"(EXPECTATION  ABOUT                                  HOLDS
a            to=10.2.0.9 action=protect             yes
b            to=10.2.0.77 port=9100 policy=printer  NO
)");
  EXPECT_THAT(expectation_words_screen(json::parse("{}")), HasSubstr("sallyport expectation add"));
}

TEST(LevelsScreen, ShowsTheCandidatesOfEachLevelInTheirOrder) {
  const auto levels = json::parse(R"({"levels": [
    {"name": "high", "esp_proposals": ["aes256gcm16-ecp384", "aes256gcm16-x25519"]}, {"name": "none", "esp_proposals": []}]})");
  EXPECT_EQ(levels_screen(levels), R"(LEVEL  #  ESP PROPOSAL
high   1  aes256gcm16-ecp384
       2  aes256gcm16-x25519
none   -  without IPsec
)");
}

TEST(CountersScreen, LeavesOutZeroesUnlessAllAreWantedAndTellsWhatEachMeans) {
  const auto counters = json::parse(
      R"({"counters": {"lan_rx": 1500, "lan_tx": 0}, "drops": {"replay_duplicate": 2, "icv_mismatch": 0, "of_tomorrow": 1}, "host": {"held": 4}})");
  const auto some = counters_screen(counters, false);
  EXPECT_EQ(some, R"(COUNTER  COUNT  MEANING
lan_rx   1,500  frames received on LAN, dropped ones included

DROPPED           COUNT  MEANING
replay_duplicate      2  sequence number already received
of_tomorrow           1  -

HOST  COUNT  MEANING
held      4  packets that waited for an SA or a neighbour
)");
  const auto all = counters_screen(counters, true);
  for (const auto& drop : layout::kDrops) EXPECT_THAT(all, HasSubstr(drop.name));
  EXPECT_EQ(counters_screen(json::parse("{}"), false), "nothing counted yet\n\nnothing dropped\n");
}

TEST(CardScreen, SaysWhenTheCardDropsEverything) {
  auto card = json::parse(
      R"({"description": "XRT device 0", "layout_version": 1, "generation": 9, "enabled": true, "in_flight": [1230, 4]})");
  EXPECT_EQ(card_screen(card),
            "card: XRT device 0\nlayout version: 1\ngeneration: 9\nenabled: yes\npackets inside: 1,234\n");
  card.as_object()["enabled"] = false;
  EXPECT_THAT(card_screen(card), HasSubstr("enabled: no, it drops every packet\n"));
}

driver::PciCard u55c() {
  driver::PciCard card;
  card.slot = "0000:65:00.1";
  card.vendor = 0x10ee;
  card.device = 0x505d;
  card.model = "Alveo U55C";
  card.bars = {{0, 0x380000000000, 1U << 28}, {2, 0x1000, 0}};
  card.link = {3, 8};
  card.capability = {4, 16};
  card.aer = true;
  card.correctable_errors = 0x41;
  return card;
}

TEST(PciScreen, ShowsLinkBarsAndErrorsAndSaysWhenTheSlotIsTooSlow) {
  EXPECT_EQ(pci_screen({u55c()}), R"(card: 0000:65:00.1 Alveo U55C [10ee:505d]
  link: PCIe 3.0 x8, less than the card's PCIe 4.0 x16; try another slot
  bar 0: 0x380000000000, 256.00 MiB
  bar 2: 0x1000
  errors: uncorrectable 0x00000000, correctable 0x00000041 (AER status bits)
)");
  auto full = u55c();
  full.link = full.capability;
  full.aer = false;
  EXPECT_THAT(pci_screen({full}), HasSubstr("link: PCIe 4.0 x16\n"));
  EXPECT_THAT(pci_screen({full}), HasSubstr("errors: not reported (no AER)\n"));
}

TEST(PciScreen, TellsProgramsTheSame) {
  const auto cards = pci_json({u55c()});
  const auto& card = cards.at("cards").at(0);
  EXPECT_EQ(card.at("slot"), "0000:65:00.1");
  EXPECT_EQ(card.at("id"), "10ee:505d");
  EXPECT_EQ(card.at("link").at("lanes"), 8);
  EXPECT_EQ(card.at("bars").at(0).at("address"), "0x380000000000");
}

// A daemon of another version may leave out or add what it likes.
TEST(Screens, ReadAnyJsonWithoutFailing) {
  for (const char* odd :
       {"null", "[]", "{}", "3", R"({"sas": 3, "policies": {}, "connections": [1, null, {"children": "x"}]})",
        R"({"sas": [[]], "policies": ["x"], "sides": [null], "card": [], "uptime_s": -1, "dropped": 1.5})",
        R"({"counters": {"lan_rx": "many", "x": -5}, "drops": []})"}) {
    const auto answer = json::parse(odd);
    EXPECT_THAT(status_screen(answer), HasSubstr("up 0 s")) << odd;
    EXPECT_THAT(sas_screen(answer), Not("")) << odd;
    EXPECT_THAT(policies_screen(answer), HasSubstr("generation 0")) << odd;
    EXPECT_THAT(levels_screen(answer), HasSubstr("LEVEL")) << odd;
    EXPECT_THAT(candidate_screen(answer), HasSubstr("no candidate")) << odd;
    EXPECT_THAT(commit_screen(answer), HasSubstr("POLICY")) << odd;
    EXPECT_THAT(history_screen(answer), HasSubstr("WHO")) << odd;
    EXPECT_THAT(configuration_screen(answer), HasSubstr("configuration 0")) << odd;
    EXPECT_THAT(counters_screen(answer, true), HasSubstr("lan_rx")) << odd;
    EXPECT_THAT(card_screen(answer), HasSubstr("generation: 0")) << odd;
  }
}

}  // namespace
}  // namespace sallyport::cli
