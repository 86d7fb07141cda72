// SPDX-License-Identifier: Apache-2.0
#include "host/policy/inbound_class.hpp"

#include <gmock/gmock.h>

namespace sallyport::policy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A policy of a level on connection "b", to a destination.
Policy policy(const char* name, const char* destination, const char* group = nullptr, const char* connection = "b") {
  Policy p;
  const auto set = [&](const char* word, const char* text) { set_word(p, word, text).value(); };
  set("name", name);
  set("source", "10.1.0.0/16");
  set("destination", destination);
  set("action", "protect");
  set("connection", connection);
  set("level", "low");
  if (group != nullptr) set("group", group);
  validate(p).value();
  return p;
}

std::vector<InboundClass> classes(const std::vector<Policy>& policies) { return inbound_classes(policies); }

TEST(InboundClass, PoliciesOfPeopleThatMeetAreOne) {
  EXPECT_THAT(classes({policy("staff", "10.2.0.5", "staff"), policy("guests", "10.2.0.0/16", "guests")}),
              ElementsAre(ElementsAre("b/staff", "b/guests")));
}

TEST(InboundClass, SoIsWhatIsForEverybodyBehindThem) {
  EXPECT_THAT(classes({policy("staff", "10.2.0.5", "staff"), policy("rest", "10.2.0.0/16")}),
              ElementsAre(ElementsAre("b/staff", "b/rest")));
}

TEST(InboundClass, WhatNamesNobodyStaysApartHoweverItMeets) {
  EXPECT_THAT(classes({policy("server", "10.2.0.5"), policy("rest", "10.2.0.0/16")}),
              ElementsAre(ElementsAre("b/server"), ElementsAre("b/rest")));
}

TEST(InboundClass, PoliciesThatDoNotMeetOrGoToAnotherPeerStayApart) {
  EXPECT_THAT(classes({policy("one", "10.2.0.5", "staff"), policy("two", "10.2.0.6", "guests"),
                       policy("three", "10.2.0.5", "guests", "c")}),
              ElementsAre(ElementsAre("b/one"), ElementsAre("b/two"), ElementsAre("c/three")));
}

TEST(InboundClass, WhatMeetsBothOfTwoClassesJoinsThem) {
  EXPECT_THAT(classes({policy("one", "10.2.0.5"), policy("two", "10.2.0.6"), policy("x", "10.3.0.1", "staff"),
                       policy("both", "10.2.0.0/16", "staff")}),
              ElementsAre(ElementsAre("b/one", "b/two", "b/both"), ElementsAre("b/x")));
}

TEST(InboundClass, AManualSaAndWhatIsNotProtectedHaveNoOthers) {
  Policy manual = policy("manual", "10.2.0.0/16", "staff");
  manual.connection.clear();
  manual.level.reset();
  manual.sa = "m";
  Policy bypass;
  bypass.action = Action::kBypass;
  EXPECT_THAT(classes({manual, bypass, policy("staff", "10.2.0.0/16", "staff")}),
              ElementsAre(ElementsAre("sa/m"), ElementsAre("b/staff")));
}

// ---- numbers

const std::map<std::string, std::uint16_t> kOwn = {{"b/a", 1}, {"b/b", 2}, {"b/c", 3}};
using Ids = std::map<std::string, std::uint16_t>;

Ids ids(const std::vector<InboundClass>& classes, const std::vector<NumberedSa>& sas) {
  return inbound_ids(classes, kOwn, sas);
}

TEST(InboundIds, AreTheFirstMembersWithoutSas) {
  EXPECT_EQ(ids({{"b/a", "b/b"}, {"b/c"}}, {}), (Ids{{"b/a", 1}, {"b/b", 1}, {"b/c", 3}}));
}

TEST(InboundIds, AreThoseOfTheSasThatAreThere) {
  EXPECT_EQ(ids({{"b/a", "b/b"}, {"b/c"}}, {{"b/b", 2}}), (Ids{{"b/a", 2}, {"b/b", 2}, {"b/c", 3}}));
  EXPECT_EQ(ids({{"b/a", "b/b"}}, {{"b/b", 2}, {"b/a", 1}, {"b/b", 2}}), (Ids{{"b/a", 2}, {"b/b", 2}}))
      << "of most of them";
}

TEST(InboundIds, AreTwoWhenAClassIsDivided) {
  // Both targets' SAs were made when they were one.
  const Ids two = ids({{"b/a"}, {"b/b"}}, {{"b/a", 1}, {"b/b", 1}});
  EXPECT_EQ(two, (Ids{{"b/a", 1}, {"b/b", 2}}));
}

TEST(InboundIds, AreNeverThoseOfAnotherClassSas) {
  // a's own number is carried by SAs of b, and b's by one that belongs to nobody any more.
  EXPECT_EQ(ids({{"b/a"}, {"b/b"}}, {{"b/b", 1}, {"gone", 2}}), (Ids{{"b/a", 4}, {"b/b", 1}}));
  EXPECT_EQ(ids({{"b/a"}, {"b/b"}}, {{"b/b", 2}, {"b/b", 2}, {"b/b", 1}}), (Ids{{"b/a", 4}, {"b/b", 2}}))
      << "nor of the fewer of them";
  EXPECT_EQ(ids({{"b/a"}}, {{"gone", 1}}), (Ids{{"b/a", 4}})) << "nor of nobody's";
}

}  // namespace
}  // namespace sallyport::policy
