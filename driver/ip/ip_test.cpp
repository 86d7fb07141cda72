// SPDX-License-Identifier: Apache-2.0
#include "driver/ip/ip.hpp"

#include <gtest/gtest.h>

#include "driver/testing/frames.hpp"

namespace sallyport::driver {
namespace {

constexpr Address kSource = Address::from_v4(0x0a000105);
constexpr Address kDestination = Address::from_v4(0x0a000205);
constexpr Address kSource6{0x20010db800010000, 5};
constexpr Address kDestination6{0x20010db800020000, 5};

// An IPv6 packet of `content`, whose first header is `next_header`.
Buffer ipv6(std::uint8_t next_header, Bytes content) {
  IpHeader header;
  header.ipv6 = true;
  header.ttl = 64;
  header.source = kSource6;
  header.destination = kDestination6;
  return write_ip(header, next_header, content);
}

// An extension header of `units` times 8 bytes.
Buffer extension(std::uint8_t next_header, std::size_t units = 1) {
  return ByteWriter().u8(next_header).u8(static_cast<std::uint8_t>(units - 1)).zeros(8 * units - 2).take();
}
Buffer fragment_header(std::uint8_t next_header, unsigned offset, bool more) {
  // Its second byte is reserved: no length stands there (RFC 8200 4.5).
  return ByteWriter()
      .u8(next_header)
      .u8(0xff)
      .u16(static_cast<std::uint16_t>(offset << 3 | (more ? 1 : 0)))
      .u32(7)
      .take();
}
Buffer joined(std::initializer_list<Buffer> parts) {
  ByteWriter w;
  for (const Buffer& part : parts) w.bytes(part);
  return w.take();
}
const Buffer kUdp = ByteWriter().u16(1000).u16(2000).u16(8).u16(0).take();

TEST(Ip, ReadsAHeaderAndIgnoresWhatLiesBehindThePacket) {
  for (const bool v6 : {false, true}) {
    const Address source = v6 ? kSource6 : kSource;
    const Address destination = v6 ? kDestination6 : kDestination;
    Buffer bytes = testing::udp_packet(source, destination);
    const std::size_t total = bytes.size();
    bytes.resize(total + 6);  // Ethernet padding
    IpPacket packet;
    ASSERT_EQ(read_ip(bytes, v6, packet), HeaderFault::kNone);
    EXPECT_EQ(packet.total(), total);
    EXPECT_EQ(packet.source, source);
    EXPECT_EQ(packet.destination, destination);
    EXPECT_EQ(packet.protocol, kProtocolUdp);
    EXPECT_EQ(packet.payload().size(), total - (v6 ? 40 : 20));
    EXPECT_TRUE(packet.extras.empty());
    EXPECT_EQ(write_ip(packet, packet.protocol, packet.payload()), Buffer(bytes.begin(), bytes.begin() + total));
    const PacketKey key = packet_key(packet);
    EXPECT_EQ(key.source_port, 1000);
    EXPECT_EQ(key.destination_port, 2000);
  }
}

TEST(Ip, NamesTheFirstFaultAtEveryCut) {
  for (const bool v6 : {false, true}) {
    const Buffer bytes = v6 ? testing::udp_packet(kSource6, kDestination6) : testing::udp_packet(kSource, kDestination);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      IpPacket packet;
      EXPECT_EQ(read_ip(Bytes(bytes).first(length), v6, packet),
                length < (v6 ? 40 : 20) ? HeaderFault::kTooShort : HeaderFault::kTotalTooLong)
          << length;
    }
  }
}

TEST(Ip, RefusesTheOtherVersionAndAMappedAddressInIpv6) {
  IpPacket packet;
  const Buffer v6 = testing::udp_packet(kSource6, kDestination6);
  EXPECT_EQ(read_ip(v6, false, packet), HeaderFault::kMalformed);
  EXPECT_EQ(read_ip(testing::udp_packet(kSource, kDestination, 40), true, packet), HeaderFault::kMalformed);
  for (const std::size_t at : {8, 24}) {  // source, destination
    Buffer mapped = v6;
    std::fill_n(mapped.begin() + static_cast<std::ptrdiff_t>(at), 10, std::uint8_t{0});
    std::fill_n(mapped.begin() + static_cast<std::ptrdiff_t>(at) + 10, 2, std::uint8_t{0xff});
    EXPECT_EQ(read_ip(mapped, true, packet), HeaderFault::kMalformed);
    mapped[at + 11] = 0xfe;
    EXPECT_EQ(read_ip(mapped, true, packet), HeaderFault::kNone);
  }
}

TEST(Ip, ReadsFourExtensionHeadersInAnyOrderAndNoFifth) {
  constexpr std::uint8_t kKinds[] = {kHopByHopOptions, kRouting, kDestinationOptions};
  for (const std::uint8_t first : kKinds) {
    for (const std::uint8_t second : kKinds) {
      IpPacket packet;
      const Buffer two = ipv6(first, joined({extension(second, 2), extension(kProtocolUdp), kUdp}));
      ASSERT_EQ(read_ip(two, true, packet), HeaderFault::kNone);
      EXPECT_EQ(packet.header_bytes(), 40 + 24u);
      EXPECT_EQ(packet.protocol, kProtocolUdp);
      EXPECT_EQ(packet_key(packet).destination_port, 2000);
      const Buffer four = joined({extension(first), extension(second), extension(first)});
      ASSERT_EQ(read_ip(ipv6(second, joined({four, extension(kProtocolUdp), kUdp})), true, packet), HeaderFault::kNone);
      EXPECT_EQ(packet.header_bytes(), 40 + 32u);
      EXPECT_EQ(read_ip(ipv6(second, joined({four, extension(first), extension(kProtocolUdp), kUdp})), true, packet),
                HeaderFault::kExtension);
    }
  }
}

TEST(Ip, Reads48BytesOfExtensionHeadersAndNoMore) {
  IpPacket packet;
  const Buffer longest = ipv6(kRouting, joined({extension(kDestinationOptions, 3), extension(kProtocolUdp, 3), kUdp}));
  ASSERT_EQ(read_ip(longest, true, packet), HeaderFault::kNone);
  EXPECT_EQ(packet.header_bytes(), 88u);
  EXPECT_EQ(read_ip(ipv6(kRouting, joined({extension(kDestinationOptions, 3), extension(kProtocolUdp, 4), kUdp})), true,
                    packet),
            HeaderFault::kExtension);
  EXPECT_EQ(read_ip(ipv6(kRouting, extension(kProtocolUdp, 7)), true, packet), HeaderFault::kExtension);
}

// Whatever its length byte says, or whatever lies where it would be.
TEST(Ip, TakesAnExtensionHeaderThatEndsBehindThePacketForMalformed) {
  for (std::size_t cut = 0; cut < 16; ++cut) {
    Buffer bytes = ipv6(kRouting, Bytes(extension(kProtocolUdp, 2)).first(cut));
    bytes.resize(120, 0xff);
    IpPacket packet;
    EXPECT_EQ(read_ip(bytes, true, packet), HeaderFault::kMalformed) << cut;
  }
  IpPacket packet;
  EXPECT_EQ(read_ip(ipv6(kRouting, Buffer{17, 255, 0, 0, 0, 0, 0, 0}), true, packet), HeaderFault::kMalformed);
}

TEST(Ip, ReadsNothingBehindTheHeaderOfAFragmentThatIsNotTheFirst) {
  IpPacket packet;
  ASSERT_EQ(read_ip(ipv6(kFragment, joined({fragment_header(kRouting, 0, true), extension(kProtocolUdp), kUdp})), true,
                    packet),
            HeaderFault::kNone);
  EXPECT_TRUE(packet.fragment());
  EXPECT_EQ(packet.header_bytes(), 56u);
  EXPECT_EQ(packet_key(packet).source_port, 1000);
  ASSERT_EQ(read_ip(ipv6(kFragment, joined({fragment_header(kRouting, 3, false), extension(kProtocolUdp), kUdp})), true,
                    packet),
            HeaderFault::kNone);
  EXPECT_TRUE(packet.fragment());
  EXPECT_EQ(packet.header_bytes(), 48u);
  EXPECT_EQ(packet.protocol, kRouting);
  ASSERT_EQ(read_ip(ipv6(kFragment, joined({fragment_header(kProtocolUdp, 9, true), kUdp})), true, packet),
            HeaderFault::kNone);
  EXPECT_EQ(packet.protocol, kProtocolUdp);
  EXPECT_EQ(packet_key(packet).source_port, 0) << "the payload's bytes are no ports";
  // RFC 6946: an atomic fragment is whole.
  ASSERT_EQ(read_ip(ipv6(kFragment, joined({fragment_header(kProtocolUdp, 0, false), kUdp})), true, packet),
            HeaderFault::kNone);
  EXPECT_FALSE(packet.fragment());
}

TEST(Ip, ReadsOptionsUntilTheListEndsOrALengthLeadsNowhere) {
  const auto read = [](Buffer extras) {
    IpHeader header;
    header.extras = std::move(extras);
    std::vector<std::size_t> kind_at_and_bytes;
    for (const Extension& option : options_of(header)) {
      kind_at_and_bytes.insert(kind_at_and_bytes.end(), {option.kind, option.at, option.bytes});
    }
    return kind_at_and_bytes;
  };
  using Options = std::vector<std::size_t>;
  EXPECT_EQ(read({}), Options());
  EXPECT_EQ(read({1, 148, 4, 0, 0, 1, 1, 0}), Options({1, 0, 1, 148, 1, 4, 1, 5, 1, 1, 6, 1}));
  EXPECT_EQ(read({148, 4, 0, 0, 0, 148, 3, 0}), Options({148, 0, 4}));
  EXPECT_EQ(read({7, 4, 4, 0, 7, 8, 4, 0}), Options({7, 0, 4})) << "longer than what is left";
  EXPECT_EQ(read({7, 1, 1, 1}), Options()) << "too short for itself";
  EXPECT_EQ(read({1, 1, 1, 7}), Options({1, 0, 1, 1, 1, 1, 1, 2, 1})) << "no length";
}

// RFC 1624 promises that the changed checksum verifies and equals the one computed afresh.
TEST(Ip, ChangesTtlAndTosToAChecksumThatVerifies) {
  for (unsigned identification = 0; identification < 0x10000; ++identification) {
    Buffer packet = testing::udp_packet(kSource, kDestination);
    packet[4] = static_cast<std::uint8_t>(identification >> 8);
    packet[5] = static_cast<std::uint8_t>(identification);
    write_checksum(packet, 20);
    decrement_ttl(packet);
    set_tos(packet, static_cast<std::uint8_t>(identification));
    ASSERT_EQ(packet[8], 63);
    ASSERT_EQ(packet[1], identification & 0xff);
    ASSERT_EQ(internet_checksum(Bytes(packet).first(20)), 0) << "identification " << identification;
    Buffer afresh = packet;
    write_checksum(afresh, 20);
    ASSERT_EQ(packet, afresh) << "identification " << identification;
    increment_ttl(packet);
    ASSERT_EQ(packet[8], 64);
    ASSERT_EQ(internet_checksum(Bytes(packet).first(20)), 0) << "identification " << identification;
  }
}

TEST(Ip, ChangesHopLimitAndTrafficClassAlone) {
  IpHeader header;
  header.ipv6 = true;
  header.tos = 0xa5;
  header.flow_label = 0x5a5a5;
  header.ttl = 9;
  header.source = kSource6;
  header.destination = kDestination6;
  Buffer packet = write_ip(header, kProtocolUdp, kUdp);
  decrement_ttl(packet);
  set_tos(packet, 0x3c);
  header.ttl = 8;
  header.tos = 0x3c;
  EXPECT_EQ(packet, write_ip(header, kProtocolUdp, kUdp));
  increment_ttl(packet);
  header.ttl = 9;
  EXPECT_EQ(packet, write_ip(header, kProtocolUdp, kUdp));
}

// RFC 1071 3: the numerical example, and its odd byte.
TEST(Ip, ASegmentWithSynAndWithoutAckOpensAConnection) {
  const auto opens = [](std::uint8_t protocol, std::uint8_t flags, std::size_t bytes) {
    Buffer segment(20);
    segment[13] = flags;
    segment.resize(bytes);
    IpHeader header;
    header.source = header.destination = Address::from_v4(1);
    const Buffer whole = write_ip(header, protocol, segment);
    IpPacket packet;
    EXPECT_EQ(read_ip(whole, false, packet), HeaderFault::kNone);
    const bool as_it_is = opens_connection(packet);
    packet.more_fragments = true;
    EXPECT_FALSE(opens_connection(packet));
    return as_it_is;
  };
  constexpr std::uint8_t kFin = 1, kSyn = 2, kAck = 16;
  EXPECT_TRUE(opens(kProtocolTcp, kSyn, 20));
  EXPECT_TRUE(opens(kProtocolTcp, kSyn, 14));
  EXPECT_FALSE(opens(kProtocolTcp, kSyn, 13)) << "the flags are not there";
  for (const std::uint8_t flags : {0, int{kFin}, int{kAck}, kSyn | kAck}) EXPECT_FALSE(opens(kProtocolTcp, flags, 20));
  EXPECT_FALSE(opens(kProtocolUdp, kSyn, 20));
}

TEST(Ip, SumsAsTheRfcDoes) {
  const Buffer bytes = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(internet_checksum(bytes), 0xffff - 0xddf2);
  EXPECT_EQ(internet_checksum(Bytes(bytes).first(7)), 0xffff - 0xdcfb);
}

}  // namespace
}  // namespace sallyport::driver
