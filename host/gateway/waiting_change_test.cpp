// SPDX-License-Identifier: Apache-2.0
// When a changed SA takes over: when the old one is idle, or with new TCP connections.
#include <gmock/gmock.h>

#include "host/gateway/test_commits.hpp"

namespace sallyport::gateway {
namespace {

namespace json = boost::json;
using driver::testing::kAck;
using driver::testing::kSyn;
using driver::testing::tcp_packet;
using ::testing::HasSubstr;

TEST_F(CommitTest, AfterIdleTheOldSaCarriesItsCommunicationToTheEnd) {
  const auto old = leaves_by(a);
  ask(a, "PUT", {"candidate", "office"}, office_after_idle("5"));
  const auto report = commit();
  EXPECT_EQ(said_of(report, "office"),
            "changed, connected, pending: connected with 192.0.2.2 by aes256gcm16 (CREATE_CHILD_SA)");
  // Packets come more often than that: they go on under the old SA, both ways.
  auto sent = std::chrono::steady_clock::now();
  const auto end = sent + std::chrono::seconds(8);
  for (std::uint32_t numbers = 1; sent < end; ++numbers) {
    ASSERT_EQ(leaves_by(a), (Esp{old.first, old.second + numbers}));
    send(b);
    run_until([] { return false; }, std::chrono::milliseconds(100));
    const auto now = std::chrono::steady_clock::now();
    if (now - sent > std::chrono::seconds(2)) break;  // a machine that pauses makes the SA idle
    sent = now;
  }
  ASSERT_EQ(algorithm(), "aes128gcm16");
  const auto shown = ask(a, "GET", {"policies"}).at("policies").at(1);
  EXPECT_EQ(shown.at("esp_proposals").as_string(), "aes128gcm16");
  EXPECT_EQ(shown.at("pending").at("words").at("esp_proposals").as_string(), "aes256gcm16");
  EXPECT_TRUE(run_until([&] { return algorithm() == "aes256gcm16"; })) << "now it is idle";
  EXPECT_TRUE(run_until([&] { return a.gateway->commits().configurations().pending().empty(); }));
  EXPECT_TRUE(both_ways());
  EXPECT_EQ(leaves_by(a).first, spi("office"));
  EXPECT_NE(spi("office"), old.first);
}

TEST_F(CommitTest, APolicyThatWaitsWaitsOnAfterTheDaemonsDeath) {
  const auto old = leaves_by(a);
  auto words = office_after_idle("3600");
  ask(a, "PUT", {"policies", "office"}, words);
  kill_and_start(a);
  EXPECT_EQ(algorithm(), "aes128gcm16");
  EXPECT_EQ(leaves_by(a).first, old.first);
  EXPECT_TRUE(run_until([&] { return both_ways(); }));
  EXPECT_EQ(a.gateway->keeper().sas().size(), 3U) << "the new SA waits too";
  EXPECT_EQ(names(), "voice office ");
  // Who does not want to wait any longer says so.
  words["change"] = "now";
  words.erase("idle");
  const auto said = ask(a, "PUT", {"policies", "office"}, words);
  EXPECT_THAT(json::serialize(said), HasSubstr("is in force"));
  EXPECT_EQ(algorithm(), "aes256gcm16");
  EXPECT_TRUE(both_ways());
}

// What cut everybody off may be what would be waited for.
TEST_F(CommitTest, WhatComesBackUnconfirmedWaitsForNothing) {
  ask(a, "PUT", {"policies", "office"}, office_after_idle("3600", "aes128gcm16"));
  ask(a, "PUT", {"candidate", "office"}, office("aes256gcm16"));
  ASSERT_TRUE(commit({{"confirm_s", 1}}).at("committed").as_bool());
  ASSERT_EQ(algorithm(), "aes256gcm16");
  EXPECT_TRUE(run_until([&] { return algorithm() == "aes128gcm16"; }));
  EXPECT_TRUE(a.gateway->commits().configurations().pending().empty());
  EXPECT_TRUE(both_ways());
}

// The other gateway comes back without memory, and without voice: what one cannot have keeps the other from nothing.
TEST_F(CommitTest, OnePolicyThatWaitsInVainKeepsNoOtherFromTakingOver) {
  auto words = office_after_idle("3600", "aes128gcm16");
  words["destination"] = "10.2.1.0/25";
  ask(a, "PUT", {"candidate", "voice"}, words);
  ask(a, "PUT", {"candidate", "office"}, office_after_idle("3600"));
  ASSERT_TRUE(commit().at("committed").as_bool());
  ASSERT_EQ(a.gateway->commits().configurations().pending().size(), 2U);
  const auto config = b.gateway->config();
  world_.kill(b);
  for (const auto& folder : {config.run_directory(), std::filesystem::path(config.state_directory)}) {
    std::filesystem::remove_all(folder);
  }
  policies_of_b_ = policy_of("office", "10.2.0.0/24", "10.1.0.0/16", "aes256gcm16", "start");
  start(b);
  EXPECT_TRUE(run_until([&] { return algorithm() == "aes256gcm16" && leaves_by(a) != Esp{}; }));
  EXPECT_TRUE(once_again_both_ways());
  ask(a, "POST", {"candidate"}, printer(77));
  EXPECT_TRUE(commit().at("committed").as_bool()) << "it is not about voice";
}

TEST_F(CommitTest, APolicyThatWaitsTakesOverWhereThePeerEndsTheOldSa) {
  ask(a, "PUT", {"policies", "office"}, office_after_idle("3600"));
  ASSERT_EQ(algorithm(), "aes128gcm16");
  ask(b, "POST", {"terminate"}, {{"connection", "peer"}, {"child", "office"}});
  EXPECT_TRUE(run_until([&] { return a.gateway->commits().configurations().pending().empty(); }));
  EXPECT_TRUE(run_until([&] { return algorithm() == "aes256gcm16"; }));
  EXPECT_TRUE(once_again_both_ways());
}

TEST_F(CommitTest, APolicyThatWaitsTakesOverWhereItsOldSaIsRenewedByHand) {
  ask(a, "PUT", {"policies", "office"}, office_after_idle("3600"));
  ASSERT_EQ(algorithm(), "aes128gcm16");
  const auto said = ask(a, "POST", {"rekey"}, {{"connection", "peer"}, {"child", "office"}});
  EXPECT_THAT(json::serialize(said), HasSubstr("by aes256gcm16"));
  EXPECT_TRUE(run_until([&] { return a.gateway->commits().configurations().pending().empty(); }));
  EXPECT_EQ(algorithm(), "aes256gcm16");
  EXPECT_TRUE(both_ways());
}

// The SA that a commit needs comes up by its words, and carries nothing by the words before.
TEST_F(CommitTest, AnSaByWordsThatAreNotInForceCarriesNothing) {
  auto trap = office("aes128gcm16");
  trap["start_action"] = "trap";
  ask(a, "PUT", {"policies", "office"}, trap);
  ask(a, "POST", {"terminate"}, {{"connection", "peer"}, {"child", "office"}});
  ASSERT_TRUE(run_until([&] { return sa("office") == nullptr && a.gateway->keeper().sas().size() == 1; }));
  trap["esp_proposals"] = "aes256gcm16";
  ask(a, "PUT", {"candidate", "office"}, trap);
  ask(a, "PUT", {"candidate", "voice"}, voice("aes256gcm16"));
  const auto report = commit();
  EXPECT_FALSE(report.at("committed").as_bool());
  EXPECT_THAT(said_of(report, "office"), HasSubstr("connected with 192.0.2.2 by aes256gcm16"));
  EXPECT_EQ(sa("office"), nullptr);
  EXPECT_TRUE(once_again_both_ways());
  EXPECT_EQ(algorithm(), "aes128gcm16");
  // And where all of it connects, it does.
  ask(a, "POST", {"terminate"}, {{"connection", "peer"}, {"child", "office"}});
  ASSERT_TRUE(run_until([&] { return sa("office") == nullptr && a.gateway->keeper().sas().size() == 1; }));
  ask(a, "DELETE", {"candidate"});
  ask(a, "PUT", {"candidate", "office"}, trap);
  EXPECT_TRUE(commit().at("committed").as_bool());
  EXPECT_EQ(algorithm(), "aes256gcm16");
  EXPECT_TRUE(both_ways());
  EXPECT_EQ(algorithm(), "aes256gcm16");
}

// A's TCP connections, from `port` to B's web server, where a change is to come with new ones.
// IKE is told of it, and the SA negotiated, as soon as that is done.
TEST_F(CommitTest, AWindowOfTimeMayBeginWhileTheDiskIsSlow) {
  using std::chrono::hours;
  ::setenv("TZ", "UTC0", 1);
  const std::chrono::sys_days monday{std::chrono::year(2026) / 11 / 23};
  world_.clock = [=] { return monday + hours(7); };
  auto words = voice("aes128gcm16");
  words["when"] = "mon 08:00-18:00";
  ask(a, "PUT", {"policies", "voice"}, words);
  ASSERT_TRUE(run_until([&] { return sa("voice") == nullptr; }));
  disk.set(Disk::State::kStuck);
  const Answer edited = begin_to_ask(*a.gateway, "POST", {"candidate"}, printer(77));
  world_.clock = [=] { return monday + hours(9); };
  run_until([] { return false; }, std::chrono::milliseconds(600));
  EXPECT_EQ(sa("voice"), nullptr);
  disk.set(Disk::State::kFine);
  EXPECT_TRUE(run_until([&] { return sa("voice") != nullptr; }));
  ::unsetenv("TZ");
}

class ChangeWithSynTest : public CommitTest {
 protected:
  void SetUp() override {
    CommitTest::SetUp();
    old_ = leaves_by(a).first;
  }
  void send_tcp(std::uint16_t port, std::uint8_t flags, unsigned to_last = 10) {
    a.wan.clear();
    a.send(tcp_packet(a.host(), port, b.host(to_last), 443, flags));
  }
  // The SPI it left by, once B's host has it.
  std::uint32_t tcp(std::uint16_t port, std::uint8_t flags, unsigned to_last = 10) {
    const auto arrived = [&] {
      return std::count_if(b.lan.begin(), b.lan.end(), [&](const Buffer& frame) {
        const auto packet = ip_packet(frame);
        return packet && packet->protocol == driver::kProtocolTcp && ByteReader(packet->payload()).u16() == port;
      });
    };
    const auto before = arrived();
    send_tcp(port, flags, to_last);
    EXPECT_TRUE(run_until([&] { return arrived() > before; })) << "lost: from port " << port;
    EXPECT_EQ(a.wan.size(), 1U);
    return a.wan.empty() ? 0 : esp_of(a.wan.front()).first;
  }
  static json::object stronger(const std::string& idle = "3600") {
    auto words = office("aes256gcm16");
    words["change"] = "syn";
    words["idle"] = idle;
    return words;
  }
  std::uint32_t prepared() {
    const auto& sas = a.gateway->keeper().sas();
    const auto found = std::find_if(sas.begin(), sas.end(),
                                    [](const InstalledSa& sa) { return sa.target == "peer/office" && !sa.sending; });
    return found == sas.end() ? 0 : static_cast<std::uint32_t>(found->spi_out);
  }
  // Waits for one in place of `lost`.
  std::uint32_t prepared_after(std::uint32_t lost) {
    EXPECT_TRUE(run_until([&] { return prepared() != 0 && prepared() != lost && !a.gateway->commits().busy(); }));
    return prepared();
  }
  bool pending() { return !a.gateway->commits().configurations().pending().empty(); }

  std::uint32_t old_ = 0;  // SPI
};

TEST_F(ChangeWithSynTest, ARunningConnectionKeepsTheOldSaAndANewOneTakesTheNew) {
  EXPECT_EQ(tcp(40000, kSyn), old_);
  ask(a, "PUT", {"candidate", "office"}, stronger());
  const auto report = commit();
  EXPECT_EQ(said_of(report, "office"),
            "changed, connected, pending: connected with 192.0.2.2 by aes256gcm16 (CREATE_CHILD_SA)");
  EXPECT_EQ(report.at("policies").at(1).at("takes_over").as_string(), "syn");
  const std::uint32_t young = prepared();
  ASSERT_NE(young, 0U);
  EXPECT_EQ(tcp(40000, kAck), old_);
  EXPECT_EQ(tcp(40001, kSyn), young);
  EXPECT_EQ(tcp(40001, kSyn), young) << "sent again";
  EXPECT_EQ(tcp(40001, kAck), young);
  EXPECT_EQ(tcp(40000, kAck), old_);
  EXPECT_EQ(leaves_by(a).first, old_) << "not TCP";
  EXPECT_EQ(tcp(40000, kSyn), young) << "the same ports, a new connection";
  EXPECT_EQ(tcp(40002, kSyn | kAck), old_) << "opened from the other side";
  EXPECT_TRUE(both_ways());
  EXPECT_EQ(algorithm(), "aes128gcm16");
  EXPECT_EQ(ask(a, "GET", {"policies"}).at("policies").at(1).at("pending").at("new_flows").to_number<int>(), 2);
  const auto children = ask(a, "GET", {"status"}).at("connections").at(0).at("children").as_array();
  const auto shown = std::find_if(children.begin(), children.end(),
                                  [](const json::value& child) { return child.at("name").as_string() == "office"; });
  ASSERT_NE(shown, children.end());
  EXPECT_EQ(shown->at("new_flows").to_number<int>(), 2);
  std::map<std::string, std::string> states;  // by algorithm
  const auto sas = ask(a, "GET", {"sas"});
  for (const auto& sa : sas.at("sas").as_array()) {
    if (sa.at("target") == "peer/office") states[sa.at("algorithm").as_string().c_str()] = sa.at("state").as_string();
  }
  EXPECT_EQ(states["aes128gcm16"], "installed");
  EXPECT_EQ(states["aes256gcm16"], "succeeding");
}

TEST_F(ChangeWithSynTest, WhenTheOldSaIsIdleEverythingTakesTheNewAndNothingOfTheChangeIsLeft) {
  const std::size_t rules = a.gateway->keeper().spd().outbound.size();
  EXPECT_THAT(json::serialize(ask(a, "PUT", {"policies", "office"}, stronger("1"))),
              HasSubstr("takes over with new TCP connections"));
  // Only the new connection goes on, and what B sends comes by the old SA: that does not hold the change up.
  tcp(40000, kSyn);
  EXPECT_TRUE(run_until([&] {
    tcp(40000, kAck);
    send(b);
    return !pending();
  }));
  EXPECT_EQ(algorithm(), "aes256gcm16");
  EXPECT_EQ(leaves_by(a).first, spi("office"));
  EXPECT_NE(spi("office"), old_);
  EXPECT_EQ(a.gateway->keeper().spd().outbound.size(), rules);
  EXPECT_TRUE(
      run_until([&] { return a.gateway->keeper().sas().size() == 2 && b.gateway->keeper().sas().size() == 2; }));
  send_tcp(40007, kSyn);
  EXPECT_EQ(a.wan.size(), 1U) << "the card decides alone again";
}

TEST_F(ChangeWithSynTest, AConnectionThatTheNewWordsAreNotForStaysAndARollbackLeavesNothingBehind) {
  auto words = stronger();
  words["destination"] = "10.2.0.0/25";
  ask(a, "PUT", {"policies", "office"}, words);
  const std::uint32_t young = prepared();
  EXPECT_EQ(tcp(40000, kSyn, 200), old_);
  EXPECT_EQ(tcp(40001, kSyn, 100), young);
  EXPECT_EQ(a.gateway->commits().flows_of("office"), 1U);
  ask(a, "POST", {"rollback"}, {{"number", 1}});
  EXPECT_FALSE(pending());
  EXPECT_EQ(tcp(40001, kAck, 100), old_);
  EXPECT_EQ(tcp(40002, kSyn, 100), old_);
  EXPECT_EQ(a.gateway->commits().flows_of("office"), 0U);
  EXPECT_TRUE(
      run_until([&] { return a.gateway->keeper().sas().size() == 2 && b.gateway->keeper().sas().size() == 2; }));
  EXPECT_TRUE(both_ways());
}

TEST_F(ChangeWithSynTest, MoreConnectionsThanTheCardCanTellApartEndTheWaiting) {
  ask(a, "PUT", {"policies", "office"}, stronger());
  const std::uint32_t young = prepared();
  for (unsigned n = 0; n < OpenedFlows::kMost; ++n) {
    ASSERT_EQ(tcp(static_cast<std::uint16_t>(20000 + 7 * n), kSyn), young) << n;
  }
  EXPECT_TRUE(pending());
  const std::uint32_t last = tcp(30000, kSyn);
  EXPECT_TRUE(last == old_ || last == young);
  EXPECT_TRUE(run_until([&] { return !pending(); }));
  EXPECT_EQ(tcp(30000, kAck), young);
  EXPECT_EQ(leaves_by(a).first, young);
}

// A takeover that cannot be stored is none: connections stay where they are.
TEST_F(ChangeWithSynTest, ADiskThatTakesNothingLeavesEveryConnectionWhereItIs) {
  ask(a, "PUT", {"policies", "office"}, stronger("3"));
  const std::uint32_t young = prepared();
  EXPECT_EQ(tcp(40001, kSyn), young);
  disk.set(Disk::State::kBroken);
  EXPECT_TRUE(run_until([&] { return !a.gateway->commits().why_pending("office").empty(); }));
  EXPECT_TRUE(pending());
  EXPECT_EQ(tcp(40001, kAck), young);
  EXPECT_EQ(tcp(40002, kAck), old_);
  EXPECT_EQ(tcp(40003, kSyn), young);
  disk.set(Disk::State::kFine);
  EXPECT_TRUE(run_until([&] { return !pending(); }));
  EXPECT_EQ(tcp(40002, kAck), young);
}

TEST_F(ChangeWithSynTest, ADaemonThatDiedMakesTheChangeAsItComesBack) {
  ask(a, "PUT", {"policies", "office"}, stronger());
  const std::uint32_t young = prepared();
  EXPECT_EQ(tcp(40001, kSyn), young);
  kill_and_start(a);
  EXPECT_FALSE(pending());
  EXPECT_EQ(algorithm(), "aes256gcm16");
  EXPECT_EQ(tcp(40001, kAck), young);
  EXPECT_EQ(leaves_by(a).first, young);
  EXPECT_TRUE(run_until([&] { return both_ways(); }));
  kill_and_start(a);
  EXPECT_FALSE(pending());
  EXPECT_EQ(algorithm(), "aes256gcm16");
}

// B takes no aes192gcm16.
TEST_F(ChangeWithSynTest, WordsThatDoNotConnectLeaveThoseThatWaitAsTheyWere) {
  ask(a, "PUT", {"policies", "office"}, stronger());
  const std::uint32_t young = prepared();
  EXPECT_EQ(tcp(40001, kSyn), young);
  auto in_vain = office("aes192gcm16");
  in_vain["change"] = "syn";
  EXPECT_THAT(error_of(ask(a, "PUT", {"policies", "office"}, in_vain)), HasSubstr("NO_PROPOSAL_CHOSEN"));
  EXPECT_TRUE(run_until([&] { return !a.gateway->commits().busy(); }));
  const std::uint32_t again = prepared();
  EXPECT_NE(again, young);
  EXPECT_TRUE(pending());
  EXPECT_EQ(tcp(40001, kAck), again);
  EXPECT_EQ(tcp(40002, kSyn), again);
  EXPECT_EQ(tcp(40003, kAck), old_);
}

TEST_F(ChangeWithSynTest, AnSaThatWaitsAndThePeerDeletesIsMadeAnew) {
  ask(a, "PUT", {"policies", "office"}, stronger());
  const std::uint32_t young = prepared();
  const auto& theirs = b.gateway->keeper().sas();
  const auto waits = std::find_if(theirs.begin(), theirs.end(), [&](const InstalledSa& one) {
    return static_cast<std::uint32_t>(one.spi_in) == young;
  });
  ASSERT_NE(waits, theirs.end());
  // The first datagram of it is lost, and sent again.
  ASSERT_TRUE(b.gateway->engine().terminate(waits->child, std::chrono::steady_clock::now()));
  ask(a, "POST", {"rekey"}, {{"connection", "peer"}, {"child", "voice"}});
  const std::uint32_t again = prepared_after(young);
  EXPECT_TRUE(pending());
  EXPECT_EQ(tcp(40001, kSyn), again);
  EXPECT_EQ(tcp(40002, kAck), old_);
}

TEST_F(ChangeWithSynTest, AnOldSaThatThePeerEndsEndsTheWaiting) {
  ask(a, "PUT", {"policies", "office"}, stronger());
  const std::uint32_t young = prepared();
  EXPECT_EQ(tcp(40001, kSyn), young);
  ask(b, "POST", {"terminate"}, {{"connection", "peer"}, {"child", "office"}});
  EXPECT_TRUE(run_until([&] { return !pending() && algorithm() == "aes256gcm16"; }));
  EXPECT_TRUE(once_again_both_ways());
}

}  // namespace
}  // namespace sallyport::gateway
