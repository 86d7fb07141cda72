// SPDX-License-Identifier: Apache-2.0
// SAs whose keys are typed in, over restarts of the daemon and cards that have lost everything; and a configuration
// that was changed meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <boost/json.hpp>

#include "base/temporary_folder.hpp"
#include "driver/software/software_card.hpp"
#include "driver/testing/flaky_card.hpp"
#include "driver/testing/frames.hpp"
#include "host/gateway/gateway.hpp"
#include "host/gateway/ip_frames.hpp"
#include "host/gateway/screens.hpp"
#include "host/gateway/test_disk.hpp"

extern "C" int fsync(int fd) { return sallyport::gateway::disk.sync(SYS_fsync, fd); }
extern "C" int fdatasync(int fd) { return sallyport::gateway::disk.sync(SYS_fdatasync, fd); }

namespace sallyport::gateway {
namespace {

using driver::testing::FlakyCard;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

namespace reg = layout::reg;

constexpr driver::MacAddress kLanMac = {2, 0, 0, 0, 1, 0};
constexpr driver::MacAddress kHostMac = {2, 0, 0, 0, 1, 1};
constexpr driver::MacAddress kPeerMac = {2, 0, 0, 0, 2, 2};
constexpr std::uint32_t kHost = 0x0a01000a;  // 10.1.0.10
constexpr std::uint32_t kByM = 0x0a02000a;   // 10.2.0.10
constexpr std::uint32_t kByN = 0x0a03000a;   // 10.3.0.10
constexpr std::uint32_t kClear = 0x0a04000a;
constexpr std::uint32_t kPeer = 0xc0000202;  // 192.0.2.2
constexpr std::uint32_t kSpi = 0x2001;       // of "m"

struct Suite {
  const char* algorithm;
  std::size_t key = 0;  // bytes, with salt
  std::size_t integrity = 0;
  bool ah = false;
};
constexpr Suite kGcm{"aes128gcm16", 20, 0};

// An SA as somebody writes it; `from` and `to` are the first digits of its keys.
struct Written {
  std::string name = "m";
  std::string from = "a0";
  std::string to = "b0";
  std::uint32_t spi = kSpi;
  std::string peer = "192.0.2.2";
  Suite suite = kGcm;

  [[nodiscard]] std::string text() const {
    const auto key = [](const std::string& digits, std::size_t bytes) {
      return "\"" + digits + std::string(2 * bytes - digits.size(), '7') + "\"\n";
    };
    std::string out = "[[sas]]\nname = \"" + name + "\"\nlocal_address = \"192.0.2.1\"\nremote_address = \"" + peer +
                      "\"\nspi_in = " + std::to_string(spi + 0x1000) + "\nspi_out = " + std::to_string(spi) +
                      "\nalgorithm = \"" + suite.algorithm + "\"\nlegacy = true\n";
    if (suite.ah) out += "protocol = \"ah\"\n";
    if (suite.key != 0) out += "key_in = " + key(from, suite.key) + "key_out = " + key(to, suite.key);
    if (suite.integrity != 0) {
      out += "integrity_key_in = " + key(from, suite.integrity) + "integrity_key_out = " + key(to, suite.integrity);
    }
    return out;
  }
};
const Written kN{"n", "c0", "d0", 0x2002};

// Policies by m and n, and what is sent in the clear.
std::string configuration(const std::vector<Written>& sas, const std::string& more = "") {
  std::string text =
      "[card]\nbackend = \"software\"\nlan_interface = \"none\"\nwan_interface = \"none-either\"\n"
      "[gateway]\nlog_level = \"error\"\n[lan]\naddress = \"10.1.0.1/24\"\ntap = \"hm-lan\"\nmac = "
      "\"02:00:00:00:01:00\"\n[wan]\naddress = \"192.0.2.1/24\"\ngateway = \"192.0.2.2\"\ntap = \"hm-wan\"\n"
      "mac = \"02:00:00:00:02:00\"\n" +
      more;
  for (const Written& sa : sas) {
    text += sa.text() + "[[policies]]\nname = \"" + sa.name + "\"\ndestination = \"" +
            (sa.name == "m" ? "10.2.0.0/16" : "10.3.0.0/16") + "\"\naction = \"protect\"\nsa = \"" + sa.name + "\"\n";
  }
  return text + "[[policies]]\nname = \"clear\"\ndestination = \"10.4.0.0/16\"\naction = \"bypass\"\n";
}

// What left for the WAN: under which SPI, 0 in the clear, and with which number.
using Sent = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

class ManualSas : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_EQ(::unshare(CLONE_NEWNET), 0) << "makes interfaces: run the tests as root"; }
  void SetUp() override { lose_card(); }
  void TearDown() override { kill(); }

  void start(const std::string& text) { start(text, *card_); }
  void start(const std::string& text, driver::Card& card) {
    begin(text, card);
    send(kClear);  // by the peer too, which an SA that is closed has nobody look for
    ASSERT_TRUE(knows(kPeer));
  }
  void begin(const std::string& text, driver::Card& card) {
    auto config = parse_config(text, folder_ / "gw.toml");
    ASSERT_TRUE(config) << config.error().detail;
    config->state_directory = folder_ / "state";
    config->socket = folder_ / "run" / "api.sock";
    auto started = Gateway::start(*io_, std::move(*config), card);
    ASSERT_TRUE(started) << started.error().detail;
    gateway_ = std::move(*started);
  }
  bool knows(std::uint32_t neighbour) {
    return run_until([&] {
      return gateway_->keeper().forwarding().is_known({layout::Port::kWan, driver::Address::from_v4(neighbour)});
    });
  }
  void kill() {
    gateway_.reset();
    io_ = std::make_unique<boost::asio::io_context>();
    asked_.clear();
  }
  void stop() {
    bool stopped = false;
    gateway_->shut_down([&] { stopped = true; });
    ASSERT_TRUE(run_until([&] { return stopped; }));
    kill();
  }
  void lose_card() {
    card_ = std::make_unique<driver::SoftwareCard>([this](layout::Port port, Bytes frame) { transmit(port, frame); });
  }

  void transmit(layout::Port port, Bytes frame) {
    if (driver::testing::is_arp_request(frame)) {
      asked_.emplace_back(port, Buffer(frame.begin(), frame.end()));
      return;
    }
    const auto packet = ip_packet(frame);
    if (port != layout::Port::kWan || !packet) return;
    const bool clear = packet->protocol == driver::kProtocolUdp;
    ByteReader r(packet->payload());
    if (packet->protocol == driver::kProtocolAh) r.skip(4);
    const std::uint32_t spi = r.u32(), number = r.u32();
    sent_.emplace_back(clear ? 0 : spi, clear ? 0 : number);
    last_ = packet->destination;
  }
  template <class Holds>
  bool run_until(Holds holds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!holds() && std::chrono::steady_clock::now() < end) {
      io_->restart();
      io_->run_one_for(std::chrono::milliseconds(5));
      for (const auto& [port, request] : std::exchange(asked_, {})) {
        card_->receive(port, driver::testing::arp_answer(request, port == layout::Port::kLan ? kHostMac : kPeerMac));
      }
    }
    return holds();
  }
  // What leaves of a packet from a host of the LAN to there.
  Sent send(std::uint32_t to) {
    sent_.clear();
    card_->receive(layout::Port::kLan, driver::testing::ethernet_frame(kLanMac, kHostMac, driver::kEthertypeIpv4,
                                                                       driver::testing::udp_packet(kHost, to, 100)));
    return sent_;
  }
  std::uint64_t drops(layout::Drop reason) { return driver::CardControl::open(*card_)->counters()->of(reason); }

  // Nothing is sent for m, all else goes on, and who asks is told.
  void expect_closed() {
    const auto before = drops(layout::Drop::kSpdDiscard);
    EXPECT_THAT(send(kByM), IsEmpty());
    EXPECT_EQ(drops(layout::Drop::kSpdDiscard), before + 1);
    EXPECT_THAT(send(kClear), ElementsAre(Pair(0, 0)));
    EXPECT_THAT(gateway_->refused_sas(), ElementsAre(Pair("m", HasSubstr("write new keys"))));
    for (const auto& screen : {status_screen(*gateway_), sas_screen(*gateway_)}) {
      ASSERT_TRUE(screen);
      const auto& refused = screen->at("refused_sas").as_array();
      ASSERT_EQ(refused.size(), 1U);
      EXPECT_EQ(refused[0].at("name").as_string(), "m");
    }
  }
  [[nodiscard]] std::vector<std::string> on_card() const {
    std::vector<std::string> targets;
    for (const auto& sa : gateway_->keeper().sas()) targets.push_back(sa.target);
    std::ranges::sort(targets);
    return targets;
  }

  TemporaryFolder temporary_;
  const std::filesystem::path& folder_ = temporary_.path();
  std::unique_ptr<boost::asio::io_context> io_ = std::make_unique<boost::asio::io_context>();
  std::unique_ptr<driver::SoftwareCard> card_;
  std::unique_ptr<Gateway> gateway_;
  std::vector<std::pair<layout::Port, Buffer>> asked_;
  Sent sent_;
  driver::Address last_;  // where the last of them went
};

// ---- a key is loaded once

TEST_F(ManualSas, AKilledDaemonGoesOnWithTheKeyAndItsNumbers) {
  start(configuration({{}}));
  EXPECT_THAT(send(kByM), ElementsAre(Pair(kSpi, 1)));
  kill();
  start(configuration({{}}));
  EXPECT_THAT(send(kByM), ElementsAre(Pair(kSpi, 2)));
  EXPECT_THAT(gateway_->refused_sas(), IsEmpty());
}

TEST_F(ManualSas, ACardThatWasResetGetsNoKeyOfBefore) {
  start(configuration({{}}));
  EXPECT_THAT(send(kByM), ElementsAre(Pair(kSpi, 1)));
  kill();
  lose_card();
  start(configuration({{}}));
  expect_closed();
  kill();
  start(configuration({{}}));  // which adopts what is closed
  expect_closed();
  kill();
  start(configuration({{.from = "a1", .to = "b1"}}));
  EXPECT_THAT(send(kByM), ElementsAre(Pair(kSpi, 1)));
  EXPECT_THAT(gateway_->refused_sas(), IsEmpty());
}

TEST_F(ManualSas, ADaemonThatWasStoppedLoadsNoKeyAgain) {
  start(configuration({{}}));
  EXPECT_THAT(send(kByM), ElementsAre(Pair(kSpi, 1)));
  stop();
  start(configuration({{}}));
  expect_closed();
}

TEST_F(ManualSas, ACardThatNobodyRemembersGetsNoKeyOfBefore) {
  start(configuration({{}}));
  EXPECT_THAT(send(kByM), ElementsAre(Pair(kSpi, 1)));
  kill();
  std::filesystem::remove_all(folder_ / "run");
  start(configuration({{}}));
  expect_closed();
}

TEST_F(ManualSas, AnotherNameSpiOrPeerDoesNotMakeAKeyNew) {
  start(configuration({{}}));
  kill();
  lose_card();
  start(configuration({{.spi = 0x2077, .peer = "192.0.2.3"}}));
  expect_closed();
  kill();
  start(configuration({{.name = "n"}}));
  EXPECT_THAT(send(kByN), IsEmpty());
  EXPECT_THAT(gateway_->refused_sas(), ElementsAre(Pair("n", HasSubstr("write new keys"))));
}

// The peer has numbered from 1 under what would be ours.
TEST_F(ManualSas, KeysThatWereOnlyExchangedAreRefused) {
  start(configuration({{}}));
  kill();
  lose_card();
  start(configuration({{.from = "b0", .to = "a0"}}));
  expect_closed();
}

TEST_F(ManualSas, TwoOfThemDoNotShareAKey) {
  start(configuration({{}, {.name = "n", .from = "c0", .to = "b0", .spi = 0x2002}}));
  EXPECT_THAT(send(kByM), ElementsAre(Pair(kSpi, 1)));
  EXPECT_THAT(send(kByN), IsEmpty());
  EXPECT_THAT(gateway_->refused_sas(), ElementsAre(Pair("n", HasSubstr("used before"))));
}

TEST_F(ManualSas, OfEveryCipherWithANonceOrAnIvTheKeyIsRefused) {
  for (const Suite& suite : {Suite{"aes256gcm16", 36}, Suite{"aes128gmac", 20}, Suite{"aes128ctr-sha256", 20, 32},
                             Suite{"aes128-sha256", 16, 32}, Suite{"3des-sha1", 24, 20}, Suite{"des-md5", 8, 16}}) {
    SCOPED_TRACE(suite.algorithm);
    const Written m{.from = "e" + std::to_string(suite.key + suite.integrity), .suite = suite};
    start(configuration({m}));
    kill();
    lose_card();
    start(configuration({m}));
    expect_closed();
    kill();
    lose_card();
    std::filesystem::remove_all(folder_ / "state");
  }
}

TEST_F(ManualSas, WithoutACipherTheKeyIsLoadedAgain) {
  for (const Suite& suite : {Suite{"null-sha256", 0, 32}, Suite{"sha256", 0, 32, true}}) {
    SCOPED_TRACE(suite.algorithm);
    for (unsigned i = 0; i < 2; ++i) {
      lose_card();
      start(configuration({{.suite = suite}}));
      EXPECT_THAT(send(kByM), ElementsAre(Pair(kSpi, 1)));
      EXPECT_THAT(gateway_->refused_sas(), IsEmpty());
      kill();
    }
  }
}

TEST_F(ManualSas, AKeyIsNotLoadedBeforeItIsKnownThatItWillBeRemembered) {
  start(configuration({{}}));
  kill();
  lose_card();
  disk.set(Disk::State::kBroken);
  start(configuration({{.from = "a1", .to = "b1"}}));
  disk.set(Disk::State::kFine);
  EXPECT_THAT(send(kByM), IsEmpty());
  EXPECT_THAT(send(kClear), ElementsAre(Pair(0, 0)));
  EXPECT_THAT(gateway_->refused_sas(),
              ElementsAre(Pair("m", AllOf(HasSubstr("cannot be stored"), HasSubstr("used_keys.db")))));
  kill();
  start(configuration({{.from = "a1", .to = "b1"}}));
  EXPECT_THAT(send(kByM), ElementsAre(Pair(kSpi, 1))) << "it was never given to a card";
}

// ---- the configuration in force wins

TEST_F(ManualSas, WhatTheConfigurationHasNoMoreGoesFromAnAdoptedCard) {
  start(configuration({{}, kN}));
  EXPECT_THAT(on_card(), ElementsAre("sa/m", "sa/n"));
  EXPECT_THAT(send(kByN), ElementsAre(Pair(0x2002, 1)));
  kill();
  start(configuration({kN}));
  EXPECT_THAT(on_card(), ElementsAre("sa/n"));
  EXPECT_THAT(send(kByM), IsEmpty());
  EXPECT_THAT(send(kByN), ElementsAre(Pair(0x2002, 2))) << "the other goes on";
  // Its inbound row is gone as well.
  driver::IpHeader outer;
  outer.ttl = 64;
  outer.source = driver::Address::from_v4(kPeer);
  outer.destination = driver::Address::from_v4(kPeer - 1);
  const Buffer esp =
      driver::write_ip(outer, driver::kProtocolEsp, ByteWriter().u32(kSpi + 0x1000).u32(1).zeros(40).take());
  card_->receive(layout::Port::kWan,
                 driver::testing::ethernet_frame({2, 0, 0, 0, 2, 0}, kPeerMac, driver::kEthertypeIpv4, esp));
  EXPECT_EQ(drops(layout::Drop::kSpiUnknown), 1U);
}

TEST_F(ManualSas, OneThatIsNewIsAddedToAnAdoptedCard) {
  start(configuration({{}}));
  EXPECT_THAT(send(kByM), ElementsAre(Pair(kSpi, 1)));
  kill();
  start(configuration({{}, kN}));
  EXPECT_THAT(send(kByM), ElementsAre(Pair(kSpi, 2)));
  EXPECT_THAT(send(kByN), ElementsAre(Pair(0x2002, 1)));
}

TEST_F(ManualSas, AnEditedOneReplacesThatOfAnAdoptedCard) {
  start(configuration({{}, kN}));
  for (std::uint32_t n = 1; n <= 3; ++n) EXPECT_THAT(send(kByM), ElementsAre(Pair(kSpi, n)));
  EXPECT_THAT(send(kByN), ElementsAre(Pair(0x2002, 1)));
  kill();
  start(configuration({{.from = "a1", .to = "b1"}, kN}));  // other keys, nothing else
  EXPECT_THAT(send(kByM), ElementsAre(Pair(kSpi, 1)));
  kill();
  start(configuration({{.from = "a2", .to = "b2", .spi = 0x2077, .peer = "192.0.2.3"}, kN}));
  ASSERT_TRUE(knows(kPeer + 1));
  EXPECT_THAT(send(kByM), ElementsAre(Pair(0x2077, 1)));
  EXPECT_TRUE(last_ == driver::Address::from_v4(kPeer + 1));
  EXPECT_THAT(on_card(), ElementsAre("sa/m", "sa/n"));
  EXPECT_THAT(send(kByN), ElementsAre(Pair(0x2002, 2))) << "the other goes on";
}

TEST_F(ManualSas, AnEditWithoutNewKeysClosesIt) {
  start(configuration({{}}));
  kill();
  start(configuration({{.spi = 0x2077}}));
  expect_closed();
  EXPECT_THAT(on_card(), IsEmpty());
}

TEST_F(ManualSas, NobodyElseLosesAPacketWhileOneIsReplaced) {
  start(configuration({{}, kN}));
  EXPECT_THAT(send(kClear), ElementsAre(Pair(0, 0)));
  std::uint32_t by_n = 0;
  EXPECT_THAT(send(kByN), ElementsAre(Pair(0x2002, ++by_n)));
  kill();
  FlakyCard watched(*card_);
  unsigned flips = 0;
  watched.on_written(reg::kFlip, [&](std::uint32_t) {
    ++flips;
    EXPECT_THAT(send(kByN), ElementsAre(Pair(0x2002, ++by_n)));
    const Sent of_m = send(kByM);
    EXPECT_TRUE(of_m.empty() || of_m[0].first == kSpi) << "never in the clear";
  });
  start(configuration({{.from = "a1", .to = "b1"}, kN}), watched);
  EXPECT_GT(flips, 1U);
  kill();  // before `watched`
}

TEST_F(ManualSas, AnAdoptedCardHasTheMacVlanAndTagsOfTheConfiguration) {
  const auto read = [&](const layout::Register& at, unsigned i = 0) { return card_->read(at.at(i)).value(); };
  start(configuration({{}}, "[users]\ntags = \"plain\"\n"));
  EXPECT_EQ(read(reg::kPlainTags), 1U);
  EXPECT_EQ(read(reg::kWanVlan), 0U);
  kill();
  std::string changed = configuration({{}}, "[users]\ntags = \"authenticated\"\n");
  changed.replace(changed.find("02:00:00:00:01:00"), 17, "02:00:00:00:01:77");
  changed.insert(changed.find("lan_interface"), "wan_vlan = 7\n");
  begin(changed, *card_);  // nobody is in that VLAN
  EXPECT_EQ(read(reg::kPlainTags), 0U);
  EXPECT_EQ(read(reg::kWanVlan), 7U);
  EXPECT_EQ(read(reg::kLanMac, 0), 0x00000177U);
  EXPECT_EQ(read(reg::kLanMac, 1), 0x00000200U);
  EXPECT_THAT(on_card(), ElementsAre("sa/m")) << "adopted";
}

}  // namespace
}  // namespace sallyport::gateway
