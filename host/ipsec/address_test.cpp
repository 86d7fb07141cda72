// SPDX-License-Identifier: Apache-2.0
#include "host/ipsec/address.hpp"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

AddressRange range(std::string_view text) { return AddressRange::parse(text).value(); }

TEST(IpAddress, PrintsWhatItParsed) {
  for (const char* text : {"0.0.0.0", "192.0.2.255", "::", "2001:db8::1", "fe80::1:2:3:4"}) {
    EXPECT_EQ(IpAddress::parse(text)->to_string(), text);
  }
}

TEST(IpAddress, RefusesWhatIsNotAnAddress) {
  for (const char* text : {"", "1.2.3", "1.2.3.256", "::g", "1.2.3.4/8", "host"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
  EXPECT_FALSE(IpAddress::from_bytes(Buffer(5)));
}

// RFC 4291 2.5.5.2: how the card writes IPv4; in people's words it would be a second name for the same thing.
TEST(IpAddress, RefusesIpv4InsideIpv6) {
  EXPECT_EQ(IpAddress::parse("::ffff:192.0.2.1").error().detail,
            "'::ffff:192.0.2.1' is an IPv4 address in IPv6; write 192.0.2.1");
  EXPECT_FALSE(AddressRange::parse("::ffff:0:0/96"));
}

TEST(IpAddress, IsANumberOfTheCardAndBack) {
  EXPECT_EQ(IpAddress::parse("192.0.2.1")->number(), layout::Address::from_v4(0xc0000201));
  EXPECT_EQ(IpAddress::parse("2001:db8::7")->number(), layout::Address(0x20010db800000000, 7));
  for (const char* text : {"0.0.0.0", "192.0.2.255", "::", "2001:db8::1"}) {
    EXPECT_EQ(IpAddress::from_number(IpAddress::parse(text)->number()).to_string(), text);
  }
}

TEST(IpAddress, OrdersNumericallyWithinAFamily) {
  EXPECT_LT(*IpAddress::parse("9.255.255.255"), *IpAddress::parse("10.0.0.0"));
  EXPECT_LT(*IpAddress::parse("255.255.255.255"), *IpAddress::parse("::"));
  EXPECT_EQ(IpAddress::from_v4(0x0a000001).to_string(), "10.0.0.1");
  EXPECT_EQ(IpAddress::parse("10.0.0.1")->v4(), 0x0a000001u);
}

TEST(Endpoint, PutsBracketsAroundIpv6) {
  EXPECT_EQ((Endpoint{*IpAddress::parse("192.0.2.1"), 500}.to_string()), "192.0.2.1:500");
  EXPECT_EQ((Endpoint{*IpAddress::parse("2001:db8::1"), 4500}.to_string()), "[2001:db8::1]:4500");
}

TEST(AddressRange, ReadsPrefixesRangesAndSingleAddresses) {
  EXPECT_EQ(range("10.1.2.3/24"), range("10.1.2.0-10.1.2.255"));
  EXPECT_EQ(range("10.1.2.3"), range("10.1.2.3/32"));
  EXPECT_EQ(range("0.0.0.0/0"), AddressRange::any_v4());
  EXPECT_EQ(range("::/0"), AddressRange::any_v6());
  EXPECT_EQ(range("2001:db8::/33").last.to_string(), "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff");
}

TEST(AddressRange, RefusesWhatIsNotARange) {
  for (const char* text : {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "10.0.0.2-10.0.0.1", "10.0.0.1-::1", "-"}) {
    EXPECT_FALSE(AddressRange::parse(text)) << text;
  }
}

TEST(AddressRange, PrintsTheShortestSpelling) {
  for (const char* text : {"10.1.0.0/16", "10.1.0.1", "10.1.0.1-10.1.0.2", "2001:db8::/32", "0.0.0.0/0"}) {
    EXPECT_EQ(range(text).to_string(), text);
  }
}

TEST(AddressRange, IntersectsToWhatBothHold) {
  EXPECT_EQ(range("10.1.0.0/16").intersect(range("10.1.2.0/24")), range("10.1.2.0/24"));
  EXPECT_EQ(range("10.0.0.1-10.0.0.9").intersect(range("10.0.0.5-10.0.0.20")), range("10.0.0.5-10.0.0.9"));
  EXPECT_EQ(range("10.1.0.0/16").intersect(range("10.2.0.0/16")), std::nullopt);
  EXPECT_EQ(AddressRange::any_v4().intersect(AddressRange::any_v6()), std::nullopt);
  EXPECT_EQ(range("2001:db8::/32").intersect(range("2001:db8:1::/48")), range("2001:db8:1::/48"));
  EXPECT_TRUE(range("10.1.0.0/16").contains(range("10.1.2.0/24")));
  EXPECT_FALSE(range("10.1.2.0/24").contains(range("10.1.0.0/16")));
}

TEST(AddressRange, AnyHoldsBothFamiliesAndNarrowsToOne) {
  EXPECT_EQ(AddressRange::any().to_string(), "any");
  EXPECT_EQ(AddressRange::any().prefix_length(), std::nullopt);
  for (const auto& one : {AddressRange::any_v4(), AddressRange::any_v6(), range("10.1.0.0/16"), range("2001:db8::1")}) {
    EXPECT_TRUE(AddressRange::any().contains(one));
    EXPECT_EQ(AddressRange::any().intersect(one), one);
    EXPECT_EQ(one.intersect(AddressRange::any()), one);
    EXPECT_TRUE(one.shares_family(AddressRange::any()) && AddressRange::any().shares_family(one));
  }
  EXPECT_TRUE(range("10.1.0.0/16").shares_family(range("192.0.2.1")));
  EXPECT_TRUE(range("2001:db8::/32").shares_family(range("::1")));
  EXPECT_FALSE(range("2001:db8::/32").shares_family(range("192.0.2.1")));
}

}  // namespace
}  // namespace sallyport
