// SPDX-License-Identifier: Apache-2.0
#include "sim/pci/config_space.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "driver/discovery/discovery.hpp"

namespace sallyport::sim {
namespace {

TEST(ConfigSpace, IsReadByLibpciAsTheCardItSimulates) {
  const std::string path = testing::TempDir() + "/sallyport_config_space_test.dump";
  std::ofstream(path) << config_dump("0000:65:00.1");
  auto cards = driver::find_cards(path);
  ASSERT_TRUE(cards) << cards.error().message();
  ASSERT_EQ(cards->size(), 1u);
  EXPECT_EQ(cards->front().slot, "0000:65:00.1");
  EXPECT_EQ(cards->front().model, "Alveo U55C");
  ASSERT_EQ(cards->front().bars.size(), 1u);
  EXPECT_EQ(cards->front().bars[0].address, 0x380000000000u);
  EXPECT_EQ(cards->front().link.generation, 3u);
  EXPECT_EQ(cards->front().link.lanes, 16u);
  EXPECT_TRUE(cards->front().aer);
  EXPECT_EQ(cards->front().uncorrectable_errors, 0u);
  EXPECT_EQ(cards->front().correctable_errors, 0u);
}

}  // namespace
}  // namespace sallyport::sim
