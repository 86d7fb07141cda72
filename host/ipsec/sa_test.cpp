// SPDX-License-Identifier: Apache-2.0
#include "host/ipsec/sa.hpp"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

TEST(Spi, PrintsEightDigits) {
  EXPECT_EQ(to_string(Spi{0x8f21c0aa}), "0x8f21c0aa");
  EXPECT_EQ(to_string(Spi{0x100}), "0x00000100");
}

}  // namespace
}  // namespace sallyport
