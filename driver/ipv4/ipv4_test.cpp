// SPDX-License-Identifier: Apache-2.0
#include "driver/ipv4/ipv4.hpp"

#include <gtest/gtest.h>

#include "driver/testing/frames.hpp"

namespace sallyport::driver {
namespace {

constexpr std::uint32_t kSource = 0x0a000105;
constexpr std::uint32_t kDestination = 0x0a000205;

TEST(Ipv4, ReadsAHeaderAndIgnoresWhatLiesBehindTheTotalLength) {
  Buffer bytes = testing::udp_packet(kSource, kDestination);
  const std::size_t total = bytes.size();
  bytes.resize(total + 6);  // Ethernet padding
  Ipv4Packet packet;
  ASSERT_EQ(read_ipv4(bytes, packet), HeaderFault::kNone);
  EXPECT_EQ(packet.total(), total);
  EXPECT_EQ(packet.source, kSource);
  EXPECT_EQ(packet.destination, kDestination);
  EXPECT_EQ(packet.payload().size(), total - 20);
}

TEST(Ipv4, NamesTheFirstFaultAtEveryCut) {
  const Buffer bytes = testing::udp_packet(kSource, kDestination);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    Ipv4Packet packet;
    EXPECT_EQ(read_ipv4(Bytes(bytes).first(length), packet),
              length < 20 ? HeaderFault::kTooShort : HeaderFault::kTotalTooLong)
        << length;
  }
}

// RFC 1624 promises that the changed checksum verifies and equals the one computed afresh.
TEST(Ipv4, DecrementsTheTtlToAChecksumThatVerifies) {
  for (unsigned identification = 0; identification < 0x10000; ++identification) {
    Buffer packet = testing::udp_packet(kSource, kDestination);
    packet[4] = static_cast<std::uint8_t>(identification >> 8);
    packet[5] = static_cast<std::uint8_t>(identification);
    write_checksum(packet, 20);
    decrement_ttl(packet);
    ASSERT_EQ(packet[8], 63);
    ASSERT_EQ(internet_checksum(Bytes(packet).first(20)), 0) << "identification " << identification;
    const std::uint16_t changed = static_cast<std::uint16_t>(packet[10] << 8 | packet[11]);
    packet[10] = packet[11] = 0;
    ASSERT_EQ(changed, internet_checksum(Bytes(packet).first(20))) << "identification " << identification;
  }
}

// RFC 1071 3: the numerical example, and its odd byte.
TEST(Ipv4, SumsAsTheRfcDoes) {
  const Buffer bytes = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(internet_checksum(bytes), 0xffff - 0xddf2);
  EXPECT_EQ(internet_checksum(Bytes(bytes).first(7)), 0xffff - 0xdcfb);
}

}  // namespace
}  // namespace sallyport::driver
