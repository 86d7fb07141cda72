// SPDX-License-Identifier: Apache-2.0
#include "sim/compare/compare.hpp"

#include <gtest/gtest.h>

namespace sallyport::sim {
namespace {

TEST(Compare, TheVerilatedCardDoesWhatTheSoftwareCardDoes) {
  CompareOptions options;
  options.seed = 20260101;
  options.packets = 1500;
  const auto report = compare_cards(options);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_GE(report->packets, options.packets);
  EXPECT_GT(report->sent, report->packets / 3);
  EXPECT_GT(report->messages, 20u);
  EXPECT_GT(report->drops.size(), 15u) << "the traffic provokes too little";
  EXPECT_GT(report->flips, 0u);
}

}  // namespace
}  // namespace sallyport::sim
