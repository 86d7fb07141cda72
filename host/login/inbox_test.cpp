// SPDX-License-Identifier: Apache-2.0
#include "host/login/inbox.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace sallyport::login {
namespace {

namespace json = boost::json;
using std::chrono::seconds;
const Inbox::Time kNow{std::chrono::hours(1)};

json::object question(std::uint64_t id, std::int64_t until_s = 30) {
  return {{"id", id},    {"destination", "10.2.0.9"},      {"protocol", "tcp"},
          {"port", 443}, {"choices", {"clear", "refuse"}}, {"until_s", until_s}};
}

TEST(Inbox, KeepsTheNewestMessages) {
  Inbox inbox;
  for (int i = 0; i < 70; ++i) inbox.on_message({{"text", std::to_string(i)}});
  EXPECT_EQ(inbox.messages().size(), 64U);
  EXPECT_EQ(inbox.messages().back(), "69");
  EXPECT_EQ(inbox.forgotten(), 6U);
}

TEST(Inbox, LetsTheGatewaySteerNobodysTerminal) {
  Inbox inbox;
  EXPECT_EQ(inbox.on_message({{"text", "\u00fc\x1b]0;t\x07\r\n"}}), "\u00fc\\x1b]0;t\\x07\\x0d\\x0a");
  json::object asked = question(3);
  asked["destination"] = "\x1b[2J";
  asked["choices"] = {"\x1b[31m"};
  EXPECT_EQ(place_of(asked), "\\x1b[2J, tcp port 443");
  EXPECT_EQ(choices_of(asked), "\\x1b[31m");
}

TEST(Inbox, KeepsAQuestionUntilItIsAnsweredOrOver) {
  Inbox inbox;
  EXPECT_EQ(inbox.on_ask(question(3), kNow),
            "your packets to 10.2.0.9, tcp port 443 wait for your answer; see: sallyport-login watch");
  EXPECT_EQ(inbox.on_ask(question(3), kNow), "") << "known";
  inbox.on_ask(question(4, 60), kNow);
  EXPECT_EQ(inbox.questions(kNow + seconds(10)).at(0).at("until_s"), 20);
  EXPECT_EQ(choices_of(inbox.questions(kNow).at(0).as_object()), "clear, refuse");
  EXPECT_EQ(inbox.questions(kNow + seconds(30)).size(), 1U);
  inbox.on_answered(4);
  EXPECT_TRUE(inbox.questions(kNow + seconds(30)).empty());
  EXPECT_EQ(inbox.on_list({question(5), "nonsense", json::object{}}, kNow).size(), 1U);
  EXPECT_TRUE(inbox.on_list({question(5)}, kNow).empty()) << "it was told";
  EXPECT_EQ(inbox.questions(kNow).size(), 1U) << "what the gateway lists is all there is";
}

TEST(Inbox, IsBoundedWhateverTheGatewaySends) {
  Inbox inbox;
  for (std::uint64_t id = 1; id < 1000; ++id) inbox.on_ask(question(id, 1'000'000'000), kNow);
  EXPECT_EQ(inbox.questions(kNow).size(), 64U);
  EXPECT_TRUE(inbox.questions(kNow + seconds(3600)).empty());
  EXPECT_EQ(inbox.on_ask({{"id", "three"}}, kNow), "");
  EXPECT_EQ(inbox.on_ask({{"id", -3}}, kNow), "");
}

}  // namespace
}  // namespace sallyport::login
