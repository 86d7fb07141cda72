// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/principals.hpp"

#include <gmock/gmock.h>

#include "driver/control/card_control.hpp"
#include "driver/software/software_card.hpp"
#include "driver/testing/flaky_card.hpp"
#include "driver/testing/frames.hpp"
#include "driver/user_tag/user_tag.hpp"

namespace sallyport::gateway {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using users::EndReason;

class PrincipalsTest : public testing::Test {
 protected:
  void SetUp() override {
    policy::Policy staff;
    staff.name = "staff";
    staff.group = "staff";
    staff.action = policy::Action::kBypass;
    keeper_->set_policies({staff}, {});
    ASSERT_TRUE(keeper_->commit());
  }
  static users::Session session(const std::string& id, const std::string& user, const std::string& address,
                                std::vector<std::string> groups = {"staff"}) {
    return {id, user, std::move(groups), "password", IpAddress::parse(address).value(), 1000};
  }
  static users::Session marked(const std::string& id, const std::string& user) {
    users::Session s = session(id, user, "10.1.0.7");
    s.tagged = true;
    return s;
  }
  Result<std::optional<users::Tag>> begin(const users::Session& session) { return principals_.on_begin(session); }
  void end(const users::Session& session) {
    principals_.on_end(session, EndReason::kLogout, [this, id = session.id] { told_.push_back(id); });
    principals_.settle();
  }
  // Of those whom the rule in force is for, as the card would be asked: "1-2 5".
  std::vector<driver::NumberRange> staff() {
    const auto& rules = keeper_->spd().outbound;
    return rules.empty() ? std::vector<driver::NumberRange>() : rules.at(0).principal;
  }

  driver::SoftwareCard software_card_{[](layout::Port, Bytes) {}};
  driver::testing::FlakyCard card_{software_card_};
  std::unique_ptr<CardKeeper> keeper_ = std::move(CardKeeper::start(card_, Forwarding({}, {}), nullptr).value());
  Principals principals_{*keeper_,
                         UsersConfig::Tags::kAuthenticated,
                         {[](const users::Session&, bool) {}, [this](std::uint16_t p) { free_.push_back(p); }}};
  std::vector<std::string> told_;
  std::vector<std::uint16_t> free_;
};

TEST_F(PrincipalsTest, AUserHasOneNumberUntilTheLastSessionEnds) {
  const auto one = session("a", "alice", "10.1.0.7");
  const auto two = session("b", "alice", "2001:db8::7");
  const auto bob = session("c", "bob", "10.1.0.8");
  ASSERT_TRUE(begin(one) && begin(two) && begin(bob));
  EXPECT_THAT(staff(), ElementsAre(driver::NumberRange{1, 2}));
  EXPECT_EQ(keeper_->spd().inbound.at(0).destination.size(), 2U) << "10.1.0.7-10.1.0.8 and 2001:db8::7";
  end(one);
  EXPECT_THAT(staff(), ElementsAre(driver::NumberRange{1, 2}));
  end(two);
  EXPECT_THAT(staff(), ElementsAre(driver::NumberRange{2, 2}));
  end(bob);
  EXPECT_THAT(staff(), IsEmpty());
  EXPECT_THAT(told_, ElementsAre("a", "b", "c"));
  EXPECT_THAT(free_, ElementsAre(1, 2));
}

TEST_F(PrincipalsTest, TheCardLetsGoThoughTheDiskRefusesAndTheOrderIsAcknowledgedWhenItDoesNot) {
  struct Journal : SessionJournal {
    Result<void> session_changed(const SessionRecord&) override { return {}; }
    Result<void> session_ended(const std::string&) override {
      return full ? Result<void>(Error{Errc::kIo, "the disk is full"}) : Result<void>();
    }
    bool full = true;
  } journal;
  Principals principals(*keeper_, UsersConfig::Tags::kAuthenticated,
                        {[](const users::Session&, bool) {}, [](std::uint16_t) {}}, &journal);
  const auto alice = session("a", "alice", "10.1.0.7");
  ASSERT_TRUE(principals.on_begin(alice));
  bool acknowledged = false;
  principals.on_end(alice, EndReason::kAdministrator, [&] { acknowledged = true; });
  principals.settle();
  EXPECT_THAT(staff(), IsEmpty());
  EXPECT_FALSE(acknowledged);
  journal.full = false;
  principals.retry();
  EXPECT_TRUE(acknowledged);
}

TEST_F(PrincipalsTest, AGroupIsFewRangesHoweverManyItsMembersAndTheOthersAre) {
  for (std::uint32_t i = 0; i < 600; ++i) {
    auto who = session(std::to_string(i), "user" + std::to_string(i), "10.1.0.7", {i % 3 == 0 ? "staff" : "guests"});
    who.address = IpAddress::from_number(layout::Address::from_v4(0x0a020000 + i));
    ASSERT_TRUE(begin(who)) << i;
  }
  std::size_t members = 0;
  for (const auto& range : staff()) members += range.last - range.first + 1U;
  EXPECT_EQ(members, 200U);
  EXPECT_LE(staff().size(), 4U) << "64 to a block";
}

TEST_F(PrincipalsTest, AComputerHasOneUserAtATime) {
  const auto alice = session("a", "alice", "10.1.0.7");
  ASSERT_TRUE(begin(alice));
  ASSERT_TRUE(begin(session("b", "alice", "10.1.0.7"))) << "as another user of the computer, but she";
  const auto bob = begin(session("c", "bob", "10.1.0.7"));
  ASSERT_FALSE(bob);
  EXPECT_EQ(bob.error().code, Errc::kExists);
  EXPECT_THAT(bob.error().detail, HasSubstr("has to log out first"));
  EXPECT_THAT(staff(), ElementsAre(driver::NumberRange{1, 1}));
  end(alice);
  EXPECT_FALSE(begin(session("d", "bob", "10.1.0.7"))) << "her other session is there";
  end(session("b", "alice", "10.1.0.7"));
  EXPECT_TRUE(begin(session("e", "bob", "10.1.0.7")));
}

TEST_F(PrincipalsTest, AComputerHasAnyNumberOfUsersWhoMarkTheirPackets) {
  const auto alice = begin(marked("a", "alice"));
  const auto bob = begin(marked("b", "bob"));
  ASSERT_TRUE(alice && bob);
  ASSERT_TRUE(*alice && *bob);
  EXPECT_NE((*alice)->handle % layout::kTagRows, (*bob)->handle % layout::kTagRows);
  EXPECT_EQ((*alice)->key.size(), 16U);
  EXPECT_FALSE((*alice)->key == (*bob)->key);
  EXPECT_FALSE((*alice)->plain);
  EXPECT_THAT(staff(), ElementsAre(driver::NumberRange{1, 2}));
  // One more, whose packets are those of the address.
  const auto carol = begin(session("c", "carol", "10.1.0.7"));
  ASSERT_TRUE(carol);
  EXPECT_FALSE(*carol);
  EXPECT_FALSE(begin(session("d", "dave", "10.1.0.7")));
  end(marked("a", "alice"));
  EXPECT_THAT(staff(), ElementsAre(driver::NumberRange{2, 3}));
  EXPECT_THAT(told_, ElementsAre("a"));
}

TEST_F(PrincipalsTest, AnswersComeBackToEachAddressOfASession) {
  const auto reached = [this] { return keeper_->spd().inbound.at(0).destination; };
  users::Session alice = marked("a", "alice");
  ASSERT_TRUE(begin(alice));
  const auto by_v4_alone = reached();
  const IpAddress v6 = IpAddress::parse("2001:db8::7").value();
  alice.also_at[v6] = {};
  ASSERT_TRUE(principals_.on_joined(alice));
  EXPECT_THAT(reached(),
              testing::UnorderedElementsAre(by_v4_alone.at(0), driver::AddressRange{v6.number(), v6.number()}));
  // What the card does not take is not; and what has to go, goes when it can.
  users::Session further = alice;
  further.also_at[IpAddress::parse("2001:db8::8").value()] = {};
  card_.refuse(layout::reg::kFlip);
  EXPECT_THAT(principals_.on_joined(further).error().detail, HasSubstr("does not take another address"));
  principals_.on_left(marked("a", "alice"));
  card_.heal();
  principals_.retry();
  EXPECT_EQ(reached(), by_v4_alone);
}

TEST_F(PrincipalsTest, TagsAreGivenWhereTheyAreTaken) {
  users::Session alice = session("a", "alice", "10.1.0.7");
  alice.tagged = true;
  Principals plain(*keeper_, UsersConfig::Tags::kPlain, {});
  EXPECT_TRUE(plain.on_begin(alice).value()->plain);
  Principals off(*keeper_, UsersConfig::Tags::kOff, {});
  const auto refused = off.on_begin(alice);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kUnsupported);
  EXPECT_THAT(refused.error().detail, HasSubstr("log in without marking"));
}

TEST_F(PrincipalsTest, ATagIsItsUsersUntilTheSessionIsOverAndWhatHasNoneIsNobodys) {
  constexpr driver::MacAddress kLanMac = {2, 0, 0, 0, 1, 0};
  constexpr driver::MacAddress kHostMac = {2, 0, 0, 0, 1, 1};
  auto control = driver::CardControl::open(card_).value();
  ASSERT_TRUE(control.set_mac(layout::Port::kLan, kLanMac) && control.enable(true));
  const auto begun = begin(marked("a", "alice"));
  ASSERT_TRUE(begun && *begun);
  const users::Tag& given = **begun;
  const auto from = driver::Address::from_v4(0x0a010007);
  const auto to = driver::Address::from_v4(0x0a020009);
  const driver::UserTag tag{given.handle, driver::tag_check(given.key.reveal(), given.handle, from, to)};
  const Buffer packet = driver::testing::udp_packet(from, to);
  const Buffer tagged = driver::put_user_tag(packet, tag).value();
  const auto send = [&](Bytes bytes) {
    software_card_.receive(layout::Port::kLan, driver::testing::ip_frame(kLanMac, kHostMac, bytes));
    return control.counters().value();
  };
  EXPECT_EQ(send(tagged).of(layout::Counter::kTagOk), 1U);
  EXPECT_EQ(send(packet).of(layout::Drop::kSpdNoMatch), 1U);
  end(marked("a", "alice"));
  EXPECT_EQ(send(tagged).of(layout::Counter::kTagUnknown), 1U);
}

TEST_F(PrincipalsTest, WhatEndsTogetherIsOneCommit) {
  std::vector<users::Session> all;
  for (std::uint32_t i = 0; i < 20; ++i) {
    all.push_back(session(std::to_string(i), "user" + std::to_string(i), "10.1.0.7"));
    all.back().tagged = true;
    ASSERT_TRUE(begin(all.back()));
  }
  unsigned flips = 0;
  card_.on_written(layout::reg::kFlip, [&](std::uint32_t) { ++flips; });
  for (const auto& one : all) {
    principals_.on_end(one, EndReason::kExpired, [this, id = one.id] { told_.push_back(id); });
  }
  EXPECT_EQ(flips, 0U);
  EXPECT_THAT(told_, IsEmpty());
  principals_.settle();
  EXPECT_EQ(flips, 2U) << "the tables without them, and what was inside before has left";
  EXPECT_EQ(told_.size(), all.size());
  EXPECT_THAT(staff(), IsEmpty());
}

TEST_F(PrincipalsTest, AnEndIsToldWhenTheCardHasLetGo) {
  const auto alice = session("a", "alice", "10.1.0.7");
  ASSERT_TRUE(begin(alice));
  card_.refuse(layout::reg::kFlip);
  end(alice);
  principals_.retry();
  EXPECT_THAT(told_, IsEmpty());
  // Nor is the number anybody else's.
  const auto bob = session("b", "bob", "10.1.0.8");
  EXPECT_FALSE(begin(bob));
  card_.heal();
  ASSERT_TRUE(begin(bob));
  EXPECT_THAT(staff(), ElementsAre(driver::NumberRange{2, 2}));
  principals_.retry();
  EXPECT_THAT(told_, ElementsAre("a"));
}

TEST_F(PrincipalsTest, ALoginThatTheCardDoesNotTakeIsRefusedAndTheOthersStay) {
  card_.refuse(layout::reg::kFlip);
  const auto alice = begin(session("a", "alice", "10.1.0.7"));
  ASSERT_FALSE(alice);
  EXPECT_THAT(alice.error().detail, HasSubstr("does not take"));
  card_.heal();
  principals_.retry();
  EXPECT_THAT(staff(), IsEmpty());

  // Of the rules of the card all but one are in use before somebody is on line.
  auto policies = keeper_->policies();
  policies.push_back(policies.at(0));
  policies.back().name = policies.back().group = "guests";
  for (std::uint32_t i = 0; i + 1 < layout::kSpdRules; ++i) {
    policy::Policy other;
    other.name = "policy" + std::to_string(i);
    const auto address = IpAddress::from_number(layout::Address::from_v4(0x0a020000 + i));
    other.destination = TrafficSelector::of({address, address});
    policies.push_back(other);
  }
  keeper_->set_policies(std::move(policies), {});
  ASSERT_TRUE(begin(session("b", "bob", "10.1.0.8")));
  ASSERT_TRUE(begin(session("c", "carol", "10.1.0.9"))) << "under the same rule";
  const auto guest = begin(session("d", "dave", "10.1.0.10", {"guests"}));
  ASSERT_FALSE(guest);
  EXPECT_EQ(guest.error().code, Errc::kFull);
  EXPECT_THAT(guest.error().detail, HasSubstr("1025 rules in one direction, and the card has room for 1024"));
  EXPECT_THAT(staff(), ElementsAre(driver::NumberRange{1, 2}));
  ASSERT_TRUE(begin(session("e", "erin", "10.1.0.11"))) << "as if dave had not tried";
}

}  // namespace
}  // namespace sallyport::gateway
