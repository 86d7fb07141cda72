// SPDX-License-Identifier: Apache-2.0
#include "host/ipsec/level.hpp"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

TEST(Level, IsSpelledOneWay) {
  for (const Level level : {Level::kNone, Level::kLow, Level::kMiddle, Level::kHigh}) {
    EXPECT_EQ(parse_level(to_string(level)), level);
  }
  EXPECT_EQ(parse_level("hihg"), std::nullopt);
}

TEST(Level, NoneHasNoCandidatesAndEveryOtherHas) {
  EXPECT_TRUE(esp_proposals(Level::kNone).empty());
  for (const Level level : {Level::kLow, Level::kMiddle, Level::kHigh}) EXPECT_FALSE(esp_proposals(level).empty());
  EXPECT_FALSE(default_ike_proposals().empty());
}

TEST(Level, AHigherLevelCannotBeTalkedDownToALowerOne) {
  EXPECT_FALSE(choose(esp_proposals(Level::kLow), esp_proposals(Level::kMiddle)));
  EXPECT_FALSE(choose(esp_proposals(Level::kMiddle), esp_proposals(Level::kHigh)));
  EXPECT_FALSE(choose(esp_proposals(Level::kLow), esp_proposals(Level::kHigh)));
}

TEST(Level, OnlyHighDemandsLongKeys) {
  for (const auto& proposal : esp_proposals(Level::kHigh)) EXPECT_EQ(proposal.key_bits(), 256u);
}

}  // namespace
}  // namespace sallyport
