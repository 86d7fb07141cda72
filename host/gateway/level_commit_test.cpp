// SPDX-License-Identifier: Apache-2.0
// Levels change by a commit while two gateways carry packets.
#include <gmock/gmock.h>

#include "driver/testing/flaky_card.hpp"
#include "host/gateway/test_disk.hpp"
#include "host/gateway/test_requests.hpp"
#include "host/gateway/two_gateways.hpp"

namespace sallyport::gateway {
namespace {

namespace json = boost::json;
using driver::testing::FlakyCard;
using driver::testing::udp_packet;
using ::testing::AllOf;
using ::testing::HasSubstr;

// Four networks behind B, each an SA of its own. A's office and lab are of level middle, voice of level high, and
// backup says by itself what it proposes. B takes aes128gcm16 and aes256gcm16 for each.
class LevelCommitTest : public testing::Test {
 protected:
  using Esp = std::pair<std::uint32_t, std::uint32_t>;  // SPI and sequence number (RFC 4303 2)

  static constexpr const char* kNames[] = {"office", "lab", "voice", "backup"};
  static constexpr const char* kBoth = R"(esp_proposals = "aes256gcm16, aes128gcm16")";

  void SetUp() override {
    start(b);
    start(a);
    for (const char* name : kNames) {
      ASSERT_TRUE(run_until([&] { return sa(name) != nullptr; })) << name;
      ASSERT_TRUE(run_until([&] { return both_ways(name); })) << name;
    }
  }
  void TearDown() override { disk.set(Disk::State::kFine); }

  void start(OneGateway& one) { start(one, *one.card); }
  void start(OneGateway& one, driver::Card& card) {
    std::string configuration =
        one.interfaces() + one.connection() + "proposals = [\"aes128gcm16-prfsha256-x25519\"]\n";
    if (&one == &a) configuration += levels_of_a_;
    for (unsigned i = 0; i < std::size(kNames); ++i) {
      const std::string far = "10.2." + std::to_string(i) + ".0/24";
      const bool starts = &one == &a;
      configuration += "[[policies]]\nname = \"" + std::string(kNames[i]) + "\"\nsource = \"" +
                       (starts ? "10.1.0.0/16" : far) + "\"\ndestination = \"" + (starts ? far : "10.1.0.0/16") +
                       "\"\naction = \"protect\"\nconnection = \"peer\"\n" + (starts ? words_of_a_[i] : kBoth) +
                       "\nstart_action = \"" + (starts ? "start" : "trap") + "\"\n";
    }
    const auto started = world_.start(one, configuration, card);
    ASSERT_TRUE(started) << started.error().detail;
  }
  void kill_and_start() {
    world_.kill(a);
    start(a);
  }
  template <class Holds>
  bool run_until(Holds holds) {
    return world_.run_until(std::move(holds), kPatience);
  }
  json::value ask(const std::string& method, const std::vector<std::string>& path, json::value body = nullptr) {
    return gateway::ask(world_.io, *a.gateway, method, path, std::move(body));
  }
  json::value set_level(const char* level, const json::array& proposals, json::object body = {}) {
    body["esp_proposals"] = proposals;
    return ask("PUT", {"levels", level}, std::move(body));
  }

  // What a host of A's sends into the network of this policy.
  static unsigned host_of(const std::string& policy) {
    const auto* found = std::find(std::begin(kNames), std::end(kNames), policy);
    return static_cast<unsigned>(found - std::begin(kNames)) << 8 | 10;
  }
  void send(const std::string& policy) { a.send(udp_packet(a.host(), b.host(host_of(policy)), 20)); }
  void send_back(const std::string& policy) { b.send(udp_packet(b.host(host_of(policy)), a.host(), 20)); }
  // The same, and by what it left; {0, 0}: it did not.
  Esp leaves_by(const std::string& policy) {
    a.wan.clear();
    send(policy);
    if (a.wan.empty()) return {};
    ByteReader esp(ip_packet(a.wan.front()).value().payload());
    const auto spi = esp.u32();
    return {spi, esp.u32()};
  }
  // Whether packets cross both ways; then all that were sent before have.
  bool both_ways(const std::string& policy) {
    const auto at_a = a.lan.size(), at_b = b.lan.size();
    send(policy);
    send_back(policy);
    return world_.run_until([&] { return a.lan.size() > at_a && b.lan.size() > at_b; }, std::chrono::seconds(5));
  }
  static Esp next(const Esp& esp) { return {esp.first, esp.second + 1}; }

  const InstalledSa* sa(const std::string& policy) { return a.gateway->keeper().sending_for("peer/" + policy); }
  std::string algorithm(const std::string& policy) { return sa(policy) == nullptr ? "none" : sa(policy)->algorithm; }
  std::string middle() {
    const auto& levels = a.gateway->commits().configurations().configuration().levels;
    return to_string(levels.esp_proposals(Level::kMiddle));
  }
  std::uint32_t newest() { return a.gateway->commits().configurations().newest().number; }

  static std::string error_of(const json::value& answer) {
    const auto* found = answer.as_object().if_contains("error");
    return found == nullptr ? "no error: " + json::serialize(answer) : std::string(found->as_string());
  }
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

  TwoGateways world_;
  OneGateway& a = world_.a;
  OneGateway& b = world_.b;
  std::string levels_of_a_ = "[levels]\nmiddle = \"aes128gcm16\"\nhigh = \"aes256gcm16\"\n";
  std::vector<std::string> words_of_a_ = {R"(level = "middle")", R"(level = "middle")", R"(level = "high")",
                                          R"(esp_proposals = "aes128gcm16")"};
};

constexpr const char* kMoved = "changed, connected: connected with 192.0.2.2 by aes256gcm16 (CREATE_CHILD_SA)";

TEST_F(LevelCommitTest, ALevelThatIsRaisedInMidTransferMovesExactlyItsPoliciesAndLosesNothing) {
  const Esp office = leaves_by("office");
  ASSERT_TRUE(both_ways("office"));
  Esp voice = leaves_by("voice"), backup = leaves_by("backup");
  ASSERT_TRUE(both_ways("office"));
  a.lan.clear();
  b.lan.clear();
  std::size_t sent = 0;
  const Answer answer =
      begin_to_ask(*a.gateway, "PUT", {"levels", "middle"}, json::object{{"esp_proposals", {"aes256gcm16"}}});
  const auto everybody_sends = [&] {
    for (const char* name : {"office", "lab"}) {
      send(name);
      send_back(name);
    }
    EXPECT_EQ(leaves_by("voice"), voice = next(voice)) << "the same SA, and its next number";
    EXPECT_EQ(leaves_by("backup"), backup = next(backup));
    for (const char* name : {"voice", "backup"}) send_back(name);
    sent += 4;
  };
  ASSERT_TRUE(run_until([&] {
    everybody_sends();
    return answer->has_value();
  }));
  everybody_sends();
  EXPECT_TRUE(run_until([&] { return a.lan.size() >= sent && b.lan.size() >= sent; }));
  EXPECT_EQ(a.lan.size(), sent) << "that came from B";
  EXPECT_EQ(b.lan.size(), sent) << "that came from A";

  const json::value& report = **answer;
  EXPECT_TRUE(report.at("committed").as_bool()) << json::serialize(report);
  EXPECT_EQ(said_of(report, "office"), kMoved);
  EXPECT_EQ(said_of(report, "lab"), kMoved);
  EXPECT_EQ(said_of(report, "voice"), "unchanged, connected: connected with 192.0.2.2 by aes256gcm16");
  EXPECT_EQ(said_of(report, "backup"), "unchanged, connected: connected with 192.0.2.2 by aes128gcm16");
  EXPECT_NE(leaves_by("office").first, office.first);
  EXPECT_EQ(algorithm("office"), "aes256gcm16");
  EXPECT_EQ(algorithm("lab"), "aes256gcm16");
  EXPECT_EQ(ask("GET", {"levels"}).at("levels").at(1).at("esp_proposals"), json::array{"aes256gcm16"});
  EXPECT_EQ(ask("GET", {"history"}).at("configurations").at(1).at("summary").as_string(), "level middle changed");
}

TEST_F(LevelCommitTest, ALevelThatThePeerRefusesLeavesTheOldInWords) {
  const Esp office = leaves_by("office"), voice = leaves_by("voice");
  const auto report = set_level("middle", {"aes192gcm16"});
  EXPECT_FALSE(report.at("committed").as_bool());
  EXPECT_THAT(said_of(report, "office"), AllOf(HasSubstr("changed, not: "), HasSubstr("NO_PROPOSAL_CHOSEN")));
  EXPECT_THAT(said_of(report, "lab"), HasSubstr("changed, not: "));
  EXPECT_THAT(said_of(report, "voice"), HasSubstr("unchanged, connected: "));
  EXPECT_EQ(middle(), "aes128gcm16");
  EXPECT_EQ(newest(), 1U);
  EXPECT_EQ(leaves_by("office"), next(office)) << "the same SA, and its next number";
  EXPECT_EQ(leaves_by("voice"), next(voice));
  // A rekey goes by what the level stands for still.
  ask("POST", {"rekey"}, {{"connection", "peer"}, {"child", "office"}});
  EXPECT_NE(leaves_by("office").first, office.first);
  EXPECT_EQ(algorithm("office"), "aes128gcm16");
}

TEST_F(LevelCommitTest, WhoForcesALevelThatThePeerRefusesSendsNothingByTheOldOne) {
  const auto report = set_level("middle", {"aes192gcm16"}, {{"force", true}});
  EXPECT_TRUE(report.at("committed").as_bool());
  EXPECT_THAT(said_of(report, "office"), HasSubstr("changed, not: "));
  EXPECT_EQ(middle(), "aes192gcm16");
  EXPECT_TRUE(run_until([&] { return leaves_by("office") == Esp{} && leaves_by("lab") == Esp{}; }));
  EXPECT_NE(leaves_by("voice"), Esp{});
}

TEST_F(LevelCommitTest, ARollbackBringsTheOldLevelBack) {
  EXPECT_EQ(said_of(set_level("middle", {"aes256gcm16"}), "lab"), kMoved);
  const Esp voice = leaves_by("voice");
  const auto one = ask("GET", {"history", "2"});
  EXPECT_EQ(one.at("level_changes"),
            (json::array{{{"level", "middle"}, {"before", {"aes128gcm16"}}, {"after", {"aes256gcm16"}}}}));
  const auto report = ask("POST", {"rollback"}, {{"number", 1}});
  EXPECT_EQ(said_of(report, "office"), "changed, connected: connected with 192.0.2.2 by aes128gcm16 (CREATE_CHILD_SA)");
  EXPECT_EQ(middle(), "aes128gcm16");
  EXPECT_EQ(algorithm("lab"), "aes128gcm16");
  EXPECT_EQ(leaves_by("voice"), next(voice));
  // Nor does one come through that nobody confirms.
  EXPECT_TRUE(set_level("middle", {"aes256gcm16"}, {{"confirm_s", 1}}).at("committed").as_bool());
  EXPECT_TRUE(run_until([&] { return newest() == 5 && algorithm("office") == "aes128gcm16"; }));
  EXPECT_EQ(middle(), "aes128gcm16");
}

TEST_F(LevelCommitTest, TheCandidateHasLevelsBesideItsPoliciesAndAllOfItTakesOverAtOnce) {
  const auto shown = ask("PUT", {"candidate", "levels", "middle"}, {{"esp_proposals", {"aes256gcm16"}}});
  EXPECT_EQ(shown.at("level_changes").at(0).at("level").as_string(), "middle");
  ASSERT_EQ(shown.at("changes").as_array().size(), 2U) << "the policies that it will move";
  EXPECT_EQ(shown.at("changes").at(0).at("policy").as_string(), "office");
  EXPECT_EQ(shown.at("changes").at(0).at("words").at(0),
            (json::object{{"word", "esp_proposals"}, {"before", "aes128gcm16"}, {"after", "aes256gcm16"}}));
  EXPECT_EQ(middle(), "aes128gcm16") << "nothing is in force by it";
  ask("DELETE", {"candidate", "backup"});
  kill_and_start();
  EXPECT_EQ(ask("GET", {"candidate"}).at("levels").at(1).at("esp_proposals"), json::array{"aes256gcm16"});
  EXPECT_EQ(middle(), "aes128gcm16");
  // Somebody else commits meanwhile: another level, and then the same.
  ask("PUT", {"levels", "low"}, {{"esp_proposals", {"aes128gcm16", "aes256gcm16"}}});
  EXPECT_THAT(error_of(ask("POST", {"commit"}, json::object())), HasSubstr("level low changed"));
  EXPECT_EQ(ask("POST", {"rebase"}).at("base").to_number<int>(), 2);
  const auto report = ask("POST", {"commit"}, json::object());
  EXPECT_EQ(said_of(report, "office"), kMoved);
  EXPECT_EQ(said_of(report, "backup"), "removed, connected: ");
  EXPECT_EQ(ask("GET", {"levels"}).at("levels").at(2).at("esp_proposals"), (json::array{"aes128gcm16", "aes256gcm16"}));
  ask("PUT", {"candidate", "levels", "middle"}, {{"esp_proposals", {"aes128gcm16"}}});
  set_level("middle", {"aes256gcm16", "aes128gcm16"});
  EXPECT_THAT(error_of(ask("POST", {"rebase"})), HasSubstr("level 'middle'"));
}

TEST_F(LevelCommitTest, WhoWaitsForAnIdleSaWaitsWithALevelTooAndAfterADeathAsWell) {
  ask("DELETE", {"candidate", "backup"});
  ask("PUT", {"candidate", "office"},
      {{"destination", "10.2.0.0/24"},
       {"action", "protect"},
       {"connection", "peer"},
       {"level", "middle"},
       {"start_action", "start"},
       {"change", "after-idle"},
       {"idle", "3600"}});
  ask("POST", {"commit"}, json::object());
  const Esp office = leaves_by("office");
  const auto report = set_level("middle", {"aes256gcm16"});
  EXPECT_EQ(said_of(report, "office"),
            "changed, connected, pending: connected with 192.0.2.2 by aes256gcm16 (CREATE_CHILD_SA)");
  EXPECT_EQ(said_of(report, "lab"), kMoved);
  EXPECT_EQ(leaves_by("office"), next(office));
  kill_and_start();
  EXPECT_EQ(leaves_by("office").first, office.first);
  EXPECT_EQ(algorithm("office"), "aes128gcm16");
  EXPECT_EQ(algorithm("lab"), "aes256gcm16");
  // The old SA comes to its end: what waits takes over.
  gateway::ask(world_.io, *b.gateway, "POST", {"terminate"}, {{"connection", "peer"}, {"child", "office"}});
  EXPECT_TRUE(run_until([&] { return algorithm("office") == "aes256gcm16"; }));
  EXPECT_TRUE(run_until([&] { return a.gateway->commits().configurations().pending().empty(); }));
}

TEST_F(LevelCommitTest, IsThereAfterARestartUntilTheFileIsEdited) {
  set_level("middle", {"aes256gcm16"});
  const Esp office = leaves_by("office");
  kill_and_start();
  EXPECT_EQ(middle(), "aes256gcm16");
  EXPECT_EQ(leaves_by("office").first, office.first) << "nothing was negotiated anew";
  levels_of_a_ = "[levels]\nmiddle = [\"aes128gcm16\", \"aes192gcm16\"]\nhigh = \"aes256gcm16\"\n";
  kill_and_start();
  EXPECT_EQ(middle(), "aes128gcm16, aes192gcm16");
  EXPECT_EQ(newest(), 3U);
  EXPECT_TRUE(run_until([&] { return algorithm("office") == "aes128gcm16"; }));
  EXPECT_EQ(algorithm("voice"), "aes256gcm16");
}

TEST_F(LevelCommitTest, BrokenAlgorithmsAreOnlyForPoliciesThatSaySo) {
  EXPECT_THAT(error_of(set_level("middle", {"3des-sha1"})),
              AllOf(HasSubstr("policy 'office'"), HasSubstr("has 3des in 'middle'")));
  EXPECT_EQ(middle(), "aes128gcm16");
  EXPECT_EQ(newest(), 1U);
  EXPECT_TRUE(set_level("low", {"3des-sha1"}).at("committed").as_bool()) << "nobody has it";
  EXPECT_THAT(
      error_of(ask("PUT", {"policies", "lab"},
                   {{"destination", "10.2.1.0/24"}, {"action", "protect"}, {"connection", "peer"}, {"level", "low"}})),
      HasSubstr("has 3des in 'low'"));
}

TEST_F(LevelCommitTest, WhatIsNoLevelOrNoProposalIsRefusedWithTheRemedy) {
  EXPECT_THAT(error_of(set_level("top", {"aes128gcm16"})), HasSubstr("there are high, middle and low"));
  EXPECT_THAT(error_of(set_level("none", {"aes128gcm16"})), HasSubstr("'none' is without IPsec"));
  EXPECT_THAT(error_of(set_level("low", {})), HasSubstr("must be a list of them"));
  EXPECT_THAT(error_of(set_level("low", {"aes128gcm16", "rot13"})), HasSubstr("rot13"));
  EXPECT_THAT(error_of(set_level("low", {7})), HasSubstr("must be texts"));
  EXPECT_THAT(error_of(ask("PUT", {"candidate", "levels", "top"}, {{"esp_proposals", {"aes128gcm16"}}})),
              HasSubstr("there is no level 'top'"));
  EXPECT_FALSE(ask("GET", {"candidate"}).at("exists").as_bool());
  EXPECT_EQ(newest(), 1U);
}

TEST_F(LevelCommitTest, ADiskThatTakesNothingLeavesTheLevelAsItWas) {
  const Esp office = leaves_by("office");
  disk.set(Disk::State::kBroken);
  EXPECT_THAT(error_of(set_level("middle", {"aes256gcm16"})), HasSubstr("stay as they were"));
  EXPECT_EQ(middle(), "aes128gcm16");
  EXPECT_EQ(leaves_by("office"), next(office));
  disk.set(Disk::State::kFine);
  EXPECT_EQ(said_of(set_level("middle", {"aes256gcm16"}), "office"), kMoved);
}

// Office and lab come to the new level together or not at all, whenever the daemon dies on the way.
TEST_F(LevelCommitTest, KilledAtAnyAccessToTheCardLevelAndSasAreTheOldOrTheNew) {
  FlakyCard mortal(*a.card);
  world_.kill(a);
  start(a, mortal);
  unsigned deaths = 0;
  bool finished = false;
  for (unsigned accesses = 1; !finished; accesses += 5) {
    ASSERT_LT(accesses, 5000U);
    const std::string before = middle();
    const std::string after = before == "aes128gcm16" ? "aes256gcm16" : "aes128gcm16";
    mortal.fail_from(accesses, FlakyCard::Loss::kRequest);
    const Answer answer =
        begin_to_ask(*a.gateway, "PUT", {"levels", "middle"}, json::object{{"esp_proposals", {after}}});
    run_until([&] { return answer->has_value() || mortal.failed(); });
    finished = answer->has_value() && !mortal.failed();
    if (!finished) ++deaths;
    world_.kill(a);
    mortal.heal();
    start(a, mortal);
    const std::string now = middle();
    EXPECT_TRUE(now == before || now == after) << accesses << ": " << now;
    if (finished) {
      EXPECT_EQ(now, after) << json::serialize(**answer);
    }
    ASSERT_TRUE(run_until([&] { return algorithm("office") == now && algorithm("lab") == now; })) << accesses;
    ASSERT_TRUE(run_until([&] { return leaves_by("office") != Esp{} && leaves_by("lab") != Esp{}; })) << accesses;
    EXPECT_EQ(algorithm("voice"), "aes256gcm16");
  }
  EXPECT_GT(deaths, 3U);
  world_.kill(a);  // before `mortal`
}

}  // namespace
}  // namespace sallyport::gateway
