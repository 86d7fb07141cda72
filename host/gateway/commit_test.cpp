// SPDX-License-Identifier: Apache-2.0
// Days of operators: policies change while two gateways carry packets.
#include <gmock/gmock.h>

#include "driver/testing/flaky_card.hpp"
#include "host/gateway/commits.hpp"
#include "host/gateway/test_disk.hpp"
#include "host/gateway/test_requests.hpp"
#include "host/gateway/two_gateways.hpp"

namespace sallyport::gateway {
namespace {

namespace json = boost::json;
using driver::testing::FlakyCard;
using driver::testing::kAck;
using driver::testing::kSyn;
using driver::testing::tcp_packet;
using driver::testing::udp_packet;
using ::testing::AllOf;
using ::testing::HasSubstr;

// A's office goes by aes128gcm16, which B takes as well as aes256gcm16. Voice is a second SA between the same gateways.
class CommitTest : public testing::Test {
 protected:
  using Esp = std::pair<std::uint32_t, std::uint32_t>;  // SPI and sequence number (RFC 4303 2)

  void SetUp() override {
    policies_of_a_ = policy_of("voice", "10.1.0.0/16", "10.2.1.0/24", "aes128gcm16", "start") +
                     policy_of("office", "10.1.0.0/16", "10.2.0.0/24", "aes128gcm16", "start");
    policies_of_b_ = policy_of("voice", "10.2.1.0/24", "10.1.0.0/16", "aes128gcm16", "trap") +
                     policy_of("office", "10.2.0.0/24", "10.1.0.0/16", "aes256gcm16, aes128gcm16", "trap");
    start(b);
    start(a);
    ASSERT_TRUE(run_until([&] { return sa("office") != nullptr && sa("voice") != nullptr; }));
    ASSERT_TRUE(run_until([&] { return both_ways(); }));
  }
  void TearDown() override { disk.set(Disk::State::kFine); }

  void start(OneGateway& one) { start(one, *one.card); }
  // What goes in the clear goes by the other one.
  void start(OneGateway& one, driver::Card& card) {
    const auto started =
        world_.start(one,
                     one.interfaces() + "gateway = \"192.0.2." + std::to_string(world_.other(one).number) + "\"\n" +
                         one.connection() + "proposals = [\"aes128gcm16-prfsha256-x25519\"]\n" +
                         (&one == &a ? policies_of_a_ : policies_of_b_),
                     card);
    ASSERT_TRUE(started) << started.error().detail;
  }
  void kill_and_start(OneGateway& one) {
    world_.kill(one);
    start(one);
  }
  template <class Holds>
  bool run_until(Holds holds, std::chrono::milliseconds patience = kPatience) {
    return world_.run_until(std::move(holds), patience);
  }

  // A packet from a host of this office to one of the other.
  void send(OneGateway& from, unsigned to_last = 10) {
    from.send(udp_packet(from.host(), world_.other(from).host(to_last), 20));
  }
  // The same, and by what it left; {0, 0}: it did not.
  Esp leaves_by(OneGateway& from, unsigned to_last = 10) {
    from.wan.clear();
    send(from, to_last);
    return from.wan.empty() ? Esp{} : esp_of(from.wan.front());
  }
  static Esp esp_of(const Buffer& frame) {
    ByteReader esp(ip_packet(frame).value().payload());
    const auto spi = esp.u32();
    return {spi, esp.u32()};
  }
  bool leaves_in_the_clear(OneGateway& from, unsigned to_last) {
    const auto before = from.clear;
    send(from, to_last);
    return from.clear == before + 1;
  }
  // Whether packets cross both ways.
  bool both_ways() {
    const auto crosses = [&](OneGateway& from) {
      const std::vector<Buffer>& arrived = world_.other(from).lan;
      const auto before = arrived.size();
      send(from);
      return run_until([&] { return arrived.size() > before; }, std::chrono::seconds(10));
    };
    return crosses(a) && crosses(b);
  }
  // A packet of the office's asks for an SA, and the other gateway's answer does not arrive until it may.
  void ask_for_office_in_vain() {
    ask(a, "POST", {"terminate"}, {{"connection", "peer"}, {"child", "office"}});
    ASSERT_TRUE(run_until([&] {
      return sa("office") == nullptr && a.gateway->keeper().sas().size() == 1 && b.gateway->keeper().sas().size() == 1;
    }));
    bool answered = false;
    b.lost_on_wan = [&answered](Bytes) { return answered = true; };
    send(a);
    ASSERT_TRUE(run_until([&] { return answered && b.gateway->keeper().sas().size() == 2; }));
    b.lost_on_wan = [](Bytes) { return true; };
  }
  json::value ask(OneGateway& one, const std::string& method, const std::vector<std::string>& path,
                  json::value body = nullptr) {
    return gateway::ask(world_.io, *one.gateway, method, path, std::move(body));
  }

  static std::string policy_of(const std::string& name, const std::string& source, const std::string& destination,
                               const std::string& proposals, const std::string& start) {
    return "[[policies]]\nname = \"" + name + "\"\nsource = \"" + source + "\"\ndestination = \"" + destination +
           "\"\naction = \"protect\"\nconnection = \"peer\"\nesp_proposals = \"" + proposals + "\"\nstart_action = \"" +
           start + "\"\n";
  }
  static json::object office(const std::string& proposals) {
    return {{"source", "10.1.0.0/16"}, {"destination", "10.2.0.0/24"}, {"action", "protect"},
            {"connection", "peer"},    {"esp_proposals", proposals},   {"start_action", "start"}};
  }
  static json::object office_after_idle(const std::string& seconds) {
    auto words = office("aes256gcm16");
    words["change"] = "after-idle";
    words["idle"] = seconds;
    return words;
  }
  static json::object printer(unsigned last) {
    return {{"name", "printer" + std::to_string(last)},
            {"destination", "10.2.0." + std::to_string(last)},
            {"action", "bypass"},
            {"before", "voice"}};
  }
  const InstalledSa* sa(const std::string& policy) { return a.gateway->keeper().sending_for("peer/" + policy); }
  std::string algorithm() { return sa("office") == nullptr ? "none" : sa("office")->algorithm; }
  std::uint32_t spi(const std::string& policy) { return static_cast<std::uint32_t>(sa(policy)->spi_out); }

  json::value commit(json::object body = {}) { return ask(a, "POST", {"commit"}, std::move(body)); }
  static std::string error_of(const json::value& answer) {
    const auto* found = answer.as_object().if_contains("error");
    return found == nullptr ? "no error: " + json::serialize(answer) : std::string(found->as_string());
  }
  // "changed, connected: connected with ..."
  static std::string said_of(const json::value& report, const std::string& policy) {
    const auto* all = report.as_object().if_contains("policies");
    if (all == nullptr) return json::serialize(report);
    for (const auto& one : all->as_array()) {
      if (one.at("policy").as_string() != policy) continue;
      return std::string(one.at("change").as_string()) + (one.at("connected").as_bool() ? ", connected" : ", not") +
             (one.at("pending").as_bool() ? ", pending: " : ": ") + std::string(one.at("detail").as_string());
    }
    return "nothing";
  }
  // What is sent while an SA is being replaced that the peer has ended may be lost.
  bool once_again_both_ways() {
    bool crossed = false;
    return run_until([&] { return crossed = crossed || both_ways(); });
  }
  std::string names() {
    std::string out;
    for (const auto& p : a.gateway->keeper().policies()) out += p.name + " ";
    return out;
  }
  std::uint32_t newest() { return a.gateway->commits().configurations().newest().number; }

  TwoGateways world_;
  OneGateway& a = world_.a;
  OneGateway& b = world_.b;
  std::string policies_of_a_, policies_of_b_;  // in their configuration files
};

TEST_F(CommitTest, APolicyThatIsWantedAgainSendsNothingByTheSaThatIsBeingDeleted) {
  const std::uint32_t before = spi("office");
  a.lost_on_wan = [](Bytes) { return true; };
  ask(a, "DELETE", {"policies", "office"});
  json::object again = office("aes128gcm16");
  again["name"] = "office";
  const Answer answer = begin_to_ask(*a.gateway, "POST", {"policies"}, again);
  ASSERT_TRUE(run_until([&] { return names() == "voice office "; }));
  EXPECT_EQ(leaves_by(a), Esp{}) << "it waits for another";
  a.lost_on_wan = nullptr;
  ASSERT_TRUE(run_until([&] { return answer->has_value(); }));
  EXPECT_TRUE((*answer)->at("connected").as_bool()) << **answer;
  EXPECT_TRUE(once_again_both_ways());
  EXPECT_NE(spi("office"), before);
}

TEST_F(CommitTest, PutsSeveralEditsInForceAtOnceAndSaysOfEachPolicyHowItIsConnected) {
  EXPECT_EQ(ask(a, "POST", {"candidate"}, printer(77)).at("changes").as_array().size(), 1U);
  ask(a, "PUT", {"candidate", "office"}, office("aes256gcm16"));
  const auto candidate = ask(a, "GET", {"candidate"});
  EXPECT_EQ(candidate.at("changes").as_array().size(), 2U);
  EXPECT_EQ(names(), "voice office ") << "nothing is in force by it";
  EXPECT_FALSE(leaves_in_the_clear(a, 77));
  const auto voice_before = leaves_by(a, 256);  // 10.2.1.0

  const auto report = commit({{"comment", "stronger, and the printer"}});
  EXPECT_TRUE(report.at("committed").as_bool());
  EXPECT_EQ(said_of(report, "office"), "changed, connected: connected with 192.0.2.2 by aes256gcm16 (CREATE_CHILD_SA)");
  EXPECT_EQ(said_of(report, "printer77"), "added, connected: ");
  EXPECT_EQ(said_of(report, "voice"), "unchanged, connected: connected with 192.0.2.2 by aes128gcm16");
  EXPECT_EQ(algorithm(), "aes256gcm16");
  EXPECT_EQ(names(), "printer77 voice office ");
  EXPECT_TRUE(run_until([&] { return leaves_in_the_clear(a, 77); }));
  EXPECT_TRUE(both_ways());
  // Whoever was not meant goes on with the next number.
  EXPECT_EQ(leaves_by(a, 256), (Esp{voice_before.first, voice_before.second + 1}));

  const auto history = ask(a, "GET", {"history"}).at("configurations").as_array();
  ASSERT_EQ(history.size(), 2U);
  EXPECT_EQ(history[1].at("comment").as_string(), "stronger, and the printer");
  EXPECT_EQ(history[1].at("summary").as_string(), "printer77 added, office changed");
  EXPECT_FALSE(ask(a, "GET", {"candidate"}).at("exists").as_bool());
  EXPECT_THAT(error_of(commit()), HasSubstr("there is no candidate"));
}

TEST_F(CommitTest, ChangesNothingWhereNotAllOfItConnects) {
  const auto before = leaves_by(a);
  const auto generation_before = names();
  ask(a, "POST", {"candidate"}, printer(77));
  ask(a, "PUT", {"candidate", "office"}, office("aes192gcm16"));
  const auto report = commit();
  EXPECT_FALSE(report.at("committed").as_bool());
  EXPECT_THAT(said_of(report, "office"), HasSubstr("changed, not: "));
  EXPECT_EQ(names(), "voice office ");
  EXPECT_EQ(newest(), 1U);
  EXPECT_EQ(leaves_by(a), (Esp{before.first, before.second + 1})) << "the same SA, and its next number";
  EXPECT_TRUE(both_ways());
  // The edits are still there; with force the rest is in force, and nothing leaves by words that do not hold.
  EXPECT_EQ(ask(a, "GET", {"candidate"}).at("changes").as_array().size(), 2U);
  const auto forced = commit({{"force", true}});
  EXPECT_TRUE(forced.at("committed").as_bool());
  EXPECT_THAT(said_of(forced, "office"), HasSubstr("changed, not: "));
  EXPECT_TRUE(run_until([&] { return leaves_in_the_clear(a, 77); }));
  EXPECT_TRUE(run_until([&] { return leaves_by(a) == Esp{}; }));
}

// What was asked for by the words of before comes when others are in force, or wait for it.
TEST_F(CommitTest, AnSaThatWasUnderWayByWordsOfBeforeCarriesNothingByThoseAfter) {
  ask_for_office_in_vain();
  ask(a, "DELETE", {"policies", "office"});
  a.wan.clear();
  json::object again = office("aes256gcm16");
  again["name"] = "office";
  const Answer answer = begin_to_ask(*a.gateway, "POST", {"policies"}, again);
  ASSERT_TRUE(run_until([&] { return names() == "voice office "; }));
  b.lost_on_wan = nullptr;
  ASSERT_TRUE(run_until([&] { return answer->has_value(); }));
  EXPECT_THAT(json::serialize(**answer), HasSubstr("connected with 192.0.2.2 by aes256gcm16"));
  EXPECT_EQ(algorithm(), "aes256gcm16");
  EXPECT_TRUE(both_ways());
  for (const Buffer& frame : a.wan) EXPECT_EQ(esp_of(frame).first, spi("office"));
}

TEST_F(CommitTest, ACommitThatFindsAnSaUnderWayByWordsOfBeforeGetsItsOwn) {
  ask_for_office_in_vain();
  ask(a, "PUT", {"candidate", "office"}, office("aes256gcm16"));
  const Answer report = begin_to_ask(*a.gateway, "POST", {"commit"}, json::object{});
  run_until([] { return false; }, std::chrono::milliseconds(100));
  b.lost_on_wan = nullptr;
  ASSERT_TRUE(run_until([&] { return report->has_value(); }));
  EXPECT_THAT(said_of(**report, "office"), HasSubstr("changed, connected: connected with 192.0.2.2 by aes256gcm16"));
  EXPECT_EQ(algorithm(), "aes256gcm16");
  EXPECT_TRUE(both_ways());
}

// One of two connects: it is not used, and what was there before is not touched.
TEST_F(CommitTest, WhatWasNegotiatedForACommitThatFailsIsGivenUp) {
  const auto before = leaves_by(a);
  ask(a, "PUT", {"candidate", "office"}, office("aes256gcm16"));
  auto voice = office("aes256gcm16");
  voice["destination"] = "10.2.1.0/24";
  ask(a, "PUT", {"candidate", "voice"}, voice);
  const auto report = commit();
  EXPECT_FALSE(report.at("committed").as_bool());
  EXPECT_THAT(said_of(report, "office"), HasSubstr("connected with 192.0.2.2 by aes256gcm16"));
  EXPECT_THAT(said_of(report, "voice"), HasSubstr("changed, not: "));
  EXPECT_EQ(leaves_by(a), (Esp{before.first, before.second + 1}));
  EXPECT_TRUE(
      run_until([&] { return a.gateway->keeper().sas().size() == 2 && b.gateway->keeper().sas().size() == 2; }));
  EXPECT_TRUE(both_ways());
  EXPECT_EQ(algorithm(), "aes128gcm16");
}

TEST_F(CommitTest, ADiskThatTakesNothingLeavesEverythingAsItWas) {
  const auto before = leaves_by(a);
  ask(a, "POST", {"candidate"}, printer(77));
  ask(a, "PUT", {"candidate", "office"}, office("aes256gcm16"));
  disk.set(Disk::State::kBroken);
  EXPECT_THAT(error_of(commit()), AllOf(HasSubstr("stay as they were"), HasSubstr("policies.db")));
  EXPECT_EQ(names(), "voice office ");
  EXPECT_EQ(leaves_by(a), (Esp{before.first, before.second + 1}));
  EXPECT_TRUE(both_ways());
  EXPECT_EQ(newest(), 1U);
  disk.set(Disk::State::kFine);
  EXPECT_TRUE(commit().at("committed").as_bool());
  EXPECT_EQ(algorithm(), "aes256gcm16");
}

TEST_F(CommitTest, ACandidateByWhichAnExpectationFailsIsNotCommittedUnlessForced) {
  policies_of_a_ += "[[expectations]]\nname = \"closed\"\nto = \"10.2.0.77\"\naction = \"protect\"\n";
  kill_and_start(a);
  ask(a, "POST", {"candidate"}, printer(77));
  auto hidden = printer(77);
  hidden["name"] = "again";
  const auto candidate = ask(a, "POST", {"candidate"}, hidden);
  EXPECT_EQ(candidate.at("findings").at(0).at("policy").as_string(), "again") << "known before it is committed";
  const auto before = leaves_by(a, 77);
  const auto refused = commit();
  EXPECT_FALSE(refused.at("committed").as_bool());
  EXPECT_EQ(refused.at("findings"), candidate.at("findings"));
  EXPECT_EQ(refused.at("failed").to_number<int>(), 1);
  EXPECT_EQ(refused.at("expectations").at(0).at("name").as_string(), "closed");
  EXPECT_THAT(std::string(refused.at("expectations").at(0).at("sentence").as_string()),
              AllOf(HasSubstr("policy 'printer77' (bypass) decides"), HasSubstr("expected was action 'protect'")));
  EXPECT_EQ(refused.at("number").to_number<int>(), 2) << "the edited file's";
  EXPECT_EQ(names(), "voice office ");
  EXPECT_EQ(leaves_by(a, 77), (Esp{before.first, before.second + 1})) << "the same SA, and its next number";
  EXPECT_EQ(ask(a, "GET", {"candidate"}).at("changes").as_array().size(), 2U);

  const auto forced = commit({{"force", true}});
  EXPECT_TRUE(forced.at("committed").as_bool());
  EXPECT_EQ(forced.at("failed").to_number<int>(), 1);
  EXPECT_EQ(names(), "printer77 again voice office ");
  for (const char* name : {"printer77", "again"}) ask(a, "DELETE", {"candidate", name});
  const auto mended = commit();
  EXPECT_TRUE(mended.at("committed").as_bool());
  EXPECT_EQ(mended.at("failed").to_number<int>(), 0);
  EXPECT_TRUE(mended.at("findings").as_array().empty());
}

TEST_F(CommitTest, TheCandidateIsThereAfterARestartAndIsNotCommittedOverSomebodyElsesCommit) {
  ask(a, "POST", {"candidate"}, printer(77));
  kill_and_start(a);
  EXPECT_EQ(ask(a, "GET", {"candidate"}).at("changes").as_array().size(), 1U);
  ask(a, "POST", {"policies"}, printer(78));
  EXPECT_THAT(error_of(commit()), AllOf(HasSubstr("the candidate began from configuration 1"),
                                        HasSubstr("printer78 added"), HasSubstr("sallyport candidate rebase")));
  EXPECT_EQ(names(), "printer78 voice office ");
  EXPECT_EQ(ask(a, "POST", {"rebase"}).at("base").to_number<int>(), 2);
  EXPECT_TRUE(commit().at("committed").as_bool());
  EXPECT_EQ(names(), "printer78 printer77 voice office ");
  // Both meant the same policy: nobody chooses between them.
  ask(a, "DELETE", {"candidate", "printer77"});
  auto other = printer(79);
  other.erase("name");
  other.erase("before");
  ask(a, "PUT", {"policies", "printer77"}, other);
  EXPECT_THAT(error_of(ask(a, "POST", {"rebase"})), HasSubstr("'printer77'"));
  EXPECT_FALSE(ask(a, "DELETE", {"candidate"}).at("exists").as_bool());
}

TEST_F(CommitTest, WhatIsNotConfirmedInTimeIsRolledBack) {
  std::string came_back;
  a.gateway->commits().on_came_back(
      [&](const store::StoredConfiguration& now) { came_back += std::to_string(now.number) + ": " + now.comment; });
  ask(a, "POST", {"candidate"}, printer(77));
  ask(a, "PUT", {"candidate", "office"}, office("aes256gcm16"));
  EXPECT_EQ(commit({{"confirm_s", 1}}).at("number").to_number<int>(), 2);
  EXPECT_EQ(algorithm(), "aes256gcm16");
  EXPECT_THAT(error_of(ask(a, "POST", {"policies"}, printer(78))), HasSubstr("waits to be confirmed"));
  ASSERT_TRUE(run_until([&] { return newest() == 3 && algorithm() == "aes128gcm16"; }));
  EXPECT_EQ(names(), "voice office ");
  EXPECT_TRUE(both_ways());
  EXPECT_THAT(error_of(ask(a, "POST", {"confirm"})), HasSubstr("no configuration waits"));
  EXPECT_EQ(ask(a, "GET", {"history"}).at("configurations").at(2).at("comment").as_string(),
            "2 was not confirmed in time");
  EXPECT_TRUE(run_until([&] { return came_back == "3: 2 was not confirmed in time"; })) << came_back;
}

// And an SA by words that came back to nobody ends where the peer does not take those that hold.
TEST_F(CommitTest, AnSaByWordsThatWereNotConfirmedEndsWhenItCannotBeRenewed) {
  ask(a, "PUT", {"candidate", "office"}, office("aes256gcm16"));
  ASSERT_TRUE(commit({{"confirm_s", 600}}).at("committed").as_bool());
  json::object theirs = office("aes256gcm16");
  theirs["source"] = "10.2.0.0/24";
  theirs["destination"] = "10.1.0.0/16";
  theirs["start_action"] = "trap";
  ASSERT_TRUE(run_until([&] {
    const auto answer = ask(b, "PUT", {"policies", "office"}, theirs);  // not while the SA before is being deleted
    return answer.as_object().contains("outcome") && both_ways();
  }));
  kill_and_start(a);
  EXPECT_EQ(leaves_by(a), Esp{}) << "not even until it is known";
  EXPECT_TRUE(run_until([&] { return a.gateway->keeper().sas().size() == 1; })) << "voice's";
  EXPECT_EQ(leaves_by(a), Esp{});
}

// A rollback is in force before anything is negotiated, and the SA of the words that went does not wait for that.
TEST_F(CommitTest, WhatIsRolledBackCarriesNothingByTheWordsThatCameBack) {
  ask(a, "PUT", {"candidate", "office"}, office("aes256gcm16"));
  ASSERT_TRUE(commit({{"confirm_s", 1}}).at("committed").as_bool());
  ASSERT_TRUE(run_until([&] { return a.gateway->keeper().sas().size() == 2; })) << "the one before has gone";
  b.lost_on_wan = [](Bytes) { return true; };
  ASSERT_TRUE(run_until([&] { return newest() == 3; }));
  EXPECT_EQ(leaves_by(a), Esp{}) << "it waits";
  b.lost_on_wan = nullptr;
  EXPECT_TRUE(run_until([&] { return algorithm() == "aes128gcm16"; }));
  EXPECT_TRUE(once_again_both_ways());
}

TEST_F(CommitTest, WhatIsConfirmedStaysAndWhatIsNotGoesWithTheDaemon) {
  ask(a, "POST", {"candidate"}, printer(77));
  commit({{"confirm_s", 600}});
  EXPECT_EQ(ask(a, "POST", {"confirm"}).at("number").to_number<int>(), 2);
  kill_and_start(a);
  EXPECT_EQ(names(), "printer77 voice office ");

  ask(a, "PUT", {"candidate", "office"}, office("aes256gcm16"));
  ask(a, "DELETE", {"candidate", "printer77"});
  commit({{"confirm_s", 600}});
  EXPECT_EQ(names(), "voice office ");
  kill_and_start(a);
  EXPECT_EQ(names(), "printer77 voice office ");
  EXPECT_EQ(a.gateway->keeper().policies().back().esp_proposals.size(), 1U);
  EXPECT_EQ(to_string(a.gateway->keeper().policies().back().esp_proposals), "aes128gcm16");
  EXPECT_THAT(a.gateway->commits().configurations().newest().comment, HasSubstr("3 was not confirmed before"));
  unsigned told = 0;
  const auto count = [&](const store::StoredConfiguration& now) { told += now.number == 4 ? 1 : 100; };
  a.gateway->commits().on_came_back(count);
  EXPECT_EQ(told, 1U) << "of what happened at the start";
  EXPECT_TRUE(run_until([&] { return algorithm() == "aes128gcm16"; })) << "the SA, too";
  EXPECT_TRUE(run_until([&] { return both_ways(); }));
}

TEST_F(CommitTest, AnOlderConfigurationComesBackAsANewOne) {
  ask(a, "POST", {"policies"}, printer(77));
  ask(a, "PUT", {"policies", "office"}, office("aes256gcm16"));
  EXPECT_EQ(algorithm(), "aes256gcm16");
  const auto report = ask(a, "POST", {"rollback"}, {{"number", 1}});
  EXPECT_EQ(report.at("number").to_number<int>(), 4);
  EXPECT_EQ(said_of(report, "printer77"), "removed, connected: ");
  EXPECT_EQ(said_of(report, "office"), "changed, connected: connected with 192.0.2.2 by aes128gcm16 (CREATE_CHILD_SA)");
  EXPECT_EQ(names(), "voice office ");
  EXPECT_EQ(ask(a, "GET", {"history", "2"}).at("policies").as_array().size(), 3U);
  EXPECT_THAT(error_of(ask(a, "POST", {"rollback"}, {{"number", 9}})), HasSubstr("there are 1 to 4"));
  kill_and_start(a);
  EXPECT_EQ(names(), "voice office ");
  EXPECT_TRUE(run_until([&] { return both_ways(); }));
}

// ---- when a changed SA takes over ----------------------------------------------------------------------------------

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
  auto voice = office("aes256gcm16");
  voice["destination"] = "10.2.1.0/24";
  ask(a, "PUT", {"candidate", "voice"}, voice);
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

TEST_F(ChangeWithSynTest, AnOldSaThatThePeerEndsEndsTheWaiting) {
  ask(a, "PUT", {"policies", "office"}, stronger());
  const std::uint32_t young = prepared();
  EXPECT_EQ(tcp(40001, kSyn), young);
  ask(b, "POST", {"terminate"}, {{"connection", "peer"}, {"child", "office"}});
  EXPECT_TRUE(run_until([&] { return !pending() && algorithm() == "aes256gcm16"; }));
  EXPECT_TRUE(once_again_both_ways());
}

// ---- death ---------------------------------------------------------------------------------------------------------

// Two printers come into the clear or go out of it together, whenever the daemon dies.
TEST_F(CommitTest, KilledAtAnyAccessToTheCardBothItAndTheStoreHaveTheOldOrTheNew) {
  FlakyCard mortal(*a.card);
  world_.kill(a);
  start(a, mortal);
  const auto state = [&] {  // by the card alone
    const bool one = leaves_in_the_clear(a, 77), other = leaves_in_the_clear(a, 78);
    EXPECT_EQ(one, other) << "a mix";
    return one;
  };
  unsigned deaths = 0;
  bool finished = false;
  for (unsigned accesses = 1; !finished; ++accesses) {
    ASSERT_LT(accesses, 5000U);
    const bool were_clear = names().find("printer77") != std::string::npos;
    if (were_clear) {
      for (const char* name : {"printer77", "printer78"}) ask(a, "DELETE", {"candidate", name});
    } else {
      for (const unsigned last : {77U, 78U}) ask(a, "POST", {"candidate"}, printer(last));
    }
    bool answered = false, committed = false;
    mortal.fail_from(accesses, FlakyCard::Loss::kRequest);
    GatewayService(*a.gateway, nullptr)
        .call({"POST", {"commit"}, json::object()}, [&](const Result<json::value>& answer) {
          answered = true;
          committed = answer && answer->at("committed").as_bool();
        });
    run_until([&] { return answered || mortal.failed(); });
    finished = answered && !mortal.failed();
    world_.kill(a);
    mortal.heal();
    if (!finished) ++deaths;
    state();
    start(a, mortal);
    const bool are_clear = names().find("printer77") != std::string::npos;
    EXPECT_EQ(names(), are_clear ? "printer77 printer78 voice office " : "voice office ") << accesses;
    if (committed) {
      EXPECT_NE(are_clear, were_clear) << "it was told, and is not there";
    }
    ASSERT_TRUE(run_until([&] { return state() == are_clear; })) << accesses;
    ask(a, "DELETE", {"candidate"});
  }
  EXPECT_GT(deaths, 5U);
  EXPECT_TRUE(run_until([&] { return both_ways(); }));
  world_.kill(a);  // before `mortal`
}

// Its seal is lost, so IKE begins anew; nobody would renew what the card has.
TEST_F(CommitTest, AnSaThatIkeHasForgottenIsFollowedByAnother) {
  const std::uint32_t before = spi("office");
  const auto seal = a.gateway->config().state_directory + "/seal.key";
  world_.kill(a);
  ASSERT_TRUE(std::filesystem::remove(seal));
  start(a);
  EXPECT_TRUE(run_until([&] { return sa("office") != nullptr && spi("office") != before; }));
  EXPECT_TRUE(run_until([&] { return both_ways(); }));
}

// "Only changed entries are overwritten": a small change of many policies writes few rows.
TEST_F(CommitTest, WritesOnlyTheRowsThatAChangeChanges) {
  FlakyCard counting(*a.card);
  std::uint64_t bytes_loaded = 0;
  counting.on_written(layout::reg::kLoadLength, [&](std::uint32_t bytes) { bytes_loaded += bytes; });
  world_.kill(a);
  start(a, counting);
  for (unsigned last = 100; last < 160; ++last) ask(a, "POST", {"candidate"}, printer(last));
  auto before = bytes_loaded;
  ASSERT_TRUE(commit().at("committed").as_bool());
  const auto many = bytes_loaded - before;
  // One that changes where it stands; the closed bank is two changes behind.
  for (const unsigned last : {100U, 101U, 102U}) {
    before = bytes_loaded;
    auto refused = printer(last);
    refused.erase("name");
    refused.erase("before");
    refused["action"] = "discard";
    ask(a, "PUT", {"policies", "printer" + std::to_string(last)}, refused);
  }
  const auto few = bytes_loaded - before;
  EXPECT_GT(few, 0U);
  EXPECT_LT(few * 20, many);
  // And none at all for a change that says what is in force.
  before = bytes_loaded;
  auto same = printer(103);
  same.erase("name");
  same.erase("before");
  ask(a, "PUT", {"policies", "printer103"}, same);
  EXPECT_EQ(bytes_loaded, before);
  world_.kill(a);  // before `counting`
}

// The office goes by a level, and by none.
class LevelTest : public CommitTest {
 protected:
  void SetUp() override {
    policies_of_a_ = policy_of_level("10.1.0.0/16", "10.2.0.0/16", "start");
    policies_of_b_ = policy_of_level("10.2.0.0/16", "10.1.0.0/16", "trap");
    start(b);
    start(a);
    ASSERT_TRUE(run_until([&] { return a.gateway->keeper().sending_for("peer/office") != nullptr; }));
    ASSERT_TRUE(run_until([&] { return both_ways(); }));
  }

  static std::string policy_of_level(const std::string& source, const std::string& destination,
                                     const std::string& start) {
    return "[[policies]]\nname = \"office\"\nsource = \"" + source + "\"\ndestination = \"" + destination +
           "\"\naction = \"protect\"\nconnection = \"peer\"\nlevel = \"low\"\nstart_action = \"" + start + "\"\n";
  }
  json::value set_level(const char* level) {
    return ask(a, "PUT", {"policies", "office"},
               json::object{{"source", "10.1.0.0/16"},
                            {"destination", "10.2.0.0/16"},
                            {"action", "protect"},
                            {"connection", "peer"},
                            {"level", level},
                            {"start_action", "start"}});
  }
};

TEST_F(LevelTest, NoneIsInTheClearAndAnotherLevelProtectsAgain) {
  EXPECT_NE(leaves_by(a, 12), Esp{});
  set_level("none");
  EXPECT_TRUE(run_until([&] { return leaves_in_the_clear(a, 12); }));
  EXPECT_EQ(leaves_by(a, 12), Esp{});
  EXPECT_TRUE(run_until([&] { return a.gateway->keeper().sas().empty(); })) << "nobody needs its SA any more";

  const auto shown = ask(a, "GET", {"policies"}).at("policies").at(0);
  EXPECT_EQ(shown.at("level").as_string(), "none");
  EXPECT_EQ(shown.at("connection").as_string(), "peer") << "its words are kept";
  const auto explained = ask(a, "POST", {"explain"}, json::object{{"to", "10.2.0.12"}}).at("answers").at(0);
  EXPECT_EQ(explained.at("action").as_string(), "bypass");
  EXPECT_EQ(explained.at("sentence").as_string(), "policy 'office' decides: it leaves in the clear");

  set_level("low");
  ASSERT_TRUE(run_until([&] { return a.gateway->keeper().sending_for("peer/office") != nullptr; }));
  EXPECT_NE(leaves_by(a, 12), Esp{});
  EXPECT_FALSE(leaves_in_the_clear(a, 12));
}

TEST_F(LevelTest, NoneHoldsAfterARestart) {
  set_level("none");
  EXPECT_TRUE(run_until([&] { return leaves_in_the_clear(a, 12); }));
  EXPECT_TRUE(run_until([&] { return a.gateway->keeper().sas().empty(); }));
  kill_and_start(a);
  EXPECT_TRUE(run_until([&] { return leaves_in_the_clear(a, 12); }));
  EXPECT_EQ(a.gateway->keeper().sending_for("peer/office"), nullptr);
}

}  // namespace
}  // namespace sallyport::gateway
