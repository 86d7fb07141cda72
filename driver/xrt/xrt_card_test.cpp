// SPDX-License-Identifier: Apache-2.0
// What is said where there is no XRT. Its cards are tested in sim/emulation.
#include "driver/xrt/xrt_card.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace sallyport::driver {
namespace {

using ::testing::HasSubstr;

TEST(XrtCard, IsNotOpenedWithoutItsXclbin) {
  const auto card = open_xrt_card(0, "/nonexistent/sallyport.xclbin");
  ASSERT_FALSE(card);
  EXPECT_EQ(card.error().detail, "/nonexistent/sallyport.xclbin: no such xclbin");
}

TEST(XrtCard, SaysHowXrtIsSetUpWhereItIsNot) {
  ::unsetenv("XILINX_XRT");
  const auto card = open_xrt_card(0, "/proc/self/exe");
  ASSERT_FALSE(card);
  EXPECT_EQ(card.error().code, Errc::kNotFound);
  EXPECT_THAT(card.error().detail, HasSubstr("source XRT's setup.sh"));
}

}  // namespace
}  // namespace sallyport::driver
