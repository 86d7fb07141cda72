// SPDX-License-Identifier: Apache-2.0
// What is expected of the policies is edited and committed with them.
#include "host/gateway/test_gateway.hpp"

namespace sallyport::gateway {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class ExpectationCommitTest : public GatewayTest {
 protected:
  void SetUp() override {
    GatewayTest::SetUp();
    start_with("[[expectations]]\nname = \"net\"\nto = \"10.2.0.9\"\naction = \"protect\"\n");
  }
  void start_with(const std::string& expectations) { start(card_, kConfiguration + expectations); }
  static std::string error_of(const json::value& answer) {
    const auto* found = answer.as_object().if_contains("error");
    return found == nullptr ? "no error: " + json::serialize(answer) : std::string(found->as_string());
  }
  // "net holds, printer FAILS"
  static std::string verdicts_of(const json::value& answer) {
    std::string out;
    for (const auto& one : answer.at("expectations").as_array()) {
      out += (out.empty() ? "" : ", ") + std::string(one.at("name").as_string()) +
             (one.at("holds").as_bool() ? " holds" : " FAILS");
    }
    return out;
  }
  std::string verdicts() { return verdicts_of(ask("GET", {"expectations"})); }
  std::uint32_t newest() { return gateway_->commits().configurations().newest().number; }

  const json::object printer_{{"to", "10.2.0.77"}, {"action", "bypass"}};
};

TEST_F(ExpectationCommitTest, OneThatIsAddedLiveIsAConfigurationAndSaysAtOnceWhetherItHolds) {
  const auto added = ask("POST", {"expectations", "printer"}, printer_);
  EXPECT_EQ(added.at("number").to_number<int>(), 2);
  EXPECT_EQ(verdicts_of(added), "net holds, printer FAILS");
  const auto one = ask("GET", {"history", "2"});
  EXPECT_EQ(one.at("summary").as_string(), "expectation printer added");
  EXPECT_TRUE(one.at("changes").as_array().empty());
  EXPECT_EQ(one.at("expectation_changes").at(0).at("words").as_array().size(), 2U);
  EXPECT_EQ(ask("GET", {"expectations"}).at("expectations").at(1).at("words"),
            (json::object{{"name", "printer"}, {"action", "bypass"}, {"to", "10.2.0.77"}}));
  ask("DELETE", {"expectations", "net"});
  EXPECT_EQ(verdicts(), "printer FAILS");
  EXPECT_EQ(ask("GET", {"history"}).at("configurations").at(2).at("summary").as_string(), "expectation net removed");
}

TEST_F(ExpectationCommitTest, ACandidateIsHeldAgainstItsOwnExpectations) {
  const auto candidate = ask("POST", {"candidate", "expectations", "printer"}, printer_);
  EXPECT_EQ(candidate.at("expectation_changes").at(0).at("expectation").as_string(), "printer");
  EXPECT_EQ(verdicts(), "net holds") << "nothing is in force by it";
  const auto refused = ask("POST", {"commit"}, json::object());
  EXPECT_FALSE(refused.at("committed").as_bool());
  EXPECT_EQ(verdicts_of(refused), "net holds, printer FAILS");
  EXPECT_EQ(newest(), 1U);
  ask("POST", {"candidate"},
      {{"name", "printer"}, {"destination", "10.2.0.77"}, {"action", "bypass"}, {"before", "net"}});
  const auto done = ask("POST", {"commit"}, json::object());
  EXPECT_TRUE(done.at("committed").as_bool());
  EXPECT_EQ(verdicts_of(done), "net holds, printer holds");
  EXPECT_EQ(verdicts(), "net holds, printer holds");
  EXPECT_EQ(ask("GET", {"history", "2"}).at("summary").as_string(), "printer added, expectation printer added");
  // What is expected no longer is taken away in the same candidate.
  ask("DELETE", {"candidate", "net"});
  EXPECT_EQ(verdicts_of(ask("POST", {"commit"}, json::object())), "net FAILS, printer holds");
  ask("DELETE", {"candidate", "expectations", "net"});
  EXPECT_THAT(json::serialize(ask("POST", {"commit"}, json::object())), HasSubstr("\"committed\":true"));
  EXPECT_EQ(verdicts(), "printer holds");
}

TEST_F(ExpectationCommitTest, ComeBackWithARollbackAndAreThereAfterARestart) {
  ask("POST", {"expectations", "printer"}, printer_);
  ask("POST", {"candidate", "expectations", "again"}, printer_);
  kill();
  start_with("[[expectations]]\nname = \"net\"\nto = \"10.2.0.9\"\naction = \"protect\"\n");
  EXPECT_EQ(verdicts(), "net holds, printer FAILS");
  EXPECT_EQ(ask("GET", {"candidate"}).at("expectations").as_array().size(), 3U);
  ask("POST", {"rollback"}, {{"number", 1}});
  EXPECT_EQ(verdicts(), "net holds");
  kill();
  start_with("[[expectations]]\nname = \"net\"\nto = \"10.2.0.9\"\naction = \"bypass\"\n");
  EXPECT_EQ(verdicts(), "net FAILS") << "who edits the file means the file";
  EXPECT_EQ(newest(), 4U);
  EXPECT_EQ(gateway_->commits().configurations().newest().summary, "expectation net changed");
}

TEST_F(ExpectationCommitTest, WhatIsNoneIsRefusedWithTheRemedy) {
  EXPECT_THAT(error_of(ask("POST", {"expectations", "net"}, printer_)), HasSubstr("sallyport expectation delete"));
  EXPECT_THAT(error_of(ask("DELETE", {"expectations", "nte"})), HasSubstr("no expectation 'nte'"));
  EXPECT_THAT(error_of(ask("POST", {"expectations", "x"}, {{"to", "10.2.0.9"}})),
              AllOf(HasSubstr("expects nothing"), HasSubstr("'action'")));
  EXPECT_THAT(error_of(ask("POST", {"expectations", "x"}, {{"to", 7}})), HasSubstr("'to' must be text"));
  EXPECT_THAT(error_of(ask("POST", {"expectations", "x"}, {{"wer", "da"}})), HasSubstr("wer"));
  EXPECT_THAT(error_of(ask("POST", {"expectations", "x"})), HasSubstr("the words of an expectation"));
  EXPECT_THAT(error_of(ask("PUT", {"expectations", "x"}, printer_)), HasSubstr("no request PUT /v1/expectations"));
  EXPECT_THAT(error_of(ask("POST", {"candidate", "policies", "x"}, printer_)), HasSubstr("no request"));
  EXPECT_THAT(error_of(ask("GET", {"candidate", "levels", "low"})), HasSubstr("no request"));
  EXPECT_EQ(newest(), 1U);
  EXPECT_FALSE(ask("GET", {"candidate"}).at("exists").as_bool());
}

}  // namespace
}  // namespace sallyport::gateway
