// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/told.hpp"

#include <gtest/gtest.h>

namespace sallyport::gateway {
namespace {

using std::chrono::minutes;
const Told::Time kStart{std::chrono::hours(1)};

IpAddress address(std::uint32_t last) { return IpAddress::from_v4(0x0a020000 + last); }

TEST(Told, TellsOnceOfADestinationForAWhile) {
  Told told;
  EXPECT_EQ(told.on_packet("alice", "rest", address(1), kStart), Told::News::kDestination);
  EXPECT_EQ(told.on_packet("alice", "rest", address(1), kStart), Told::News::kNone);
  EXPECT_EQ(told.on_packet("bob", "rest", address(1), kStart), Told::News::kDestination);
  EXPECT_EQ(told.on_packet("alice", "other", address(1), kStart), Told::News::kDestination);
  ASSERT_EQ(told.front_rules().size(), 3U);
  const auto rule = told.front_rules()[0];
  EXPECT_EQ(rule.policy, "rest");
  EXPECT_EQ(rule.user, "alice");
  EXPECT_EQ(rule.destination.addresses.to_string(), "10.2.0.1");
  EXPECT_FALSE(rule.action) << "the policy's own";
  EXPECT_FALSE(told.expire(kStart + minutes(9)));
  EXPECT_TRUE(told.expire(kStart + minutes(10)));
  EXPECT_TRUE(told.front_rules().empty());
  EXPECT_EQ(told.on_packet("alice", "rest", address(1), kStart + minutes(10)), Told::News::kDestination);
}

TEST(Told, WhoeverGoesOnAndOnIsToldOfTheRestAtOnce) {
  Told told({.destinations = 3});
  EXPECT_EQ(told.on_packet("alice", "rest", address(1), kStart), Told::News::kDestination);
  EXPECT_EQ(told.on_packet("alice", "rest", address(2), kStart), Told::News::kDestination);
  EXPECT_EQ(told.on_packet("alice", "rest", address(3), kStart), Told::News::kRest);
  EXPECT_EQ(told.on_packet("alice", "rest", address(4), kStart), Told::News::kNone);
  ASSERT_EQ(told.front_rules().size(), 1U);
  EXPECT_EQ(told.front_rules()[0].destination.addresses, AddressRange::any());
}

TEST(Told, IsBoundedAndForgetsTheOldest) {
  Told told({.destinations = 1000, .most = 2});
  for (std::uint32_t i = 1; i <= 3; ++i) told.on_packet("alice", "rest", address(i), kStart);
  EXPECT_EQ(told.front_rules().size(), 2U);
  EXPECT_EQ(told.on_packet("alice", "rest", address(3), kStart), Told::News::kNone);
  EXPECT_EQ(told.on_packet("alice", "rest", address(1), kStart), Told::News::kDestination);
}

TEST(Told, ForgetsWhoLeaves) {
  Told told;
  told.on_packet("alice", "rest", address(1), kStart);
  EXPECT_FALSE(told.forget("bob"));
  EXPECT_TRUE(told.forget("alice"));
  EXPECT_TRUE(told.front_rules().empty());
}

}  // namespace
}  // namespace sallyport::gateway
