// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/ip_frames.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "driver/testing/frames.hpp"

namespace sallyport::gateway {
namespace {

using driver::Address;
using driver::internet_checksum;

constexpr driver::MacAddress kHost = {2, 0, 0, 0, 0, 1};
constexpr driver::MacAddress kGate = {2, 0, 0, 0, 0, 2};

constexpr Address kV4From = Address::from_v4(0x0a010007);
constexpr Address kV4To = Address::from_v4(0x0a020007);
constexpr Address kV4Gate = Address::from_v4(0x0a010001);
constexpr Address kV6From{0x2001'0db8'0001'0000, 7};
constexpr Address kV6To{0x2001'0db8'0002'0000, 7};
constexpr Address kV6Gate{0x2001'0db8'0001'0000, 1};

unsigned u16(Bytes b, std::size_t at) { return b[at] * 256U + b[at + 1]; }

// UDP from port 1000 to 2000 with `payload` bytes that count up.
Buffer udp(std::size_t payload, bool df, bool ipv6 = false) {
  Buffer packet = driver::testing::udp_packet(ipv6 ? kV6From : kV4From, ipv6 ? kV6To : kV4To, payload, df);
  for (std::size_t i = 0; i < payload; ++i) packet[packet.size() - payload + i] = static_cast<std::uint8_t>(i);
  return driver::testing::ip_frame(kGate, kHost, packet);
}

std::optional<Buffer> answer(Bytes frame, const Address& from, std::uint16_t mtu) {
  const auto packet = ip_packet(frame);
  return packet ? too_big_answer(*packet, from, mtu, kHost, kGate) : std::nullopt;
}

TEST(IpFrames, AFrameCutAnywhereHasNoPacketAndNoFragments) {
  for (const bool ipv6 : {false, true}) {
    const Buffer whole = udp(10, true, ipv6);
    ASSERT_TRUE(ip_packet(whole));
    EXPECT_EQ(ip_packet(whole)->destination, ipv6 ? kV6To : kV4To);
    for (std::size_t n = 0; n < whole.size(); ++n) {
      const Bytes cut = Bytes(whole).first(n);
      EXPECT_FALSE(ip_packet(cut)) << n;
      EXPECT_TRUE(fragments(cut, 1400).empty()) << n;
      EXPECT_TRUE(source_fragments(cut, 1400, 1).empty()) << n;
    }
  }
}

// RFC 1191 4, figure: type 3, code 4, unused, next-hop MTU, then header and 64 bits of the datagram.
TEST(IpFrames, TellTheSenderTheMtuItShouldUse) {
  const Buffer packet = udp(1472, true);
  const auto told = answer(packet, kV4Gate, 1446);
  ASSERT_TRUE(told);
  const Bytes ip = Bytes(*told).subspan(14);
  EXPECT_EQ(internet_checksum(ip.first(20)), 0);
  EXPECT_EQ(to_hex(ip.subspan(12, 8)), "0a0100010a010007");
  const Bytes icmp = ip.subspan(20);
  EXPECT_EQ(internet_checksum(icmp), 0);
  EXPECT_EQ(to_hex(icmp.first(2)), "0304");
  EXPECT_EQ(to_hex(icmp.subspan(4, 4)), "000005a6");
  EXPECT_TRUE(equal(icmp.subspan(8), Bytes(packet).subspan(14, 28)));
  // RFC 1122 3.2.2: no error about an error.
  EXPECT_FALSE(answer(*told, kV4Gate, 1446));
}

// RFC 4443 3.2, figure: type 2, code 0, MTU, then as much of the packet as makes the answer no longer than 1280 bytes.
TEST(IpFrames, TellASenderOfIpv6TheMtuItShouldUse) {
  for (const std::size_t payload : {1452U, 100U}) {
    const Buffer packet = udp(payload, false, true);
    const auto told = answer(packet, kV6Gate, 1422);
    ASSERT_TRUE(told);
    const auto ip = ip_packet(*told);
    ASSERT_TRUE(ip);
    EXPECT_EQ(ip->source, kV6Gate);
    EXPECT_EQ(ip->destination, kV6From);
    EXPECT_EQ(ip->protocol, 58);
    const std::size_t quoted = std::min<std::size_t>(1280 - 48, 48 + payload);
    ASSERT_EQ(ip->total(), 48 + quoted);
    const Bytes icmp = ip->payload();
    EXPECT_EQ(to_hex(icmp.first(2)), "0200");
    EXPECT_EQ(to_hex(icmp.subspan(4, 4)), "0000058e");
    EXPECT_TRUE(equal(icmp.subspan(8), Bytes(packet).subspan(14, quoted)));
    // RFC 8200 8.1: the pseudo-header counts.
    const auto sum = ByteWriter()
                         .bytes(ip->bytes.subspan(8, 32))
                         .u32(static_cast<std::uint32_t>(icmp.size()))
                         .u32(58)
                         .bytes(icmp)
                         .take();
    EXPECT_EQ(internet_checksum(sum), 0);
    EXPECT_FALSE(answer(*told, kV6Gate, 1422));
  }
}

// RFC 8201 4.
TEST(IpFrames, TellASenderOfIpv6NoLessThanItWouldHeed) {
  const auto told = answer(udp(1452, false, true), kV6Gate, 1200);
  ASSERT_TRUE(told);
  EXPECT_EQ(to_hex(ip_packet(*told)->payload().subspan(4, 4)), "00000500");
}

TEST(IpFrames, AnswerNobodyWhoIsNoSingleHost) {
  for (const Address& from : {Address(), Address(0xff02'0000'0000'0000, 1), Address::from_v4(0),
                              Address::from_v4(0xe0000001), Address::from_v4(0x7f000001)}) {
    const Address to = from.is_v4() ? kV4To : kV6To;
    const auto packet = driver::testing::udp_packet(from, to, 1500, true);
    const auto frame = driver::testing::ip_frame(kGate, kHost, packet);
    ASSERT_TRUE(ip_packet(frame));
    EXPECT_FALSE(answer(frame, kV4Gate, 1400));
  }
}

TEST(IpFrames, KnowNeighbourDiscoveryByItsHopLimit) {
  const auto icmpv6 = [](std::uint8_t type, std::uint8_t hop_limit) {
    driver::IpHeader header;
    header.ipv6 = true;
    header.ttl = hop_limit;
    header.source = kV6From;
    header.destination = kV6Gate;
    const Buffer message = {type, 0, 0, 0, 0, 0, 0, 0};
    const auto frame = driver::testing::ip_frame(kGate, kHost, driver::write_ip(header, 58, message));
    return is_neighbour_discovery(*ip_packet(frame));
  };
  for (unsigned type = 0; type < 256; ++type) {
    EXPECT_EQ(icmpv6(static_cast<std::uint8_t>(type), 255), 133 <= type && type <= 137) << type;
    EXPECT_FALSE(icmpv6(static_cast<std::uint8_t>(type), 254)) << type;
  }
}

TEST(IpFrames, FragmentsJoinToTheWhole) {
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

TEST(IpFrames, AreForwardedAsTheCardDoes) {
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

TEST(IpFrames, OfIpv6AreForwardedAsTheCardDoes) {
  Buffer packet = udp(10, false, true);
  packet.resize(packet.size() + 8);
  ASSERT_TRUE(forward_in_place(packet, kHost, kGate));
  EXPECT_EQ(packet.size(), 14U + 58U);
  EXPECT_EQ(packet[14 + 7], 63);
  packet[14 + 7] = 1;
  EXPECT_FALSE(forward_in_place(packet, kHost, kGate));
}

TEST(IpFrames, WhatMayNotBeCutIsNot) {
  for (const auto& [df, ipv6] : {std::pair(true, false), {false, true}}) {
    EXPECT_TRUE(may_not_fragment(*ip_packet(udp(1472, df, ipv6))));
    EXPECT_TRUE(fragments(udp(1472, df, ipv6), 1446).empty());
  }
}

// What its own source cuts: put together it is what it was, but for what the way may change.
TEST(IpFrames, OfOurMakingAreCutWhateverTheirDfSays) {
  for (const std::uint8_t protocol : {driver::kProtocolEsp, driver::kProtocolAh}) {
    for (const bool ipv6 : {false, true}) {
      for (const std::size_t payload : {1480, 1481, 1500, 2960, 4000}) {
        SCOPED_TRACE(std::to_string(protocol) + " " + std::to_string(ipv6) + " " + std::to_string(payload));
        Buffer whole = udp(payload, true, ipv6);
        whole[14 + (ipv6 ? 6 : 9)] = protocol;
        if (!ipv6) driver::write_checksum(std::span(whole).subspan(14), 20);
        const auto as_a_whole = ip_packet(whole).value();
        const auto parts = source_fragments(whole, 1500, 0x12345678);
        const std::size_t room = ipv6 ? 1448 : 1480;  // of 1500, a multiple of 8
        ASSERT_EQ(parts.size(), (as_a_whole.payload().size() + room - 1) / room);
        Buffer together;
        for (const Buffer& part : parts) {
          EXPECT_LE(part.size(), 1514U);
          EXPECT_TRUE(std::equal(part.begin(), part.begin() + 14, whole.begin()));
          const auto packet = ip_packet(part);
          ASSERT_TRUE(packet);
          EXPECT_EQ(packet->protocol, protocol);
          EXPECT_EQ(packet->source, as_a_whole.source);
          EXPECT_EQ(packet->destination, as_a_whole.destination);
          EXPECT_EQ(packet->ttl, as_a_whole.ttl);
          EXPECT_FALSE(packet->df);
          EXPECT_EQ(packet->fragment_offset * 8U, together.size());
          EXPECT_EQ(packet->more_fragments, &part != &parts.back());
          if (ipv6) {
            EXPECT_EQ(to_hex(Bytes(part).subspan(14 + 40 + 4, 4)), "12345678");
          } else {
            EXPECT_EQ(packet->identification, protocol == driver::kProtocolAh ? as_a_whole.identification : 0x5678);
          }
          together.insert(together.end(), packet->payload().begin(), packet->payload().end());
        }
        EXPECT_EQ(to_hex(together), to_hex(as_a_whole.payload()));
      }
    }
  }
}

// A packet of a protocol that nobody knows, with extras in front of what counts up.
Buffer with_extras(bool ipv6, Bytes extras, std::uint8_t first_extension, std::size_t payload) {
  driver::IpHeader header;
  header.ipv6 = ipv6;
  header.ttl = 64;
  header.source = ipv6 ? kV6From : kV4From;
  header.destination = ipv6 ? kV6To : kV4To;
  header.extras.assign(extras.begin(), extras.end());
  header.first_extension = first_extension;
  Buffer content(payload);
  for (std::size_t i = 0; i < payload; ++i) content[i] = static_cast<std::uint8_t>(i * i);
  return driver::testing::ip_frame(kGate, kHost, driver::write_ip(header, driver::kProtocolEsp, content));
}

// RFC 791 3.1: the highest bit of an option's type has it copied.
TEST(IpFrames, FragmentsHaveTheOptionsThatAreToBeCopied) {
  for (const auto& [options, copied] : {std::pair<std::string, std::string>{"94040000", "94040000"},
                                        {"0707040000000001", ""},
                                        {"01010707040000000094040000860600000001", "94040000860600000001"},
                                        {"0094040000", ""},  // behind the end of the list
                                        {"940400008200", "94040000"}}) {
    SCOPED_TRACE(options);
    const auto padded = [](const std::string& hex) {
      Buffer bytes = from_hex(hex).value();
      while (bytes.size() % 4 != 0) bytes.push_back(0);
      return bytes;
    };
    const Buffer whole = with_extras(false, padded(options), 0, 2000);
    for (const auto& parts : {fragments(whole, 800), source_fragments(whole, 800, 1)}) {
      ASSERT_EQ(parts.size(), 3U);
      Buffer together;
      for (const Buffer& part : parts) {
        const auto packet = ip_packet(part).value();
        EXPECT_LE(packet.total(), 800U);
        EXPECT_EQ(to_hex(packet.extras), to_hex(padded(&part == &parts.front() ? options : copied)));
        EXPECT_EQ(packet.fragment_offset * 8U, together.size());
        together.insert(together.end(), packet.payload().begin(), packet.payload().end());
      }
      EXPECT_EQ(to_hex(together), to_hex(ip_packet(whole)->payload()));
    }
  }
}

// RFC 8200 4.5: what those on the way read, and what follows the fragment header.
TEST(IpFrames, FragmentsOfIpv6HaveTheExtensionHeadersOfTheWay) {
  struct Headers {
    const char* kinds;
    std::size_t in_every;
  };
  const std::map<char, std::uint8_t> numbers = {
      {'h', driver::kHopByHopOptions}, {'d', driver::kDestinationOptions}, {'r', driver::kRouting}};
  for (const auto& [kinds, in_every] :
       {Headers{"h", 1}, {"d", 0}, {"r", 1}, {"hd", 1}, {"drd", 2}, {"hrd", 2}, {"dd", 0}, {"dh", 0}}) {
    SCOPED_TRACE(kinds);
    const std::string order = kinds;
    ByteWriter extras;
    for (std::size_t i = 0; i < order.size(); ++i) {
      extras.u8(i + 1 < order.size() ? numbers.at(order[i + 1]) : 0).u8(0).u8(1).u8(4).u32(0);
    }
    const Buffer whole = with_extras(true, extras.view(), numbers.at(order[0]), 3000);
    const auto as_a_whole = ip_packet(whole).value();
    const auto parts = source_fragments(whole, 1280, 7);
    ASSERT_EQ(parts.size(), 3U);
    Buffer together(as_a_whole.bytes.begin(),
                    as_a_whole.bytes.begin() + static_cast<std::ptrdiff_t>(40 + 8 * in_every));
    const std::size_t in_front = together.size();
    for (const Buffer& part : parts) {
      EXPECT_LE(part.size(), 1294U);
      const Bytes packet = Bytes(part).subspan(14);
      ASSERT_TRUE(ip_packet(part));
      EXPECT_EQ(u16(packet, 4) + 40U, packet.size());
      const std::size_t says_next = in_every == 0 ? 6 : in_front - 8;
      EXPECT_EQ(packet[says_next], driver::kFragment);
      EXPECT_EQ(packet[in_front], as_a_whole.bytes[says_next]);
      EXPECT_EQ(u16(packet, in_front + 2) & ~7U, together.size() - in_front);
      EXPECT_EQ(u16(packet, in_front + 2) & 7U, &part == &parts.back() ? 0U : 1U);
      together.insert(together.end(), packet.begin() + static_cast<std::ptrdiff_t>(in_front + 8), packet.end());
    }
    EXPECT_EQ(to_hex(together), to_hex(as_a_whole.bytes));
  }
}

TEST(IpFrames, KnowASourceRoute) {
  const auto routed = [](bool ipv6, const std::string& extras, std::uint8_t first = 0) {
    const Buffer frame = with_extras(ipv6, from_hex(extras).value(), first, 20);
    return is_source_routed(ip_packet(frame).value());
  };
  EXPECT_TRUE(routed(false, "8307040a00000100"));
  EXPECT_TRUE(routed(false, "010101018907040000000000"));
  EXPECT_TRUE(routed(false, "940400008307040a00000100"));
  EXPECT_FALSE(routed(false, "0707048300000000")) << "a record of the route";
  EXPECT_FALSE(routed(false, "0083070400000000")) << "behind the end of the list";
  EXPECT_FALSE(routed(false, "0701830704000000")) << "behind a length that leads nowhere";
  EXPECT_FALSE(routed(false, ""));
  EXPECT_TRUE(routed(true, "3200040100000000", driver::kRouting));
  EXPECT_FALSE(routed(true, "3200040000000000", driver::kRouting)) << "at its end";
  EXPECT_FALSE(routed(true, "3200010400000000", driver::kDestinationOptions));
  EXPECT_TRUE(routed(true, "2b000104000000003200040200000000", driver::kHopByHopOptions));
}

// What scapy 2.5 makes of the same datagrams; the sum of the second is zero (RFC 8200 8.1).
TEST(IpFrames, UdpOverIpv6GetsItsChecksum) {
  const std::string addresses = "20010db8ffff0000000000000000000120010db8ffff00000000000000000002";
  for (const std::string& filled :
       {"6000000000291140" + addresses +
            "1194119400297813c0a80001000000010000000000000001000102030405060708090a0b0c0d0e0f10",
        "60000000000e1140" + addresses + "11941194000effffc0a80001c08b"}) {
    std::string zero = filled;
    zero.replace(2 * (40 + 6), 4, "0000");
    Buffer frame = driver::testing::ethernet_frame(kGate, kHost, driver::kEthertypeIpv6, from_hex(zero).value());
    fill_udp_checksum(frame);
    EXPECT_EQ(to_hex(Bytes(frame).subspan(14)), filled);
  }
}

TEST(IpFrames, WhatIsNoUdpOverIpv6StaysAsItIs) {
  Buffer icmp = udp(20, false, true);
  icmp[14 + 6] = 58;
  for (const Buffer& frame : {udp(20, false), icmp, source_fragments(udp(2000, false, true), 1280, 1).at(0)}) {
    Buffer after = frame;
    fill_udp_checksum(after);
    EXPECT_EQ(after, frame);
  }
}

TEST(IpFrames, AnyBytesAreReadWithoutHarm) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int i = 0; i < 20000; ++i) {
    const bool ipv6 = (random() & 1) != 0;
    Buffer frame = udp(random() % 64, (random() & 1) != 0, ipv6);
    for (unsigned k = random() % 6; k > 0; --k)
      frame[12 + random() % (frame.size() - 12)] = static_cast<std::uint8_t>(random());
    const std::size_t header = 4U * (frame[14] & 15U);
    if (!ipv6 && header >= 20 && frame.size() >= 14 + header) {
      driver::write_checksum(std::span(frame).subspan(14), header);
    }
    for (const Buffer& part : fragments(frame, static_cast<std::uint16_t>(68 + random() % 100))) {
      EXPECT_TRUE(ip_packet(part));
    }
    for (const Buffer& part : source_fragments(frame, 1280, 1)) EXPECT_TRUE(ip_packet(part));
    Buffer filled = frame;
    fill_udp_checksum(filled);
    EXPECT_EQ(ip_packet(filled).has_value(), ip_packet(frame).has_value());
    if (const auto told = answer(frame, ipv6 ? kV6Gate : kV4Gate, 1400)) {
      EXPECT_TRUE(ip_packet(*told));
    }
  }
}

}  // namespace
}  // namespace sallyport::gateway
