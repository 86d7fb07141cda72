// SPDX-License-Identifier: Apache-2.0
#include "host/mark/tag.hpp"

#include <gmock/gmock.h>

namespace sallyport::mark {
namespace {

using Outcome = Tagger::Outcome;

Buffer hex(std::string_view text) { return from_hex(text).value(); }

const Buffer kKey = hex("000102030405060708090a0b0c0d0e0f");
const Tagger kTagger(0x01020304, Secret(kKey), false);
const Tagger kPlain(0x01020304, Secret(kKey), true);

// 10.1.0.7 to 10.2.0.9, UDP 1 to 2, "abcd".
const std::string kV4Header = "45000020 00004000 401126bb 0a010007 0a020009";
const std::string kUdp = "0001 0002 000c 0000 61626364";
const std::string kV6Addresses = "20010db8000100000000000000000007 20010db8000200000000000000000009";

std::string joined(std::string text) {
  std::erase(text, ' ');
  return text;
}

std::string tagged(const Tagger& tagger, const std::string& packet) {
  Buffer out;
  return tagger.put(hex(joined(packet)), out) == Outcome::kTagged ? to_hex(out) : "";
}
// Of an IPv4 packet whose checksum is 0000, with the right one.
std::string sound(const std::string& packet) {
  Buffer bytes = hex(joined(packet));
  const std::uint16_t sum = driver::internet_checksum(Bytes(bytes).first(4U * (bytes[0] & 15U)));
  bytes[10] = static_cast<std::uint8_t>(sum >> 8);
  bytes[11] = static_cast<std::uint8_t>(sum);
  return to_hex(bytes);
}
Outcome outcome(const std::string& packet) {
  Buffer out;
  return kTagger.put(hex(joined(packet)), out);
}

// Checksums are scapy's. The checks are those of another program, over handle, source and destination:
//   printf 01020304$MAPPED_SOURCE$MAPPED_DESTINATION | xxd -r -p |
//   openssl mac -macopt hexkey:000102030405060708090a0b0c0d0e0f -macopt size:8 -in - SIPHASH
TEST(Tag, IsTheFirstOptionOfIPv4) {
  EXPECT_EQ(tagged(kTagger, kV4Header + kUdp),
            joined("49000030 00004000 401194c2 0a010007 0a020009 9e0e 01020304 5896b81e2779b2a4 0101" + kUdp));
  // Router alert (RFC 2113) moves behind it.
  EXPECT_EQ(tagged(kTagger, "46000024 00004000 401191b2 0a010007 0a020009 94040000" + kUdp),
            joined("4a000034 00004000 4011ffb9 0a010007 0a020009 9e0e 01020304 5896b81e2779b2a4 0101 94040000" + kUdp));
}

TEST(Tag, IsADestinationOptionDirectlyBehindTheHeaderOfIPv6) {
  EXPECT_EQ(tagged(kTagger, "60012345 000c 11 40" + kV6Addresses + kUdp),
            joined("60012345 001c 3c 40" + kV6Addresses + "1101 1e0c 01020304 eb1b0651ee39dff1" + kUdp));
}

TEST(Tag, HasNoCheckWhereTheGatewayWantsNone) {
  EXPECT_EQ(tagged(kPlain, kV4Header + kUdp),
            joined("47000028 00004000 401181a5 0a010007 0a020009 9e06 01020304 0101" + kUdp));
  EXPECT_EQ(tagged(kPlain, "60000000 000c 11 40" + kV6Addresses + kUdp),
            joined("60000000 0014 3c 40" + kV6Addresses + "1100 1e04 01020304" + kUdp));
}

TEST(Tag, ChangesWithSessionKeyAndAddress) {
  const auto check = [](std::uint32_t handle, std::uint8_t key_byte, const std::string& last_byte) {
    Buffer key = kKey;
    key[15] = key_byte;
    const Tagger tagger(handle, Secret(key), false);
    return tagged(tagger, sound("45000020 00004000 40110000 0a010007 0a0200" + last_byte + kUdp)).substr(52, 16);
  };
  const std::string usual = check(0x01020304, 15, "09");
  EXPECT_EQ(usual, "5896b81e2779b2a4");
  EXPECT_NE(check(0x01020305, 15, "09"), usual);
  EXPECT_NE(check(0x01020304, 16, "09"), usual);
  EXPECT_NE(check(0x01020304, 15, "0a"), usual);
}

TEST(Tag, IsThatOfItsAddressesHoweverManyWereMarkedBefore) {
  // Many destinations of few sources, then many sources to few destinations: either is told apart.
  for (const std::uint32_t sources : {3U, 3U, 50U, 50U}) {
    for (std::uint32_t i = 0; i < 2000; ++i) {
      driver::IpHeader header;
      header.source = driver::Address::from_v4(0x0a010007 + i % sources);
      header.destination = driver::Address::from_v4(0x0a020000 + i / sources);
      Buffer out;
      ASSERT_EQ(kTagger.put(driver::write_ip(header, driver::kProtocolUdp, Buffer(8)), out), Outcome::kTagged);
      const auto check = driver::tag_check(kKey, 0x01020304, header.source, header.destination);
      EXPECT_TRUE(equal(Bytes(out).subspan(26, check.size()), check)) << i;
    }
  }
}

TEST(Tag, FindsNoRoom) {
  const std::string addresses = "0a010007 0a020009";
  std::string options(2 * 24, '0');
  EXPECT_EQ(outcome(sound("4b00002c 00004000 40110000" + addresses + options)), Outcome::kTagged) << "44 bytes and 16";
  options += "00000000";
  EXPECT_EQ(outcome(sound("4c000030 00004000 40110000" + addresses + options)), Outcome::kNoRoom);
  std::string longest = "4500ffff 00000000 40110000" + addresses;
  longest += std::string(2 * 65515, '0');
  EXPECT_EQ(outcome(sound(longest)), Outcome::kNoRoom);
  EXPECT_EQ(outcome("60000000 0008 00 40" + kV6Addresses + "3b00 0104 00000000"), Outcome::kNoRoom) << "hop by hop";
}

TEST(Tag, IsNotForGroupsAndNotForWhatIsNoPacket) {
  EXPECT_EQ(outcome(sound("45000014 00000000 40110000 0a010007 e0000001")), Outcome::kNotForThere);
  EXPECT_EQ(outcome(sound("45000014 00000000 40110000 0a010007 ffffffff")), Outcome::kNotForThere);
  EXPECT_EQ(outcome("60000000 0000 3b 40 20010db8000100000000000000000007 ff020000000000000000000000000002"),
            Outcome::kNotForThere);
  EXPECT_EQ(outcome(""), Outcome::kNotForThere);
  EXPECT_EQ(outcome("45000015 00000000 40110000 0a010007 0a020009"), Outcome::kNotForThere) << "longer than it is";
  EXPECT_EQ(outcome("44000014 00000000 40110000 0a010007 0a020009"), Outcome::kNotForThere);
  EXPECT_EQ(outcome("55000014 00000000 40110000 0a010007 0a020009"), Outcome::kNotForThere);
  EXPECT_EQ(outcome("60000000 0001 3b 40" + kV6Addresses), Outcome::kNotForThere);
}

}  // namespace
}  // namespace sallyport::mark
