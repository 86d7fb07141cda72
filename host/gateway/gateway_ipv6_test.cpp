// SPDX-License-Identifier: Apache-2.0
// A gateway of IPv6; transport mode; ESP and AH in fragments.
#include <arpa/inet.h>
#include <sys/socket.h>

#include "base/descriptor.hpp"
#include "driver/software/esp_peer.hpp"
#include "host/gateway/test_gateway.hpp"

namespace sallyport::gateway {
namespace {

// A manual SA for IPv6, and what the two gateways say to each other in transport mode, by AH; to another by ESP.
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
[[sas]]
name = "own6"
local_address = "2001:db8::1"
remote_address = "2001:db8::2"
protocol = "ah"
mode = "transport"
spi_in = 0x1003
spi_out = 0x2003
integrity_key_in = "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f"
integrity_key_out = "202122232425262728292a2b2c2d2e2f202122232425262728292a2b2c2d2e2f"
[[sas]]
name = "esp"
local_address = "192.0.2.1"
remote_address = "192.0.2.4"
mode = "transport"
algorithm = "aes128-sha256"
spi_in = 0x1004
spi_out = 0x2004
key_in = "404142434445464748494a4b4c4d4e4f"
key_out = "606162636465666768696a6b6c6d6e6f"
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
[[policies]]
name = "own6"
source = "2001:db8::1"
destination = "2001:db8::2"
action = "protect"
sa = "own6"
[[policies]]
name = "esp"
source = "192.0.2.1"
destination = "192.0.2.4"
action = "protect"
sa = "esp"
)";
constexpr Address kHost6{0x2001'0db8'0001'0000, 10};
constexpr Address kRemote6{0x2001'0db8'0002'0000, 10};
constexpr Address kPeer6{0x2001'0db8'0000'0000, 2}, kOurs6{0x2001'0db8'0000'0000, 1};
constexpr Address kOursOfLan6{0x2001'0db8'0001'0000, 1};

class GatewayOfIpv6Test : public GatewayTest {
 protected:
  void start_both() {
    start(card_, kConfigurationOfIpv6);
    ASSERT_TRUE(peer_is_known(kPeer6));
    ASSERT_TRUE(peer_is_known());
    ASSERT_TRUE(peer_is_known(Address::from_v4(kPeer + 2)));
    wan_.clear();
  }
  void send_from_host(std::size_t payload) { send(driver::testing::udp_packet(kHost6, kRemote6, payload)); }
  // A packet from the peer to us in two fragments.
  void arrives_in_fragments(const Buffer& packet) {
    const auto parts = source_fragments(driver::testing::ip_frame(wan_mac(1), kPeerMac, packet), 1280, 7);
    ASSERT_EQ(parts.size(), 2U);
    for (const Buffer& part : parts) card_.receive(layout::Port::kWan, part);
  }
  void arrives_in_fragments(std::uint8_t protocol, Bytes payload) {
    driver::IpHeader header;
    header.ttl = 64;
    header.source = Address::from_v4(kPeer);
    header.destination = kOurs;
    arrives_in_fragments(driver::write_ip(header, protocol, payload));
  }
  // What a program of the gateway's says; by `device`, whatever the routes say.
  static void says(const Buffer& packet, const std::string& device = "") {
    const bool ipv6 = packet[0] >> 4 == 6;
    const Descriptor socket(::socket(ipv6 ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
    if (!device.empty()) {
      ASSERT_EQ(
          ::setsockopt(socket.get(), SOL_SOCKET, SO_BINDTODEVICE, device.data(), static_cast<socklen_t>(device.size())),
          0);
    }
    sockaddr_in to{};
    to.sin_family = AF_INET;
    std::copy_n(packet.begin() + 16, sizeof to.sin_addr, reinterpret_cast<std::uint8_t*>(&to.sin_addr));
    sockaddr_in6 to6{};
    to6.sin6_family = AF_INET6;
    std::copy_n(packet.begin() + 24, sizeof to6.sin6_addr, reinterpret_cast<std::uint8_t*>(&to6.sin6_addr));
    const auto* address = ipv6 ? reinterpret_cast<const sockaddr*>(&to6) : reinterpret_cast<const sockaddr*>(&to);
    ASSERT_EQ(::sendto(socket.get(), packet.data(), packet.size(), 0, address, ipv6 ? sizeof to6 : sizeof to),
              static_cast<ssize_t>(packet.size()));
  }
  static Buffer with_extras(const Address& destination, const std::string& extras, std::uint8_t first_extension = 0,
                            std::size_t payload = 40) {
    driver::IpHeader header;
    header.ipv6 = !destination.is_v4();
    header.ttl = 64;
    header.source = header.ipv6 ? kOurs6 : kOurs;
    header.destination = destination;
    header.extras = from_hex(extras).value();
    header.first_extension = first_extension;
    return driver::write_ip(header, 253, Buffer(payload, 0x5a));
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

TEST_F(GatewayOfIpv6Test, WhatItSaysItselfIsProtectedWithItsOptionsAndExtensionHeaders) {
  start_both();
  for (const auto& [destination, extras, first] : {std::tuple{Address::from_v4(kPeer), "94040000", std::uint8_t{0}},
                                                   std::tuple{kPeer6,
                                                              "3c00050200000100"
                                                              "000001045a5a5a5a",
                                                              driver::kHopByHopOptions},
                                                   std::tuple{kPeer6, "0000040000000000", driver::kRouting}}) {
    wan_.clear();
    says(with_extras(destination, extras, first));
    ASSERT_TRUE(run_until([&] { return !wan_.empty(); })) << extras;
    const auto packet = ip_packet(wan_[0]).value();
    EXPECT_EQ(packet.protocol, driver::kProtocolAh);
    EXPECT_EQ(packet.extras.size(), from_hex(extras)->size());
    EXPECT_EQ(u32(packet.payload(), 4), packet.ipv6 ? 0x2003U : 0x2002U);
  }
  EXPECT_EQ(gateway_->exception_counters().refused, 0U);
}

// RFC 4301 5.1.2.1 (2): TTLs are for who forwards.
TEST_F(GatewayOfIpv6Test, WhatItSaysItselfEntersATunnelWithTheTtlThatItHas) {
  start();
  ASSERT_TRUE(peer_is_known());
  driver::bench::EspPeer peer;
  peer.key = from_hex("202122232425262728292a2b2c2d2e2f").value();
  peer.salt = from_hex("30313233").value();
  driver::IpHeader header;
  header.source = Address::from_v4(kHost - 9);  // 10.1.0.1
  header.destination = Address::from_v4(kRemote);
  for (const auto& [said, sent] : {std::pair{64, 64}, {1, 1}, {255, 254}}) {
    wan_.clear();
    header.ttl = static_cast<std::uint8_t>(said);
    says(driver::write_ip(header, 253, Buffer(40, 0x5a)), "sp-wan");
    ASSERT_TRUE(run_until([&] { return !wan_.empty(); })) << said;
    const auto inner = peer.open(ip_packet(wan_[0])->payload());
    ASSERT_TRUE(inner) << said;
    EXPECT_EQ((*inner)[8], sent);
    EXPECT_EQ(driver::internet_checksum(Bytes(*inner).first(20)), 0) << said;
  }
}

TEST_F(GatewayOfIpv6Test, WhatItSaysItselfInTransportModeHasTheTtlThatItHas) {
  start_both();
  for (const Address& destination : {Address::from_v4(kPeer), kPeer6}) {
    wan_.clear();
    says(with_extras(destination, ""));
    ASSERT_TRUE(run_until([&] { return !wan_.empty(); }));
    EXPECT_EQ(ip_packet(wan_[0])->protocol, driver::kProtocolAh);
    EXPECT_EQ(ip_packet(wan_[0])->ttl, 64);
  }
}

// The cipher pads what is behind the options: 4 bytes of them cost a block where it is full.
TEST_F(GatewayOfIpv6Test, WhatItSaysItselfWithOptionsIsToldTheMtuThatIsLeftByThem) {
  start_both();
  const Address destination = Address::from_v4(kPeer + 2);
  const Descriptor icmp(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMP));
  std::size_t told = 0;
  const auto answered = [&] {
    Buffer answer(200);
    if (::recv(icmp.get(), answer.data(), answer.size(), 0) > 0 && u16(answer, 20) == 0x0304) told = u16(answer, 26);
    return told != 0;  // RFC 1191 4
  };
  says(with_extras(destination, "94040000", 0, 1500 - 24));
  ASSERT_TRUE(run_until(answered));
  EXPECT_TRUE(wan_.empty());
  says(with_extras(destination, "94040000", 0, told - 24));
  ASSERT_TRUE(run_until([&] { return !wan_.empty(); }));
  EXPECT_LE(wan_[0].size(), 1514U);
  EXPECT_GT(wan_[0].size() + 16, 1514U) << "one block more";
}

// RFC 4302 3.3.3.1.1.2, 3.3.3.1.2.2: the receiver would find another ICV.
TEST_F(GatewayOfIpv6Test, WhatItSaysItselfByASourceRouteIsRefusedByAhInTransportMode) {
  start_both();
  std::uint64_t refused = 0;
  const auto expect_refused = [&](const Buffer& packet) {
    says(packet);
    EXPECT_TRUE(run_until([&] { return gateway_->exception_counters().refused == refused + 1; })) << to_hex(packet);
    ++refused;
  };
  for (const char* route : {"8307040a00000100", "8907040a00000100"}) {
    expect_refused(with_extras(Address::from_v4(kPeer), route));
  }
  expect_refused(with_extras(kPeer6, "0000040100000000", driver::kRouting));
  EXPECT_TRUE(wan_.empty());
  // By ESP, and where no policy protects, it goes its way.
  for (const auto& [host, protocol] : {std::pair<std::uint32_t, std::uint8_t>{kPeer + 1, 253}, {kPeer + 2, 50}}) {
    wan_.clear();
    says(with_extras(Address::from_v4(host), "8307040a00000100"));
    ASSERT_TRUE(run_until([&] { return !wan_.empty(); })) << int{protocol};
    EXPECT_EQ(ip_packet(wan_[0])->protocol, protocol);
  }
  EXPECT_EQ(gateway_->exception_counters().refused, refused);
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

// RFC 4861 4.2, RFC 4191 2.3: what is on the link, and routes by it, would be nearer than the LAN.
TEST_F(GatewayOfIpv6Test, ARouterOfTheWanIsLearntAndNothingElseOfWhatItSays) {
  start_both();
  constexpr Address kRouter{0xfe80'0000'0000'0000, 2}, kHalfOfLan{0x2001'0db8'0001'0000, 0};
  driver::IpHeader header;
  header.ipv6 = true;
  header.ttl = 255;
  header.source = kRouter;
  header.destination = {0xff02'0000'0000'0000, 1};
  ByteWriter said;
  said.u8(134).u8(0).u16(0).u8(64).u8(0).u16(1800).u32(0).u32(0);
  said.u8(3).u8(4).u8(65).u8(0xc0).u32(3600).u32(3600).u32(0).u64(kHalfOfLan.high).u64(kHalfOfLan.low);
  said.u8(24).u8(3).u8(66).u8(0).u32(3600).u64(kHalfOfLan.high).u64(kHalfOfLan.low);
  arrives(icmpv6_packet(header, std::move(said)));
  const auto& forwarding = gateway_->keeper().forwarding();
  constexpr Address kElsewhere{0x2001'0db8'9999'0000, 1};
  ASSERT_TRUE(run_until([&] { return forwarding.hop_to(kElsewhere) == Hop{layout::Port::kWan, kRouter}; }));
  EXPECT_EQ(forwarding.hop_to(kHost6), (Hop{layout::Port::kLan, kHost6}));
}

TEST_F(GatewayOfIpv6Test, WhatComesInTheClearAndNoPolicyNamesReachesNoAddressOfTheLan) {
  start_both();
  const Descriptor socket(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in6 at{};
  at.sin6_family = AF_INET6;
  at.sin6_port = htons(2000);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  const auto& counters = gateway_->exception_counters();
  constexpr Address kStranger{0x2001'0db8'0000'0000, 9};
  const auto is_sent = [&](const Address& to) {
    Buffer frame = driver::testing::ip_frame(wan_mac(1), kPeerMac, driver::testing::udp_packet(kStranger, to));
    fill_udp_checksum(frame);
    card_.receive(layout::Port::kWan, frame);
  };
  is_sent(kOursOfLan6);
  EXPECT_TRUE(run_until([&] { return counters.refused == 1; }));
  is_sent(kOurs6);
  Buffer heard(100);
  EXPECT_TRUE(run_until([&] { return ::recv(socket.get(), heard.data(), heard.size(), MSG_PEEK) > 0; }));
  EXPECT_EQ(counters.refused, 1U);
}

// RFC 4861 3.1, 7.1.2: else whoever is behind the tunnel would say which MAC address a host of our LAN has.
TEST_F(GatewayOfIpv6Test, ATunnelBringsNothingOfWhatNeighboursSay) {
  start_both();
  driver::bench::EspPeer tunnel;
  tunnel.key = from_hex("000102030405060708090a0b0c0d0e0f").value();
  tunnel.salt = from_hex("10111213").value();
  std::uint64_t seq = 0;
  const auto comes_by_tunnel = [&](const Buffer& inner) {
    driver::IpHeader outer;
    outer.ipv6 = true;
    outer.ttl = 64;
    outer.source = kPeer6;
    outer.destination = kOurs6;
    const Buffer iv = ByteWriter().u64(++seq).take();
    arrives(driver::write_ip(outer, driver::kProtocolEsp,
                             tunnel.seal(0x1001, seq, iv, tunnel.with_trailer(inner, driver::kProtocolIpv6))));
  };
  const auto advertisement = [](const Address& source, const Address& destination) {
    driver::IpHeader header;
    header.ipv6 = true;
    header.ttl = 255;
    header.source = source;
    header.destination = destination;
    ByteWriter said;
    said.u8(136).u8(0).u16(0).u32(0x60000000).u64(kHost6.high).u64(kHost6.low).u8(2).u8(1).bytes(kPeerMac);
    return icmpv6_packet(header, std::move(said));
  };
  const auto& counters = gateway_->exception_counters();
  const auto& forwarding = gateway_->keeper().forwarding();
  const Hop host{layout::Port::kLan, kHost6};
  comes_by_tunnel(driver::testing::udp_packet(kRemote6, kHost6));
  ASSERT_TRUE(run_until([&] { return forwarding.is_known(host); }));
  comes_by_tunnel(advertisement(kRemote6, kOursOfLan6));
  EXPECT_TRUE(run_until([&] { return counters.refused == 1; }));
  EXPECT_EQ(forwarding.mac_of(host), kHostMac);
  std::uint64_t given = counters.to_kernel;
  comes_by_tunnel(driver::testing::udp_packet(kRemote6, kOursOfLan6));
  EXPECT_TRUE(run_until([&] { return counters.to_kernel == given + 1; }));
  // In transport mode the peer is the neighbour.
  driver::bench::EspPeer own;
  own.cipher = layout::Cipher::kNull;
  own.integrity = layout::Integrity::kHmacSha256_128;
  own.integrity_key = from_hex("000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f").value();
  const Buffer said = advertisement(kPeer6, kOurs6);
  given = counters.to_kernel;
  arrives(own.seal_ah(Bytes(said).first(40), 0x1003, 1, driver::kProtocolIcmpv6, Bytes(said).subspan(40)));
  EXPECT_TRUE(run_until([&] { return counters.to_kernel == given + 1; }));
  EXPECT_EQ(counters.refused, 1U);
}

// RFC 4301 7: the kernel might put it together with a first one that came by the SA.
TEST_F(GatewayOfIpv6Test, AFragmentInTheClearOfWhatIsToBeProtectedIsRefused) {
  start_both();
  const auto& counters = gateway_->exception_counters();
  arrives_in_fragments(253, Buffer(1400, 0x77));
  EXPECT_TRUE(run_until([&] { return counters.refused == 2; }));
}

TEST_F(GatewayOfIpv6Test, EspAndAhInFragmentsReachTheCardAsAWhole) {
  start_both();
  const auto& counters = gateway_->exception_counters();
  std::uint64_t joined = 0;
  for (const std::uint8_t protocol : {driver::kProtocolEsp, driver::kProtocolAh}) {
    arrives_in_fragments(protocol, Buffer(1400, 0x77));
    ++joined;
    ASSERT_TRUE(run_until([&] { return counters.joined == joined; })) << int{protocol};
    EXPECT_TRUE(run_until([&] { return drops(layout::Drop::kSpiUnknown) == joined; })) << int{protocol};
  }
}

// Where the kernel gives it without its header, the extension headers in front of AH are told beside it: another ICV
// without them.
TEST_F(GatewayOfIpv6Test, AhInFragmentsKeepsItsExtensionHeaders) {
  start_both();
  const auto peer = [] {
    driver::bench::EspPeer made;
    made.cipher = layout::Cipher::kNull;
    made.integrity = layout::Integrity::kHmacSha256_128;
    made.integrity_key = from_hex("000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f").value();
    return made;
  }();
  std::uint64_t seq = 0;
  for (const auto& [extras, first] :
       {std::pair<const char*, std::uint8_t>{"0000050200000100", driver::kHopByHopOptions},
        {"2b00050200000100"
         "3c00000000000000"
         "00001e0401020304",
         driver::kHopByHopOptions},
        {"00001e0401020304", driver::kDestinationOptions}}) {
    driver::IpHeader header;
    header.ipv6 = true;
    header.ttl = 64;
    header.source = kPeer6;
    header.destination = kOurs6;
    header.extras = from_hex(extras).value();
    header.first_extension = first;
    const Buffer front = driver::write_ip(header, driver::kProtocolAh, {});
    arrives_in_fragments(peer.seal_ah(front, 0x1003, ++seq, 253, Buffer(1400, 0x77)));
    EXPECT_TRUE(run_until([&] { return gateway_->exception_counters().joined == seq; })) << extras;
    EXPECT_TRUE(run_until([&] {
      return ask("GET", {"counters"}).at("counters").at("esp_in").to_number<std::uint64_t>() == seq;
    })) << extras;
  }
}

TEST_F(GatewayOfIpv6Test, EspInUdpInFragmentsReachesTheCardAsAWholeAndIkeDoesNot) {
  start_both();
  const auto& counters = gateway_->exception_counters();
  const auto datagram = [](std::uint32_t first) {
    return ByteWriter().u16(4500).u16(4500).u16(1408).u16(0).u32(first).zeros(1396).take();
  };
  arrives_in_fragments(driver::kProtocolUdp, datagram(0));  // the marker of IKE
  arrives_in_fragments(driver::kProtocolUdp, datagram(0x77777777));
  ASSERT_TRUE(run_until([&] { return drops(layout::Drop::kSpiUnknown) == 1; }));
  EXPECT_EQ(counters.joined, 1U);
}

}  // namespace
}  // namespace sallyport::gateway
