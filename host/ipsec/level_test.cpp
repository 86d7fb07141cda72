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

const Levels kDefault;

Proposals esp_proposals(Level level) { return kDefault.esp_proposals(level); }

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

TEST(Level, NoDefaultNeedsLegacy) {
  for (const Level level : kLevels) EXPECT_EQ(legacy_in(esp_proposals(level)), std::nullopt);
}

TEST(Level, IsWhatAnAdministratorWrites) {
  Levels levels;
  const auto wanted = parse_proposals(Protocol::kEsp, "aes256ctr-sha512, aes128-sha256").value();
  ASSERT_TRUE(levels.set(Level::kLow, wanted));
  EXPECT_EQ(levels.esp_proposals(Level::kLow), wanted);
  EXPECT_EQ(levels.esp_proposals(Level::kHigh), esp_proposals(Level::kHigh));
  EXPECT_EQ(levels.set(Level::kNone, wanted).error().code, Errc::kInvalid);
  EXPECT_EQ(levels.set(Level::kHigh, {}).error().code, Errc::kInvalid);
}

TEST(Level, OnlyHighDemandsLongKeys) {
  for (const auto& proposal : esp_proposals(Level::kHigh)) EXPECT_EQ(proposal.key_bits(), 256u);
}

}  // namespace
}  // namespace sallyport
