// SPDX-License-Identifier: Apache-2.0
// For tests: the frames that neighbours of a card send.
#pragma once

#include "driver/ip/ip.hpp"
#include "driver/mac_address.hpp"

namespace sallyport::driver::testing {

inline Buffer ethernet_frame(const MacAddress& destination, const MacAddress& source, std::uint16_t ethertype,
                             Bytes content) {
  return ByteWriter().bytes(destination).bytes(source).u16(ethertype).bytes(content).take();
}

// Around an IP packet of either version.
inline Buffer ip_frame(const MacAddress& destination, const MacAddress& source, Bytes packet) {
  return ethernet_frame(destination, source, packet[0] >> 4 == 6 ? kEthertypeIpv6 : kEthertypeIpv4, packet);
}

// Whether somebody asks by ARP for a MAC address (RFC 826).
inline bool is_arp_request(Bytes frame) {
  return ByteReader(frame.subspan(12)).u16() == kEthertypeArp && ByteReader(frame.subspan(20)).u16() == 1;
}

// The answer to an ARP request: whoever was asked for has this address.
inline Buffer arp_answer(Bytes request, const MacAddress& mac) {
  ByteWriter w;
  w.bytes(request.subspan(6, 6)).bytes(mac).u16(kEthertypeArp).bytes(request.subspan(14, 6)).u16(2);
  return w.bytes(mac).bytes(request.subspan(38, 4)).bytes(request.subspan(22, 10)).take();
}

// UDP from port 1000 to 2000 with a payload of `payload` bytes, in the IP version of the addresses.
inline Buffer udp_packet(const Address& source, const Address& destination, std::size_t payload = 4, bool df = false) {
  IpHeader header;
  header.ipv6 = !source.is_v4();
  header.df = df;
  header.ttl = 64;
  header.source = source;
  header.destination = destination;
  const Buffer udp =
      ByteWriter().u16(1000).u16(2000).u16(static_cast<std::uint16_t>(8 + payload)).u16(0).zeros(payload).take();
  return write_ip(header, kProtocolUdp, udp);
}
inline Buffer udp_packet(std::uint32_t source, std::uint32_t destination, std::size_t payload = 4, bool df = false) {
  return udp_packet(Address::from_v4(source), Address::from_v4(destination), payload, df);
}

// Whether it is one of these.
inline bool is_udp_packet(const IpPacket& packet) {
  if (packet.protocol != kProtocolUdp || packet.fragment()) return false;
  ByteReader ports(packet.payload());
  ports.skip(2);
  return ports.u16() == 2000;
}

// RFC 9293 3.1: a segment without payload; flags of its last eight bits.
inline constexpr std::uint8_t kSyn = 0x02, kAck = 0x10;
inline Buffer tcp_packet(std::uint32_t source, std::uint16_t source_port, std::uint32_t destination,
                         std::uint16_t destination_port, std::uint8_t flags) {
  IpHeader header;
  header.ttl = 64;
  header.source = Address::from_v4(source);
  header.destination = Address::from_v4(destination);
  ByteWriter segment;
  segment.u16(source_port).u16(destination_port).zeros(8).u8(5 << 4).u8(flags).zeros(6);
  return write_ip(header, kProtocolTcp, segment.view());
}

}  // namespace sallyport::driver::testing
