// SPDX-License-Identifier: Apache-2.0
#include "sim/compare/compare.hpp"

#include <gtest/gtest.h>

namespace sallyport::sim {
namespace {

TEST(Compare, TheVerilatedCardDoesWhatTheSoftwareCardDoes) {
  CompareOptions options;
  options.seed = 20260101;
  options.packets = 1500;
  auto report = compare_cards(options);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_GE(report->packets, options.packets);
  EXPECT_GT(report->sent, report->packets / 3);
  EXPECT_GT(report->messages, 20u);
  for (const char* upcall : {"too_big", "oversize"}) EXPECT_GT(report->upcalls[upcall], 0u) << upcall;
  EXPECT_GT(report->drops.size(), 15u) << "the traffic provokes too little";
  EXPECT_GT(report->flips, 0u);
  for (const char* reason : {"replay_old", "replay_duplicate", "icv_mismatch", "hard_limit", "ip_extension", "vlan"}) {
    EXPECT_GT(report->drops[reason], 0u) << reason;
  }
  for (const char* tags : {"tag_ok", "tag_unknown", "tag_forged"}) EXPECT_GT(report->tags[tags], 0u) << tags;
}

TEST(Compare, TheSeedDecidesEveryByte) {
  CompareOptions options;
  options.packets = 300;
  const auto first = compare_cards(options);
  const auto second = compare_cards(options);
  options.seed = 2;
  const auto other = compare_cards(options);
  ASSERT_TRUE(first && second && other);
  EXPECT_EQ(first->fingerprint, second->fingerprint);
  EXPECT_NE(first->fingerprint, other->fingerprint);
}

}  // namespace
}  // namespace sallyport::sim
