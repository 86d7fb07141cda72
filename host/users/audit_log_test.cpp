// SPDX-License-Identifier: Apache-2.0
#include "host/users/audit_log.hpp"

#include <gmock/gmock.h>

#include <vector>

namespace sallyport::users {
namespace {

std::vector<AuditEntry> log_of(std::size_t entries) {
  std::vector<AuditEntry> log;
  std::string digest = first_digest();
  for (std::size_t i = 1; i <= entries; ++i) {
    AuditEntry entry{i, "2026-01-01T00:00:00Z", "admin", "user.add", "user" + std::to_string(i), "no group", {}};
    entry.digest = digest = link(digest, entry);
    log.push_back(entry);
  }
  return log;
}

Result<void> follow_all(const std::vector<AuditEntry>& log) {
  AuditChain chain;
  for (const AuditEntry& entry : log) {
    if (auto follows = chain.follow(entry); !follows) return follows;
  }
  return {};
}

TEST(AuditChain, GoesThroughALogThatNobodyTouched) {
  AuditChain chain;
  for (const AuditEntry& entry : log_of(5)) EXPECT_TRUE(chain.follow(entry));
  EXPECT_EQ(chain.number(), 5U);
  EXPECT_EQ(chain.digest(), log_of(5).back().digest);
}

TEST(AuditChain, NamesTheEntryInWhichAnyFieldWasChanged) {
  for (std::string AuditEntry::*field : {&AuditEntry::at, &AuditEntry::actor, &AuditEntry::action, &AuditEntry::subject,
                                         &AuditEntry::detail, &AuditEntry::digest}) {
    auto log = log_of(5);
    (log[2].*field)[0] = '#';
    const auto followed = follow_all(log);
    ASSERT_FALSE(followed);
    EXPECT_THAT(followed.error().detail, testing::HasSubstr("entry 3"));
  }
}

TEST(AuditChain, NoticesWhatIsMissingDoubledOrMoved) {
  auto missing = log_of(5);
  missing.erase(missing.begin() + 2);
  EXPECT_THAT(follow_all(missing).error().detail, testing::HasSubstr("from entry 2 to entry 4"));
  auto doubled = log_of(5);
  doubled.insert(doubled.begin() + 2, doubled[2]);
  EXPECT_FALSE(follow_all(doubled));
  auto moved = log_of(5);
  std::swap(moved[1], moved[2]);
  EXPECT_FALSE(follow_all(moved));
}

TEST(AuditChain, NoticesAnEntryWrittenAnewWithItsDigestBecauseTheNextOneDoesNotFollow) {
  auto log = log_of(5);
  log[2].detail = "another";
  log[2].digest = link(log[1].digest, log[2]);
  EXPECT_THAT(follow_all(log).error().detail, testing::HasSubstr("entry 4"));
}

TEST(AuditChain, TellsFieldsApartThatReadTheSameInARow) {
  const AuditEntry one{1, "t", "ab", "c", "", "", {}};
  const AuditEntry other{1, "t", "a", "bc", "", "", {}};
  EXPECT_NE(link(first_digest(), one), link(first_digest(), other));
}

}  // namespace
}  // namespace sallyport::users
