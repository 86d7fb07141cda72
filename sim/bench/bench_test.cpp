// SPDX-License-Identifier: Apache-2.0
// What the benchmarks claim of the card, in small.
#include <gtest/gtest.h>

#include <boost/json/object.hpp>

#include "sim/bench/rfc2544.hpp"
#include "sim/bench/update.hpp"
#include "sim/direct/direct_card.hpp"

namespace sallyport::bench {
namespace {

class Line : public testing::TestWithParam<const char*> {};

TEST_P(Line, IsFilledInBothDirectionsAtOnceWithoutALoss) {
  sim::DirectCard card;
  auto setup = BenchCard::configure(card, {});
  ASSERT_TRUE(setup) << setup.error().message();
  Rfc2544Options options;
  options.clocks = 4000;
  const auto mix = parse_mix(GetParam());
  ASSERT_TRUE(mix);
  const auto row = measure(**setup, card.platform(), *mix, options);
  ASSERT_TRUE(row) << row.error().message();
  EXPECT_TRUE(row->at("zero_loss").as_bool());
  EXPECT_EQ(row->at("offered_share").as_double(), 1.0);
  for (const auto& stream : row->at("streams").as_array()) {
    EXPECT_GT(stream.at("ratio").as_double(), 0.99);
    EXPECT_LT(stream.at("ratio").as_double(), 1.01);
  }
}

INSTANTIATE_TEST_SUITE_P(Frames, Line, testing::Values("64", "1518"),
                         [](const auto& param) { return std::string("Of") + param.param; });

TEST(LiveUpdates, LoseNoPacketAndShowNoneTwoGenerations) {
  sim::DirectCard card;
  auto setup = BenchCard::configure(card, {.sas = 8});
  ASSERT_TRUE(setup) << setup.error().message();
  UpdateOptions options;
  options.commits = 2;
  options.frame_length = 508;
  const auto result = measure_updates(**setup, card.platform(), options);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_GT(result->at("packets_offered").to_number<std::int64_t>(), 500);
  EXPECT_EQ(result->at("packets_lost").to_number<std::int64_t>(), 0);
  EXPECT_EQ(result->at("packets_that_saw_two_generations").to_number<std::int64_t>(), 0);
  EXPECT_GT(result->at("generation_steps_seen").to_number<std::int64_t>(), 0);
}

}  // namespace
}  // namespace sallyport::bench
