// SPDX-License-Identifier: Apache-2.0
// Policies of a running gateway: changed, stored, in force by the clock, explained.
#include <cstdlib>

#include "host/gateway/test_disk.hpp"
#include "host/gateway/test_gateway.hpp"

namespace sallyport::gateway {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

// A policy that can never decide is taken, as its order may be the next thing to be changed, and named.
TEST_F(GatewayTest, SaysWhenAPolicyThatComesInNeverDecides) {
  start();
  const auto added =
      ask("POST", {"policies"},
          {{"name", "part"}, {"destination", "10.2.0.0/24"}, {"source", "10.1.0.0/24"}, {"action", "discard"}});
  ASSERT_EQ(added.at("findings").as_array().size(), 1U) << json::serialize(added);
  EXPECT_EQ(added.at("findings").at(0).at("kind"), "hidden");
  EXPECT_EQ(added.at("findings").at(0).at("by"), (json::array{"net"}));
  EXPECT_EQ(ask("GET", {"policies"}).at("findings"), added.at("findings"));
  const auto replaced = ask("PUT", {"policies", "part"}, {{"destination", "10.3.0.0/16"}, {"action", "discard"}});
  EXPECT_EQ(replaced.at("findings"), json::array());
  // Whoever comes in front is told of what is behind.
  const auto in_front = ask("POST", {"policies"}, {{"name", "all"}, {"action", "bypass"}, {"before", "part"}});
  ASSERT_EQ(in_front.at("findings").as_array().size(), 1U);
  EXPECT_EQ(in_front.at("findings").at(0).at("policy"), "part");
}

TEST_F(GatewayTest, APolicyHoldsInItsWindowWhateverTheClockIsPutTo) {
  ::setenv("TZ", "UTC0", 1);
  start();
  ASSERT_TRUE(peer_is_known());
  const auto protects = [&] {
    const auto before = wan_.size();
    send(kHost, kRemote);
    return wan_.size() != before;
  };
  EXPECT_TRUE(protects());
  const auto replaced = ask("PUT", {"policies", "net"},
                            {{"source", "10.1.0.0/16"},
                             {"destination", "10.2.0.0/16"},
                             {"action", "protect"},
                             {"sa", "m"},
                             {"when", "mon 08:00-18:00"}});
  ASSERT_TRUE(replaced.as_object().contains("generation")) << json::serialize(replaced);
  EXPECT_TRUE(protects());
  EXPECT_EQ(ask("GET", {"policies"}).at("policies").at(0).at("changes_s"), 6 * 3600);
  const auto in_force = [&] { return gateway_->keeper().spd().outbound.size() == 1; };
  wall_clock_ += 6h;
  ASSERT_TRUE(run_until([&] { return !in_force(); }));
  EXPECT_FALSE(protects());
  EXPECT_EQ(ask("GET", {"policies"}).at("policies").at(0).at("holds"), false);
  wall_clock_ -= 1min;  // the clock is put back
  ASSERT_TRUE(run_until(in_force));
  EXPECT_TRUE(protects());
  wall_clock_ += 24h * 5;
  ASSERT_TRUE(run_until([&] { return !in_force(); }));
  wall_clock_ += 24h * 2 - 9h - 59min;  // Monday again
  ASSERT_TRUE(run_until(in_force));
  EXPECT_TRUE(protects());
  ::unsetenv("TZ");
}

TEST_F(GatewayTest, ExplainsWhatBecomesOfAPacket) {
  ::setenv("TZ", "UTC0", 1);
  start();
  ask("POST", {"policies"},
      {{"name", "printer"}, {"destination", "10.2.0.77"}, {"action", "bypass"}, {"before", "net"}});
  const auto protects = ask("POST", {"explain"}, {{"to", "10.2.0.1"}, {"port", "443"}});
  EXPECT_EQ(protects.at("packet"), "10.1.0.2 to 10.2.0.1, tcp port 443, mon 12:00");
  ASSERT_EQ(protects.at("answers").as_array().size(), 1U);
  const auto& now = protects.at("answers").at(0);
  EXPECT_EQ(now.at("sentence"),
            "policy 'net' decides: it is protected by 'sa/m', which is up with 192.0.2.2, by aes128gcm16");
  EXPECT_EQ(now.at("before"),
            (json::array{{{"policy", "printer"}, {"reasons", json::array{"its destination is 10.2.0.77"}}}}));
  EXPECT_EQ(now.at("sa").at("algorithm"), "aes128gcm16");
  const auto bypasses = ask("POST", {"explain"}, {{"to", "10.2.0.77"}, {"from", "10.9.0.1"}});
  EXPECT_EQ(bypasses.at("answers").at(0).at("sentence"), "policy 'printer' decides: it leaves in the clear");
  const auto matches_none = ask("POST", {"explain"}, {{"to", "10.3.0.1"}});
  EXPECT_EQ(matches_none.at("answers").at(0).at("sentence"), "no policy matches, so it is discarded");
  EXPECT_THAT(std::string(ask("POST", {"explain"}, {{"from", "10.1.0.7"}}).at("error").as_string()),
              HasSubstr("needs 'to'"));
  ::unsetenv("TZ");
}

TEST_F(GatewayTest, ExplainsAPacketOfSomebodyWhoIsNotLoggedInTwice) {
  start();
  gateway_->keeper().set_users({{"alice", {7, {"staff"}, {IpAddress::parse("10.1.0.7").value()}}}}, {});
  std::vector<policy::Policy> policies = gateway_->keeper().policies();
  policies.insert(policies.begin(), policy::Policy());
  policies[0].name = "own";
  policies[0].user = "bob";
  policies[0].action = policy::Action::kBypass;
  gateway_->keeper().set_policies(policies, {});
  const auto explained = ask("POST", {"explain"}, {{"user", "bob"}, {"to", "10.2.0.1"}});
  EXPECT_EQ(explained.at("notes").at(0), "'bob' is not logged in");
  ASSERT_EQ(explained.at("answers").as_array().size(), 2U);
  EXPECT_EQ(explained.at("answers").at(0).at("as"), "logged in");
  EXPECT_EQ(explained.at("answers").at(0).at("policy"), "own");
  EXPECT_EQ(explained.at("answers").at(1).at("policy"), "net");
  const auto of_alice = ask("POST", {"explain"}, {{"user", "alice"}, {"to", "10.2.0.1"}});
  EXPECT_THAT(std::string(of_alice.at("packet").as_string()), testing::StartsWith("10.1.0.7 to"));
  EXPECT_EQ(of_alice.at("answers").as_array().size(), 1U);
}

TEST_F(GatewayTest, SaysWhetherExpectationsHoldOfThePoliciesInForce) {
  const std::string more = "[[expectations]]\nname = \"other side\"\nto = \"10.2.0.1\"\npolicy = \"net\"\n";
  start(card_, kConfiguration + more);
  EXPECT_EQ(ask("GET", {"expectations"}).at("failed"), 0);
  ask("POST", {"policies"}, {{"name", "all"}, {"action", "bypass"}, {"before", "net"}});
  const auto verdicts = ask("GET", {"expectations"});
  EXPECT_EQ(verdicts.at("failed"), 1);
  EXPECT_EQ(verdicts.at("expectations").at(0).at("sentence"),
            "policy 'all' (bypass) decides about 10.1.0.2 to 10.2.0.1, icmp; expected was policy 'net'");
}

TEST_F(GatewayTest, PoliciesThatWereChangedLiveSurviveARestart) {
  start();
  const auto added = ask("POST", {"policies"},
                         {{"name", "printer"}, {"destination", "10.2.0.77"}, {"action", "bypass"}, {"before", "net"}});
  EXPECT_EQ(added.at("outcome").as_string(), "policy 'printer' is in force");
  EXPECT_THAT(
      std::string(ask("POST", {"policies"}, {{"name", "printer"}, {"action", "bypass"}}).at("error").as_string()),
      HasSubstr("there is a policy 'printer' already"));
  kill();
  start();
  const auto policies = ask("GET", {"policies"}).at("policies").as_array();
  ASSERT_EQ(policies.size(), 2U);
  EXPECT_EQ(policies[0].at("name").as_string(), "printer");
  ask("DELETE", {"policies", "printer"});
  EXPECT_EQ(ask("GET", {"policies"}).at("policies").as_array().size(), 1U);
}

TEST_F(GatewayTest, AChangeIsToldWhenTheDiskHasItAndNothingElseWaitsForTheDisk) {
  start();
  ASSERT_TRUE(peer_is_known());
  disk.set(Disk::State::kStuck);
  const auto first = begin_to_ask(*gateway_, "POST", {"policies"},
                                  {{"name", "printer"}, {"destination", "10.2.0.77"}, {"action", "discard"}});
  const auto second = begin_to_ask(*gateway_, "DELETE", {"policies", "printer"});
  ASSERT_TRUE(run_until([] { return disk.somebody_waits(); }));
  // The loop and the card go on; a restart would not find the change yet, so nobody has been told of it.
  EXPECT_EQ(ask("GET", {"policies"}).at("policies").as_array().size(), 2U);
  send(kHost, kRemote);
  EXPECT_EQ(wan_.size(), 1U);
  EXPECT_FALSE(*first);
  EXPECT_FALSE(*second);
  disk.set(Disk::State::kFine);
  ASSERT_TRUE(run_until([&] { return second->has_value(); }));
  EXPECT_EQ((*first)->at("outcome").as_string(), "policy 'printer' is in force");
  EXPECT_EQ((*second)->at("outcome").as_string(), "policy 'printer' is deleted");
}

TEST_F(GatewayTest, AChangeThatCannotBeStoredIsTakenBack) {
  start();
  ASSERT_TRUE(peer_is_known());
  disk.set(Disk::State::kBroken);
  const auto refused = ask("POST", {"policies"}, {{"name", "no"}, {"action", "discard"}, {"before", "net"}});
  EXPECT_THAT(std::string(refused.at("error").as_string()),
              AllOf(HasSubstr("stay as they were"), HasSubstr((folder_ / "state" / "policies.db").string())));
  EXPECT_EQ(ask("GET", {"policies"}).at("policies").as_array().size(), 1U);
  send(kHost, kRemote);
  EXPECT_EQ(wan_.size(), 1U);
  disk.set(Disk::State::kFine);
  EXPECT_EQ(ask("POST", {"policies"}, {{"name", "no"}, {"action", "discard"}}).at("outcome").as_string(),
            "policy 'no' is in force");
}

}  // namespace
}  // namespace sallyport::gateway
