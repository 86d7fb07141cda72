// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/hold_queue.hpp"

#include <gtest/gtest.h>

namespace sallyport::gateway {
namespace {

using std::chrono::milliseconds;
const HoldQueue<int>::Time kStart{};

TEST(HoldQueue, GivesPacketsBackInTheOrderTheyCame) {
  HoldQueue<int> queue;
  EXPECT_TRUE(queue.hold(1, {{1}, 7}, kStart));
  EXPECT_TRUE(queue.hold(2, {{9}}, kStart));
  EXPECT_TRUE(queue.hold(1, {{2}, 8}, kStart));
  EXPECT_EQ(queue.take(1), (std::vector<Held>{{{1}, 7}, {{2}, 8}}));
  EXPECT_TRUE(queue.take(1).empty());
  EXPECT_EQ(queue.keys(), std::vector<int>{2});
}

TEST(HoldQueue, IsBoundedInNumberAndBytes) {
  HoldQueue<int> queue({.packets_per_key = 2, .bytes = 10, .time = milliseconds(1000)});
  EXPECT_TRUE(queue.hold(1, {Buffer(4)}, kStart));
  EXPECT_TRUE(queue.hold(1, {Buffer(4)}, kStart));
  EXPECT_FALSE(queue.hold(1, {Buffer(1)}, kStart));  // two a key
  EXPECT_FALSE(queue.hold(2, {Buffer(3)}, kStart));  // ten bytes in all
  EXPECT_TRUE(queue.hold(2, {Buffer(2)}, kStart));
  EXPECT_EQ(queue.bytes(), 10U);
  EXPECT_EQ(queue.take(1).size(), 2U);
  EXPECT_EQ(queue.bytes(), 2U);
}

TEST(HoldQueue, ForgetsThePacketsOfWhoIsGone) {
  HoldQueue<int> queue;
  queue.hold(1, {{1}, 7}, kStart);
  queue.hold(1, {{2}, 8}, kStart);
  queue.hold(2, {{3}, 7}, kStart);
  EXPECT_EQ(queue.forget(7), 2U);
  EXPECT_EQ(queue.keys(), std::vector<int>{1});
  EXPECT_EQ(queue.bytes(), 1U);
  EXPECT_EQ(queue.take(1), (std::vector<Held>{{{2}, 8}}));
}

TEST(HoldQueue, ForgetsWhatWaitedTooLong) {
  HoldQueue<int> queue({.packets_per_key = 8, .bytes = 100, .time = milliseconds(1000)});
  queue.hold(1, {Buffer(1)}, kStart);
  queue.hold(1, {Buffer(1)}, kStart + milliseconds(500));
  EXPECT_EQ(queue.expire(kStart + milliseconds(999)), 0U);
  EXPECT_EQ(queue.expire(kStart + milliseconds(1000)), 1U);
  EXPECT_TRUE(queue.holds(1));
  EXPECT_EQ(queue.expire(kStart + milliseconds(1500)), 1U);
  EXPECT_FALSE(queue.holds(1));
  EXPECT_EQ(queue.bytes(), 0U);
}

}  // namespace
}  // namespace sallyport::gateway
