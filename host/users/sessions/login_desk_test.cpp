// SPDX-License-Identifier: Apache-2.0
#include "host/users/sessions/login_desk.hpp"

#include <gmock/gmock.h>

#include "host/users/sessions/test_desk.hpp"

namespace sallyport::users {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class LoginDeskTest : public DeskTest {};

TEST_F(LoginDeskTest, LetsAUserInWithTheGroupsOfDirectoryAndMethod) {
  const auto alice = log_in("password", "alice", kPassword);
  ASSERT_TRUE(alice) << alice.error().message();
  EXPECT_EQ(alice->session.user, "alice");
  EXPECT_EQ(alice->session.method, "password");
  EXPECT_THAT(alice->session.groups, ElementsAre("staff"));
  EXPECT_EQ(alice->session.address, here_);
  EXPECT_EQ(alice->session.uid, 1000U);
  EXPECT_THAT(log_in("server", "alice", "x", 1001)->session.groups, ElementsAre("guests", "staff"));
  const auto guest = log_in("server", "somebody", "x", 1002).value();
  EXPECT_THAT(guest.session.groups, ElementsAre("guests"));
  EXPECT_EQ(guest.session.ends, now_ + hours(1));
  EXPECT_THAT(owner_.events, ElementsAre("begin alice", "begin alice", "begin somebody"));
}

TEST_F(LoginDeskTest, FindsOutWhoItIsWhereTheMethodDoes) {
  EXPECT_EQ(log_in("card", "", "").value().session.user, "alice");
  EXPECT_EQ(log_in("card", "bob", "", 1001).value().session.user, "bob");
}

TEST_F(LoginDeskTest, SaysTheSameToWhoeverIsRefused) {
  directory_.with([](Directory& d) {
    ASSERT_TRUE(d.add_user("admin", {"gone", "", {}, false}));
    ASSERT_TRUE(
        d.set_credential("admin", "gone", CredentialKind::kPassword, hash_password(secret(kPassword), kCheap).value()));
  });
  const std::string sentence = log_in("password", "alice", "a wrong one").error().message();
  EXPECT_EQ(log_in("password", "nobody", kPassword).error().message(), sentence);
  EXPECT_EQ(log_in("password", "bob", kPassword).error().message(), sentence) << "who has none";
  EXPECT_EQ(log_in("password", "gone", kPassword).error().message(), sentence) << "who is disabled";
  EXPECT_EQ(log_in("password", "", kPassword).error().message(), sentence);
  EXPECT_EQ(log_in("card", "nobody", "").error().message(), sentence) << "of no directory";
  EXPECT_EQ(log_in("server", "alice", "rename").error().message(), sentence);
  EXPECT_THAT(owner_.events, IsEmpty());
}

TEST_F(LoginDeskTest, LetsNobodyPassTheDirectoryByAnotherSpellingOfTheirName) {
  directory_.with([](Directory& d) {
    ASSERT_TRUE(d.add_user("admin", {"gone", "", {}, false}));
    ASSERT_TRUE(d.add_user("admin", {"Carol@Home", "", {}, false}));
  });
  const std::string sentence = log_in("server", "gone", "x").error().message();
  for (const char* spelt : {"Gone", "gone@example.net", "GONE@Example.net", "carol@home", "carol", "ALICE"}) {
    EXPECT_EQ(log_in("server", spelt, "x").error().message(), sentence) << spelt;
  }
  EXPECT_THAT(owner_.events, IsEmpty());
  EXPECT_TRUE(log_in("server", "carol@work", "x", 1001)) << "somebody else";
  EXPECT_TRUE(log_in("server", "alice", "x", 1002));
  const auto entries = audit(10000);
  EXPECT_THAT(entries, testing::Contains(HasSubstr("another spelling of 'gone', whom the directory knows")));
}

TEST_F(LoginDeskTest, MetersAttemptsAtAUserWhateverTheSpelling) {
  for (const char* spelt : {"alice", "Alice", "ALICE", "alice@a", "alice@b"}) {
    EXPECT_EQ(log_in("password", spelt, "a wrong one").error().code, Errc::kAuthFailed) << spelt;
  }
  EXPECT_EQ(log_in("password", "aLICE", "a wrong one").error().code, Errc::kBusy);
}

TEST_F(LoginDeskTest, TellsThatItCannotBeDecidedWithoutSayingWhy) {
  const auto silent = log_in("server", "alice", "silence");
  EXPECT_EQ(silent.error().code, Errc::kBusy);
  EXPECT_EQ(silent.error().detail, "it cannot be checked now; try again later");
}

TEST_F(LoginDeskTest, KnowsItsMethodsAndNames) {
  EXPECT_THAT(desk_->methods(), SizeIs(3));
  EXPECT_EQ(start("fingerprint", "alice").error().code, Errc::kNotFound);
  EXPECT_EQ(start("password", "no name").error().code, Errc::kInvalid);
}

TEST_F(LoginDeskTest, TakesOneAnswerToWhatItAskedFromWhomItAskedAndInTime) {
  const auto started = start("password", "alice").value();
  const auto elsewhere = answer_of<Result<Sessions::Begun>>([&](auto respond) {
    desk_->answer(started.login, IpAddress::parse("10.0.0.6").value(), answer({{"password", kPassword}}), respond);
  });
  EXPECT_EQ(elsewhere.error().code, Errc::kNotFound);
  EXPECT_EQ(finish(started.login, answer({{"password", "a wrong one"}})).error().code, Errc::kAuthFailed);
  EXPECT_EQ(finish(started.login, answer({{"password", kPassword}})).error().code, Errc::kNotFound) << "one try";
  EXPECT_EQ(finish("0000", answer({{"password", kPassword}})).error().code, Errc::kNotFound);
  const auto late = start("password", "alice").value();
  now_ += seconds(60);
  EXPECT_EQ(finish(late.login, answer({{"password", kPassword}})).error().code, Errc::kNotFound);
}

TEST_F(LoginDeskTest, BindsAProofToItsLogin) {
  const auto one = start("card", "").value();
  const auto two = start("card", "").value();
  EXPECT_NE(one.login, two.login);
  EXPECT_FALSE(finish(one.login, answer({{"nonce", two.challenge.at("nonce")}})));
  EXPECT_TRUE(finish(two.login, answer({{"nonce", two.challenge.at("nonce")}})));
}

TEST_F(LoginDeskTest, MakesWaitWhoTriesTooOftenWhetherTheyExistOrNot) {
  for (const char* user : {"alice", "nobody"}) {
    for (int i = 0; i < 5; ++i) EXPECT_EQ(log_in("password", user, "a wrong one").error().code, Errc::kAuthFailed) << i;
    const auto sixth = log_in("password", user, kPassword);
    EXPECT_EQ(sixth.error().code, Errc::kBusy) << "though it is right";
    EXPECT_EQ(sixth.error().detail, "too many attempts; try again in 60 s") << user;
  }
  EXPECT_TRUE(log_in("server", "bob", "x")) << "and nobody else";
  now_ += seconds(60);
  EXPECT_TRUE(log_in("password", "alice", kPassword));
}

TEST_F(LoginDeskTest, MakesAnAddressWaitThatTriesManyUsers) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(log_in("card", "user" + std::to_string(i), "").error().code, Errc::kAuthFailed) << i;
  }
  EXPECT_EQ(log_in("password", "alice", kPassword).error().code, Errc::kBusy);
  here_ = IpAddress::parse("10.0.0.6").value();
  EXPECT_TRUE(log_in("password", "alice", kPassword));
}

TEST_F(LoginDeskTest, LetsWhoLogsInWellDoSoAsOftenAsTheyLike) {
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(log_in("server", "alice", "x")) << i;
}

TEST_F(LoginDeskTest, HoldsSoManyLoginsOfAnAddressAndForgetsThem) {
  for (int i = 0; i < 32; ++i) ASSERT_TRUE(start("card", "")) << i;
  EXPECT_EQ(start("card", "").error().code, Errc::kBusy);
  now_ += seconds(60);
  EXPECT_TRUE(start("card", ""));
}

TEST_F(LoginDeskTest, HasSoMuchAtWorkAndNoMore) {
  DeskSettings few = settings();
  few.most_at_work = 2;
  LoginDesk desk(loop_, directory_, authenticators(), owner_, few);
  std::vector<bool> started;
  for (int i = 0; i < 3; ++i)
    desk.start("card", "", here_, 1, false, [&](const auto& s) { started.push_back(s.has_value()); });
  EXPECT_THAT(started, ElementsAre(false)) << "the third at once";
  loop_.restart();
  const auto work = boost::asio::make_work_guard(loop_);
  while (started.size() < 3) loop_.run_one();
  EXPECT_THAT(started, ElementsAre(false, true, true));
}

TEST_F(LoginDeskTest, RenewsASessionByItsTokenAlone) {
  const auto alice = log_in("password", "alice", kPassword).value();
  now_ += minutes(1);
  const auto renewed = renew(alice.token);
  ASSERT_TRUE(renewed) << renewed.error().message();
  EXPECT_EQ(renewed->within, minutes(2));
  EXPECT_FALSE(renewed->challenge);
  now_ += seconds(119);
  desk_->tick();
  EXPECT_TRUE(desk_->status(alice.token, here_));
  now_ += seconds(1);
  desk_->tick();
  EXPECT_FALSE(desk_->status(alice.token, here_));
  EXPECT_EQ(renew(alice.token).error().code, Errc::kDenied);
}

TEST_F(LoginDeskTest, RenewsASessionOfACardOnlyWhileTheCardIsIn) {
  const auto alice = log_in("card", "", "").value();
  now_ += minutes(1);
  EXPECT_EQ(renew(alice.token, answer({{"nonce", "for " + alice.session.id}})).error().code, Errc::kNotFound)
      << "nothing was asked";
  const auto asked = renew(alice.token).value();
  ASSERT_TRUE(asked.challenge);
  EXPECT_EQ(asked.challenge->at("nonce"), "for " + alice.session.id) << "bound to the session";
  EXPECT_TRUE(renew(alice.token, answer({{"nonce", asked.challenge->at("nonce")}})));
  EXPECT_EQ(renew(alice.token, answer({{"nonce", asked.challenge->at("nonce")}})).error().code, Errc::kNotFound)
      << "one answer";

  // Whoever has pulled it, and the token still, asks in vain.
  now_ += minutes(1);
  ASSERT_TRUE(renew(alice.token)->challenge);
  EXPECT_EQ(renew(alice.token, answer({{"nonce", "guessed"}})).error().code, Errc::kAuthFailed);
  now_ += minutes(1);
  desk_->tick();
  EXPECT_THAT(owner_.events, ElementsAre("begin alice", "end alice not_renewed"));
}

TEST_F(LoginDeskTest, RenewsNobodyWhoWasDisabledOrDeleted) {
  const auto alice = log_in("password", "alice", kPassword).value();
  const auto bob = log_in("card", "bob", "", 1001).value();
  directory_.with([](Directory& d) {
    User disabled = d.user("alice").value();
    disabled.enabled = false;
    ASSERT_TRUE(d.change_user("admin", disabled));
    ASSERT_TRUE(d.delete_user("admin", "bob"));
  });
  EXPECT_EQ(renew(alice.token).error().code, Errc::kAuthFailed);
  const auto asked = renew(bob.token).value();
  EXPECT_EQ(renew(bob.token, answer({{"nonce", asked.challenge->at("nonce")}})).error().code, Errc::kAuthFailed);
}

TEST_F(LoginDeskTest, LetsNobodyBeginWhoWasLoggedOutWhileTheirPasswordWasChecked) {
  const auto started = start("password", "alice").value();
  const auto begun = answer_of<Result<Sessions::Begun>>([&](auto respond) {
    desk_->answer(started.login, here_, answer({{"password", kPassword}}), std::move(respond));
    EXPECT_FALSE(desk_->sessions().end_those([](const Session& s) { return s.user == "alice"; },
                                             EndReason::kAdministrator, [] {}));
  });
  EXPECT_EQ(begun.error().detail, "the user was logged out meanwhile");
  EXPECT_THAT(owner_.events, IsEmpty());
  EXPECT_THAT(audit(1),
              ElementsAre("session.refused alice from 10.0.0.5, uid 1000: the user was logged out meanwhile"));
}

TEST_F(LoginDeskTest, LogsOutWhenTheOwnerHasLetGo) {
  owner_.at_once = false;
  const auto alice = log_in("password", "alice", kPassword).value();
  std::vector<std::string> told;
  desk_->log_out(alice.token, here_, EndReason::kCardRemoved, [&](const auto& r) { told.push_back(r ? "out" : "?"); });
  EXPECT_THAT(told, IsEmpty());
  owner_.let_go();
  EXPECT_THAT(told, ElementsAre("out"));
  EXPECT_THAT(owner_.events, ElementsAre("begin alice", "end alice card_removed"));
  desk_->log_out(alice.token, here_, EndReason::kLogout, [&](const auto& r) { told.push_back(r.error().detail); });
  EXPECT_EQ(told.back(), "not logged in here");
}

TEST_F(LoginDeskTest, LetsItsOwnerSettleOnceWhatEndsTogether) {
  for (std::uint32_t uid = 0; uid < 3; ++uid) {
    ASSERT_TRUE(log_in("server", "user" + std::to_string(uid), "x", uid));
  }
  owner_.events.clear();
  now_ += hours(1);
  desk_->tick();
  loop_.restart();
  loop_.poll();
  EXPECT_THAT(owner_.events, SizeIs(3));
  EXPECT_EQ(owner_.settled, 1U);
  EXPECT_TRUE(log_in("server", "alice", "x"));
}

TEST_F(LoginDeskTest, TellsASessionsListenersAndEndsTheirStreams) {
  const auto alice = log_in("password", "alice", kPassword).value();
  const auto bob = log_in("server", "bob", "x", 1001).value();
  auto stream = std::make_shared<FakeStream>();
  auto other = std::make_shared<FakeStream>();
  ASSERT_TRUE(desk_->listen(alice.token, here_, stream));
  ASSERT_TRUE(desk_->listen(bob.token, here_, other));
  EXPECT_EQ(desk_->listen(secret("guessed"), here_, other).error().code, Errc::kDenied);
  desk_->tell(alice.session.id, "message", boost::json::object{{"text", "sent in the clear"}});
  desk_->tell("nobody", "message", nullptr);
  desk_->sessions().end(alice.session.id, EndReason::kAdministrator, [] {});
  EXPECT_THAT(stream->events,
              ElementsAre(R"(message {"text":"sent in the clear"})", R"(end {"reason":"administrator"})"));
  EXPECT_FALSE(stream->open());
  EXPECT_THAT(other->events, IsEmpty());
}

TEST_F(LoginDeskTest, HasSoManyListenersOfASession) {
  const auto alice = log_in("server", "alice", "x").value();
  std::vector<std::shared_ptr<FakeStream>> streams(5);
  for (auto& stream : streams) stream = std::make_shared<FakeStream>();
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(desk_->listen(alice.token, here_, streams[static_cast<std::size_t>(i)]));
  EXPECT_EQ(desk_->listen(alice.token, here_, streams[4]).error().code, Errc::kBusy);
  streams[0]->close();
  EXPECT_TRUE(desk_->listen(alice.token, here_, streams[4])) << "in the place of one that is gone";
}

TEST_F(LoginDeskTest, WritesEveryOutcomeIntoTheAuditLogAndNoSecret) {
  const auto alice = log_in("password", "alice", kPassword).value();
  EXPECT_FALSE(log_in("password", "alice", "a wrong one"));
  EXPECT_FALSE(log_in("password", "hunter2-in-the-wrong-field", "x"));
  EXPECT_FALSE(log_in("server", "bob", "silence", 1001));
  desk_->log_out(alice.token, here_, EndReason::kLogout, [](const auto&) {});
  const auto entries = audit(5);
  EXPECT_THAT(entries, testing::UnorderedElementsAre(
                           "login.accepted alice password from 10.0.0.5, uid 1000, groups staff",
                           "login.refused alice password from 10.0.0.5, uid 1000: the password is wrong",
                           "login.refused  password from 10.0.0.5, uid 1000: the password is wrong",
                           "login.refused bob server from 10.0.0.5, uid 1001: no server answers",
                           "session.end alice logout, password from 10.0.0.5, uid 1000"));
  for (const auto& entry : audit(10000)) {
    EXPECT_THAT(
        entry, AllOf(Not(HasSubstr(std::string(kPassword))), Not(HasSubstr("a wrong one")), Not(HasSubstr("hunter2"))));
  }
}

TEST_F(LoginDeskTest, NotesOnceInAWhileThatSomebodySendsWrongTags) {
  for (int i = 0; i < 100; ++i) desk_->on_tag_rejected(here_);
  now_ += std::chrono::minutes(1);
  desk_->tick();
  desk_->on_tag_rejected(here_);
  desk_->on_tag_rejected(IpAddress::parse("10.0.0.6").value());
  EXPECT_THAT(audit(3), testing::UnorderedElementsAre("tag.rejected  in a packet from 10.0.0.5",
                                                      "tag.rejected  in a packet from 10.0.0.5",
                                                      "tag.rejected  in a packet from 10.0.0.6"));
}

TEST_F(LoginDeskTest, NotesOnceThatSomebodyTriesTooOften) {
  for (int i = 0; i < 15; ++i) (void)log_in("server", "alice", "silence");
  EXPECT_THAT(audit(2), ElementsAre(HasSubstr("no server answers"), HasSubstr("too many attempts from 10.0.0.5")));
}

TEST_F(LoginDeskTest, LetsNobodyInWhoIsNotInTheAuditLog) {
  ASSERT_EQ(std::system(("sqlite3 " + (folder_ / "users.db").string() +
                         " \"CREATE TRIGGER no BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no'); END\"")
                            .c_str()),
            0);
  EXPECT_EQ(log_in("password", "alice", kPassword).error().code, Errc::kBusy);
  EXPECT_THAT(owner_.events, IsEmpty());
}

TEST_F(LoginDeskTest, MayEndWhileSomethingIsAtWork) {
  bool told = false;
  desk_->start("card", "", here_, 1, false, [&](const auto&) { told = true; });
  desk_.reset();
  loop_.restart();
  loop_.run();
  EXPECT_FALSE(told) << "nobody is there to be told";
}

}  // namespace
}  // namespace sallyport::users
