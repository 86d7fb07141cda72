// SPDX-License-Identifier: Apache-2.0
#include "host/store/answer_store.hpp"

#include <gmock/gmock.h>
#include <sqlite3.h>

#include "host/store/test_folder.hpp"

namespace sallyport::store {
namespace {

using ::testing::HasSubstr;

class AnswerStoreTest : public TestFolder {
 protected:
  AnswerStore open() const { return AnswerStore::open(folder_).value(); }
};

TEST_F(AnswerStoreTest, GivesBackWhatWasStoredLast) {
  EXPECT_EQ(open().answers().value(), "");
  ASSERT_TRUE(open().save("[1]"));
  ASSERT_TRUE(open().save("[1,2]"));
  EXPECT_EQ(open().answers().value(), "[1,2]");
}

TEST_F(AnswerStoreTest, RefusesAnAnswerThatNobodyGave) {
  ASSERT_TRUE(open().save("[\"refuse\"]"));
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open((folder_ / "answers.db").c_str(), &database), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(database, "UPDATE meta SET value = CAST('[\"clear!\"]' AS BLOB) WHERE name = 'answers'",
                         nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(database);
  const auto answers = open().answers();
  ASSERT_FALSE(answers);
  EXPECT_EQ(answers.error().code, Errc::kCorrupt);
  EXPECT_THAT(answers.error().detail, HasSubstr("answers.db"));
}

// Many kills at any moment: the one before or the one that was being stored.
TEST_F(AnswerStoreTest, ADeathAmidASaveLeavesTheOldOrTheNew) {
  std::uint32_t last = 0;
  for (int round = 0; round < 20; ++round) {
    Victim victim;
    const Progress& progress = victim.run_and_kill(last + 1, round == 0 ? Death::kOnceOneIsStored : Death::kAnyMoment,
                                                   std::chrono::milliseconds(5 + 3 * round), [this](std::uint32_t n) {
                                                     static AnswerStore store = open();
                                                     (void)store.save(std::to_string(n));
                                                   });
    const std::string found = open().answers().value();
    const std::uint32_t n = found.empty() ? 0 : static_cast<std::uint32_t>(std::stoul(found));
    EXPECT_TRUE(n == progress.begun || n == progress.stored || (progress.stored == 0 && n == last))
        << n << ", begun " << progress.begun << ", stored " << progress.stored;
    last = n;
  }
}

}  // namespace
}  // namespace sallyport::store
