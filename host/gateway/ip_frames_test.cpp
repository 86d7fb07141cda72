// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>

#include "driver/testing/frames.hpp"
#include "host/gateway/ipv4.hpp"

namespace sallyport::gateway {
namespace {

using driver::internet_checksum;

constexpr driver::MacAddress kHost = {2, 0, 0, 0, 0, 1};
constexpr driver::MacAddress kGate = {2, 0, 0, 0, 0, 2};

// UDP 10.1.0.7:1000 -> 10.2.0.7:2000 with `payload` bytes.
Buffer udp(std::size_t payload, bool df) {
  Buffer packet = driver::testing::udp_packet(0x0a010007, 0x0a020007, payload, df);
  for (std::size_t i = 0; i < payload; ++i) packet[28 + i] = static_cast<std::uint8_t>(i);
  return driver::testing::ethernet_frame(kGate, kHost, driver::kEthertypeIpv4, packet);
}

TEST(Ipv4, ReadsTheKeyOfALookup) {
  const auto key = packet_key(udp(10, false));
  ASSERT_TRUE(key);
  EXPECT_EQ(key->source, 0x0a010007U);
  EXPECT_EQ(key->destination, 0x0a020007U);
  EXPECT_EQ(key->protocol, 17);
  EXPECT_EQ(key->source_port, 1000);
  EXPECT_EQ(key->destination_port, 2000);
}

TEST(Ipv4, AFrameCutAnywhereHasNoKeyAndGetsNoAnswer) {
  const Buffer whole = udp(10, true);
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const Bytes cut = Bytes(whole).first(n);
    EXPECT_FALSE(packet_key(cut)) << n;
    EXPECT_FALSE(fragmentation_needed(cut, 1, 1400, kHost, kGate)) << n;
    EXPECT_TRUE(fragments(cut, 1400).empty()) << n;
  }
}

// RFC 1191 4, figure: type 3, code 4, unused, next-hop MTU, then header and 64 bits of the datagram.
TEST(Ipv4, TellsTheSenderTheMtuItShouldUse) {
  const Buffer packet = udp(1472, true);
  const auto answer = fragmentation_needed(packet, 0x0a010001, 1446, kHost, kGate);
  ASSERT_TRUE(answer);
  const Bytes ip = Bytes(*answer).subspan(14);
  EXPECT_EQ(internet_checksum(ip.first(20)), 0);
  EXPECT_EQ(to_hex(ip.subspan(12, 8)), "0a0100010a010007");
  const Bytes icmp = ip.subspan(20);
  EXPECT_EQ(internet_checksum(icmp), 0);
  EXPECT_EQ(to_hex(icmp.first(2)), "0304");
  EXPECT_EQ(to_hex(icmp.subspan(4, 4)), "000005a6");
  EXPECT_TRUE(equal(icmp.subspan(8), Bytes(packet).subspan(14, 28)));
  // RFC 1122 3.2.2: no error about an error.
  EXPECT_FALSE(fragmentation_needed(*answer, 0x0a010001, 1446, kHost, kGate));
}

TEST(Ipv4, FragmentsJoinToTheWhole) {
  const Buffer packet = udp(1472, false);
  const auto parts = fragments(packet, 1446);
  ASSERT_EQ(parts.size(), 2U);
  Buffer payload;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Bytes ip = Bytes(parts[i]).subspan(14);
    EXPECT_LE(ip.size(), 1446U);
    EXPECT_EQ(internet_checksum(ip.first(20)), 0);
    EXPECT_EQ(8U * ((ip[6] & 0x1f) << 8 | ip[7]), payload.size());
    EXPECT_EQ((ip[6] & 0x20) != 0, i == 0);
    payload.insert(payload.end(), ip.begin() + 20, ip.end());
  }
  EXPECT_TRUE(equal(payload, Bytes(packet).subspan(34)));
}

TEST(Ipv4, ForwardsAsTheCardDoes) {
  Buffer packet = udp(10, false);
  packet.resize(packet.size() + 8);  // padding of the wire
  ASSERT_TRUE(forward_in_place(packet, kHost, kGate));
  EXPECT_EQ(packet.size(), 14U + 38U);
  EXPECT_EQ(packet[14 + 8], 63);
  EXPECT_EQ(internet_checksum(Bytes(packet).subspan(14, 20)), 0);
  EXPECT_TRUE(std::equal(kHost.begin(), kHost.end(), packet.begin()));
  packet[14 + 8] = 1;
  EXPECT_FALSE(forward_in_place(packet, kHost, kGate));
}

TEST(Ipv4, WhatMayNotBeCutIsNot) {
  EXPECT_TRUE(may_not_fragment(udp(1472, true)));
  EXPECT_TRUE(fragments(udp(1472, true), 1446).empty());
}

TEST(Ipv4, AnyBytesAreReadWithoutHarm) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int i = 0; i < 20000; ++i) {
    Buffer frame = udp(random() % 64, (random() & 1) != 0);
    for (unsigned k = random() % 6; k > 0; --k)
      frame[12 + random() % (frame.size() - 12)] = static_cast<std::uint8_t>(random());
    if (const std::size_t header = 4U * (frame[14] & 15U); header >= 20 && frame.size() >= 14 + header) {
      driver::write_checksum(std::span(frame).subspan(14), header);
    }
    for (const Buffer& part : fragments(frame, static_cast<std::uint16_t>(68 + random() % 100))) {
      EXPECT_TRUE(packet_key(part));
    }
    if (const auto answer = fragmentation_needed(frame, 1, 1400, kHost, kGate)) {
      EXPECT_EQ(internet_checksum(Bytes(*answer).subspan(34)), 0);
    }
  }
}

}  // namespace
}  // namespace sallyport::gateway
