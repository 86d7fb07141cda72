// SPDX-License-Identifier: Apache-2.0
#include "host/users/directory.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "host/users/test_directory.hpp"

namespace sallyport::users {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const User kAlice{"alice", "Alice Adams", Role::kAdminister, true, {"night", "staff"}};

class DirectoryTest : public AnyDirectory {
 protected:
  void SetUp() override {
    for (const char* name : {"staff", "night"}) ASSERT_TRUE(directory_.add_group("admin", {name, ""}));
  }
  Directory directory_ = open();
};
INSTANTIATE_TEST_SUITE_P(, DirectoryTest, testing::Values(Kind::kFile, Kind::kPostgresql),
                         [](const auto& info) { return info.param == Kind::kFile ? "File" : "Postgresql"; });

// ---- users

TEST_P(DirectoryTest, GivesBackWhatWasPutIn) {
  ASSERT_TRUE(directory_.add_user("admin", kAlice));
  EXPECT_EQ(directory_.user("alice").value(), kAlice);
  User changed = kAlice;
  changed.full_name = "O'Hara; \"A\" \\ %";
  changed.role.reset();
  changed.enabled = false;
  changed.groups = {"staff"};
  ASSERT_TRUE(directory_.change_user("admin", changed));
  EXPECT_EQ(directory_.user("alice").value(), changed);
  ASSERT_TRUE(directory_.delete_user("admin", "alice"));
  EXPECT_EQ(directory_.user("alice").error().code, Errc::kNotFound);
  EXPECT_THAT(directory_.members("staff").value(), IsEmpty());
}

TEST_P(DirectoryTest, KeepsEverythingWhenItIsOpenedAgain) {
  ASSERT_TRUE(directory_.add_user("admin", kAlice));
  { const Directory closed = std::move(directory_); }
  directory_ = open();
  EXPECT_EQ(directory_.user("alice").value(), kAlice);
  EXPECT_EQ(directory_.verify_audit().value().number, 3U);
}

TEST_P(DirectoryTest, RefusesWhatContradictsItselfAndStaysAsItWas) {
  ASSERT_TRUE(directory_.add_user("admin", kAlice));
  const auto before = directory_.verify_audit().value();
  EXPECT_EQ(directory_.add_user("admin", kAlice).error().code, Errc::kExists);
  EXPECT_EQ(directory_.change_user("admin", {"bob"}).error().code, Errc::kNotFound);
  EXPECT_EQ(directory_.delete_user("admin", "bob").error().code, Errc::kNotFound);
  EXPECT_EQ(directory_.add_user("admin", {"no body"}).error().code, Errc::kInvalid);
  User stray = kAlice;
  stray.full_name = "changed";
  stray.groups = {"staff", "nowhere"};
  const auto refused = directory_.change_user("admin", stray);
  EXPECT_EQ(refused.error().code, Errc::kNotFound);
  EXPECT_THAT(refused.error().detail, HasSubstr("no group 'nowhere'"));
  EXPECT_EQ(directory_.user("alice").value(), kAlice) << "nothing of the change stayed";
  EXPECT_EQ(directory_.verify_audit().value().digest, before.digest);
}

TEST_P(DirectoryTest, FindsWhoIsSpeltOtherwise) {
  for (const char* name : {"alice", "Carol@Home", "d_ve@home"}) ASSERT_TRUE(directory_.add_user("admin", {name}));
  const auto other = [&](const char* name) { return directory_.spelt_otherwise(name).value().value_or("nobody"); };
  EXPECT_EQ(other("Alice"), "alice");
  EXPECT_EQ(other("ALICE@example.net"), "alice");
  EXPECT_EQ(other("carol@home"), "Carol@Home");
  EXPECT_EQ(other("carol"), "Carol@Home") << "without the realm";
  EXPECT_EQ(other("CAROL"), "Carol@Home");
  for (const char* name : {"alice", "carol@work", "caro", "carols", "home", "dave", "bob"}) {
    EXPECT_EQ(other(name), "nobody") << name;
  }
}

TEST_P(DirectoryTest, ListsUsersPageByPage) {
  for (const char* name : {"carol", "alice", "dave", "bob"}) ASSERT_TRUE(directory_.add_user("admin", {name}));
  EXPECT_EQ(directory_.user_count().value(), 4U);
  const auto first = directory_.users("", 3).value();
  ASSERT_EQ(first.size(), 3U);
  EXPECT_EQ(first[0].name, "alice");
  EXPECT_EQ(first[2].name, "carol");
  const auto rest = directory_.users(first.back().name, 3).value();
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].name, "dave");
}

// ---- groups

TEST_P(DirectoryTest, KnowsAGroupsMembersAndKeepsAGroupThatHasSome) {
  ASSERT_TRUE(directory_.add_user("admin", kAlice));
  ASSERT_TRUE(directory_.add_user("admin", {"bob", "", {}, true, {"staff"}}));
  EXPECT_THAT(directory_.members("staff").value(), ElementsAre("alice", "bob"));
  EXPECT_THAT(directory_.members("staff", "alice", 10).value(), ElementsAre("bob"));
  EXPECT_THAT(directory_.members("staff", "", 1).value(), ElementsAre("alice"));
  EXPECT_EQ(directory_.member_count("staff").value(), 2U);
  EXPECT_THAT(directory_.groups("night", 1).value(), ElementsAre(Group{"staff", ""}));
  const auto refused = directory_.delete_group("admin", "staff");
  EXPECT_EQ(refused.error().code, Errc::kBusy);
  EXPECT_THAT(refused.error().detail, HasSubstr("2 members"));
  ASSERT_TRUE(directory_.delete_user("admin", "alice"));
  ASSERT_TRUE(directory_.delete_user("admin", "bob"));
  ASSERT_TRUE(directory_.delete_group("admin", "staff"));
  ASSERT_TRUE(directory_.change_group("admin", {"night", "the night watch"}));
  EXPECT_THAT(directory_.groups("", 10).value(), ElementsAre(Group{"night", "the night watch"}));
}

// ---- credentials

TEST_P(DirectoryTest, FindsTheUserOfASmartCardByItsNumberWhichNobodyElseMayHave) {
  for (const char* name : {"alice", "bob"}) ASSERT_TRUE(directory_.add_user("admin", {name}));
  ASSERT_TRUE(directory_.set_credential("admin", "alice", CredentialKind::kSmartCard, "key", "0042"));
  ASSERT_TRUE(directory_.set_credential("admin", "alice", CredentialKind::kSmartCard, "new key", "0042"));
  EXPECT_EQ(directory_.set_credential("admin", "bob", CredentialKind::kSmartCard, "key", "0042").error().code,
            Errc::kExists);
  EXPECT_EQ(directory_.user_with(CredentialKind::kSmartCard, "0042").value(), "alice");
  EXPECT_EQ(directory_.user_with(CredentialKind::kSmartCard, "0043").value(), std::nullopt);
  EXPECT_EQ(directory_.user_with(CredentialKind::kTotp, "0042").value(), std::nullopt);
  ASSERT_TRUE(directory_.set_credential("admin", "bob", CredentialKind::kPassword, "hash"));
  EXPECT_EQ(directory_.user_with(CredentialKind::kPassword, "").value(), std::nullopt) << "no number finds nobody";
}

TEST_P(DirectoryTest, GivesAStepOnceAndOnlyForwardsAlsoWhenItIsOpenedAgain) {
  ASSERT_TRUE(directory_.add_user("admin", {"bob"}));
  EXPECT_FALSE(directory_.take_step("bob", CredentialKind::kTotp, 7).value()) << "there is no credential";
  ASSERT_TRUE(directory_.set_credential("admin", "bob", CredentialKind::kTotp, "secret"));
  EXPECT_TRUE(directory_.take_step("bob", CredentialKind::kTotp, 7).value());
  { const Directory closed = std::move(directory_); }
  directory_ = open();
  EXPECT_FALSE(directory_.take_step("bob", CredentialKind::kTotp, 7).value());
  EXPECT_FALSE(directory_.take_step("bob", CredentialKind::kTotp, 6).value());
  EXPECT_TRUE(directory_.take_step("bob", CredentialKind::kTotp, 8).value());
}

TEST_P(DirectoryTest, KeepsOneCredentialOfAKindAndForgetsThemWithTheirUser) {
  ASSERT_TRUE(directory_.add_user("admin", {"bob"}));
  EXPECT_EQ(directory_.credential("bob", CredentialKind::kPassword).value(), std::nullopt);
  ASSERT_TRUE(directory_.set_credential("admin", "bob", CredentialKind::kPassword, "one"));
  ASSERT_TRUE(directory_.set_credential("admin", "bob", CredentialKind::kPassword, "two"));
  ASSERT_TRUE(directory_.set_credential("admin", "bob", CredentialKind::kTotp, "three"));
  EXPECT_EQ(directory_.credential("bob", CredentialKind::kPassword).value(), "two");
  ASSERT_TRUE(directory_.delete_credential("admin", "bob", CredentialKind::kPassword));
  EXPECT_EQ(directory_.credential("bob", CredentialKind::kPassword).value(), std::nullopt);
  EXPECT_EQ(directory_.delete_credential("admin", "bob", CredentialKind::kPassword).error().code, Errc::kNotFound);
  EXPECT_EQ(directory_.set_credential("admin", "nobody", CredentialKind::kTotp, "x").error().code, Errc::kNotFound);
  ASSERT_TRUE(directory_.delete_user("admin", "bob"));
  ASSERT_TRUE(directory_.add_user("admin", {"bob"}));
  EXPECT_EQ(directory_.credential("bob", CredentialKind::kTotp).value(), std::nullopt);
}

// ---- audit log

TEST_P(DirectoryTest, WritesDownWhoChangedWhatAndNeverASecret) {
  ASSERT_TRUE(directory_.add_user("root", kAlice));
  ASSERT_TRUE(directory_.set_credential("root", "alice", CredentialKind::kPassword, "$argon2id$secret"));
  const auto log = directory_.audit(2, 10).value();  // behind the two groups
  ASSERT_EQ(log.size(), 2U);
  EXPECT_EQ(log[0].actor, "root");
  EXPECT_EQ(log[0].action, "user.add");
  EXPECT_EQ(log[0].subject, "alice");
  EXPECT_THAT(log[0].detail, HasSubstr("role administer, night, staff"));
  EXPECT_EQ(log[1].action, "credential.set");
  EXPECT_EQ(log[1].detail, "password");
}

TEST_P(DirectoryTest, NoticesThatSomebodyElseChangedTheLog) {
  for (const char* name : {"alice", "bob", "carol"}) ASSERT_TRUE(directory_.add_user("admin", {name}));
  ASSERT_TRUE(directory_.verify_audit());
  tamper("UPDATE audit SET actor = 'mallory' WHERE number = 4");
  EXPECT_THAT(directory_.verify_audit().error().detail, HasSubstr("entry 4"));
  tamper("UPDATE audit SET actor = 'admin' WHERE number = 4");
  ASSERT_TRUE(directory_.verify_audit());
  tamper("DELETE FROM audit WHERE number = 5");
  EXPECT_THAT(directory_.verify_audit().error().detail, HasSubstr("cut or changed"));
}

TEST_P(DirectoryTest, KeepsOneLineOfTextForEachEntryOfTheLogWhateverItTells) {
  using namespace std::string_literals;
  ASSERT_TRUE(directory_.record("mallory", "request.denied", "GET /v1/users/a\0b"s, "no role"));
  ASSERT_TRUE(directory_.record("mallory", "request.denied", "a\n9  root\x1b[2K"s, "caf\xe9"));
  EXPECT_TRUE(directory_.verify_audit());
  const auto entries = directory_.audit(2, 10).value();
  EXPECT_EQ(entries[0].subject, "GET /v1/users/a\\x00b");
  EXPECT_EQ(entries[1].subject, "a\\x0a9  root\\x1b[2K");
  EXPECT_EQ(entries[1].detail, "caf\\xe9");
}

TEST_P(DirectoryTest, TakesNoTextThatOneOfTheDatabasesWouldNotKeep) {
  using namespace std::string_literals;
  for (const auto& text : {"A\0B"s, "caf\xe9"s}) {
    EXPECT_EQ(directory_.add_user("admin", {"bob", text}).error().code, Errc::kInvalid);
    EXPECT_EQ(directory_.add_group("admin", {"day", text}).error().code, Errc::kInvalid);
    EXPECT_EQ(directory_.change_group("admin", {"night", text}).error().code, Errc::kInvalid);
    bool given = false;
    const auto imported = directory_.import("admin", [&]() -> Result<std::optional<Directory::Imported>> {
      if (std::exchange(given, true)) return std::optional<Directory::Imported>();
      return std::optional(Directory::Imported{.name = "bob", .full_name = text, .line = 2});
    });
    EXPECT_EQ(imported.error().detail, "line 2: a full name must be UTF-8, without a NUL");
  }
  ASSERT_TRUE(directory_.add_user("admin", {"bob", "Zoë"}));
  EXPECT_EQ(directory_.change_user("admin", {"bob", "A\0B"s}).error().code, Errc::kInvalid);
  EXPECT_EQ(directory_.user("bob")->full_name, "Zoë");
}

class SharedDirectory : public DirectoryTest {};
INSTANTIATE_TEST_SUITE_P(, SharedDirectory, testing::Values(Kind::kPostgresql));

TEST_P(SharedDirectory, KeepsOneChainWhenTwoGatewaysWriteAtOnce) {
  Directory other = open();
  std::thread beside([&] {
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(other.record("other", "test", std::to_string(i), ""));
  });
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(directory_.record("one", "test", std::to_string(i), ""));
  beside.join();
  EXPECT_EQ(directory_.verify_audit().value().number, 42U);
}

TEST_P(SharedDirectory, VerifiesTheLogWhileAnotherGatewayWrites) {
  Directory other = open();
  std::atomic<bool> writes = true;
  std::thread beside([&] {
    for (int i = 0; i < 200; ++i) EXPECT_TRUE(other.record("other", "test", std::to_string(i), ""));
    writes = false;
  });
  while (writes) {
    const auto verified = directory_.verify_audit();
    EXPECT_TRUE(verified) << verified.error().detail;
  }
  beside.join();
}

// ---- import

TEST_P(DirectoryTest, ImportsAllOrNothing) {
  ASSERT_TRUE(directory_.add_user("admin", kAlice));
  unsigned given = 0;
  const auto failed = directory_.import("admin", [&]() -> Result<std::optional<Directory::Imported>> {
    if (++given == 3) return Error{Errc::kInvalid, "line 4: no"};
    return std::optional(
        Directory::Imported{.name = "user" + std::to_string(given), .groups = {{"new"}}, .line = given});
  });
  EXPECT_EQ(failed.error().detail, "line 4: no");
  EXPECT_EQ(directory_.user_count().value(), 1U);
  EXPECT_EQ(directory_.groups("", 10).value().size(), 2U);
  EXPECT_EQ(directory_.verify_audit().value().number, 3U);
}

// ---- files

using DirectoryFile = store::TestFolder;

TEST_F(DirectoryFile, IsForItsOwnerAloneAndNobodyElses) {
  const auto file = folder_ / "users.db";
  ASSERT_TRUE(Directory::open_file(file));
  struct stat status {};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 077, 0U);
  ::chmod(file.c_str(), 0644);
  const auto refused = Directory::open_file(file);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, HasSubstr("chmod 600"));
}

TEST_F(DirectoryFile, HasTheOldOrTheNewWhenItsProcessIsKilledAtAnyMoment) {
  const auto file = folder_ / "users.db";
  ASSERT_TRUE(Directory::open_file(file));
  std::uint32_t first = 1;
  for (int round = 0; round < 20; ++round) {
    store::Victim victim;
    const auto& progress =
        victim.run_and_kill(first, round == 0 ? store::Death::kOnceOneIsStored : store::Death::kAnyMoment,
                            std::chrono::milliseconds(5 + 7 * round), [&file](std::uint32_t n) {
                              static Directory directory = std::move(Directory::open_file(file).value());
                              directory.add_user("admin", {"u" + std::to_string(n)}).value();
                            });
    Directory directory = std::move(Directory::open_file(file).value());
    const std::uint64_t users = directory.user_count().value();
    const std::uint64_t stored =
        std::max<std::uint32_t>(progress.stored, first - 1);  // 0: it was killed in its first step
    EXPECT_TRUE(users == stored || users == stored + 1) << users << " of " << stored;
    EXPECT_EQ(directory.verify_audit().value().number, users);
    first = static_cast<std::uint32_t>(users) + 1;
  }
}

// ---- a server that goes away

class DirectoryServer : public DirectoryTest {
 protected:
  // What `work` comes to when the server is there again, which is not asked at once.
  template <class Work>
  static auto when_it_is_back(Work work) {
    auto result = work();
    for (int i = 0; i < 600 && !result && result.error().code == Errc::kDisconnected; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      result = work();
    }
    return result;
  }

  const PostgresqlServer& server_ = PostgresqlServer::get();
};
INSTANTIATE_TEST_SUITE_P(, DirectoryServer, testing::Values(Kind::kPostgresql));

TEST_P(DirectoryServer, HasRestartedAndNobodyNotices) {
  server_.restart();
  EXPECT_TRUE(directory_.add_user("admin", kAlice)) << "a change";
  server_.restart();
  EXPECT_EQ(directory_.user("alice").value(), kAlice) << "a question";
  EXPECT_EQ(directory_.verify_audit().value().number, 3U) << "done once";
  ASSERT_TRUE(directory_.set_credential("admin", "alice", CredentialKind::kTotp, "secret"));
  server_.restart();
  EXPECT_TRUE(directory_.take_step("alice", CredentialKind::kTotp, 7).value());
}

TEST_P(DirectoryServer, ThatIsAwayIsAnErrorWithARemedyUntilItIsBack) {
  ASSERT_TRUE(directory_.add_user("admin", kAlice));
  server_.stop();
  for (const auto& refused : {directory_.user("alice").error(), directory_.delete_user("admin", "alice").error(),
                              directory_.record("admin", "test", "", "").error()}) {
    EXPECT_EQ(refused.code, Errc::kDisconnected);
    EXPECT_THAT(refused.detail, HasSubstr("is the database server running"));
  }
  server_.start();
  EXPECT_EQ(when_it_is_back([&] { return directory_.user("alice"); }).value(), kAlice);
  EXPECT_EQ(directory_.verify_audit().value().number, 3U);
}

TEST_P(DirectoryServer, NeedNotBeThereWhenTheDirectoryIsOpened) {
  server_.stop();
  Directory early = open();
  EXPECT_EQ(early.connect().error().code, Errc::kDisconnected);
  server_.start();
  EXPECT_EQ(when_it_is_back([&] { return early.groups("", 10); }).value().size(), 2U);
}

TEST_P(DirectoryServer, ThatGoesInTheMiddleOfAChangeLeavesNothingOfItAndItIsNotDoneAgain) {
  unsigned given = 0;
  const auto lost = directory_.import("admin", [&]() -> Result<std::optional<Directory::Imported>> {
    if (++given == 2) server_.restart();
    if (given > 2) return std::optional<Directory::Imported>();
    return std::optional(Directory::Imported{"user" + std::to_string(given)});
  });
  EXPECT_EQ(lost.error().code, Errc::kDisconnected);
  EXPECT_THAT(lost.error().detail, HasSubstr("nothing of it was changed"));
  EXPECT_EQ(given, 2U);
  EXPECT_EQ(directory_.user_count().value(), 0U);
  EXPECT_EQ(directory_.verify_audit().value().number, 2U);
}

TEST_P(DirectoryServer, ThatIsKeptBusyByAnotherGatewayIsNotWaitedForForEver) {
  Directory other =
      std::move(Directory::open_postgresql(connection_ + " options='-c statement_timeout=200ms'").value());
  const auto held = directory_.import("admin", [&]() -> Result<std::optional<Directory::Imported>> {
    const auto refused = other.record("admin", "test", "", "");
    EXPECT_EQ(refused.error().code, Errc::kTimeout);
    EXPECT_THAT(refused.error().detail, HasSubstr("nothing of it was changed: try again"));
    return std::optional<Directory::Imported>();
  });
  ASSERT_TRUE(held);
  EXPECT_TRUE(other.record("admin", "test", "", ""));
}

TEST(DirectoryConnection, OfOtherWordsThanLibpqsIsRefusedAtOnce) {
  const auto refused = Directory::open_postgresql("host=db colour=blue");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kInvalid);
  EXPECT_THAT(refused.error().detail, HasSubstr("colour"));
}

}  // namespace
}  // namespace sallyport::users
