// SPDX-License-Identifier: Apache-2.0
#include "host/store/policy_store.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sched.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <fstream>

#include "host/store/test_folder.hpp"

namespace sallyport::store {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr uid_t kNobody = 65534;

// The n-th save: a configuration and a state of which every word tells n.
std::string text_of(std::uint32_t n, char letter) {
  return std::to_string(n) + ' ' + std::string(100 + n * 997 % 9000, letter);
}
StoredConfiguration configuration_of(std::uint32_t n) {
  return {n, 1000 + n, text_of(n, 'w'), text_of(n, 'c'), text_of(n, 's'), text_of(n, 'p')};
}
StoredState state_of(std::uint32_t n) {
  return {"origin " + std::to_string(n), n - 1, text_of(n, 'q'), text_of(n, 'd')};
}

// What is there after saves up to the n-th one.
bool is_of(const StoredPolicies& stored, std::uint32_t n) {
  if (stored.configurations.empty() || stored.state != state_of(n)) return false;
  std::uint32_t number = n - static_cast<std::uint32_t>(stored.configurations.size()) + 1;
  for (const auto& c : stored.configurations) {
    if (c != configuration_of(number++)) return false;
  }
  return true;
}

// By a way of its own.
void with_sqlite(const std::filesystem::path& file, const char* sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &database), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
  sqlite3_close(database);
}

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_content(const std::filesystem::path& file, const std::string& content) {
  std::ofstream(file, std::ios::binary) << content;
}

class PolicyStoreTest : public TestFolder {
 protected:
  PolicyStore open() const { return PolicyStore::open(folder_).value(); }
  Error refusal() const {
    const auto opened = PolicyStore::open(folder_);
    return opened ? Error{Errc::kInvalid, "opened"} : opened.error();
  }
  static Result<void> save(PolicyStore& store, std::uint32_t n) {
    return store.save({configuration_of(n)}, state_of(n));
  }
  void save(std::uint32_t n) const {
    PolicyStore store = open();
    save(store, n).value();
  }
  std::uint32_t number_found() const {
    const auto stored = open().policies().value();
    if (!stored) return 0;
    const std::uint32_t n = stored->configurations.empty() ? 0 : stored->configurations.back().number;
    EXPECT_TRUE(is_of(*stored, n)) << "a mix";
    return n;
  }
  [[nodiscard]] std::filesystem::path file() const { return folder_ / "policies.db"; }
};

TEST_F(PolicyStoreTest, KeepsTheHistoryAndWhatStandsBesideIt) {
  EXPECT_FALSE(open().policies().value());
  save(1);
  save(2);
  open().save({}, {"file-1", 0, "", "a candidate"}).value();
  const auto stored = open().policies().value();
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->configurations, (std::vector{configuration_of(1), configuration_of(2)}));
  EXPECT_EQ(stored->state, (StoredState{"file-1", 0, "", "a candidate"}));
}

TEST_F(PolicyStoreTest, ForgetsTheOldestConfigurations) {
  PolicyStore store = open();
  for (std::uint32_t n = 1; n <= PolicyStore::kMost + 5; ++n) {
    ASSERT_TRUE(store.save({{n, 0, "", "", "", std::to_string(n)}}, {}));
  }
  const auto kept = store.policies().value()->configurations;
  EXPECT_EQ(kept.size(), PolicyStore::kMost);
  EXPECT_EQ(kept.front().number, 6U);
}

TEST_F(PolicyStoreTest, ANewestConfigurationThatIsMissingIsNoticed) {
  save(1);
  save(2);
  with_sqlite(file(), "DELETE FROM configurations WHERE number = 2");
  const auto found = open().policies();
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().detail, HasSubstr("does not hold what was stored last"));
}

TEST_F(PolicyStoreTest, NobodyElseCanReadIt) {
  PolicyStore store = open();
  save(store, 1).value();
  unsigned files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    struct stat status {};
    ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 077, 0U) << entry.path();
    ++files;
  }
  EXPECT_EQ(files, 2U);  // and its -wal
}

// ---- death ---------------------------------------------------------------------------------------------------------

TEST_F(PolicyStoreTest, KilledAtAnyMomentItHoldsTheOldOrTheNewAndNeverAMix) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::uint32_t found = 0;
  for (int round = 0; round < 60; ++round) {
    Victim victim;
    std::optional<PolicyStore> store;
    const auto& progress = victim.run_and_kill(found + 1, round == 0 ? Death::kOnceOneIsStored : Death::kAnyMoment,
                                               std::chrono::microseconds(random() % 20000), [&](std::uint32_t n) {
                                                 if (!store) store.emplace(open());
                                                 save(*store, n).value();
                                               });
    const std::uint32_t before = found;
    found = number_found();
    ASSERT_GE(found, std::max<std::uint32_t>(before, progress.stored)) << "what was told to be stored is not there";
    ASSERT_LE(found, std::max<std::uint32_t>(before, progress.begun));
  }
}

TEST_F(PolicyStoreTest, KilledWhileItIsMadeItIsThereOrNot) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 40; ++round) {
    std::filesystem::remove_all(folder_);
    Victim victim;
    victim.run_and_kill(1, Death::kAnyMoment, std::chrono::microseconds(random() % 6000), [&](std::uint32_t n) {
      if (n == 1) PolicyStore::open(folder_).value();
    });
    EXPECT_FALSE(open().policies().value());
  }
}

// ---- no room -------------------------------------------------------------------------------------------------------

// Every write of every save fails once: the file system takes a file up to `most` bytes and no further.
TEST_F(PolicyStoreTest, AFileSystemWithoutRoomLeavesWhatWasStored) {
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit unlimited{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &unlimited), 0);
  unsigned refused = 0;
  bool saved = false;
  for (rlim_t most = 0; !saved; most += 1000) {
    ASSERT_LT(most, 1000000U);
    {
      std::filesystem::remove_all(folder_);
      PolicyStore store = open();
      save(store, 1).value();
      const rlimit limited{most, unlimited.rlim_max};
      ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limited), 0);
      const auto result = save(store, 2);
      ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &unlimited), 0);
      saved = result.has_value();
      if (!saved) {
        ++refused;
        EXPECT_THAT(result.error().detail, AllOf(HasSubstr(file().string()), HasSubstr("make room")));
        EXPECT_TRUE(is_of(*store.policies().value(), 1)) << most;
        save(store, 2).value();  // room again
      }
      save(store, 3).value();
    }
    EXPECT_EQ(number_found(), 3U) << most;
  }
  EXPECT_GT(refused, 3U);
}

// A file system of 64 KB that only this thread sees.
TEST_F(PolicyStoreTest, AFullDiskIsTold) {
  std::thread([&] {
    ASSERT_EQ(::unshare(CLONE_FS | CLONE_NEWNS), 0) << "this test mounts a file system and must run as root";
    ASSERT_EQ(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    ASSERT_EQ(::mount("tmpfs", folder_.c_str(), "tmpfs", 0, "size=64k"), 0);
    PolicyStore store = open();
    store.save({}, {"o", 0, "", "small"}).value();
    const auto result = store.save({}, {"o", 0, "", std::string(100000, 'x')});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::kFull);
    EXPECT_THAT(result.error().detail, AllOf(HasSubstr(file().string()), HasSubstr("make room")));
    EXPECT_EQ(store.policies().value()->state.candidate, "small");
  }).join();
}

// ---- a file that is not as it should be ----------------------------------------------------------------------------

TEST_F(PolicyStoreTest, AFileCutAnywhereIsRefusedAndStaysAsItIs) {
  save(7);
  const std::string whole = content_of(file());
  ASSERT_GT(whole.size(), 10000U);
  unsigned opened = 0;
  for (std::size_t size = 0; size < whole.size(); size += 509) {
    write_content(file(), whole.substr(0, size));
    auto cut = PolicyStore::open(folder_);
    if (auto found = cut ? cut->policies() : cut.error(); found) {
      // The last page may have had nothing behind the cut.
      EXPECT_TRUE(*found && is_of(**found, 7)) << size;
      ++opened;
      continue;
    } else {
      EXPECT_EQ(found.error().code, Errc::kCorrupt) << size << ": " << found.error().detail;
      EXPECT_THAT(found.error().detail,
                  AllOf(HasSubstr(file().string()), HasSubstr("restore it from a backup, or move it")));
    }
    EXPECT_EQ(content_of(file()), whole.substr(0, size));
  }
  EXPECT_LT(opened, 4096U / 509U + 1) << "more than the last page was cut";
  write_content(file(), whole);
  EXPECT_EQ(number_found(), 7U);
}

TEST_F(PolicyStoreTest, ByteByByteDamageNeverShowsOtherPolicies) {
  save(7);
  const std::string whole = content_of(file());
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  unsigned refused = 0;
  for (int round = 0; round < 400; ++round) {
    std::string damaged = whole;
    const std::size_t at = random() % damaged.size();
    damaged[at] = static_cast<char>(damaged[at] ^ static_cast<char>(1 + random() % 255));
    write_content(file(), damaged);
    auto opened = PolicyStore::open(folder_);
    const auto found = opened ? opened->policies() : opened.error();
    if (found && *found) {
      EXPECT_TRUE(is_of(**found, 7)) << "byte " << at;
    } else if (!found) {
      ++refused;
      EXPECT_THAT(found.error().detail, HasSubstr(file().string()));
    } else {
      ADD_FAILURE() << "byte " << at << ": forgotten without a word";
    }
  }
  EXPECT_GT(refused, 0U);
}

TEST_F(PolicyStoreTest, ALogWithoutItsFileIsNotTakenForAnothers) {
  PolicyStore store = open();
  save(store, 1).value();
  std::filesystem::rename(file(), folder_ / "moved");
  const Error error = refusal();
  EXPECT_EQ(error.code, Errc::kCorrupt);
  EXPECT_THAT(error.detail, AllOf(HasSubstr(file().string() + "-wal"), HasSubstr("move this away")));
  EXPECT_FALSE(std::filesystem::exists(file()));
}

TEST_F(PolicyStoreTest, ALaterVersionIsLeftAlone) {
  save(1);
  with_sqlite(file(), "PRAGMA user_version = 9");
  const std::string before = content_of(file());
  const Error error = refusal();
  EXPECT_EQ(error.code, Errc::kUnsupported);
  EXPECT_THAT(error.detail, AllOf(HasSubstr(file().string()), HasSubstr("version 9"), HasSubstr("sallyportd")));
  EXPECT_EQ(content_of(file()), before);
}

TEST_F(PolicyStoreTest, AFileOfTheVersionBeforeIsTakenWithAllThatItHolds) {
  save(1);
  save(2);
  with_sqlite(file(), "ALTER TABLE configurations RENAME COLUMN words TO policies; PRAGMA user_version = 2");
  EXPECT_EQ(number_found(), 2U);
  save(3);
  EXPECT_EQ(number_found(), 3U);
}

TEST_F(PolicyStoreTest, SomethingElseIsLeftAlone) {
  with_sqlite(file(), "CREATE TABLE cats (name TEXT); INSERT INTO cats VALUES ('Tom')");
  ::chmod(file().c_str(), 0600);
  for (const std::string& content : {content_of(file()), std::string(5000, 'x')}) {
    write_content(file(), content);
    const Error error = refusal();
    EXPECT_EQ(error.code, Errc::kCorrupt);
    EXPECT_THAT(error.detail, AllOf(HasSubstr(file().string()), HasSubstr("move it")));
    EXPECT_EQ(content_of(file()), content);
  }
}

TEST_F(PolicyStoreTest, TwoDaemonsDoNotShareIt) {
  PolicyStore store = open();
  save(store, 1).value();
  const Error error = refusal();
  EXPECT_EQ(error.code, Errc::kBusy);
  EXPECT_THAT(error.detail, AllOf(HasSubstr(file().string()), HasSubstr("running already")));
}

// ---- permissions ---------------------------------------------------------------------------------------------------

TEST_F(PolicyStoreTest, AFileThatOthersCanOpenIsRefused) {
  open();
  ::chmod(file().c_str(), 0640);
  const Error error = refusal();
  EXPECT_EQ(error.code, Errc::kDenied);
  EXPECT_THAT(error.detail, HasSubstr("chmod 600 " + file().string()));
}

// Seen by somebody who is not root, on a thread of his own.
TEST_F(PolicyStoreTest, WhoMayNotOpenOrWriteItIsToldWhatIsMissing) {
  save(1);
  const auto as_nobody = [&](mode_t of_file, mode_t of_folder) {
    EXPECT_EQ(::chown(folder_.c_str(), kNobody, kNobody), 0) << "this test changes users and must run as root";
    if (std::filesystem::exists(file())) {
      EXPECT_EQ(::chown(file().c_str(), kNobody, kNobody), 0);
      EXPECT_EQ(::chmod(file().c_str(), of_file), 0);
    }
    ::chmod(folder_.c_str(), of_folder);
    Error error;
    std::thread([&] {
      ASSERT_EQ(::syscall(SYS_setresuid, kNobody, kNobody, kNobody), 0);
      error = refusal();
    }).join();
    return error;
  };
  for (const auto& [of_file, of_folder] :
       {std::pair<mode_t, mode_t>{0000, 0700}, {0400, 0700}, {0600, 0500}, {0600, 0000}}) {
    const Error error = as_nobody(of_file, of_folder);
    EXPECT_EQ(error.code, Errc::kDenied) << std::oct << of_file << ' ' << of_folder << ": " << error.detail;
    EXPECT_THAT(error.detail, AllOf(HasSubstr(file().string()), HasSubstr("must belong to the daemon's user")));
  }
  std::filesystem::remove(file());
  EXPECT_THAT(as_nobody(0, 0500).detail, AllOf(HasSubstr(file().string()), HasSubstr("must belong")));
  ::chmod(folder_.c_str(), 0700);
}

}  // namespace
}  // namespace sallyport::store
