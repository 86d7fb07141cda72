// SPDX-License-Identifier: Apache-2.0
// A policy's level goes to none and back while two gateways carry packets.
#include <gmock/gmock.h>

#include "host/gateway/commits.hpp"
#include "host/gateway/test_offices.hpp"

namespace sallyport::gateway {
namespace {

namespace json = boost::json;

class LevelTest : public Offices {
 protected:
  void SetUp() override {
    Offices::SetUp();
    a.policies = policy_of("10.1.0.0/16", "10.2.0.0/16", "start");
    b.policies = policy_of("10.2.0.0/16", "10.1.0.0/16", "trap");
    start(b);
    start(a);
    ASSERT_TRUE(run_until([&] { return a.gateway->keeper().sending_for("other/office") != nullptr; }));
    ASSERT_TRUE(run_until([&] { return both_ways(); }));
  }

  static std::string policy_of(const std::string& source, const std::string& destination, const std::string& start) {
    return "[[policies]]\nname = \"office\"\nsource = \"" + source + "\"\ndestination = \"" + destination +
           "\"\naction = \"protect\"\nconnection = \"other\"\nlevel = \"low\"\nstart_action = \"" + start + "\"\n";
  }
  json::value set_level(const char* level) {
    return ask(a, "PUT", {"policies", "office"},
               json::object{{"source", "10.1.0.0/16"},
                            {"destination", "10.2.0.0/16"},
                            {"action", "protect"},
                            {"connection", "other"},
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
  EXPECT_EQ(shown.at("connection").as_string(), "other") << "its words are kept";
  const auto explained = ask(a, "POST", {"explain"}, json::object{{"to", "10.2.0.12"}}).at("answers").at(0);
  EXPECT_EQ(explained.at("action").as_string(), "bypass");
  EXPECT_EQ(explained.at("sentence").as_string(), "policy 'office' decides: it leaves in the clear");

  set_level("low");
  ASSERT_TRUE(run_until([&] { return a.gateway->keeper().sending_for("other/office") != nullptr; }));
  EXPECT_NE(leaves_by(a, 12), Esp{});
  EXPECT_FALSE(leaves_in_the_clear(a, 12));
}

TEST_F(LevelTest, NoneHoldsAfterARestart) {
  set_level("none");
  EXPECT_TRUE(run_until([&] { return leaves_in_the_clear(a, 12); }));
  kill_and_start(a);
  EXPECT_TRUE(run_until([&] { return leaves_in_the_clear(a, 12); }));
  EXPECT_EQ(a.gateway->keeper().sending_for("other/office"), nullptr);
}

}  // namespace
}  // namespace sallyport::gateway
