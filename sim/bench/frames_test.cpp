// SPDX-License-Identifier: Apache-2.0
#include "sim/bench/frames.hpp"

#include <gtest/gtest.h>

namespace sallyport::bench {
namespace {

const FlowAddresses kFlow = {{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}, 0x0a01000a, 0x0a02000a};

TEST(NumberedFrame, TellsItsNumberUnlessItIsDamaged) {
  for (const std::size_t length : {kLeastNumberedFrame, std::size_t{60}, std::size_t{1514}}) {
    Buffer frame = numbered_frame(kFlow, length, 0x123456789a);
    ASSERT_EQ(frame.size(), length);
    EXPECT_EQ(number_of(Bytes(frame).subspan(14)), 0x123456789au);
    if (length > kLeastNumberedFrame) {
      frame.back() ^= 1;
      EXPECT_FALSE(number_of(Bytes(frame).subspan(14)));
    }
  }
  EXPECT_EQ(number_of(Bytes(smallest_frame(kFlow, 77)).subspan(14)), 77u);
}

TEST(EspFrame, OpensToWhatWasPutInAndNotWhenABitIsWrong) {
  const EspSa sa = {.spi = 0x1001,
                    .source = 0xc0000201,
                    .destination = 0xc0000202,
                    .protection = {.key = Secret(Buffer(32, 0x5a)), .salt = Secret(Buffer(4, 0x5b))}};
  const Buffer packet = numbered_frame(kFlow, 75, 5);
  Buffer frame = esp_frame(sa, kFlow.source_mac, kFlow.destination_mac, 9, Bytes(packet).subspan(14));
  ASSERT_TRUE(esp_header(frame));
  EXPECT_EQ(esp_header(frame)->spi, 0x1001u);
  EXPECT_EQ(esp_header(frame)->seq, 9u);
  auto opened = open_esp_frame(sa, frame);
  ASSERT_TRUE(opened);
  EXPECT_TRUE(equal(*opened, Bytes(packet).subspan(14)));
  for (const std::size_t at : {std::size_t{34}, std::size_t{41}, std::size_t{60}, frame.size() - 1}) {
    frame[at] ^= 0x10;
    EXPECT_FALSE(open_esp_frame(sa, frame)) << at;
    frame[at] ^= 0x10;
  }
}

}  // namespace
}  // namespace sallyport::bench
