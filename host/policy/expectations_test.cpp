// SPDX-License-Identifier: Apache-2.0
#include "host/policy/expectations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sallyport::policy {
namespace {

using Words = std::vector<std::pair<std::string, std::string>>;

template <class T>
T made(const std::string& name, const Words& words) {
  T out;
  out.name = name;
  for (const auto& [word, text] : words) set_word(out, word, text).value();
  validate(out).value();
  return out;
}

std::string why(const Words& words) {
  Expectation e;
  for (const auto& [word, text] : words) {
    if (auto set = set_word(e, word, text); !set) return set.error().detail;
  }
  const auto valid = validate(e);
  return valid ? "fine" : valid.error().detail;
}

const std::vector<Policy> kPolicies{
    made<Policy>("printer", {{"destination", "10.2.0.77"}, {"action", "bypass"}}),
    made<Policy>("guests", {{"group", "guests"}, {"action", "protect"}, {"connection", "b"}, {"level", "none"}}),
    made<Policy>("staff", {{"group", "staff"},
                           {"when", "mon-fri 08:00-18:00"},
                           {"action", "protect"},
                           {"connection", "b"},
                           {"level", "high"}}),
    made<Policy>("net", {{"source", "10.1.0.0/24"}, {"action", "protect"}, {"connection", "b"}, {"level", "low"}})};
const People kPeople{{{"alice", {"staff"}}}, true};

Verdict verdict(const Words& words, const People& people = kPeople) {
  const Surroundings around{{IpAddress::parse("10.1.0.2").value()}, parse_week_minute("mon 09:00").value()};
  const auto verdicts = test(kPolicies, people, {made<Expectation>("x", words)}, around);
  EXPECT_EQ(verdicts.size(), 1U);
  return verdicts.at(0);
}
bool holds(const Words& words, const People& people = kPeople) { return verdict(words, people).holds; }

TEST(Expectations, HoldWhenThePolicyThatDecidesIsAsExpected) {
  EXPECT_TRUE(holds({{"to", "10.2.0.77"}, {"action", "bypass"}}));
  EXPECT_TRUE(holds({{"to", "10.2.0.77"}, {"policy", "printer"}}));
  EXPECT_FALSE(holds({{"to", "10.2.0.77"}, {"action", "protect"}}));
  EXPECT_TRUE(holds({{"to", "10.2.0.1"}, {"policy", "net"}, {"action", "protect"}, {"level", "low"}}));
  EXPECT_FALSE(holds({{"to", "10.2.0.1"}, {"policy", "net"}, {"level", "high"}}));
  EXPECT_TRUE(
      holds({{"to", "10.2.0.1"}, {"user", "eve"}, {"groups", "guests"}, {"action", "bypass"}, {"level", "none"}}));
  EXPECT_TRUE(holds({{"from", "10.3.0.1"}, {"to", "10.2.0.1"}, {"policy", "none"}, {"action", "discard"}}));
  EXPECT_FALSE(holds({{"to", "10.2.0.1"}, {"policy", "none"}}));
}

TEST(Expectations, TakeTheirUserToBeLoggedInWithAllGroupsThatAreKnown) {
  EXPECT_TRUE(holds({{"user", "alice"}, {"to", "10.2.0.1"}, {"level", "high"}}));
  EXPECT_TRUE(holds({{"user", "bob"}, {"to", "10.2.0.1"}, {"level", "low"}}));
  EXPECT_TRUE(holds({{"user", "bob"}, {"groups", "night, staff"}, {"to", "10.2.0.1"}, {"level", "high"}}));
  EXPECT_TRUE(holds({{"user", "alice"}, {"to", "10.2.0.1"}, {"level", "low"}}, {}));
}

TEST(Expectations, AreOfATimeThatIsNowUnlessItIsSaid) {
  EXPECT_TRUE(holds({{"user", "alice"}, {"at", "mon 17:59"}, {"to", "10.2.0.1"}, {"policy", "staff"}}));
  EXPECT_TRUE(holds({{"user", "alice"}, {"at", "mon 18:00"}, {"to", "10.2.0.1"}, {"policy", "net"}}));
}

TEST(Expectations, WhyOneFailsIsExplained) {
  EXPECT_EQ(
      verdict({{"user", "bob"}, {"to", "10.2.0.1"}, {"port", "443"}, {"policy", "staff"}, {"level", "high"}}).sentence,
      "policy 'net' (protect, level low) decides about 10.1.0.2 to 10.2.0.1, tcp port 443; expected was policy "
      "'staff', level 'high'; 'printer' is passed over: its destination is 10.2.0.77; 'guests' is passed over: 'bob' "
      "is not in "
      "group 'guests'; 'staff' is passed over: "
      "'bob' is not in group 'staff'");
  EXPECT_EQ(verdict({{"to", "10.2.0.77"}, {"action", "bypass"}}).sentence,
            "policy 'printer' (bypass) decides about 10.1.0.2 to 10.2.0.77, icmp");
  EXPECT_EQ(verdict({{"to", "2001:db8::1"}, {"action", "bypass"}}).sentence,
            "the LAN has no address of the IP version of 'to'; write 'from'");
}

TEST(Expectations, SayWhatIsWrongWithThem) {
  EXPECT_EQ(why({{"to", "10.2.0.1"}}), "expects nothing; write 'policy', 'action' or 'level'");
  EXPECT_EQ(why({{"to", "10.2.0.1"}, {"action", "bypass"}, {"groups", "staff"}}),
            "has 'groups', which are those of a 'user'; write one");
  EXPECT_EQ(why({{"action", "bypass"}}), "needs 'to', the address it goes to");
  EXPECT_THAT(why({{"action", "encrypt"}}), testing::HasSubstr("'encrypt' is none of"));
  EXPECT_THAT(why({{"level", "top"}}), testing::HasSubstr("none of the levels"));
  EXPECT_EQ(why({{"colour", "red"}}), "there is no 'colour'");
}

TEST(Expectations, AreTheSameAgainByTheirWords) {
  const Words words = {{"name", "x"},       {"groups", "ops,staff"}, {"policy", "net"},      {"action", "protect"},
                       {"level", "high"},   {"user", "alice"},       {"from", "10.1.0.7"},   {"to", "10.2.0.9"},
                       {"protocol", "udp"}, {"port", "500"},         {"source_port", "501"}, {"at", "mon 08:00"}};
  ASSERT_EQ(words.size(), expectation_words().size());
  const auto e = made<Expectation>("x", words);
  for (const auto& [word, text] : words) EXPECT_EQ(get_word(e, word), text) << word;
  const auto least = made<Expectation>("x", {{"to", "2001:db8::9"}, {"action", "bypass"}});
  for (const auto word : expectation_words()) {
    EXPECT_EQ(get_word(least, word).empty(), word != "name" && word != "to" && word != "action") << word;
  }
  const auto any = made<Expectation>("x", {{"to", "10.2.0.9"}, {"protocol", "any"}, {"action", "bypass"}});
  EXPECT_EQ(get_word(any, "protocol"), "any");
}

}  // namespace
}  // namespace sallyport::policy
