// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/principal_numbers.hpp"

#include <gtest/gtest.h>

namespace sallyport::gateway {
namespace {

using Groups = PrincipalNumbers::Groups;

TEST(PrincipalNumbers, MembersOfTheSameGroupsAreNeighbours) {
  PrincipalNumbers numbers;
  EXPECT_EQ(numbers.take({"staff"}), 1) << "0 is nobody";
  EXPECT_EQ(numbers.take({"guests"}), 64);
  EXPECT_EQ(numbers.take({"staff"}), 2);
  EXPECT_EQ(numbers.take({"staff", "night"}), 128);
  EXPECT_EQ(numbers.take({"guests"}), 65);
  for (int i = 3; i < 64; ++i) EXPECT_EQ(numbers.take({"staff"}), i);
  EXPECT_EQ(numbers.take({"staff"}), 192) << "a further block";
}

TEST(PrincipalNumbers, WhatIsGivenBackIsTakenAgainFirst) {
  PrincipalNumbers numbers;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(numbers.take({"staff"}));
  numbers.give_back(2);
  EXPECT_EQ(numbers.take({"staff"}), 2);
  for (std::uint16_t i = 1; i < 4; ++i) numbers.give_back(i);
  EXPECT_EQ(numbers.take({"guests"}), 1) << "an empty block is for whoever comes";
}

TEST(PrincipalNumbers, AreAllGivenBeforeThereIsNone) {
  PrincipalNumbers numbers;
  std::set<std::uint16_t> given;
  for (unsigned i = 0; i < 0xffff; ++i) {
    const auto number = numbers.take({std::to_string(i % 3000)});
    ASSERT_TRUE(number) << i;
    given.insert(*number);
  }
  EXPECT_EQ(given.size(), 0xffffU);
  EXPECT_EQ(*given.begin(), 1);
  EXPECT_EQ(numbers.take({"staff"}), std::nullopt);
}

}  // namespace
}  // namespace sallyport::gateway
