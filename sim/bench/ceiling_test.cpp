// SPDX-License-Identifier: Apache-2.0
#include "sim/bench/ceiling.hpp"

#include <gtest/gtest.h>

namespace sallyport::bench {
namespace {

double esp_mpps(std::size_t frame_with_fcs) {
  return line_packets_per_second({sizes_of(frame_with_fcs - sim::kFcsBytes).esp}) / 1e6;
}

// Worked by hand: a 64-byte frame is 46 bytes of IPv4, 48 with trailer and padding, 114 as an ESP frame, 138 on the
// line with FCS, preamble and gap: 12.5e9 / 138 = 90.58 million a second; and so on.
TEST(Ceiling, OfAFullWanIsWhatOneWorksOutByHand) {
  EXPECT_NEAR(esp_mpps(64), 90.58, 0.005);
  EXPECT_NEAR(esp_mpps(128), 61.88, 0.005);
  EXPECT_NEAR(esp_mpps(256), 37.88, 0.005);
  EXPECT_NEAR(esp_mpps(512), 21.33, 0.005);
  EXPECT_NEAR(esp_mpps(1024), 11.38, 0.005);
  EXPECT_NEAR(esp_mpps(1280), 9.23, 0.005);
  EXPECT_NEAR(esp_mpps(1518), 7.84, 0.005);
  EXPECT_NEAR(esp_mpps(9018), 1.37, 0.005);
}

TEST(Ceiling, OfAMixCountsEveryFrameOfIt) {
  std::vector<std::size_t> imix;
  for (int i = 0; i < 7; ++i) imix.push_back(sizes_of(60).esp);
  for (int i = 0; i < 4; ++i) imix.push_back(sizes_of(566).esp);
  imix.push_back(sizes_of(1514).esp);
  EXPECT_NEAR(line_packets_per_second(imix) / 1e6, 29.16, 0.005);
}

TEST(Ceiling, OfTheShortestEspFramesIsThatOf94ByteFrames) {
  EXPECT_NEAR(line_packets_per_second({94 - sim::kFcsBytes}) / 1e6, 109.6, 0.05);
}

}  // namespace
}  // namespace sallyport::bench
