// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sched.h>

#include <random>

#include "host/store/test_folder.hpp"
#include "tests/histories/history.hpp"

namespace sallyport::histories {
namespace {

class HistoriesTest : public store::TestFolder {
 protected:
  static void SetUpTestSuite() { ASSERT_EQ(::unshare(CLONE_NEWNET), 0) << "makes interfaces: run the tests as root"; }
};

TEST_F(HistoriesTest, AGatewayIsWhatItsHistoryMadeIt) {
  const std::uint64_t seed = std::random_device{}();
  const Told told = run_history({seed, 600}, folder_, [](const Told&) {});
  EXPECT_EQ(told.difference, "") << "seed " << seed << ", after " << told.events << " events: gateway-histories --seed "
                                 << seed << "\n"
                                 << told.models;
  EXPECT_EQ(told.events, 600U);
  EXPECT_GT(told.packets_at_flips, 600U);
}

}  // namespace
}  // namespace sallyport::histories
