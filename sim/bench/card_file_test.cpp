// SPDX-License-Identifier: Apache-2.0
// Descriptions of a card, read into the software card.
#include "sim/bench/card_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "driver/software/software_card.hpp"
#include "sim/bench/frames.hpp"

namespace sallyport::bench {
namespace {

using ::testing::HasSubstr;

struct LoadedSoftwareCard {
  std::vector<Buffer> wan;
  driver::SoftwareCard card{[this](layout::Port port, Bytes frame) {
    if (port == layout::Port::kWan) wan.emplace_back(frame.begin(), frame.end());
  }};
};

std::string file_of(const std::string& text) {
  const std::string path = testing::TempDir() + "/sallyport_card_file_" + std::to_string(getpid()) + "_test.toml";
  std::ofstream(path) << text;
  return path;
}

Secret hex(const char* digits) { return Secret(from_hex(digits).value()); }

Address v4(std::uint32_t address) { return Address::from_v4(address); }

Buffer frame_of(const Address& source, const Address& destination, std::uint64_t number) {
  return numbered_frame({{2, 0, 0, 0, 1, 1}, {2, 0, 0, 0, 0, 1}, source, destination}, 100, number);
}
Buffer frame_to(std::uint32_t far_host, std::uint64_t number) { return frame_of(v4(0x0a01000a), v4(far_host), number); }

TEST(CardFile, TheExampleProtectsWhatItSaysItProtects) {
  LoadedSoftwareCard loaded;
  auto result = load_card(loaded.card, EXAMPLE);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(result->input, layout::Port::kLan);
  const auto gcm_of = [](std::uint32_t spi, const char* key, const char* salt) {
    return IpsecSa{.spi = spi, .protection = {.key = hex(key), .salt = hex(salt)}};
  };
  const IpsecSa gcm = gcm_of(0x1001, "000102030405060708090a0b0c0d0e0f", "10111213");
  const IpsecSa in_class = gcm_of(0x1004, "606162636465666768696a6b6c6d6e6f", "70717273");
  IpsecSa transport = gcm_of(0x1006, "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf", "b0b1b2b3");
  transport.mode = layout::Mode::kTransport;
  IpsecSa cbc = {.spi = 0x1003};
  cbc.protection.cipher = layout::Cipher::kAesCbc;
  cbc.protection.integrity = layout::Integrity::kHmacSha256_128;
  cbc.protection.key = hex("404142434445464748494a4b4c4d4e4f");
  cbc.protection.integrity_key = hex("505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f");
  IpsecSa ah = {.spi = 0x1005, .protocol = layout::Protocol::kAh};
  ah.protection.cipher = layout::Cipher::kNull;
  ah.protection.integrity = layout::Integrity::kHmacSha256_128;
  ah.protection.integrity_key = hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
  struct Case {
    const IpsecSa& sa;
    Address from, to;
    bool over_ipv6 = false;
    std::uint8_t tos = 0;
    bool df = false;
  };
  const Address lan_host6(0x20010db800010000, 10);
  const Address far_host6(0x20010db800020000, 10);
  for (const Case& c :
       {Case{gcm, v4(0x0a01000a), v4(0x0a02000a)}, Case{cbc, v4(0x0a01000a), v4(0x0a03000a)},
        Case{in_class, lan_host6, far_host6, false, 46 << 2, true}, Case{ah, v4(0x0a01000a), v4(0x0a04000a), true},
        Case{transport, v4(0xc0000201), v4(0xc0000202)}}) {
    SCOPED_TRACE(c.sa.spi);
    loaded.wan.clear();
    loaded.card.receive(layout::Port::kLan, frame_of(c.from, c.to, 7));
    ASSERT_EQ(loaded.wan.size(), 1u);
    const auto packet = open_ipsec_frame(c.sa, loaded.wan[0]);
    ASSERT_TRUE(packet);
    EXPECT_EQ(number_of(*packet), 7u);
    driver::IpPacket outer;
    ASSERT_EQ(read_ip(Bytes(loaded.wan[0]).subspan(14), c.over_ipv6, outer), driver::HeaderFault::kNone);
    EXPECT_EQ(outer.tos, c.tos);
    EXPECT_EQ(outer.df, c.df);
  }
}

TEST(CardFile, SetsTheVlansOfThePorts) {
  LoadedSoftwareCard loaded;
  auto result = load_card(loaded.card, file_of("lan_mac = \"02:00:00:00:00:01\"\nwan_mac = \"02:00:00:00:00:02\"\n"
                                               "input = \"lan\"\nwan_vlan = 4094\n"));
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(loaded.card.read(layout::reg::kLanVlan).value(), 0u);
  EXPECT_EQ(loaded.card.read(layout::reg::kWanVlan).value(), 4094u);
}

// Written apart or, as RFC 4106 8.1 has them, in one.
TEST(CardFile, TakesTheSaltFromItsOwnLineOrFromTheEndOfTheKey) {
  std::ifstream example(EXAMPLE);
  std::string text((std::istreambuf_iterator<char>(example)), {});
  const std::string in_one = "key = \"000102030405060708090a0b0c0d0e0f10111213\"";
  const auto at = text.find(in_one);
  ASSERT_NE(at, std::string::npos);
  LoadedSoftwareCard one;
  LoadedSoftwareCard apart;
  ASSERT_TRUE(load_card(one.card, EXAMPLE));
  text.replace(at, in_one.size(), "salt = \"10111213\"\nkey = \"000102030405060708090a0b0c0d0e0f\"");
  ASSERT_TRUE(load_card(apart.card, file_of(text)));
  for (LoadedSoftwareCard* loaded : {&one, &apart}) loaded->card.receive(layout::Port::kLan, frame_to(0x0a02000a, 1));
  ASSERT_EQ(one.wan.size(), 1u);
  EXPECT_EQ(one.wan, apart.wan);
}

TEST(CardFile, ChoosesARuleByWhoSends) {
  LoadedSoftwareCard loaded;
  auto result = load_card(loaded.card, file_of(R"(
lan_mac = "02:00:00:00:00:01"
wan_mac = "02:00:00:00:00:02"
input = "lan"
[[next_hop]]
name = "far"
port = "wan"
mac = "02:00:00:00:01:02"
[[route]]
prefix = "0.0.0.0/0"
to = "far"
[[principal]]
address = "10.1.0.10"
id = 7
[[rule]]
direction = "out"
principal = 7
action = "bypass"
)"));
  ASSERT_TRUE(result) << result.error().message();
  const auto from = [&loaded](std::uint32_t source) {
    loaded.wan.clear();
    loaded.card.receive(layout::Port::kLan, frame_of(v4(source), v4(0x0a02000a), 7));
    return loaded.wan.size();
  };
  EXPECT_EQ(from(0x0a01000a), 1u);
  EXPECT_EQ(from(0x0a01000b), 0u);
}

TEST(CardFile, NamesFileLineAndRemedyOfWhatIsWrong) {
  const std::string head = "lan_mac = \"02:00:00:00:00:01\"\nwan_mac = \"02:00:00:00:00:02\"\ninput = \"lan\"\n";
  const auto problem = [&head](const std::string& more) {
    LoadedSoftwareCard loaded;
    auto result = load_card(loaded.card, file_of(head + more));
    return result ? std::string("no problem") : result.error().detail;
  };
  EXPECT_EQ(problem(""), "no problem");
  EXPECT_THAT(problem("[[next_hop]]\nname = \"x\"\nport = \"up\"\nmac = \"02:00:00:00:00:03\"\n"),
              HasSubstr("_test.toml:6: 'port' must be lan or wan"));
  EXPECT_THAT(problem("[[route]]\nprefix = \"10.0.0.0/8\"\nto = \"nowhere\"\n"),
              HasSubstr(":6: no next hop is called 'nowhere'"));
  EXPECT_THAT(problem("speed = 3\n"), HasSubstr(":4: 'speed' is not known here"));
  EXPECT_THAT(problem("[[rule]]\ndirection = \"out\"\naction = \"encrypt\"\n"),
              HasSubstr(":6: 'action' must be discard, bypass, protect or host"));
  EXPECT_THAT(problem("[[rule]\n"), HasSubstr(":4: "));
  const std::string route = "[[route]]\nprefix = \"10.0.0.0/8\"\nto = \"none\"\n";
  EXPECT_THAT(problem(route + route), HasSubstr(":8: a second route to '10.0.0.0/8'"));
  EXPECT_THAT(problem("lan_vlan = 4095\n"), HasSubstr(":4: 'lan_vlan' must be a number from 0 to 4094"));
  for (const char* wrong : {"10.0.0.0/33", "2001:db8::/129", "::ffff:10.0.0.0/104", "2001:db8::/x", "2001:db8"}) {
    EXPECT_THAT(problem("[[route]]\nprefix = \"" + std::string(wrong) + "\"\nto = \"none\"\n"),
                HasSubstr(":5: 'prefix' must be a prefix like 10.2.0.0/16 or 2001:db8::/32"));
  }
  for (const char* good : {"2001:db8::/32", "::/0", "2001:db8::1"}) {
    EXPECT_EQ(problem("[[route]]\nprefix = \"" + std::string(good) + "\"\nto = \"none\"\n"), "no problem");
  }
  EXPECT_THAT(problem("[[rule]]\ndirection = \"in\"\nsource = \"10.0.0.1-2001:db8::1\"\naction = \"bypass\"\n"),
              HasSubstr(":6: 'source' must be an address, prefix or range"));

  const std::string an_sa =
      "[[sa]]\ndirection = \"in\"\nspi = 0x1001\nsource = \"192.0.2.2\"\ndestination = \"192.0.2.1\"\npolicy = 1\n";
  const auto sa = [&](const std::string& more) { return problem(an_sa + more); };
  EXPECT_EQ(
      sa("cipher = \"null\"\nintegrity = \"hmac_md5_96\"\nintegrity_key = \"000102030405060708090a0b0c0d0e0f\"\n"),
      "no problem");
  EXPECT_THAT(sa("cipher = \"rot13\"\n"), HasSubstr(":10: 'cipher' must be aes_gcm, aes_gmac, null, aes_ctr, aes_cbc, "
                                                    "des_cbc or des3_cbc"));
  EXPECT_THAT(sa("integrity = \"crc\"\n"), HasSubstr(":10: 'integrity' must be none, hmac_md5_96, hmac_sha1_96, "
                                                     "hmac_sha256_128, hmac_sha384_192 or hmac_sha512_256"));
  EXPECT_THAT(sa("key = \"00010g\"\n"), HasSubstr(":10: 'key' must be hexadecimal"));
  EXPECT_THAT(sa("salt = \"0001\"\nkey = \"000102030405060708090a0b0c0d0e0f\"\n"),
              HasSubstr(":4: invalid: aes_gcm takes a salt of 4 bytes, and was given 2 bytes"));
  EXPECT_THAT(sa("cipher = \"aes_cbc\"\nkey = \"000102030405060708090a0b0c0d0e0f\"\n"),
              HasSubstr(":4: invalid: aes_cbc needs an integrity beside it, such as hmac_sha256_128"));
  EXPECT_THAT(sa("key = \"00112233\"\n"), HasSubstr(":4: invalid: "));
  EXPECT_THAT(sa(""), HasSubstr(":4: invalid: "));
  EXPECT_THAT(sa("protocol = \"ipcomp\"\n"), HasSubstr(":10: 'protocol' must be esp or ah"));
  EXPECT_THAT(sa("mode = \"beet\"\n"), HasSubstr(":10: 'mode' must be tunnel or transport"));
  EXPECT_THAT(sa("protocol = \"ah\"\ncipher = \"aes_cbc\"\n"), HasSubstr(":4: invalid: ah does not encrypt"));
  const std::string key = "key = \"" + std::string(40, '0') + "\"\n";
  EXPECT_THAT(sa(key + an_sa + key), HasSubstr(":13: exists: SPI"));
  EXPECT_EQ(sa(key + "replay_window = 4096\n"), "no problem");
  EXPECT_THAT(sa(key + "replay_window = 0\n"), HasSubstr(":11: 'replay_window' must not be 0: without a window"));
  EXPECT_THAT(sa(key + "replay_window = 4095\n"),
              HasSubstr(":11: 'replay_window' must be 64, 128, 256, 512, 1024, 2048 or 4096 packets, not 4095"));
}

}  // namespace
}  // namespace sallyport::bench
