// SPDX-License-Identifier: Apache-2.0
#include "host/cli/units.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace sallyport::cli {
namespace {

TEST(Units, CountsAreGroupedByThousands) {
  EXPECT_EQ(human_count(0), "0");
  EXPECT_EQ(human_count(999), "999");
  EXPECT_EQ(human_count(1000), "1,000");
  EXPECT_EQ(human_count(123456), "123,456");
  EXPECT_EQ(human_count(UINT64_MAX), "18,446,744,073,709,551,615");
  EXPECT_EQ(human_packets(1), "1 packet");
  EXPECT_EQ(human_packets(2000), "2,000 packets");
}

TEST(Units, BytesChangeTheirUnitAtPowersOf1024AndAreNeverWrittenAs1024OfOne) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(1023), "1023 B");
  EXPECT_EQ(human_bytes(1024), "1.00 KiB");
  EXPECT_EQ(human_bytes(1268777), "1.21 MiB");
  EXPECT_EQ(human_bytes((1U << 20) - 1), "1.00 MiB");
  EXPECT_EQ(human_bytes(UINT64_MAX), "16.00 EiB");
}

TEST(Units, TimesNameTheLargestUnitAndTheNext) {
  EXPECT_EQ(human_time(0), "0 s");
  EXPECT_EQ(human_time(59), "59 s");
  EXPECT_EQ(human_time(60), "1 min");
  EXPECT_EQ(human_time(125), "2 min 5 s");
  EXPECT_EQ(human_time(3600), "1 h");
  EXPECT_EQ(human_time(3599), "59 min 59 s");
  EXPECT_EQ(human_time(86400 + 2 * 3600 + 59), "1 d 2 h");
}

}  // namespace
}  // namespace sallyport::cli
