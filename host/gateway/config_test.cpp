// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

namespace sallyport::gateway {
namespace {

using ::testing::HasSubstr;

constexpr const char* kFrame = R"([card]
backend = "software"
lan_interface = "eth0"
wan_interface = "eth1"
[lan]
address = "10.1.0.1/24"
[wan]
address = "192.0.2.1/24"
gateway = "192.0.2.254"
)";

Result<Config> parse(const std::string& more) { return parse_config(kFrame + more, "/etc/gw.toml"); }

std::string problem(const std::string& more) {
  const auto config = parse(more);
  return config ? "no problem" : config.error().detail;
}

constexpr const char* kConnection = R"([[connections]]
name = "b"
remote_address = "192.0.2.2"
secret = "swordfish"
rekey_time = "2h"
over_time = "10m"
dpd_delay = "30s"
[[connections.children]]
name = "net"
local_ts = ["10.1.0.0/24"]
remote_ts = ["10.2.0.0/24"]
esp_proposals = ["aes128gcm16"]
rekey_time = "50m"
life_time = "1h"
rekey_bytes = 1000000
start_action = "start"
)";

TEST(Config, AConnectionAloneIsEnough) {
  const auto config = parse(kConnection);
  ASSERT_TRUE(config) << config.error().detail;
  ASSERT_EQ(config->connections.size(), 1U);
  const auto& [connection, children, too_big] = config->connections[0];
  EXPECT_EQ(too_big, layout::TooBig::kTell);
  EXPECT_EQ(connection.local.to_string(), "192.0.2.1");  // the WAN side's
  EXPECT_EQ(connection.local_id.to_string(), "192.0.2.1");
  EXPECT_EQ(connection.lifetime.rekey, std::chrono::hours(2));
  EXPECT_EQ(connection.lifetime.expire, std::chrono::minutes(130));
  EXPECT_EQ(connection.dpd_delay, std::chrono::seconds(30));
  ASSERT_EQ(connection.children.size(), 1U);
  EXPECT_EQ(connection.children[0].lifetime.expire, std::chrono::hours(1));
  EXPECT_TRUE(connection.children[0].restart);
  EXPECT_EQ(children.at("net").start, StartAction::kStart);
  EXPECT_EQ(children.at("net").sa.limits.soft_bytes, 1000000U);
  // The child's selectors are its policy.
  ASSERT_EQ(config->policies.size(), 1U);
  EXPECT_EQ(config->policies[0].target(), "b/net");
  EXPECT_EQ(config->policies[0].source.to_string(), "10.1.0.0/24");
}

TEST(Config, PoliciesKeepTheirOrderAndAreFollowedByThoseOfChildren) {
  const auto config = parse(std::string(kConnection) + R"([[policies]]
name = "printer"
destination = "192.0.2.77"
action = "bypass"
[[policies]]
name = "web"
destination = "10.3.0.0/16"
protocol = "tcp"
destination_port = "443"
action = "protect"
connection = "b"
level = "high"
)");
  ASSERT_TRUE(config) << config.error().detail;
  ASSERT_EQ(config->policies.size(), 3U);
  EXPECT_EQ(config->policies[0].name, "printer");
  EXPECT_EQ(config->policies[1].target(), "b/web");
  EXPECT_EQ(config->policies[2].name, "b.net");
}

TEST(Config, PathsAreRelativeToTheFolderOfTheFile) {
  const auto config = parse(R"([gateway]
socket = "run/api.sock"
state_directory = "state"
keylog = "/tmp/keys"
)");
  ASSERT_TRUE(config) << config.error().detail;
  EXPECT_EQ(config->socket, "/etc/run/api.sock");
  EXPECT_EQ(config->state_directory, "/etc/state");
  EXPECT_EQ(config->keylog, "/tmp/keys");
}

TEST(Config, ExpectationsAreReadAndOneThatFailsIsNoProblem) {
  const auto config = parse(R"([[policies]]
name = "web"
action = "bypass"
when = ["mon-fri 08:00-18:00", "sat 09:00-12:00"]
[[expectations]]
name = "no web"
user = "alice"
groups = ["staff", "night"]
to = "10.2.0.1"
port = "443"
at = "tue 10:00"
action = "discard"
)");
  ASSERT_TRUE(config) << config.error().detail;
  EXPECT_EQ(config->policies[0].when.to_string(), "mon-fri 08:00-18:00, sat 09:00-12:00");
  ASSERT_EQ(config->expectations.size(), 1U);
  EXPECT_EQ(config->expectations[0].groups, (std::set<std::string>{"night", "staff"}));
  EXPECT_EQ(config->expectations[0].question.port, 443);
  EXPECT_EQ(problem("[[expectations]]\nname = \"x\"\nto = \"10.2.0.1\"\n"),
            "/etc/gw.toml:10: expectation 'x' expects nothing; write 'policy', 'action' or 'level'");
  EXPECT_THAT(problem("[[expectations]]\nname = \"x\"\nto = \"nowhere\"\naction = \"bypass\"\n"),
              HasSubstr("/etc/gw.toml:12: expectation 'x' to: "));
}

TEST(Config, AnUnknownKeyIsAProblemWithLineAndSuggestion) {
  EXPECT_EQ(problem("adress = \"1.2.3.4\"\n"), "/etc/gw.toml:10: [wan] has no 'adress'; did you mean 'address'?");
  EXPECT_EQ(problem("[polices]\n"), "/etc/gw.toml:10: the file has no 'polices'; did you mean 'policies'?");
}

TEST(Config, EveryProblemIsTold) {
  const auto text = problem("mtu = 20\n[[policies]]\nname = \"x\"\naction = \"encrypt\"\n");
  EXPECT_THAT(text, HasSubstr("/etc/gw.toml:10: [wan] mtu: must be a number from 576 to 9202"));
  EXPECT_THAT(text,
              HasSubstr("/etc/gw.toml:13: policy 'x' action: 'encrypt' is none of 'bypass', 'discard', 'protect'"));
}

TEST(Config, AddressesThatCannotWorkTogetherAreTold) {
  const auto frame_with = [](const std::string& old, const std::string& instead) {
    std::string text = kFrame;
    text.replace(text.find(old), old.size(), instead);
    const auto config = parse_config(text, "/etc/gw.toml");
    return config ? "no problem" : config.error().detail;
  };
  EXPECT_EQ(frame_with("eth1", "eth0"),
            "/etc/gw.toml:4: [card] wan_interface: is 'lan_interface' too; the card has two ports");
  EXPECT_EQ(
      frame_with("10.1.0.1/24", "10.1.0.0/24"),
      "/etc/gw.toml:6: [lan] address: '10.1.0.0/24' is the network's; write the gateway's own, for example 10.1.0.1");
  EXPECT_EQ(frame_with("192.0.2.254", "198.51.100.1"),
            "/etc/gw.toml:9: [wan] gateway: '198.51.100.1' is in no network of this side's 'address'");
  EXPECT_THAT(frame_with("10.1.0.1/24", "192.0.0.1/16"), HasSubstr("are in one network; a gateway stands between two"));
  EXPECT_EQ(frame_with("192.0.2.254", "2001:db8::1"),
            "/etc/gw.toml:9: [wan] gateway: '2001:db8::1' is in no network of this side's 'address'");
  EXPECT_EQ(frame_with("192.0.2.254", "fe80::1"), "no problem");
  EXPECT_EQ(frame_with("10.1.0.1/24", "2001:db8::/64"),
            "/etc/gw.toml:6: [lan] address: '2001:db8::/64' is the network's; write the gateway's own, for example "
            "2001:db8::1");
  EXPECT_EQ(frame_with("10.1.0.1/24", "2001:db8::1/129"),
            "/etc/gw.toml:6: [lan] address: '2001:db8::1/129' is no address with prefix length; write for example "
            "\"192.0.2.1/24\" or \"2001:db8::1/64\"");
  EXPECT_EQ(frame_with("\"192.0.2.254\"", "[\"192.0.2.254\", \"192.0.2.253\"]"),
            "/etc/gw.toml:9: [wan] gateway: names two routers of one IP version; write one of each at most");
}

TEST(Config, ASideSpeaksBothVersions) {
  std::string text = kFrame;
  text.replace(text.find("\"192.0.2.1/24\""), 14, "[\"192.0.2.1/24\", \"2001:db8:2::1/64\"]");
  text.replace(text.find("\"192.0.2.254\""), 13, "[\"192.0.2.254\", \"2001:db8:2::fe\"]");
  const auto config = parse_config(text, "/etc/gw.toml");
  ASSERT_TRUE(config) << config.error().detail;
  ASSERT_EQ(config->wan.routes.size(), 2U);
  EXPECT_EQ(config->wan.routes[0].destination, AddressRange::any_v4());
  EXPECT_EQ(config->wan.routes[1].destination, AddressRange::any_v6());
  EXPECT_EQ(config->wan.routes[1].via.to_string(), "2001:db8:2::fe");
  // The end of a tunnel is the first of [wan] that can speak with the peer.
  std::string connection = kConnection;
  connection.replace(connection.find("192.0.2.2"), 9, "2001:db8:3::2");
  const auto with_peer = parse_config(text + connection, "/etc/gw.toml");
  ASSERT_TRUE(with_peer) << with_peer.error().detail;
  EXPECT_EQ(with_peer->connections[0].connection.local.to_string(), "2001:db8:2::1");
  EXPECT_THAT(problem(connection), HasSubstr("'2001:db8:3::2' is of an IP version that [wan] has no 'address' of"));
  connection.replace(connection.find("2001:db8:3::2"), 13, "fe80::2");
  EXPECT_THAT(problem(connection),
              HasSubstr("'fe80::2' holds on one link only; write an address that routers lead to"));
  connection.replace(connection.find("remote_address"), 0, "local_address = \"192.0.2.1\"\n");
  connection.replace(connection.find("fe80::2"), 7, "2001:db8:3::2");
  EXPECT_THAT(problem(connection), HasSubstr("is of another IP version than 'remote_address'; write two of one"));
}

TEST(Config, AConnectionHasANameOfItsOwn) {
  for (const auto& [name, why] : {std::pair("a/b", "must not contain"), std::pair("sa", "must not be 'sa' or 'policy'"),
                                  std::pair("policy", "must not be 'sa' or 'policy'"), std::pair("b", "no problem")}) {
    std::string connection = kConnection;
    connection.replace(connection.find("\"b\"") + 1, 1, name);
    EXPECT_THAT(problem(connection), HasSubstr(why));
  }
}

TEST(Config, AChildOfBothIpVersionsIsAPolicyOfEach) {
  const auto config = parse(
      "[[connections]]\nname = \"office\"\nlocal_address = \"192.0.2.1\"\nremote_address = \"192.0.2.2\"\n"
      "secret = \"a secret that both know\"\n[[connections.children]]\nname = \"net\"\n"
      "local_ts = [\"10.1.0.0/24\", \"2001:db8:1::/64\"]\nremote_ts = [\"10.2.0.0/24\", \"2001:db8:2::/64\"]\n");
  ASSERT_TRUE(config) << config.error().detail;
  ASSERT_EQ(config->policies.size(), 2U);
  for (const auto& policy : config->policies) EXPECT_TRUE(policy::validate(policy)) << policy.name;
}

TEST(Config, EspGoesInUdpOverEitherIpVersion) {
  std::string text = kConnection;
  text.insert(text.find("dpd_delay"), "encap = true\n");
  const auto over_ipv4 = parse(text);
  text.replace(text.find("192.0.2.2"), 9, "2001:db8::2");
  text.insert(text.find("dpd_delay"), "local_address = \"2001:db8::1\"\n");
  const auto over_ipv6 = parse(text);
  ASSERT_TRUE(over_ipv4 && over_ipv6) << over_ipv6.error().detail;
  EXPECT_TRUE(over_ipv4->connections[0].connection.force_encaps);
  EXPECT_TRUE(over_ipv6->connections[0].connection.force_encaps);
}

TEST(Config, VlansAreThoseOfThePorts) {
  std::string text = kFrame;
  text.replace(text.find("[lan]"), 0, "lan_vlan = 12\n");
  const auto config = parse_config(text, "/etc/gw.toml");
  ASSERT_TRUE(config) << config.error().detail;
  EXPECT_EQ(config->card.lan_vlan, 12);
  EXPECT_EQ(config->card.wan_vlan, 0);
  text.replace(text.find("lan_vlan = 12"), 13, "wan_vlan = 4095");
  EXPECT_EQ(parse_config(text, "/etc/gw.toml").error().detail,
            "/etc/gw.toml:5: [card] wan_vlan: must be a number from 1 to 4094");
}

TEST(Config, AChildSaysItsModeAndWhatTheCardDoesWithItsOuterHeader) {
  const auto child = [](const std::string& lines) { return parse(kConnection + lines); };
  const auto plain = child("");
  ASSERT_TRUE(plain) << plain.error().detail;
  const SaOptions& by_default = plain->connections[0].children.at("net").sa;
  EXPECT_EQ(plain->connections[0].connection.children[0].mode, Mode::kTunnel);
  EXPECT_EQ(by_default.df, layout::Df::kCopy);
  EXPECT_FALSE(by_default.dscp);
  EXPECT_EQ(by_default.too_big, layout::TooBig::kTell);
  const auto said = child("mode = \"tunnel\"\ndf = \"clear\"\ndscp = 46\ntoo_big = \"fragment\"\n");
  ASSERT_TRUE(said) << said.error().detail;
  EXPECT_EQ(said->connections[0].children.at("net").sa.df, layout::Df::kClear);
  EXPECT_EQ(said->connections[0].children.at("net").sa.dscp, 46);
  EXPECT_EQ(said->connections[0].children.at("net").sa.too_big, layout::TooBig::kFragment);
  EXPECT_EQ(said->connections[0].too_big, layout::TooBig::kTell);
  std::string of_all = kConnection;
  of_all.insert(of_all.find("[[connections.children]]"), "too_big = \"fragment\"\n");
  const auto inherited = parse(of_all), its_own = parse(of_all + "too_big = \"tell\"\n");
  ASSERT_TRUE(inherited && its_own);
  EXPECT_EQ(inherited->connections[0].too_big, layout::TooBig::kFragment);
  EXPECT_EQ(inherited->connections[0].children.at("net").sa.too_big, layout::TooBig::kFragment);
  EXPECT_EQ(its_own->connections[0].children.at("net").sa.too_big, layout::TooBig::kTell);
  const auto wrong = [](const std::string& lines) { return problem(kConnection + lines); };
  EXPECT_THAT(wrong("too_big = \"drop\"\n"), HasSubstr("too_big: 'drop' is none of 'tell' 'fragment'"));
  EXPECT_THAT(wrong("mode = \"beet\"\n"), HasSubstr("mode: 'beet' is none of 'tunnel' 'transport'"));
  EXPECT_THAT(wrong("df = \"yes\"\n"), HasSubstr("df: 'yes' is none of 'copy' 'set' 'clear'"));
  EXPECT_THAT(wrong("dscp = 64\n"), HasSubstr("dscp: must be a number from 0 to 63"));
  EXPECT_THAT(wrong("ah_align = 8\n"), HasSubstr("ah_align: is for AH over IPv4; take it out here"));
  EXPECT_THAT(wrong("mode = \"transport\"\ndf = \"set\"\n"),
              HasSubstr("df: is for tunnels over IPv4; take it out here"));
  EXPECT_THAT(wrong("or_tunnel = true\n"), HasSubstr("or_tunnel: is for mode \"transport\"; take it out"));
  EXPECT_THAT(wrong("ah_proposals = \"sha256\"\n"), HasSubstr("stands beside 'esp_proposals'"));
}

TEST(Config, AChildOfAhInTransportModeIsBetweenTheTwoGateways) {
  std::string text = kConnection;
  text.replace(text.find("esp_proposals"), 13, "ah_proposals");
  text.replace(text.find("aes128gcm16"), 11, "sha256");
  text.erase(text.find("local_ts"), text.find("ah_proposals") - text.find("local_ts"));
  text += "mode = \"transport\"\nor_tunnel = true\nah_align = 8\n";
  const auto config = parse(text);
  ASSERT_TRUE(config) << config.error().detail;
  const auto& child = config->connections[0].connection.children[0];
  EXPECT_EQ(child.mode, Mode::kTransport);
  EXPECT_TRUE(child.or_tunnel);
  EXPECT_EQ(to_string(child.proposals), "sha256");
  EXPECT_TRUE(config->connections[0].children.at("net").sa.ah_align8);
  ASSERT_EQ(config->policies.size(), 1U);
  EXPECT_EQ(config->policies[0].source.to_string(), "192.0.2.1");
  EXPECT_EQ(config->policies[0].destination.to_string(), "192.0.2.2");
  std::string anybody = text;
  anybody.replace(anybody.find("192.0.2.2"), 9, "0.0.0.0");
  EXPECT_THAT(problem(anybody), HasSubstr("mode: \"transport\" is for one peer; write its 'remote_address'"));
  text.replace(text.find("ah_align = 8"), 12, "ah_align = 6");
  EXPECT_THAT(problem(text), HasSubstr("ah_align: must be 4 or 8"));
}

TEST(Config, AnEndBeforeTheRenewalIsTold) {
  EXPECT_EQ(problem(std::string(kConnection) + "life_bytes = 5\n"),
            "/etc/gw.toml:26: child 'net' life_bytes: ends before 'rekey_bytes'; make it larger");
}

TEST(Config, AProblemIsToldOnce) {
  std::string text = kConnection;
  text.replace(text.find("swordfish"), 9, "");
  EXPECT_EQ(problem(text), "/etc/gw.toml:13: connection 'b' secret: is empty");
}

TEST(Config, APolicyMustReferToWhatExists) {
  EXPECT_EQ(problem(std::string(kConnection) +
                    "[[policies]]\nname = \"x\"\naction = \"protect\"\nconnection = \"c\"\nchild = \"net\"\n"),
            "/etc/gw.toml:29: policy 'x' connection: there is no connection 'c'");
  EXPECT_EQ(problem(std::string(kConnection) +
                    "[[policies]]\nname = \"x\"\naction = \"protect\"\nconnection = \"b\"\nchild = \"nett\"\n"),
            "/etc/gw.toml:29: policy 'x' connection: there is no child of the connection 'nett'; did you mean 'net'?");
}

TEST(Config, WhatIsNotTomlIsToldWithItsLine) { EXPECT_THAT(problem("[wan\n"), HasSubstr("/etc/gw.toml:10: not TOML")); }

TEST(Config, AMissingFileIsTold) {
  const auto config = load_config("/nonexistent/gw.toml");
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().detail, HasSubstr("/nonexistent/gw.toml: No such file"));
}

TEST(Config, ASecretFileThatOthersCanReadIsRefused) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "hd-config-test";
  std::filesystem::create_directories(folder);
  const auto secret = folder / "psk";
  std::ofstream(secret) << "swordfish\n";
  std::string text = std::string(kFrame) + kConnection;
  text.replace(text.find("secret = \"swordfish\""), 20, "secret_file = \"psk\"");

  ::chmod(secret.c_str(), 0644);
  auto config = parse_config(text, folder / "gw.toml");
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().detail, HasSubstr("can be read by others; run: chmod 600"));

  ::chmod(secret.c_str(), 0600);
  config = parse_config(text, folder / "gw.toml");
  ASSERT_TRUE(config) << config.error().detail;
  EXPECT_TRUE(config->connections[0].connection.psk == Secret(as_bytes("swordfish")));
  std::filesystem::remove_all(folder);
}

constexpr const char* kManual = R"([[sas]]
name = "m"
local_address = "192.0.2.1"
remote_address = "192.0.2.2"
spi_in = 0x1001
spi_out = 0x2001
algorithm = "aes128gcm16"
key_in = "000102030405060708090a0b0c0d0e0f10111213"
key_out = "202122232425262728292a2b2c2d2e2f30313233"
)";

TEST(Config, TheAntiReplayWindowIs128PacketsOrWhatIsWrittenOfTheSizesThereAre) {
  const std::string manual = kManual;
  const std::string own = "[[policies]]\nname = \"p\"\naction = \"protect\"\nconnection = \"b\"\nlevel = \"high\"\n";
  for (const std::uint32_t window : {0, 64, 128, 256, 512, 1024, 2048, 4096}) {
    const std::string number = std::to_string(window);
    const std::string line = window == 0 ? "" : "replay_window = " + number + "\n";
    const std::string word = window == 0 ? "" : "replay_window = \"" + number + "\"\n";
    const auto config = parse(kConnection + line + own + word + manual + line);
    ASSERT_TRUE(config) << config.error().detail;
    const std::uint32_t expected = window == 0 ? 128 : window;
    EXPECT_EQ(config->connections[0].connection.children[0].replay_window, expected);
    EXPECT_EQ(config->sas[0].sa.replay_window, expected);
    EXPECT_EQ(config->policies[0].replay_window.value_or(128), expected);
  }
  const std::string sizes = "64, 128, 256, 512, 1024, 2048 or 4096";
  const std::string no_window =
      "must not be 0: without a window, whoever recorded a packet could send it again; it must be " + sizes;
  EXPECT_EQ(problem(std::string(kConnection) + "replay_window = 0\n"),
            "/etc/gw.toml:26: child 'net' replay_window: " + no_window);
  EXPECT_EQ(problem(manual + "replay_window = 0\n"), "/etc/gw.toml:19: manual SA 'm' replay_window: " + no_window);
  EXPECT_EQ(problem(kConnection + own + "replay_window = \"0\"\n"),
            "/etc/gw.toml:31: policy 'p' replay_window: " + no_window);
  EXPECT_EQ(problem(manual + "replay_window = 100\n"),
            "/etc/gw.toml:19: manual SA 'm' replay_window: must be " + sizes + " packets, not 100");
  EXPECT_EQ(problem(kConnection + own + "replay_window = \"many\"\n"),
            "/etc/gw.toml:31: policy 'p' replay_window: 'many' is no number of packets; write for example \"1024\"");
}

TEST(Config, AManualSaHasKeyAndSaltInOne) {
  const auto config = parse(kManual);
  ASSERT_TRUE(config) << config.error().detail;
  ASSERT_EQ(config->sas.size(), 1U);
  const auto& sa = config->sas[0].sa;
  EXPECT_EQ(to_hex(sa.in.encryption.reveal()), "000102030405060708090a0b0c0d0e0f");
  EXPECT_EQ(to_hex(sa.in.salt.reveal()), "10111213");
  EXPECT_EQ(sa.spi_out, Spi{0x2001});
}

TEST(Config, AManualSaHasAnotherKeyForEachDirection) {
  std::string text = kManual;
  text.replace(text.find("20212223"), 32, "000102030405060708090a0b0c0d0e0f");  // with another salt
  EXPECT_EQ(problem(text),
            "/etc/gw.toml:18: manual SA 'm' key_out: must be another key than 'key_in': both directions number from 1");
}

std::string with_proposal(const std::string& esp) {
  std::string text = kConnection;
  return text.replace(text.find("aes128gcm16"), 11, esp);
}

TEST(Config, BrokenAlgorithmsNeedTheWordLegacy) {
  EXPECT_THAT(problem(with_proposal("des-md5")), HasSubstr("/etc/gw.toml:21: child 'net' esp_proposals: has des"));
  std::string allowed = with_proposal("des-md5");
  allowed.insert(allowed.find("dpd_delay"), "legacy = true\n");
  EXPECT_EQ(problem(allowed), "no problem");
  const std::string policy = "[[policies]]\nname = \"p\"\naction = \"protect\"\nconnection = \"b\"\n";
  EXPECT_THAT(problem(kConnection + policy + "esp_proposals = \"aes128-md5\"\n"), HasSubstr("has md5"));
  EXPECT_EQ(problem(kConnection + policy + "esp_proposals = \"aes128-md5\"\nlegacy = \"yes\"\n"), "no problem");
}

TEST(Config, LevelsAreWhatTheFileSays) {
  const std::string levels = "[levels]\nlow = [\"3des-sha1\"]\nmiddle = [\"aes128ctr-sha256\", \"aes128gmac\"]\n";
  const std::string policy = "[[policies]]\nname = \"p\"\naction = \"protect\"\nconnection = \"b\"\nlevel = \"low\"\n";
  EXPECT_THAT(problem(levels + kConnection + policy), HasSubstr("has 3des in 'low'"));
  const auto config = parse(levels + kConnection + policy + "legacy = \"yes\"\n");
  ASSERT_TRUE(config) << config.error().detail;
  EXPECT_EQ(to_string(config->levels.esp_proposals(Level::kMiddle)), "aes128ctr-sha256, aes128gmac");
  EXPECT_EQ(config->levels.esp_proposals(Level::kHigh), Levels().esp_proposals(Level::kHigh));
  EXPECT_THAT(problem("[levels]\nnone = [\"aes128gcm16\"]\n"), HasSubstr("level 'none' is without IPsec"));
  EXPECT_THAT(problem("[levels]\nnone = []\n"), HasSubstr("level 'none' is without IPsec"));
  EXPECT_THAT(problem("[levels]\nlow = \"none\"\n"), HasSubstr("has level 'none', which has no proposals"));
  EXPECT_EQ(problem(std::string(kConnection) + "[[policies]]\nname = \"p\"\naction = \"protect\"\nlevel = \"none\"\n"),
            "no problem");
  EXPECT_THAT(problem("[levels]\nhihg = []\n"), HasSubstr("did you mean 'high'?"));
}

TEST(Config, AManualSaHasAKeyForEachOfItsAlgorithms) {
  std::string text = kManual;
  text.replace(text.find("aes128gcm16"), 11, "null-sha1");
  text.erase(text.find("key_in"));
  EXPECT_THAT(problem(text), HasSubstr("needs either 'integrity_key_in'"));
  const std::string keys =
      "integrity_key_in = \"" + std::string(40, '1') + "\"\nintegrity_key_out = \"" + std::string(40, '2') + "\"\n";
  const auto config = parse(text + keys);
  ASSERT_TRUE(config) << config.error().detail;
  EXPECT_EQ(to_hex(config->sas[0].sa.out.integrity.reveal()), std::string(40, '2'));
  EXPECT_TRUE(config->sas[0].sa.in.encryption.empty());
}

TEST(Config, AManualSaSaysItsProtocolAndMode) {
  std::string text = kManual;
  text.replace(text.find("algorithm = \"aes128gcm16\""), 25, "protocol = \"ah\"\nmode = \"transport\"");
  text.erase(text.find("key_in"));
  text += "integrity_key_in = \"" + std::string(64, '1') + "\"\nintegrity_key_out = \"" + std::string(64, '2') + "\"\n";
  const auto config = parse(text);
  ASSERT_TRUE(config) << config.error().detail;
  const SaParameters& sa = config->sas[0].sa;
  EXPECT_EQ(sa.protocol, Protocol::kAh);
  EXPECT_EQ(sa.mode, Mode::kTransport);
  EXPECT_EQ(algorithm_of(sa), "sha256");
  EXPECT_EQ(to_string(sa.local_ts), "192.0.2.1");
  EXPECT_EQ(to_string(sa.remote_ts), "192.0.2.2");
  EXPECT_THAT(problem(text + "algorithm = \"aes128gcm16\"\n"), HasSubstr("algorithm: "));
  text.replace(text.find("192.0.2.2"), 9, "2001:db8::2");
  EXPECT_THAT(problem(text), HasSubstr("is of another IP version than 'remote_address'; write two of one"));
  text.replace(text.find("192.0.2.1"), 9, "2001:db8::1");
  EXPECT_EQ(problem(text), "no problem");
}

TEST(Config, AKeyOfTheWrongLengthIsTold) {
  std::string text = kManual;
  text.replace(text.find("aes128gcm16"), 11, "aes256gcm16");
  EXPECT_THAT(problem(text), HasSubstr("key_in: must have 72 hexadecimal digits"));
  // A key must not end up in a message.
  EXPECT_EQ(problem(text).find("000102"), std::string::npos);
}

TEST(Config, AConfigurationCutAnywhereIsReadOrRefused) {
  const std::string whole = std::string(kFrame) + kConnection + kManual;
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const auto config = parse_config(whole.substr(0, n), "/etc/gw.toml");
    if (!config) {
      EXPECT_THAT(config.error().detail, HasSubstr("/etc/gw.toml")) << n;
    }
  }
}

TEST(Config, WithoutUsersNobodyLogsIn) {
  EXPECT_FALSE(parse("")->users);
  EXPECT_THAT(problem("[[policies]]\nname = \"p\"\nuser = \"alice\"\naction = \"bypass\"\n"),
              HasSubstr(":12: policy 'p' user: is of people, and nobody can log in here; write a section [users]"));
}

std::vector<std::string> names(const std::vector<UsersConfig::Method>& methods) {
  std::vector<std::string> out;
  for (const auto& method : methods) out.push_back(method.name);
  return out;
}

TEST(Config, UsersLogInAtTheLanSideUnlessItSaysOtherwise) {
  const auto plain = parse("[users]\n");
  ASSERT_TRUE(plain) << plain.error().detail;
  EXPECT_THAT(plain->users->listen_addresses, testing::ElementsAre(IpAddress::parse("10.1.0.1").value()));
  EXPECT_EQ(plain->users->listen_port, 4510);
  EXPECT_THAT(names(plain->users->methods), testing::ElementsAre("password"));
  const auto full = parse(R"([users]
postgresql = "host=db dbname=users passfile=/etc/sallyport/pgpass sslmode=verify-full"
listen_address = "10.1.0.2"
listen_port = 4511
certificate = "login.pem"
key = "login.key"
methods = ["radius", "pam"]
pam_service = "login"
nas_identifier = "gw1"
radius_orders_port = 3799
session_lifetime = "8h"
session_renewal = "1m"
most_sessions = 100
most_sessions_of_user = 3
tags = "plain"
[[users.radius_servers]]
address = "10.1.0.9"
secret = "swordfish"
[[policies]]
name = "p"
group = "night"
action = "bypass"
)");
  ASSERT_TRUE(full) << full.error().detail;
  EXPECT_EQ(full->users->certificate, "/etc/login.pem");
  EXPECT_THAT(names(full->users->methods), testing::ElementsAre("radius", "pam"));
  const auto& orders = full->users->orders.at(0);
  EXPECT_EQ(orders.port, 3799);
  EXPECT_EQ(orders.nas_identifier, "gw1");
  EXPECT_TRUE(orders.servers.contains(IpAddress::parse("10.1.0.9").value()));
  EXPECT_EQ(full->users->session_renewal, std::chrono::minutes(1));
  EXPECT_EQ(plain->users->most_sessions_of_user, 16U);
  EXPECT_EQ(full->users->most_sessions_of_user, 3U);
  EXPECT_EQ(plain->users->tags, UsersConfig::Tags::kAuthenticated);
  EXPECT_EQ(full->users->tags, UsersConfig::Tags::kPlain);
  EXPECT_EQ(full->policies.at(0).group, "night");
}

TEST(Config, EveryBadWordOfUsersIsToldWithARemedy) {
  const std::pair<const char*, const char*> kWrong[] = {
      {"directory = \"u.db\"\npostgresql = \"host=db\"", "in one of the two"},
      {"postgresql = \"host=db password=x\"", "passfile=FILE"},
      {"listen_address = \"here\"", "listen_address"},
      {"listen_port = 0", "listen_port"},
      {"certificate = \"c.pem\"", "both 'certificate' and 'key'"},
      {"methods = []", "[\"password\"]"},
      {"methods = [\"fingerprint\"]", "none of"},
      {"methods = [\"pam\", \"pam\"]", "twice"},
      {"methods = [\"radius\"]", "[[users.radius_servers]]"},
      {"pam_service = \"login\"", "add it there"},
      {"radius_orders_port = 3799", "[[users.radius_servers]]"},
      {"session_lifetime = \"1s\"", "ten seconds"},
      {"most_sessions = 0", "most_sessions"},
      {"most_sessions_of_user = 0", "most_sessions_of_user"},
      {"tags = \"maybe\"", "'maybe' is none of"},
      {"lifetime = \"1h\"", "lifetime"},
  };
  for (const auto& [words, remedy] : kWrong) {
    EXPECT_THAT(problem("[users]\n" + std::string(words) + "\n"), HasSubstr(remedy)) << words;
  }
  EXPECT_THAT(problem("[users]\n[[policies]]\nname = \"p\"\nuser = \"alice adams\"\naction = \"bypass\"\n"),
              HasSubstr("user: name 'alice adams'"));
}

}  // namespace
}  // namespace sallyport::gateway
