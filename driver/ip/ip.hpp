// SPDX-License-Identifier: Apache-2.0
// IPv4 (RFC 791) and IPv6 (RFC 8200) as the card reads and changes them, and as whoever must see a packet with its eyes
// does. Addresses are the card's: IPv4 is mapped (hw/layout/address.hpp).
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "hw/layout/address.hpp"

namespace sallyport::driver {

using layout::Address;

constexpr std::size_t kEthernetBytes = 14;
constexpr std::size_t kIpv4Bytes = 20;  // without options
constexpr std::size_t kIpv6Bytes = 40;  // without extension headers
constexpr std::size_t kUdpBytes = 8;
constexpr std::uint16_t kEthertypeIpv4 = 0x0800;
constexpr std::uint16_t kEthertypeArp = 0x0806;
constexpr std::uint16_t kEthertypeIpv6 = 0x86dd;
constexpr std::uint16_t kEthertypeVlan = 0x8100;  // IEEE 802.1Q: a tag of 4 bytes between source MAC and ethertype
constexpr std::size_t kVlanTagBytes = 4;
constexpr std::uint8_t kProtocolIpv4 = 4;
constexpr std::uint8_t kProtocolTcp = 6;
constexpr std::uint8_t kProtocolUdp = 17;
constexpr std::uint8_t kProtocolIpv6 = 41;
constexpr std::uint8_t kProtocolEsp = 50;
constexpr std::uint8_t kProtocolAh = 51;
constexpr std::uint8_t kProtocolIcmpv6 = 58;
constexpr std::uint8_t kProtocolNone = 59;  // nothing follows

// RFC 8200 4: the extension headers that the card reads, as many of them, and as far.
constexpr std::uint8_t kHopByHopOptions = 0, kRouting = 43, kFragment = 44, kDestinationOptions = 60;
constexpr unsigned kMostExtensions = 4;
constexpr std::size_t kMostExtensionBytes = 48;

// A header, but for what the packet says: its length, its protocol, its checksum.
struct IpHeader {
  bool ipv6 = false;
  std::uint8_t tos = 0;              // IPv6: traffic class
  std::uint16_t identification = 0;  // IPv4
  bool df = false;                   // IPv4
  std::uint32_t flow_label = 0;      // IPv6
  std::uint8_t ttl = 0;              // IPv6: hop limit
  Address source;
  Address destination;
  // IPv4's options, or IPv6's extension headers as far as they were read; the last one's next header is the protocol.
  Buffer extras{};
  std::uint8_t first_extension = 0;  // what kind of header extras of IPv6 begin with

  [[nodiscard]] std::size_t plain_bytes() const { return ipv6 ? kIpv6Bytes : kIpv4Bytes; }  // without extras
  [[nodiscard]] std::size_t header_bytes() const { return plain_bytes() + extras.size(); }
};

// Where in the extras of an IPv6 header an extension header lies, or an option in those of an IPv4 header.
struct Extension {
  std::uint8_t kind = 0;
  std::size_t at = 0;
  std::size_t bytes = 0;
};
std::vector<Extension> extensions_of(const IpHeader& header);

constexpr std::uint8_t kEndOfOptions = 0, kNoOperation = 1;  // of one byte and no more
// RFC 791 3.1. Those in front of the end of the list, or of the first whose length leads nowhere.
std::vector<Extension> options_of(const IpHeader& header);

// A packet whose header has been checked.
struct IpPacket : IpHeader {
  Bytes bytes;  // from the header to the end that it says
  bool more_fragments = false;
  std::uint16_t fragment_offset = 0;  // in units of 8 bytes
  std::uint8_t protocol = 0;          // of what follows the header

  [[nodiscard]] std::size_t total() const { return bytes.size(); }
  [[nodiscard]] Bytes payload() const { return bytes.subspan(header_bytes()); }
  [[nodiscard]] bool fragment() const { return more_fragments || fragment_offset != 0; }
  [[nodiscard]] std::uint16_t ethertype() const { return ipv6 ? kEthertypeIpv6 : kEthertypeIpv4; }
};

enum class HeaderFault : std::uint8_t {
  kNone,
  kTooShort,      // fewer bytes than a plain header has
  kMalformed,     // version, a length below the header's, an IPv4-mapped address in IPv6
  kTotalTooLong,  // the bytes end before the packet does
  kExtension,     // more extension headers than are read
  kChecksum,      // IPv4
};

// `available` may be longer than the packet: Ethernet pads short frames. The first fault is named, in the order of
// hw/README.md, step 5.
HeaderFault read_ip(Bytes available, bool ipv6, IpPacket& packet);
// Of the version that an ethertype names; nothing for another ethertype.
std::optional<HeaderFault> read_ip_of(std::uint16_t ethertype, Bytes available, IpPacket& packet);

// A packet with this header, of which length and checksum are made here.
Buffer write_ip(const IpHeader& header, std::uint8_t protocol, Bytes payload);

// What a lookup asks by (hw/README.md, Lookups): ports are 0 where a packet has none.
struct PacketKey {
  Address source;
  Address destination;
  std::uint8_t protocol = 0;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
};
PacketKey packet_key(const IpPacket& packet);
[[nodiscard]] bool has_ports(std::uint8_t protocol);

// RFC 9293 3.1: of a TCP segment the flags; SYN without ACK opens a connection. A fragment does not say.
[[nodiscard]] bool opens_connection(const IpPacket& packet);

// RFC 1071: what belongs into a checksum field that has zero now; 0 over bytes that carry their right checksum.
std::uint16_t internet_checksum(Bytes data);
// The same, written into the IPv4 header at the start of `packet`.
void write_checksum(std::span<std::uint8_t> packet, std::size_t header_bytes);

// RFC 1624 eqn. 3: a word of the IPv4 header at the start of `packet` becomes another, and the checksum with it.
void replace_word(std::span<std::uint8_t> packet, std::size_t at, std::uint16_t word);

// Of the packet at the start of `packet`, of either version. IPv4's checksum is changed by RFC 1624 eqn. 3.
void decrement_ttl(std::span<std::uint8_t> packet);
void increment_ttl(std::span<std::uint8_t> packet);
void set_tos(std::span<std::uint8_t> packet, std::uint8_t tos);

}  // namespace sallyport::driver
