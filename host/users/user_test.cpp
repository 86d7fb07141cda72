// SPDX-License-Identifier: Apache-2.0
#include "host/users/user.hpp"

#include <gmock/gmock.h>

namespace sallyport::users {
namespace {

TEST(Name, OfLettersDigitsAndFourSignsIsTaken) {
  for (const char* name : {"a", "7", "alice", "Alice.Adams-7_x@example.org"}) EXPECT_TRUE(check_name(name)) << name;
  EXPECT_TRUE(check_name(std::string(64, 'a')));
}

TEST(Name, OfAnythingElseIsRefusedWithTheReason) {
  for (const char* name : {"", ".alice", "-x", "@", "al ice", "alice\n", "al/ice", "alic\xc3\xa9", "a;b", "a\"b"}) {
    const auto checked = check_name(name);
    ASSERT_FALSE(checked) << name;
    EXPECT_EQ(checked.error().code, Errc::kInvalid);
  }
  EXPECT_THAT(check_name(std::string(65, 'a')).error().detail, testing::HasSubstr("longer than 64"));
}

TEST(Role, IsNamedByThreeWords) {
  for (const Role role : {Role::kView, Role::kOperate, Role::kAdminister}) {
    EXPECT_EQ(role_named(to_string(role)).value(), role);
  }
  EXPECT_THAT(role_named("root").error().detail, testing::HasSubstr("view, operate and administer"));
}

TEST(User, NamesAreFoldedToWhatAServerMayTakeForTheSame) {
  EXPECT_EQ(folded("Alice.Adams-1_x"), "alice.adams-1_x");
  EXPECT_EQ(folded("ALICE@Example.NET"), "alice");
  EXPECT_EQ(folded("alice@a@b"), "alice");
}

}  // namespace
}  // namespace sallyport::users
