// SPDX-License-Identifier: Apache-2.0
// A gateway of IPv6; transport mode; ESP and AH in fragments.
#include <arpa/inet.h>
#include <sys/socket.h>

#include "base/descriptor.hpp"
#include "host/gateway/test_gateway.hpp"

namespace sallyport::gateway {
namespace {

// A manual SA for IPv6, and what the two gateways say to each other in transport mode, by AH.
const std::string kConfigurationOfIpv6 =
    interfaces(R"("2001:db8:1::1/64")", R"(["2001:db8::1/64", "192.0.2.1/24"])") + R"([[sas]]
name = "m"
local_address = "2001:db8::1"
remote_address = "2001:db8::2"
spi_in = 0x1001
spi_out = 0x2001
key_in = "000102030405060708090a0b0c0d0e0f10111213"
key_out = "202122232425262728292a2b2c2d2e2f30313233"
dscp = 46
[[sas]]
name = "own"
local_address = "192.0.2.1"
remote_address = "192.0.2.2"
protocol = "ah"
mode = "transport"
spi_in = 0x1002
spi_out = 0x2002
integrity_key_in = "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f"
integrity_key_out = "202122232425262728292a2b2c2d2e2f202122232425262728292a2b2c2d2e2f"
[[policies]]
name = "net"
source = "2001:db8:1::/64"
destination = "2001:db8:2::/64"
action = "protect"
sa = "m"
[[policies]]
name = "own"
source = "192.0.2.1"
destination = "192.0.2.2"
action = "protect"
sa = "own"
)";
constexpr Address kHost6{0x2001'0db8'0001'0000, 10};
constexpr Address kRemote6{0x2001'0db8'0002'0000, 10};
constexpr Address kPeer6{0x2001'0db8'0000'0000, 2};

class GatewayOfIpv6Test : public GatewayTest {
 protected:
  void start_both() {
    start(card_, kConfigurationOfIpv6);
    ASSERT_TRUE(peer_is_known(kPeer6));
    ASSERT_TRUE(peer_is_known());
    wan_.clear();
  }
  void send_from_host(std::size_t payload) { send(driver::testing::udp_packet(kHost6, kRemote6, payload)); }
  // A packet from the peer to us in two fragments.
  void arrives_in_fragments(std::uint8_t protocol, Bytes payload) {
    driver::IpHeader header;
    header.identification = 7;
    header.ttl = 64;
    header.source = Address::from_v4(kPeer);
    header.destination = kOurs;
    const auto whole = driver::testing::ip_frame(wan_mac(1), kPeerMac, driver::write_ip(header, protocol, payload));
    const auto parts = fragments(whole, 600);
    ASSERT_EQ(parts.size(), 2U);
    for (const Buffer& part : parts) card_.receive(layout::Port::kWan, part);
  }
};

TEST_F(GatewayOfIpv6Test, ProtectsIpv6InATunnelOfIpv6) {
  start_both();
  send_from_host(100);
  ASSERT_EQ(wan_.size(), 1U);
  const auto outer = ip_packet(wan_[0]);
  ASSERT_TRUE(outer && outer->ipv6);
  EXPECT_EQ(outer->destination, kPeer6);
  EXPECT_EQ(outer->protocol, driver::kProtocolEsp);
  EXPECT_EQ(outer->tos >> 2, 46);
  EXPECT_EQ(ask("GET", {"sas"}).at("sas").as_array().at(0).at("mode").as_string(), "tunnel");
}

// RFC 4443 3.2, RFC 8201: the MTU that is told is the largest that fits, and nothing is cut.
TEST_F(GatewayOfIpv6Test, APacketTooBigForTheTunnelIsAnswered) {
  start_both();
  send_from_host(1452);
  ASSERT_TRUE(run_until([&] { return !lan_.empty(); }));
  const auto told = ip_packet(lan_[0]);
  ASSERT_TRUE(told && told->ipv6);
  EXPECT_EQ(told->destination, kHost6);
  EXPECT_EQ(u16(told->payload(), 0), 0x0200);
  const std::uint32_t mtu = u32(told->payload(), 4);
  EXPECT_TRUE(wan_.empty());
  send_from_host(mtu - 48U);
  ASSERT_EQ(wan_.size(), 1U);
  EXPECT_LE(wan_[0].size(), 1514U);
  send_from_host(mtu - 47U);
  EXPECT_EQ(wan_.size(), 1U);
}

TEST_F(GatewayOfIpv6Test, WhatItSaysItselfIsProtectedInTransportMode) {
  start_both();
  const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(7777);
  to.sin_addr.s_addr = htonl(kPeer);
  ASSERT_EQ(::sendto(socket.get(), "hello", 5, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to), 5);
  ASSERT_TRUE(run_until([&] { return !wan_.empty(); }));
  const auto packet = ip_packet(wan_[0]);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->protocol, driver::kProtocolAh);
  EXPECT_EQ(packet->source, kOurs);
  EXPECT_EQ(packet->destination, Address::from_v4(kPeer));
  EXPECT_EQ(u32(packet->payload(), 4), 0x2002U);
  // To somebody else it speaks in the clear: no policy says otherwise.
  wan_.clear();
  to.sin_addr.s_addr = htonl(kPeer + 1);
  ASSERT_EQ(::sendto(socket.get(), "hello", 5, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to), 5);
  ASSERT_TRUE(run_until([&] { return !wan_.empty(); }));
  EXPECT_EQ(ip_packet(wan_[0])->protocol, driver::kProtocolUdp);
}

// RFC 4301 5.2.
TEST_F(GatewayOfIpv6Test, WhatComesInTheClearAndShouldNotIsRefused) {
  start_both();
  // Somebody listens: for an answer that the port is closed, the kernel would ask for a neighbour, and be given its
  // answer.
  const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(2000);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  const auto& counters = gateway_->exception_counters();
  arrives(driver::testing::udp_packet(Address::from_v4(kPeer), kOurs));
  ASSERT_TRUE(run_until([&] { return counters.refused == 1; }));
  const auto given = counters.to_kernel;
  arrives(driver::testing::udp_packet(Address::from_v4(kPeer + 1), kOurs));
  EXPECT_TRUE(run_until([&] { return counters.to_kernel == given + 1; }));
  EXPECT_EQ(counters.refused, 1U);
}

TEST_F(GatewayOfIpv6Test, EspAndAhInFragmentsReachTheCardAsAWhole) {
  start_both();
  const auto& counters = gateway_->exception_counters();
  std::uint64_t joined = 0;
  for (const std::uint8_t protocol : {driver::kProtocolEsp, driver::kProtocolAh}) {
    arrives_in_fragments(protocol, Buffer(900, 0x77));
    ++joined;
    ASSERT_TRUE(run_until([&] { return counters.joined == joined; })) << int{protocol};
    EXPECT_TRUE(run_until([&] { return drops(layout::Drop::kSpiUnknown) == joined; })) << int{protocol};
  }
}

TEST_F(GatewayOfIpv6Test, EspInUdpInFragmentsReachesTheCardAsAWholeAndIkeDoesNot) {
  start_both();
  const auto& counters = gateway_->exception_counters();
  const auto datagram = [](std::uint32_t first) {
    return ByteWriter().u16(4500).u16(4500).u16(908).u16(0).u32(first).zeros(896).take();
  };
  arrives_in_fragments(driver::kProtocolUdp, datagram(0));  // the marker of IKE
  arrives_in_fragments(driver::kProtocolUdp, datagram(0x77777777));
  ASSERT_TRUE(run_until([&] { return drops(layout::Drop::kSpiUnknown) == 1; }));
  EXPECT_EQ(counters.joined, 1U);
}

}  // namespace
}  // namespace sallyport::gateway
