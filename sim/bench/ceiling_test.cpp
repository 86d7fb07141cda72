// SPDX-License-Identifier: Apache-2.0
#include "sim/bench/ceiling.hpp"

#include <gtest/gtest.h>

namespace sallyport::bench {
namespace {

constexpr SaShape kGcm = esp_shape(layout::Cipher::kAesGcm, layout::Integrity::kNone);

double mpps(std::size_t frame_with_fcs, const SaShape& shape = kGcm) {
  return line_packets_per_second({wan_length(frame_with_fcs - sim::kFcsBytes, shape)}) / 1e6;
}

// Worked by hand: a 64-byte frame is 46 bytes of IPv4, 48 with trailer and padding, 114 as an ESP frame, 138 on the
// line with FCS, preamble and gap: 12.5e9 / 138 = 90.58 million a second; and so on.
TEST(Ceiling, OfAFullWanIsWhatOneWorksOutByHand) {
  EXPECT_NEAR(mpps(64), 90.58, 0.005);
  EXPECT_NEAR(mpps(128), 61.88, 0.005);
  EXPECT_NEAR(mpps(256), 37.88, 0.005);
  EXPECT_NEAR(mpps(512), 21.33, 0.005);
  EXPECT_NEAR(mpps(1024), 11.38, 0.005);
  EXPECT_NEAR(mpps(1280), 9.23, 0.005);
  EXPECT_NEAR(mpps(1518), 7.84, 0.005);
  EXPECT_NEAR(mpps(9018), 1.37, 0.005);
}

// The same 46 bytes of IPv4: with AES-CBC 48 in blocks of 16 behind an IV of 16, and an ICV of 16, 146 on the line;
// with 3DES an IV of 8 and an ICV of 12, 134; with NULL no IV, 126. 1518 bytes are 1504 in blocks, and 1618 with an ICV
// of 32.
TEST(Ceiling, FollowsIvBlockAndIcvOfTheAlgorithms) {
  using layout::Cipher;
  using layout::Integrity;
  EXPECT_NEAR(mpps(64, esp_shape(Cipher::kAesCbc, Integrity::kHmacSha256_128)), 12'500.0 / 146, 0.005);
  EXPECT_NEAR(mpps(64, esp_shape(Cipher::kDes3Cbc, Integrity::kHmacSha1_96)), 12'500.0 / 134, 0.005);
  EXPECT_NEAR(mpps(64, esp_shape(Cipher::kNull, Integrity::kHmacMd5_96)), 12'500.0 / 126, 0.005);
  EXPECT_NEAR(mpps(1518, esp_shape(Cipher::kAesCbc, Integrity::kHmacSha512_256)), 12'500.0 / 1618, 0.005);
  EXPECT_NEAR(mpps(1518, esp_shape(Cipher::kAesGmac, Integrity::kNone)), mpps(1518), 1e-9);
}

// Over IPv6 20 bytes more. AH with an ICV of 16: 12 + 16 over IPv4, 32 over IPv6, around the 46 bytes; with Ethernet,
// FCS, preamble and gap 132 and 156.
TEST(Ceiling, FollowsProtocolAndIpVersion) {
  using layout::Cipher;
  using layout::Integrity;
  EXPECT_NEAR(mpps(64, esp_shape(Cipher::kAesGcm, Integrity::kNone, true)), 12'500.0 / 158, 0.005);
  EXPECT_NEAR(mpps(64, ah_shape(Integrity::kHmacSha256_128)), 12'500.0 / 132, 0.005);
  EXPECT_NEAR(mpps(64, ah_shape(Integrity::kHmacSha256_128, true)), 12'500.0 / 156, 0.005);
}

TEST(Ceiling, OfAMixCountsEveryFrameOfIt) {
  std::vector<std::size_t> imix;
  for (int i = 0; i < 7; ++i) imix.push_back(wan_length(60, kGcm));
  for (int i = 0; i < 4; ++i) imix.push_back(wan_length(566, kGcm));
  imix.push_back(wan_length(1514, kGcm));
  EXPECT_NEAR(line_packets_per_second(imix) / 1e6, 29.16, 0.005);
}

TEST(Ceiling, OfTheShortestEspFramesIsThatOf94ByteFrames) {
  EXPECT_NEAR(line_packets_per_second({94 - sim::kFcsBytes}) / 1e6, 109.6, 0.05);
}

}  // namespace
}  // namespace sallyport::bench
