// SPDX-License-Identifier: Apache-2.0
#include "sim/bench/frames.hpp"

#include <gtest/gtest.h>

namespace sallyport::bench {
namespace {

const FlowAddresses kFlow = {
    {2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}, Address::from_v4(0x0a01000a), Address::from_v4(0x0a02000a)};
const FlowAddresses kFlow6 = {
    {2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}, Address(0x20010db800010000, 10), Address(0x20010db800020000, 10)};

TEST(NumberedFrame, TellsItsNumberUnlessItIsDamaged) {
  for (const FlowAddresses& flow : {kFlow, kFlow6}) {
    const std::size_t least = least_numbered_frame(!flow.source.is_v4());
    for (const std::size_t length : {least, least + 10, std::size_t{1514}}) {
      Buffer frame = numbered_frame(flow, length, 0x123456789a);
      ASSERT_EQ(frame.size(), length);
      EXPECT_EQ(number_of(Bytes(frame).subspan(14)), 0x123456789au);
      if (length > least) {
        frame.back() ^= 1;
        EXPECT_FALSE(number_of(Bytes(frame).subspan(14)));
      }
    }
  }
}

TEST(NumberedFrame, OfTheShortestCarries16BitsOfItsNumber) {
  for (const FlowAddresses& flow : {kFlow, kFlow6}) {
    const bool ipv6 = !flow.source.is_v4();
    for (const std::size_t length : {least_frame(ipv6), least_numbered_frame(ipv6) - 1}) {
      Buffer frame = numbered_frame(flow, length, 0x12345);
      ASSERT_EQ(frame.size(), length);
      EXPECT_EQ(number_of(Bytes(frame).subspan(14), 0x12300), 0x12345u);
      EXPECT_EQ(number_of(Bytes(frame).subspan(14), 0x19000), 0x12345u);
      EXPECT_EQ(number_of(Bytes(frame).subspan(14), 0x1b000), 0x22345u);
      if (length == least_frame(ipv6)) continue;
      frame.back() ^= 1;
      EXPECT_FALSE(number_of(Bytes(frame).subspan(14), 0x12300));
    }
  }
}

TEST(IpsecFrame, OpensToWhatWasPutInAndNotWhenABitIsWrong) {
  using layout::Mode;
  using layout::Protocol;
  for (const Protocol protocol : {Protocol::kEsp, Protocol::kAh}) {
    for (const Mode mode : {Mode::kTunnel, Mode::kTransport}) {
      for (const FlowAddresses& inner : {kFlow, kFlow6}) {
        for (const FlowAddresses& outer : {kFlow, kFlow6}) {
          const bool tunnel = mode == Mode::kTunnel;
          if (!tunnel && outer.source != inner.source) continue;
          IpsecSa sa = {.spi = 0x1001,
                        .protocol = protocol,
                        .mode = mode,
                        .source = outer.source,
                        .destination = outer.destination,
                        .protection = {.key = Secret(Buffer(32, 0x5a)), .salt = Secret(Buffer(4, 0x5b))}};
          if (protocol == Protocol::kAh) {
            sa.protection = {.cipher = layout::Cipher::kNull,
                             .integrity = layout::Integrity::kHmacSha1_96,
                             .integrity_key = Secret(Buffer(20, 0x5c))};
          }
          const Buffer whole = numbered_frame(inner, 95, 5);
          Buffer expected(whole.begin() + 14, whole.end());
          Buffer frame = ipsec_frame(sa, kFlow.source_mac, kFlow.destination_mac, 9, expected);
          if (tunnel) driver::decrement_ttl(expected);
          ASSERT_TRUE(ipsec_header(frame));
          EXPECT_EQ(ipsec_header(frame)->spi, 0x1001u);
          EXPECT_EQ(ipsec_header(frame)->seq, 9u);
          auto opened = open_ipsec_frame(sa, frame);
          ASSERT_TRUE(opened);
          EXPECT_EQ(*opened, expected);
          const std::size_t ipsec = outer.source.is_v4() ? 34 : 54;
          for (const std::size_t at : {ipsec + 4, ipsec + 7, ipsec + 20, frame.size() - 1}) {
            frame[at] ^= 0x10;
            EXPECT_FALSE(open_ipsec_frame(sa, frame)) << at;
            frame[at] ^= 0x10;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace sallyport::bench
