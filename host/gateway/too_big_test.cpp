// SPDX-License-Identifier: Apache-2.0
// Packets of 1500 bytes between two gateways whose WAN takes no more than that, protected by every kind of SA.
#include <gtest/gtest.h>

#include "host/gateway/two_gateways.hpp"

namespace sallyport::gateway {
namespace {

using driver::Address;

constexpr std::size_t kLargest = 1500;

struct Over {
  bool ipv6;
  bool ah;
};

constexpr Address host(unsigned number, bool ipv6) {
  return ipv6 ? Address(0x20010db8'00000000ULL | number << 16, 10) : Address::from_v4(0x0a00000a | number << 16);
}

constexpr std::size_t kNarrow = 1320;  // less than an IPv6 packet of the least MTU is long, once protected

// One SA for what is IPv4, one for what is IPv6, both over the same IP version.
std::string gateway_text(unsigned number, const Over& over, const std::string& too_big, std::size_t wan_mtu) {
  const std::string us = std::to_string(number), them = std::to_string(3 - number);
  const std::string wan = over.ipv6 ? "2001:db8:f::" : "192.0.2.";
  std::string text = interfaces("[\"10." + us + ".0.1/24\", \"2001:db8:" + us + "::1/64\"]",
                                "[\"192.0.2." + us + "/24\", \"2001:db8:f::" + us + "/64\"]", number);
  text += "mtu = " + std::to_string(wan_mtu) + "\n";
  for (const std::string inside : {"4", "6"}) {
    const auto key = [&](unsigned from) {  // another of each SA
      return std::string(over.ah ? 64 : 40, static_cast<char>('a' + from + (inside == "4" ? 0 : 2)));
    };
    const std::string name = over.ah ? "integrity_key_" : "key_";
    text += "[[sas]]\nname = \"m" + inside + "\"\nlocal_address = \"" + wan + us + "\"\nremote_address = \"" + wan +
            them + "\"\nprotocol = \"" + (over.ah ? "ah" : "esp") + "\"\nspi_in = 0x" + us + "0" + inside +
            "1\nspi_out = 0x" + them + "0" + inside + "1\n" + name + "in = \"" + key(3 - number) + "\"\n" + name +
            "out = \"" + key(number) + "\"\ntoo_big = \"" + too_big + "\"\n";
    text += "[[policies]]\nname = \"net" + inside + "\"\naction = \"protect\"\nsa = \"m" + inside + "\"\n";
    text += inside == "4" ? "source = \"10." + us + ".0.0/16\"\ndestination = \"10." + them + ".0.0/16\"\n"
                          : "source = \"2001:db8:" + us + "::/64\"\ndestination = \"2001:db8:" + them + "::/64\"\n";
  }
  return text;
}

class TooBig : public testing::TestWithParam<Over> {
 protected:
  void start(const std::string& too_big, std::size_t wan_mtu = kLargest) {
    const auto one = world_.start(world_.a, gateway_text(1, GetParam(), too_big, wan_mtu));
    ASSERT_TRUE(one) << one.error().detail;
    const auto two = world_.start(world_.b, gateway_text(2, GetParam(), too_big, wan_mtu));
    ASSERT_TRUE(two) << two.error().detail;
    const Address peer = GetParam().ipv6 ? Address(0x20010db8'000f0000ULL, 2) : Address::from_v4(0xc0000202);
    ASSERT_TRUE(world_.run_until([&] {
      return world_.a.gateway->keeper().forwarding().is_known({layout::Port::kWan, peer});
    }));
    world_.a.lost_on_wan = [this](Bytes frame) {
      const auto packet = ip_packet(frame);
      if (packet && packet->protocol == (GetParam().ah ? driver::kProtocolAh : driver::kProtocolEsp)) {
        on_wan_.emplace_back(frame.begin(), frame.end());
      }
      return false;
    };
  }
  // From A's host to B's, with a payload that tells itself apart.
  Buffer packet(bool ipv6, std::size_t total) {
    Buffer made = driver::testing::udp_packet(host(1, ipv6), host(2, ipv6), total - (ipv6 ? 48 : 28), true);
    made.back() = ++mark_;
    return made;
  }
  // Whether this packet comes out at B's LAN, having passed two gateways.
  bool arrives(Bytes packet) {
    const Buffer sent = driver::testing::ip_frame({}, {}, packet);
    const auto in = ip_packet(sent).value();
    return world_.run_until([&] {
      return std::ranges::any_of(world_.b.lan, [&](const Buffer& frame) {
        const auto out = ip_packet(frame);
        return out && out->ttl + 2 == in.ttl && std::ranges::equal(out->payload(), in.payload());
      });
    });
  }
  bool crosses(bool ipv6, std::size_t total) {
    const Buffer p = packet(ipv6, total);
    world_.a.send(p);
    return arrives(p);
  }

  void expect_is_told(bool ipv6) {
    on_wan_.clear();
    world_.a.lan.clear();
    world_.a.send(packet(ipv6, kLargest));
    EXPECT_TRUE(world_.run_until([&] {
      return std::ranges::any_of(world_.a.lan, [&](const Buffer& frame) {
        const auto told = ip_packet(frame);
        return told && told->destination == host(1, ipv6) && told->protocol == (ipv6 ? 58 : 1);
      });
    }));
    EXPECT_TRUE(on_wan_.empty());
  }

  TwoGateways world_;
  std::vector<Buffer> on_wan_;  // protected frames of A's
  std::uint8_t mark_ = 0;
};

TEST_P(TooBig, ForTheWanArriveWholeWhereTheSaFragments) {
  start("fragment");
  for (const bool ipv6 : {false, true}) {
    SCOPED_TRACE(ipv6 ? "IPv6" : "IPv4");
    ASSERT_TRUE(crosses(ipv6, 100));  // the neighbours are known now
    on_wan_.clear();
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(crosses(ipv6, kLargest));
    EXPECT_EQ(on_wan_.size(), 6U);
    for (const Buffer& frame : on_wan_) EXPECT_LE(frame.size(), 14 + kLargest);
    EXPECT_EQ(world_.a.gateway->exception_counters().too_big, ipv6 ? 6U : 3U);
    EXPECT_EQ(world_.b.gateway->exception_counters().joined, ipv6 ? 6U : 3U);
  }
  EXPECT_TRUE(std::ranges::all_of(world_.a.lan, [](const Buffer& frame) {
    const auto told = ip_packet(frame);
    return !told || (told->destination != host(1, false) && told->destination != host(1, true));
  })) << "nobody is told";
}

TEST_P(TooBig, AreAnsweredWhereTheSaTells) {
  start("tell");
  for (const bool ipv6 : {false, true}) {
    SCOPED_TRACE(ipv6 ? "IPv6" : "IPv4");
    ASSERT_TRUE(crosses(ipv6, 100));
    expect_is_told(ipv6);
  }
}

// RFC 8200 5, RFC 8201 4.
TEST_P(TooBig, AreFragmentedWhereASenderOfIpv6WouldBeToldLessThanItNeedHeed) {
  start("tell", kNarrow);
  ASSERT_TRUE(crosses(true, 100));
  on_wan_.clear();
  EXPECT_TRUE(crosses(true, kLeastMtuOfIpv6));
  EXPECT_EQ(on_wan_.size(), 2U);
  for (const Buffer& frame : on_wan_) EXPECT_LE(frame.size(), 14 + kNarrow);
  ASSERT_TRUE(crosses(false, 100));
  expect_is_told(false);
}

INSTANTIATE_TEST_SUITE_P(Over, TooBig,
                         testing::Values(Over{false, false}, Over{false, true}, Over{true, false}, Over{true, true}),
                         [](const auto& info) {
                           return std::string(info.param.ah ? "Ah" : "Esp") + (info.param.ipv6 ? "Ipv6" : "Ipv4");
                         });

}  // namespace
}  // namespace sallyport::gateway
