// SPDX-License-Identifier: Apache-2.0
#include "host/users/sessions/sessions.hpp"

#include <gmock/gmock.h>

#include "host/users/sessions/test_owner.hpp"

namespace sallyport::users {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const Session::Time kStart{hours(1000)};
const IpAddress kHere = IpAddress::parse("10.0.0.5").value();
const IpAddress kThere = IpAddress::parse("10.0.0.6").value();

Session who(const std::string& user, const IpAddress& address = kHere, std::uint32_t uid = 1000) {
  return {{}, user, {"staff"}, "password", address, uid};
}

Session tagged(const std::string& user, const IpAddress& address = kHere) {
  Session session = who(user, address);
  session.tagged = true;
  return session;
}

class SessionsTest : public testing::Test {
 protected:
  Result<Sessions::Begun> begin(const Session& session, Session::Time now = kStart,
                                std::optional<seconds> lifetime = {}) {
    std::optional<Result<Sessions::Begun>> out;
    sessions_.begin(session, lifetime, now, [&](auto begun) { out = std::move(begun); });
    return std::move(out.value());
  }
  // Whether an end that is asked for was told to be done.
  std::function<void()> tell(const std::string& what) {
    return [this, what] { owner_.events.push_back(what + " told"); };
  }

  RecordingOwner owner_;
  Sessions sessions_{{hours(8), minutes(2), 4, 2}, owner_};
};

TEST_F(SessionsTest, KnowWhoIsLoggedInByATokenFromTheirAddress) {
  const auto alice = begin(who("alice")).value();
  const auto bob = begin(who("bob", kThere)).value();
  EXPECT_THAT(owner_.events, ElementsAre("begin alice", "begin bob"));
  EXPECT_EQ(sessions_.of_token(alice.token, kHere)->user, "alice");
  EXPECT_EQ(sessions_.of_token(bob.token, kThere)->user, "bob");
  EXPECT_EQ(sessions_.of_token(alice.token, kThere), nullptr) << "a token that was carried off";
  EXPECT_EQ(sessions_.find(alice.session.id)->groups, std::vector<std::string>{"staff"});
}

// What a daemon that was killed had begun is another's now.
TEST_F(SessionsTest, AdoptedGoOnWithTheirTokenAndTheTimeOfARenewal) {
  const auto alice = begin(tagged("alice")).value();
  ASSERT_TRUE(sessions_.join(alice.token, kThere, kStart));
  const auto bob = begin(who("bob", kThere, 1001)).value();
  owner_.events.clear();
  Sessions next({hours(8), minutes(2), 4, 2}, owner_);
  const auto later = kStart + minutes(1);
  next.adopt(sessions_.all(), later);
  EXPECT_THAT(owner_.events, IsEmpty()) << "the owner has them already";
  EXPECT_EQ(next.of_token(alice.token, kThere)->user, "alice");
  EXPECT_EQ(next.of_token(bob.token, kThere)->ends, kStart + hours(8)) << "no longer than before";
  std::string other(bob.token.reveal().begin(), bob.token.reveal().end());
  other.back() = other.back() == '0' ? '1' : '0';
  EXPECT_EQ(next.of_token(Secret(as_bytes(other)), kThere), nullptr);

  next.renew(bob.session.id, later + seconds(119));
  next.expire(later + seconds(119));
  EXPECT_THAT(owner_.renewed, ElementsAre("bob"));
  EXPECT_THAT(owner_.events, IsEmpty());
  next.expire(later + minutes(2));
  EXPECT_THAT(owner_.events, ElementsAre("end alice not_renewed"));
  next.end(bob.session.id, EndReason::kLogout, [] {});
  EXPECT_EQ(owner_.events.back(), "end bob logout");
}

TEST_F(SessionsTest, ThatEndAreNotRenewed) {
  const auto alice = begin(who("alice")).value();
  owner_.at_once = false;
  sessions_.end(alice.session.id, EndReason::kAdministrator, [] {});
  sessions_.renew(alice.session.id, kStart);
  EXPECT_THAT(owner_.renewed, IsEmpty());
}

TEST_F(SessionsTest, TakeNoTokenThatDiffersAnywhere) {
  const auto alice = begin(who("alice")).value();
  const auto bob = begin(who("bob", kHere, 1001)).value();
  ASSERT_EQ(alice.token.size(), 16U + 1 + 64);
  for (std::size_t i = 0; i < alice.token.size(); ++i) {
    Secret wrong = alice.token;
    wrong.bytes()[i] ^= 1;
    EXPECT_EQ(sessions_.of_token(wrong, kHere), nullptr) << i;
    EXPECT_EQ(sessions_.of_token(Secret(alice.token.reveal().first(i)), kHere), nullptr) << i;
  }
  Secret mixed = alice.token;
  std::copy_n(bob.token.reveal().begin(), 16, mixed.bytes().begin());
  EXPECT_EQ(sessions_.of_token(mixed, kHere), nullptr) << "bob's session with alice's secret";
  EXPECT_EQ(sessions_.of_token({}, kHere), nullptr);
}

TEST_F(SessionsTest, TellAnEndWhenTheOwnerHasLetGoAndNotBefore) {
  owner_.at_once = false;
  const auto alice = begin(who("alice")).value();
  sessions_.end(alice.session.id, EndReason::kLogout, tell("user"));
  sessions_.end(alice.session.id, EndReason::kAdministrator, tell("administrator"));
  EXPECT_THAT(owner_.events, ElementsAre("begin alice", "end alice logout"));
  EXPECT_EQ(sessions_.of_token(alice.token, kHere), nullptr) << "from the moment in which it ends";
  EXPECT_EQ(sessions_.find(alice.session.id), nullptr);
  EXPECT_THAT(sessions_.all(), IsEmpty());
  owner_.let_go();
  EXPECT_THAT(owner_.events, ElementsAre("begin alice", "end alice logout", "user told", "administrator told"));
  sessions_.end(alice.session.id, EndReason::kLogout, tell("late"));
  EXPECT_EQ(owner_.events.back(), "late told") << "of one that is not there";
}

TEST_F(SessionsTest, OfAnOrderAreGoneWhenItIsDoneThoseIncludedThatEndedAlready) {
  owner_.at_once = false;
  const auto here = begin(who("alice")).value();
  begin(who("alice", kThere)).value();
  begin(who("bob", kHere, 1001)).value();
  const auto is_alice = [](const Session& session) { return session.user == "alice"; };
  sessions_.end(here.session.id, EndReason::kLogout, [] {});
  EXPECT_TRUE(sessions_.end_those(is_alice, EndReason::kAdministrator, tell("order")));
  EXPECT_TRUE(sessions_.end_those(is_alice, EndReason::kAdministrator, tell("its repetition")));
  EXPECT_THAT(owner_.events,
              ElementsAre("begin alice", "begin alice", "begin bob", "end alice logout", "end alice administrator"));
  owner_.let_go();
  EXPECT_THAT(std::vector(owner_.events.begin() + 5, owner_.events.end()),
              ElementsAre("order told", "its repetition told"));
  EXPECT_FALSE(sessions_.end_those(is_alice, EndReason::kAdministrator, tell("nobody")));
  EXPECT_THAT(sessions_.all(), SizeIs(1)) << "bob's";
}

TEST_F(SessionsTest, DoNotBeginAfterAnOrderThatMeansThem) {
  const auto begins = [this](const std::string& user, Sessions::Orders orders) {
    std::string out = "waits";
    sessions_.begin(
        who(user), {}, kStart, [&](const auto& b) { out = b ? "begun" : b.error().detail; }, orders);
    return out;
  };
  const auto before = sessions_.orders_from_now();
  EXPECT_FALSE(sessions_.end_those([](const Session& session) { return session.user == "alice"; },
                                   EndReason::kAdministrator, tell("nobody")));
  EXPECT_EQ(begins("alice", before), "the user was logged out meanwhile");
  EXPECT_EQ(begins("bob", before), "begun");
  EXPECT_EQ(begins("alice", sessions_.orders_from_now()), "begun") << "who was let in since";
}

TEST_F(SessionsTest, ThatWaitForTheirPlaceDoNotBeginAfterAnOrderEither) {
  owner_.at_once = false;
  begin(who("alice")).value();
  std::string bob;
  sessions_.begin(
      who("bob"), {}, kStart, [&](const auto& b) { bob = b ? "begun" : b.error().detail; },
      sessions_.orders_from_now());
  EXPECT_FALSE(sessions_.end_those([](const Session& session) { return session.user == "bob"; },
                                   EndReason::kAdministrator, tell("nobody")));
  owner_.let_go();
  EXPECT_EQ(bob, "the user was logged out meanwhile");
  EXPECT_THAT(owner_.events, ElementsAre("begin alice", "end alice replaced"));
}

TEST_F(SessionsTest, BeginAtAPlaceWhenTheOneBeforeIsGone) {
  owner_.at_once = false;
  const auto alice = begin(who("alice")).value();
  std::vector<std::string> begun;
  for (const char* user : {"bob", "carol"}) {
    sessions_.begin(who(user), {}, kStart, [&](const auto& b) { begun.push_back(b.value().session.user); });
  }
  begin(who("dave", kHere, 1001)).value();
  EXPECT_THAT(owner_.events, ElementsAre("begin alice", "end alice replaced", "begin dave"));
  owner_.let_go();
  EXPECT_THAT(begun, ElementsAre("bob"));
  owner_.let_go();
  EXPECT_THAT(begun, ElementsAre("bob", "carol"));
  EXPECT_THAT(owner_.events, ElementsAre("begin alice", "end alice replaced", "begin dave", "begin bob",
                                         "end bob replaced", "begin carol"));
  EXPECT_EQ(sessions_.of_token(alice.token, kHere), nullptr);
}

TEST_F(SessionsTest, AreAtOtherAddressesOfTheirComputerAsLongAsThatIsToldFromThere) {
  const auto alice = begin(tagged("alice")).value();
  EXPECT_TRUE(sessions_.join(alice.token, kThere, kStart).value());
  EXPECT_FALSE(sessions_.join(alice.token, kHere, kStart).value()) << "where it began";
  EXPECT_EQ(sessions_.of_token(alice.token, kThere)->user, "alice");
  EXPECT_THAT(sessions_.find(alice.session.id)->other_addresses(), ElementsAre(kThere));
  for (auto now = kStart; now < kStart + minutes(10); now += minutes(1)) {
    sessions_.renew(alice.session.id, now);
    EXPECT_FALSE(sessions_.join(alice.token, kThere, now).value());
    sessions_.expire(now);
  }
  EXPECT_THAT(owner_.events, ElementsAre("begin alice", "joined alice 1")) << "told once";
  sessions_.renew(alice.session.id, kStart + minutes(10));
  sessions_.expire(kStart + minutes(11));
  EXPECT_EQ(owner_.events.back(), "left alice 0");
  EXPECT_EQ(sessions_.of_token(alice.token, kThere), nullptr);
  EXPECT_NE(sessions_.of_token(alice.token, kHere), nullptr);
}

TEST_F(SessionsTest, AreJoinedByWhoHasTheTokenOfATaggedOneThatLasts) {
  const auto alice = begin(tagged("alice")).value();
  Secret wrong = alice.token;
  wrong.bytes().back() ^= 1;
  EXPECT_EQ(sessions_.join(wrong, kThere, kStart).error().code, Errc::kDenied);
  const auto bob = begin(who("bob", kHere, 1001)).value();
  EXPECT_EQ(sessions_.join(bob.token, kThere, kStart).error().code, Errc::kUnsupported);
  owner_.joins = false;
  EXPECT_EQ(sessions_.join(alice.token, kThere, kStart).error().detail, "no place");
  EXPECT_EQ(sessions_.of_token(alice.token, kThere), nullptr);
  owner_.joins = true;
  for (std::uint32_t i = 0; i < 4; ++i) {
    EXPECT_TRUE(sessions_.join(alice.token, IpAddress::from_v4(0x0a000010 + i), kStart)) << i;
  }
  EXPECT_EQ(sessions_.join(alice.token, kThere, kStart).error().code, Errc::kFull);
  owner_.at_once = false;
  sessions_.end(alice.session.id, EndReason::kLogout, tell("alice"));
  EXPECT_EQ(sessions_.join(alice.token, kThere, kStart).error().code, Errc::kDenied) << "while it ends";
}

TEST_F(SessionsTest, OneIsReplacedAtEachOfItsAddresses) {
  const auto alice = begin(tagged("alice")).value();
  sessions_.join(alice.token, kThere, kStart).value();
  begin(tagged("bob", kThere)).value();
  EXPECT_THAT(owner_.events, ElementsAre("begin alice", "joined alice 1", "end alice replaced", "begin bob"));
}

TEST_F(SessionsTest, EndWhenNothingIsHeardOfTheirComputer) {
  const auto id = begin(who("alice")).value().session.id;
  sessions_.expire(kStart + minutes(2) - seconds(1));
  ASSERT_NE(sessions_.find(id), nullptr);
  sessions_.renew(id, kStart + minutes(1));
  sessions_.expire(kStart + minutes(3) - seconds(1));
  ASSERT_NE(sessions_.find(id), nullptr);
  sessions_.expire(kStart + minutes(3));
  EXPECT_THAT(owner_.events, ElementsAre("begin alice", "end alice not_renewed"));
}

TEST_F(SessionsTest, EndWithTheirLifetimeHoweverOftenTheyAreRenewed) {
  const auto id = begin(who("alice"), kStart, hours(1)).value().session.id;
  const auto long_id = begin(who("bob", kThere), kStart, hours(100)).value().session.id;
  for (auto now = kStart; now < kStart + hours(8); now += minutes(1)) {
    sessions_.renew(id, now);
    sessions_.renew(long_id, now);
    sessions_.expire(now);
    EXPECT_EQ(sessions_.find(id) != nullptr, now < kStart + hours(1));
    ASSERT_NE(sessions_.find(long_id), nullptr);
  }
  sessions_.expire(kStart + hours(8));
  EXPECT_THAT(owner_.events, ElementsAre("begin alice", "begin bob", "end alice expired", "end bob expired"))
      << "a method may shorten a lifetime, and not lengthen it";
}

TEST_F(SessionsTest, AreSoManyAndSoManyAtOneAddress) {
  begin(who("a", kHere, 1)).value();
  begin(who("b", kHere, 2)).value();
  EXPECT_EQ(begin(who("c", kHere, 3)).error().code, Errc::kFull);
  begin(who("d", kThere, 1)).value();
  begin(who("e", kThere, 2)).value();
  EXPECT_EQ(begin(who("f", IpAddress::parse("10.0.0.7").value())).error().code, Errc::kFull);
  EXPECT_TRUE(begin(who("g", kHere, 1))) << "in the place of another";
}

TEST_F(SessionsTest, OfAUserAreSoMany) {
  Sessions sessions({.most_of_one_user = 2}, owner_);
  const auto begins = [&](const std::string& user, std::uint32_t uid) {
    bool out = false;
    sessions.begin(who(user, kHere, uid), {}, kStart, [&](const auto& begun) { out = begun.has_value(); });
    return out;
  };
  EXPECT_TRUE(begins("alice", 1) && begins("alice", 2));
  EXPECT_FALSE(begins("alice", 3));
  EXPECT_TRUE(begins("alice", 2)) << "in the place of one of them";
  EXPECT_TRUE(begins("bob", 3));
}

TEST_F(SessionsTest, MayBeGoneBeforeTheirOwnerIsDone) {
  owner_.at_once = false;
  {
    Sessions shorter({}, owner_);
    std::string id;
    shorter.begin(who("alice"), {}, kStart, [&](const auto& begun) { id = begun.value().session.id; });
    shorter.end(id, EndReason::kLogout, tell("nobody"));
  }
  owner_.let_go();
  EXPECT_THAT(owner_.events, ElementsAre("begin alice", "end alice logout"));
}

TEST_F(SessionsTest, ALoginThatTheOwnerRefusesIsNoSession) {
  owner_.refuses = "bob";
  const auto bob = begin(who("bob"));
  ASSERT_FALSE(bob);
  EXPECT_EQ(bob.error().detail, "somebody is there");
  EXPECT_THAT(sessions_.all(), IsEmpty());
  EXPECT_TRUE(begin(who("alice"))) << "the place is free";
}

}  // namespace
}  // namespace sallyport::users
