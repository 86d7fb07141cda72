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

}  // namespace sallyport::driver::testing
