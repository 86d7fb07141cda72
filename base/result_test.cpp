// SPDX-License-Identifier: Apache-2.0
#include "base/result.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>

namespace sallyport {
namespace {

TEST(Result, HoldsAValueOrAnError) {
  Result<int> good(7);
  ASSERT_TRUE(good);
  EXPECT_EQ(*good, 7);
  Result<int> bad(Error{Errc::kNotFound, "row 9"});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Errc::kNotFound);
  EXPECT_EQ(bad.value_or(3), 3);
}

TEST(Result, MovesAValueThatCannotBeCopied) {
  Result<std::unique_ptr<int>> r(std::make_unique<int>(5));
  std::unique_ptr<int> p = std::move(r).value();
  EXPECT_EQ(*p, 5);
}

TEST(Result, OfVoidIsGoodUntilGivenAnError) {
  EXPECT_TRUE(Result<void>());
  EXPECT_FALSE(Result<void>(Error{Errc::kBusy, ""}));
}

TEST(ResultDeathTest, StopsTheProcessWhenTheAbsentSideIsRead) {
  Result<int> bad(Error{Errc::kBusy, ""});
  EXPECT_DEATH((void)bad.value(), "");
  Result<int> good(1);
  EXPECT_DEATH((void)good.error(), "");
}

TEST(Error, SaysItsCodeAndItsDetail) {
  EXPECT_EQ((Error{Errc::kAuthFailed, "ICV"}).message(), "auth-failed: ICV");
  EXPECT_EQ((Error{Errc::kTimeout, ""}).message(), "timeout");
}

TEST(Error, OfTheSystemNamesTheCallAndTheReason) {
  errno = ENOENT;
  EXPECT_EQ(errno_error("open x").message(), "io: open x: No such file or directory");
  errno = EACCES;
  EXPECT_EQ(errno_error("open x").message(), "denied: open x: Permission denied");
}

}  // namespace
}  // namespace sallyport
