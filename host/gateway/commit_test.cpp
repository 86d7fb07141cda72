// SPDX-License-Identifier: Apache-2.0
// Days of operators: policies change while two gateways carry packets.
#include <gmock/gmock.h>

#include "driver/testing/flaky_card.hpp"
#include "host/gateway/test_commits.hpp"
#include "host/store/card_store.hpp"
#include "host/store/seal.hpp"

namespace sallyport::gateway {
namespace {

namespace json = boost::json;
using driver::testing::FlakyCard;
using ::testing::AllOf;
using ::testing::HasSubstr;

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
  ask(a, "PUT", {"candidate", "voice"}, voice("aes256gcm16"));
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

// The disk is slow, and the time is up before it has been told.
TEST_F(CommitTest, WhatIsConfirmedInTheLastMomentStays) {
  ask(a, "POST", {"candidate"}, printer(77));
  ASSERT_TRUE(commit({{"confirm_s", 1}}).at("committed").as_bool());
  disk.set(Disk::State::kStuck);
  const Answer confirmed = begin_to_ask(*a.gateway, "POST", {"confirm"});
  run_until([] { return false; }, std::chrono::milliseconds(1500));
  disk.set(Disk::State::kFine);
  ASSERT_TRUE(run_until([&] { return confirmed->has_value(); }));
  EXPECT_EQ((*confirmed)->as_object().count("error"), 0U) << json::serialize(**confirmed);
  run_until([] { return false; }, std::chrono::milliseconds(300));
  EXPECT_EQ(newest(), 2);
  EXPECT_EQ(names(), "printer77 voice office ");
}

// What nobody confirmed is no safe place to go back to.
TEST_F(CommitTest, ARollbackThatIsToBeConfirmedFallsBackToWhatWasConfirmed) {
  ask(a, "POST", {"policies"}, printer(77));
  ask(a, "POST", {"candidate"}, printer(78));
  ASSERT_TRUE(commit({{"confirm_s", 600}}).at("committed").as_bool());
  ASSERT_EQ(newest(), 3);
  ask(a, "POST", {"rollback"}, {{"number", 1}, {"confirm_s", 1}});
  EXPECT_EQ(names(), "voice office ");
  ASSERT_TRUE(run_until([&] { return newest() == 5; }));
  EXPECT_EQ(names(), "printer77 voice office ") << "2's";
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

// It would do for some of what the words are for that hold, and was not negotiated by them.
TEST_F(CommitTest, AnSaOfNarrowerWordsThatWereNotConfirmedIsRenewed) {
  auto narrow = office("aes128gcm16");
  narrow["destination"] = "10.2.0.0/26";
  ask(a, "PUT", {"candidate", "office"}, narrow);
  ASSERT_TRUE(commit({{"confirm_s", 600}}).at("committed").as_bool());
  ASSERT_EQ(leaves_by(a, 200), Esp{});
  kill_and_start(a);
  EXPECT_TRUE(run_until([&] { return leaves_by(a, 200) != Esp{}; }));
  EXPECT_TRUE(both_ways());
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

// The daemon died between an exchange of IKE and what it brought to the card.
TEST_F(CommitTest, AnSaThatTheCardDoesNotHaveIsNegotiatedAnew) {
  const std::uint32_t before = spi("office");
  const auto spi_in = static_cast<std::uint32_t>(sa("office")->spi_in);
  const auto run_directory = a.gateway->config().run_directory();
  const std::filesystem::path state(a.gateway->config().state_directory);
  world_.kill(a);
  {
    auto key = store::load_or_make_key(state / "seal.key", "");
    auto card = store::CardStore::open(run_directory, std::move(*key)).value();
    ASSERT_TRUE(card.remove_sa(spi_in));
  }
  start(a);
  EXPECT_TRUE(run_until([&] { return sa("office") != nullptr && spi("office") != before; }));
  EXPECT_TRUE(run_until([&] { return both_ways(); }));
  EXPECT_TRUE(run_until([&] { return b.gateway->keeper().sas().size() == 2; })) << "the other one was told";
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
