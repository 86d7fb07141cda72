// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/messages.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>

namespace sallyport::gateway {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class MessagesTest : public testing::Test {
 protected:
  void SetUp() override {
    messages_.reach_by([this](const std::string& user, std::string_view event, const boost::json::value& data) {
      if (user == deaf_) return false;
      said_.push_back(user + " " + std::string(event) + " " + std::string(data.at("text").as_string()));
      return true;
    });
  }
  void tell(const std::string& user, const std::string& text) {
    messages_.tell(user, {News::kRefused, "10.2.0.9", text}, now_);
  }

  Messages messages_;
  Messages::Time now_{std::chrono::hours(1)};
  std::string deaf_;
  std::vector<std::string> said_;
};

TEST_F(MessagesTest, ReachTheirUserAndNobodyElse) {
  tell("alice", "one");
  tell("bob", "two");
  EXPECT_THAT(said_, ElementsAre("alice message one", "bob message two"));
}

TEST_F(MessagesTest, AreNotSaidTwiceWithinAMinute) {
  tell("alice", "one");
  tell("alice", "one");
  now_ += seconds(59);
  tell("alice", "one");
  EXPECT_THAT(said_, SizeIs(1));
  now_ += seconds(1);
  tell("alice", "one");
  EXPECT_THAT(said_, SizeIs(2));
}

TEST_F(MessagesTest, AreBoundedForEachUserAndSayHowMuchWasLeftOut) {
  for (int i = 0; i < 100; ++i) tell("alice", std::to_string(i));
  EXPECT_THAT(said_, SizeIs(10));
  EXPECT_EQ(messages_.counters().kept_back, 90U);
  tell("bob", "another's messages are not fewer for that");
  EXPECT_THAT(said_, SizeIs(11));
  now_ += seconds(6);
  tell("alice", "more");
  EXPECT_THAT(said_.back(), HasSubstr("more (90 messages before this one were left out)"));
  tell("alice", "still more");
  EXPECT_THAT(said_, SizeIs(12));
}

TEST_F(MessagesTest, ThatNobodyHearsAreSaidToTheNextWhoListens) {
  deaf_ = "alice";
  tell("alice", "one");
  EXPECT_EQ(messages_.counters().unheard, 1U);
  deaf_.clear();
  tell("alice", "one");
  EXPECT_THAT(said_, ElementsAre("alice message one"));
}

}  // namespace
}  // namespace sallyport::gateway
