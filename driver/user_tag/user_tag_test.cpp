// SPDX-License-Identifier: Apache-2.0
#include "driver/user_tag/user_tag.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

namespace sallyport::driver {
namespace {

constexpr Address kSource = Address::from_v4(0x0a000105), kDestination = Address::from_v4(0xc6336405);
constexpr Address kSource6{0x20010db800010000, 5}, kDestination6{0x20010db800020000, 7};

// The vectors of SipHash's reference have key 00 01 .. 0f and messages 00 01 ..: that of 36 bytes is one of a tag.
TEST(TagCheck, IsTheReferencesSipHashOf36Bytes) {
  std::array<std::uint8_t, kTagKeyBytes> key{};
  std::iota(key.begin(), key.end(), std::uint8_t{0});
  EXPECT_EQ(to_hex(tag_check(key, 0x00010203, {0x0405060708090a0b, 0x0c0d0e0f10111213},
                             {0x1415161718191a1b, 0x1c1d1e1f20212223})),
            "b4a31508beff4d31");
}

UserTag authentic(std::uint32_t handle = 0x12345678) { return {handle, TagCheck{1, 2, 3, 4, 5, 6, 7, 8}}; }
UserTag plain() { return {0x12345678, std::nullopt}; }

Buffer frame_of(Bytes packet) {
  return ByteWriter().zeros(12).u16(packet[0] >> 4 == 6 ? kEthertypeIpv6 : kEthertypeIpv4).bytes(packet).take();
}

Buffer ipv4(std::size_t payload = 4) {
  return write_ip(
      {.tos = 0x28, .identification = 77, .df = true, .ttl = 9, .source = kSource, .destination = kDestination},
      kProtocolTcp, Buffer(payload, 0xaa));
}
Buffer ipv6(std::size_t payload = 4) {
  return write_ip({.ipv6 = true, .ttl = 9, .source = kSource6, .destination = kDestination6}, kProtocolTcp,
                  Buffer(payload, 0xaa));
}

TEST(UserTag, StandsInAnIpv4PacketAsItsFirstOption) {
  const Buffer packet = put_user_tag(ipv4(), authentic()).value();
  EXPECT_EQ(to_hex(Bytes(packet).subspan(20, 16)), "9e0e1234567801020304050607080101");
  IpPacket read;
  ASSERT_EQ(read_ip(packet, false, read), HeaderFault::kNone);
  EXPECT_EQ(read.header_bytes(), 36u);
  EXPECT_EQ(read.total(), packet.size());
  EXPECT_EQ(to_hex(Bytes(put_user_tag(ipv4(), plain()).value()).subspan(20, 8)), "9e06123456780101");
}

TEST(UserTag, StandsInAnIpv6PacketAsItsFirstExtensionHeader) {
  const Buffer packet = put_user_tag(ipv6(), authentic()).value();
  EXPECT_EQ(to_hex(Bytes(packet).subspan(40, 16)), "06011e0c123456780102030405060708");
  IpPacket read;
  ASSERT_EQ(read_ip(packet, true, read), HeaderFault::kNone);
  EXPECT_EQ(read.header_bytes(), 56u);
  EXPECT_EQ(read.protocol, kProtocolTcp);
  EXPECT_EQ(to_hex(Bytes(put_user_tag(ipv6(), plain()).value()).subspan(40, 8)), "06001e0412345678");
}

TEST(UserTag, LeavesThePacketAsItWasWhenItIsTakenOut) {
  for (const Buffer& packet : {ipv4(), ipv4(0), ipv6(), ipv6(0)}) {
    for (const UserTag& tag : {authentic(), plain(), authentic(0), authentic(0xffffffff)}) {
      Buffer frame = frame_of(put_user_tag(packet, tag).value());
      frame.resize(frame.size() + 3);  // Ethernet's padding
      const auto taken = take_user_tag(frame);
      ASSERT_TRUE(taken);
      EXPECT_EQ(taken->tag, tag);
      Buffer expected = frame_of(packet);
      expected.resize(expected.size() + 3);
      EXPECT_EQ(taken->frame, expected);
      EXPECT_FALSE(take_user_tag(taken->frame));
    }
  }
}

TEST(UserTag, LeavesAWrongChecksumWrong) {
  std::mt19937 random(5);
  for (int i = 0; i < 2000; ++i) {
    Buffer packet = put_user_tag(ipv4(), {static_cast<std::uint32_t>(random()), std::nullopt}).value();
    const bool spoil = i % 2 == 0;
    if (spoil) packet[10] = static_cast<std::uint8_t>(packet[10] + 1 + random() % 254);
    const auto taken = take_user_tag(frame_of(packet));
    ASSERT_TRUE(taken);
    EXPECT_EQ(internet_checksum(Bytes(taken->frame).subspan(14, 20)) != 0, spoil);
  }
}

// Another byte anywhere in what the table of hw/README.md names, or a frame cut before the packet's end.
TEST(UserTag, IsNoneWhenAByteOfItsFormDiffers) {
  struct Form {
    Buffer packet;
    std::vector<std::size_t> bytes;
  };
  const std::vector<Form> forms = {{put_user_tag(ipv4(), authentic()).value(), {0, 20, 21, 34, 35}},
                                   {put_user_tag(ipv4(), plain()).value(), {0, 20, 21, 26, 27}},
                                   {put_user_tag(ipv6(), authentic()).value(), {0, 6, 41, 42, 43}},
                                   {put_user_tag(ipv6(), plain()).value(), {0, 6, 41, 42, 43}}};
  for (const Form& form : forms) {
    ASSERT_TRUE(take_user_tag(frame_of(form.packet)));
    for (const std::size_t at : form.bytes) {
      Buffer other = frame_of(form.packet);
      other[14 + at] ^= 0x80;
      EXPECT_FALSE(take_user_tag(other)) << "byte " << at;
    }
    const Buffer frame = frame_of(form.packet);
    for (std::size_t length = 0; length < frame.size(); ++length) {
      EXPECT_FALSE(take_user_tag(Bytes(frame).first(length))) << length << " bytes";
    }
  }
}

TEST(UserTag, IsNoneBehindAHeaderThatHasNoRoomForIt) {
  Buffer frame = frame_of(put_user_tag(ipv4(), authentic()).value());
  frame[14] = 0x48;  // three words of options, not four
  EXPECT_FALSE(take_user_tag(frame));
  frame[14] = 0x4a;  // one more: the last is the packet's first
  EXPECT_TRUE(take_user_tag(frame));
  frame[14] = 0x4b;  // longer than the packet
  EXPECT_FALSE(take_user_tag(frame));
}

TEST(UserTag, IsRefusedByAPacketWithoutRoomAndByWhatIsNoPacket) {
  EXPECT_TRUE(put_user_tag(ipv4(65535 - 20 - 16), authentic()));
  EXPECT_FALSE(put_user_tag(ipv4(65535 - 20 - 15), authentic()));
  EXPECT_TRUE(put_user_tag(ipv6(65535 - 16), authentic()));
  EXPECT_FALSE(put_user_tag(ipv6(65535 - 15), authentic()));
  Buffer full = ipv4(40);
  full[0] = 0x4b;  // 24 bytes of options
  EXPECT_TRUE(put_user_tag(full, authentic()));
  full[0] = 0x4c;
  EXPECT_FALSE(put_user_tag(full, authentic()));
  EXPECT_TRUE(put_user_tag(full, plain()));
  for (const Buffer& packet : {ipv4(), ipv6()}) {
    for (std::size_t length = 0; length < packet.size(); ++length) {
      EXPECT_FALSE(put_user_tag(Bytes(packet).first(length), authentic())) << length << " bytes";
    }
    Buffer longer = packet;
    longer.push_back(0);
    EXPECT_FALSE(put_user_tag(longer, authentic()));
  }
}

}  // namespace
}  // namespace sallyport::driver
