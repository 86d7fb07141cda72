// SPDX-License-Identifier: Apache-2.0
#include "host/store/used_keys.hpp"

#include <gmock/gmock.h>
#include <sqlite3.h>

#include <fstream>

#include "host/store/test_folder.hpp"

namespace sallyport::store {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Secret key(std::uint32_t n) { return Secret(ByteWriter().zeros(12).u32(n).take()); }

class UsedKeysTest : public TestFolder {
 protected:
  UsedKeys open() const { return UsedKeys::open(folder_).value(); }
  void with_sqlite(const char* sql) const {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open((folder_ / "used_keys.db").c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
  }
};

TEST_F(UsedKeysTest, KnowsEveryKeyThatWasAddedAndNoOther) {
  EXPECT_FALSE(open().contains(key(1)));
  ASSERT_TRUE(open().add(key(1), key(2)));
  ASSERT_TRUE(open().add(key(3), key(2)));
  const UsedKeys used = open();
  for (std::uint32_t n = 1; n <= 3; ++n) EXPECT_TRUE(used.contains(key(n))) << n;
  EXPECT_FALSE(used.contains(key(4)));
}

TEST_F(UsedKeysTest, HoldsNoKey) {
  const std::string text = "0123456789abcdef";
  {
    UsedKeys used = open();
    ASSERT_TRUE(used.add(Secret(as_bytes(text)), key(1)));
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string all((std::istreambuf_iterator<char>(file)), {});
      EXPECT_THAT(all, Not(HasSubstr(text))) << entry.path();
    }
  }
  EXPECT_TRUE(open().contains(Secret(as_bytes(text))));
}

TEST_F(UsedKeysTest, RefusesAFileInWhichAKeyHasBecomeAnother) {
  ASSERT_TRUE(open().add(key(1), key(2)));
  for (const char* sql :
       {"UPDATE meta SET value = zeroblob(64) WHERE name = 'used_keys'",
        "UPDATE meta SET value = zeroblob(31) WHERE name = 'used_keys'", "DELETE FROM meta WHERE name = 'used_keys'"}) {
    with_sqlite(sql);
    const auto used = UsedKeys::open(folder_);
    ASSERT_FALSE(used) << sql;
    EXPECT_EQ(used.error().code, Errc::kCorrupt);
    EXPECT_THAT(used.error().detail, HasSubstr("used_keys.db"));
  }
}

// Many kills at any moment: what add() has said to be stored is there, and nothing that was never added.
TEST_F(UsedKeysTest, ADeathAmidAnAddForgetsNoKey) {
  std::uint32_t last = 0;
  for (int round = 0; round < 20; ++round) {
    Victim victim;
    const Progress& progress = victim.run_and_kill(last + 1, round == 0 ? Death::kOnceOneIsStored : Death::kAnyMoment,
                                                   std::chrono::milliseconds(5 + 3 * round), [this](std::uint32_t n) {
                                                     static UsedKeys used = open();
                                                     (void)used.add(key(n), key(n));
                                                   });
    const UsedKeys used = open();
    if (progress.stored != 0) last = progress.stored;
    for (std::uint32_t n = 1; n <= last; ++n) ASSERT_TRUE(used.contains(key(n))) << n;
    if (used.contains(key(last + 1))) ++last;
    EXPECT_FALSE(used.contains(key(last + 1)));
  }
}

}  // namespace
}  // namespace sallyport::store
