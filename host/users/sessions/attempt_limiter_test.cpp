// SPDX-License-Identifier: Apache-2.0
#include "host/users/sessions/attempt_limiter.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sallyport::users {
namespace {

using std::chrono::seconds;
using Time = AttemptLimiter::Time;

const Time kStart{seconds(1000000)};

TEST(AttemptLimiter, AdmitsABurstAndThenOneAnInterval) {
  AttemptLimiter limiter({3, seconds(10)});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limiter.admit("alice", kStart)) << i;
  EXPECT_FALSE(limiter.admit("alice", kStart));
  EXPECT_EQ(limiter.wait("alice", kStart), seconds(10));
  EXPECT_FALSE(limiter.admit("alice", kStart + seconds(9)));
  EXPECT_TRUE(limiter.admit("alice", kStart + seconds(10))) << "refusals were not counted";
  EXPECT_FALSE(limiter.admit("alice", kStart + seconds(10)));
}

TEST(AttemptLimiter, GivesTheBurstBackInTimeAndNoMore) {
  AttemptLimiter limiter({3, seconds(10)});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limiter.admit("alice", kStart));
  const Time later = kStart + seconds(100000);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limiter.admit("alice", later));
  EXPECT_FALSE(limiter.admit("alice", later));
}

TEST(AttemptLimiter, ForgivesAGoodOne) {
  AttemptLimiter limiter({1, seconds(10)});
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(limiter.admit("alice", kStart)) << i;
    limiter.forgive("alice");
  }
}

TEST(AttemptLimiter, LetsOneNotWaitForAnother) {
  AttemptLimiter limiter({1, seconds(10)});
  unsigned admitted = 0;
  for (int i = 0; i < 100; ++i) admitted += limiter.admit("user" + std::to_string(i), kStart) ? 1 : 0;
  EXPECT_GT(admitted, 90U) << "but for those that share a bucket";
}

}  // namespace
}  // namespace sallyport::users
