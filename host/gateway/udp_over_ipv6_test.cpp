// SPDX-License-Identifier: Apache-2.0
// A tunnel of ESP in UDP over IPv6 between two gateways, as RFC 7296 2.23 has it where a NAT is, or seems to be.
#include <gtest/gtest.h>

#include "host/gateway/two_gateways.hpp"

namespace sallyport::gateway {
namespace {

using driver::Address;

constexpr std::size_t kLargest = 1500;

constexpr Address host(unsigned gateway, bool ipv6) {
  return ipv6 ? Address(0x20010db8'00000000ULL | gateway << 16, 10) : Address::from_v4(0x0a00000a | gateway << 16);
}

std::string gateway_text(unsigned number) {
  const std::string us = std::to_string(number), them = std::to_string(3 - number);
  const std::string net = "\", \"2001:db8:";
  return "[card]\nbackend = \"software\"\nlan_interface = \"none\"\nwan_interface = \"none-either\"\n"
         "[gateway]\nlog_level = \"error\"\n[lan]\naddress = [\"10." +
         us + ".0.1/24" + net + us + "::1/64\"]\ntap = \"hd-lan\"\nmac = \"02:00:00:00:01:00\"\n" +
         "[wan]\naddress = \"2001:db8:f::" + us + "/64\"\ntap = \"hd-wan\"\nmac = \"02:00:00:00:02:0" + us + "\"\n" +
         "[[connections]]\nname = \"peer\"\nlocal_address = \"2001:db8:f::" + us +
         "\"\nremote_address = \"2001:db8:f::" + them + "\"\nsecret = \"a secret that both know\"\nencap = true\n" +
         "[[connections.children]]\nname = \"net\"\nlocal_ts = [\"10." + us + ".0.0/24" + net + us +
         "::/64\"]\nremote_ts = [\"10." + them + ".0.0/24" + net + them + "::/64\"]\nstart_action = \"" +
         (number == 1 ? "start" : "none") + "\"\n";
}

// RFC 1071 over RFC 8200 8.1's pseudo-header: with a right checksum the sum is all ones.
std::uint32_t sum_of(const driver::IpPacket& packet) {
  std::uint32_t sum = 0;
  const auto add = [&](Bytes bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i) sum += std::uint32_t{bytes[i]} << (i % 2 == 0 ? 8 : 0);
  };
  add(packet.bytes.subspan(8, 32));
  add(packet.payload());
  sum += static_cast<std::uint32_t>(packet.payload().size()) + driver::kProtocolUdp;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

class UdpOverIpv6 : public testing::Test {
 protected:
  void SetUp() override {
    for (OneGateway* one : {&a_, &b_}) {
      one->lost_on_wan = [this](Bytes frame) {
        const auto packet = ip_packet(frame);
        EXPECT_TRUE(!packet || packet->protocol != driver::kProtocolEsp) << "bare ESP";
        if (packet && packet->protocol == driver::kProtocolUdp) on_wan_.emplace_back(frame.begin(), frame.end());
        return false;
      };
      const auto started = world_.start(*one, gateway_text(one == &a_ ? 1 : 2));
      ASSERT_TRUE(started) << started.error().detail;
    }
    ASSERT_TRUE(world_.run_until(
        [&] { return a_.gateway->keeper().sending_for("peer/net") && b_.gateway->keeper().sending_for("peer/net"); }));
    on_wan_.clear();
  }

  // Whether this packet comes out at the other's LAN, having passed two gateways.
  bool crosses(OneGateway& from, bool ipv6, std::size_t total) {
    OneGateway& to = &from == &a_ ? b_ : a_;
    const unsigned number = &from == &a_ ? 1 : 2;
    Buffer packet =
        driver::testing::udp_packet(host(number, ipv6), host(3 - number, ipv6), total - (ipv6 ? 48 : 28), true);
    packet.back() = ++mark_;
    const auto frame = driver::testing::ethernet_frame(driver::MacAddress{2, 0, 0, 0, 1, 0}, OneGateway::kHostMac,
                                                       ipv6 ? driver::kEthertypeIpv6 : driver::kEthertypeIpv4, packet);
    from.card->receive(layout::Port::kLan, frame);
    return world_.run_until([&] {
      return std::any_of(to.lan.begin(), to.lan.end(), [&](const Buffer& out) {
        const auto arrived = ip_packet(out);
        return arrived && std::ranges::equal(arrived->payload(), ip_packet(frame)->payload());
      });
    });
  }

  TwoGateways world_;
  OneGateway& a_ = world_.a;
  OneGateway& b_ = world_.b;
  std::vector<Buffer> on_wan_;  // UDP, IKE's too
  std::uint8_t mark_ = 0;
};

TEST_F(UdpOverIpv6, EveryPacketCrossesBothWaysWithTheChecksumOfTheHost) {
  for (OneGateway* from : {&a_, &b_}) {
    for (const bool ipv6 : {false, true}) {
      for (const std::size_t total : {60, 61, 1280}) EXPECT_TRUE(crosses(*from, ipv6, total)) << ipv6 << ' ' << total;
    }
    EXPECT_EQ(from->gateway->exception_counters().udp_over_ipv6, 6U);
    EXPECT_EQ(from->gateway->exception_counters().too_big, 0U);
    EXPECT_EQ(from->gateway->exception_counters().joined, 0U) << "the card opened it";
  }
  EXPECT_GE(on_wan_.size(), 12U);
  for (const Buffer& frame : on_wan_) EXPECT_EQ(sum_of(*ip_packet(frame)), 0xffffU);
}

// Its sender cannot be told: the card has protected it.
TEST_F(UdpOverIpv6, WhatIsTooLargeForTheWanIsFragmentedThoughTheSaTells) {
  for (OneGateway* from : {&a_, &b_}) {
    OneGateway& to = from == &a_ ? b_ : a_;
    for (const bool ipv6 : {false, true}) EXPECT_TRUE(crosses(*from, ipv6, kLargest)) << ipv6;
    EXPECT_EQ(from->gateway->exception_counters().too_big, 2U);
    EXPECT_EQ(to.gateway->exception_counters().joined, 2U);
  }
  for (const Buffer& frame : on_wan_) EXPECT_LE(frame.size(), 14 + kLargest);
}

TEST_F(UdpOverIpv6, ARestartedDaemonGoesOnWithIt) {
  ASSERT_TRUE(crosses(a_, false, 60));
  const Spi before = a_.gateway->keeper().sending_for("peer/net")->spi_out;
  a_.gateway.reset();
  const auto again = world_.start(a_, gateway_text(1));
  ASSERT_TRUE(again) << again.error().detail;
  ASSERT_TRUE(world_.run_until([&] { return a_.gateway->keeper().sending_for("peer/net") != nullptr; }));
  on_wan_.clear();
  EXPECT_TRUE(crosses(a_, false, 60));
  EXPECT_EQ(a_.gateway->keeper().sending_for("peer/net")->spi_out, before);
  for (const Buffer& frame : on_wan_) EXPECT_EQ(sum_of(*ip_packet(frame)), 0xffffU);
}

}  // namespace
}  // namespace sallyport::gateway
