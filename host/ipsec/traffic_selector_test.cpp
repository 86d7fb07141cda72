// SPDX-License-Identifier: Apache-2.0
#include "host/ipsec/traffic_selector.hpp"

#include <gtest/gtest.h>

#include <random>

namespace sallyport {
namespace {

TrafficSelector ts(std::string_view text) { return TrafficSelector::parse(text).value(); }

TEST(TrafficSelector, PrintsWhatItParsed) {
  for (const char* text : {"10.1.0.0/24", "10.1.0.7[tcp]", "10.1.0.7[tcp/443]", "10.1.0.0/24[udp/1000-2000]",
                           "10.1.0.7[/53]", "10.1.0.7[89]", "2001:db8::/32[ipv6-icmp]"}) {
    EXPECT_EQ(ts(text).to_string(), text);
  }
}

TEST(TrafficSelector, RefusesWhatIsNotASelector) {
  for (const char* text : {"", "10.1.0.0/24[", "10.1.0.0/24[tcp", "10.1.0.0/24[tcp/]", "10.1.0.0/24[tcp/9-8]",
                           "10.1.0.0/24[tcp/65536]", "10.1.0.0/24[256]", "10.1.0.0/24[nothing]"}) {
    EXPECT_FALSE(TrafficSelector::parse(text)) << text;
  }
}

TEST(Narrow, KeepsWhatBothSidesName) {
  EXPECT_EQ(narrow({ts("0.0.0.0/0")}, {ts("10.2.0.0/24"), ts("10.3.0.0/24")}),
            (TrafficSelectors{ts("10.2.0.0/24"), ts("10.3.0.0/24")}));
  EXPECT_EQ(narrow({ts("10.1.0.0/16[tcp]")}, {ts("10.1.2.0/24[/80-90]")}),
            TrafficSelectors{ts("10.1.2.0/24[tcp/80-90]")});
  EXPECT_TRUE(narrow({ts("10.77.0.0/24")}, {ts("10.1.0.0/24")}).empty());
  EXPECT_TRUE(narrow({ts("10.1.0.0/24[tcp]")}, {ts("10.1.0.0/24[udp]")}).empty());
}

TEST(Narrow, LeavesOutASelectorThatAnotherCovers) {
  // RFC 7296 2.9: the first selector may be the very packet that woke the initiator up; the second its whole policy.
  EXPECT_EQ(narrow({ts("10.1.0.7[tcp/443]"), ts("10.1.0.0/24")}, {ts("10.1.0.0/16")}),
            TrafficSelectors{ts("10.1.0.0/24")});
}

// The oracle looks at single packets: one is named by the narrowed list exactly when both lists name it.
TEST(Narrow, NamesExactlyThePacketsThatBothListsName) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto below = [&](unsigned n) { return std::uniform_int_distribution<unsigned>(0, n - 1)(random); };
  const auto some = [&] {
    TrafficSelectors list;
    for (unsigned i = 0; i <= below(3); ++i) {
      TrafficSelector one;
      one.protocol = static_cast<std::uint8_t>(below(3));
      one.first_port = static_cast<std::uint16_t>(below(4));
      one.last_port = static_cast<std::uint16_t>(one.first_port + below(4));
      const unsigned first = below(8);
      one.addresses = {IpAddress::from_v4(first), IpAddress::from_v4(first + below(8))};
      list.push_back(one);
    }
    return list;
  };
  for (int round = 0; round < 300; ++round) {
    const TrafficSelectors offered = some();
    const TrafficSelectors allowed = some();
    const TrafficSelectors common = narrow(offered, allowed);
    for (std::uint8_t protocol = 1; protocol <= 3; ++protocol) {
      for (std::uint16_t port = 0; port < 8; ++port) {
        for (unsigned address = 0; address < 16; ++address) {
          TrafficSelector packet;
          packet.protocol = protocol;
          packet.first_port = packet.last_port = port;
          packet.addresses = {IpAddress::from_v4(address), IpAddress::from_v4(address)};
          ASSERT_EQ(covers(common, {packet}), covers(offered, {packet}) && covers(allowed, {packet}));
        }
      }
    }
  }
}

}  // namespace
}  // namespace sallyport
