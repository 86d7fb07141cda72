// SPDX-License-Identifier: Apache-2.0
// IPv4 (RFC 791) as the card reads and changes it, and as whoever must see a packet with its eyes does.
#pragma once

#include "base/bytes.hpp"

namespace sallyport::driver {

constexpr std::size_t kEthernetBytes = 14;
constexpr std::size_t kIpv4Bytes = 20;  // without options
constexpr std::uint16_t kEthertypeIpv4 = 0x0800;
constexpr std::uint16_t kEthertypeArp = 0x0806;
constexpr std::uint8_t kProtocolIpv4 = 4;
constexpr std::uint8_t kProtocolUdp = 17;
constexpr std::uint8_t kProtocolEsp = 50;

// A packet whose header has been checked: addresses in host order.
struct Ipv4Packet {
  Bytes bytes;  // from the header to the end that its total length says
  std::size_t header_bytes = 0;
  std::uint8_t tos = 0;
  bool df = false;
  bool more_fragments = false;
  std::uint16_t fragment_offset = 0;  // in units of 8 bytes
  std::uint8_t ttl = 0;
  std::uint8_t protocol = 0;
  std::uint32_t source = 0;
  std::uint32_t destination = 0;

  [[nodiscard]] std::size_t total() const { return bytes.size(); }
  [[nodiscard]] Bytes payload() const { return bytes.subspan(header_bytes); }
  [[nodiscard]] bool fragment() const { return more_fragments || fragment_offset != 0; }
};

// In the order in which the card checks.
enum class HeaderFault : std::uint8_t {
  kNone,
  kTooShort,      // fewer than 20 bytes
  kMalformed,     // version, header length, or total length below the header's
  kTotalTooLong,  // the bytes end before the total length
  kChecksum,
};

// `available` may be longer than the packet: Ethernet pads short frames.
HeaderFault read_ipv4(Bytes available, Ipv4Packet& packet);

// What a lookup asks by (hw/README.md, Lookups): ports are 0 where a packet has none.
struct PacketKey {
  std::uint32_t source = 0;
  std::uint32_t destination = 0;
  std::uint8_t protocol = 0;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
};
PacketKey packet_key(const Ipv4Packet& packet);

// RFC 1071: what belongs into a checksum field that has zero now; 0 over bytes that carry their right checksum.
std::uint16_t internet_checksum(Bytes data);
// The same, written into the IPv4 header at the start of `packet`.
void write_checksum(std::span<std::uint8_t> packet, std::size_t header_bytes);

// RFC 1624 eqn. 3: TTL - 1, and the checksum of the changed word.
void decrement_ttl(std::span<std::uint8_t> packet);

}  // namespace sallyport::driver
