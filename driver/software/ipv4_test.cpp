// SPDX-License-Identifier: Apache-2.0
#include "driver/software/ipv4.hpp"

#include <gtest/gtest.h>

#include "driver/software/card_bench.hpp"

namespace sallyport::driver {
namespace {

TEST(Ipv4, ReadsAHeaderAndIgnoresWhatLiesBehindTheTotalLength) {
  Buffer bytes = bench::ipv4({});
  const std::size_t total = bytes.size();
  bytes.resize(total + 6);  // Ethernet padding
  Ipv4Packet packet;
  ASSERT_EQ(read_ipv4(bytes, packet), HeaderFault::kNone);
  EXPECT_EQ(packet.total(), total);
  EXPECT_EQ(packet.source, bench::kLanHost);
  EXPECT_EQ(packet.destination, bench::kRemoteHost);
  EXPECT_EQ(packet.payload().size(), total - 20);
}

TEST(Ipv4, NamesTheFirstFaultAtEveryCut) {
  const Buffer bytes = bench::ipv4({});
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
    Buffer packet = bench::ipv4({.ttl = 128});
    packet[4] = static_cast<std::uint8_t>(identification >> 8);
    packet[5] = static_cast<std::uint8_t>(identification);
    packet[10] = packet[11] = 0;
    const std::uint16_t checksum = internet_checksum(Bytes(packet).first(20));
    packet[10] = static_cast<std::uint8_t>(checksum >> 8);
    packet[11] = static_cast<std::uint8_t>(checksum);
    decrement_ttl(packet);
    ASSERT_EQ(packet[8], 127);
    ASSERT_EQ(internet_checksum(Bytes(packet).first(20)), 0) << "identification " << identification;
    const std::uint16_t changed = static_cast<std::uint16_t>(packet[10] << 8 | packet[11]);
    packet[10] = packet[11] = 0;
    ASSERT_EQ(changed, internet_checksum(Bytes(packet).first(20))) << "identification " << identification;
  }
}

}  // namespace
}  // namespace sallyport::driver
