// SPDX-License-Identifier: Apache-2.0
// The little the gateway itself does to IP packets: read the key of a lookup, tell a sender that a packet is too big,
// cut one that may be cut, and hand one on. Frames are Ethernet frames from the destination MAC address on, without
// FCS.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "driver/ip/ip.hpp"
#include "driver/mac_address.hpp"

namespace sallyport::gateway {

// The IP packet of a frame, without what the wire padded; nothing for a frame that holds no whole one. It borrows the
// frame.
[[nodiscard]] std::optional<driver::IpPacket> ip_packet(Bytes frame);

// Neighbour discovery (RFC 4861), which is to IPv6 what ARP is to IPv4. RFC 4861 7.1: a hop limit of 255 shows that it
// comes from the link.
[[nodiscard]] bool is_neighbour_discovery(const driver::IpPacket& packet);

constexpr std::size_t kLeastMtuOfIpv6 = 1280;  // RFC 8200 5

// Whether it must not be cut on the way: IPv4 with DF, IPv6 always (RFC 8200 5).
[[nodiscard]] bool may_not_fragment(const driver::IpPacket& packet);

// That a packet is too big, with the MTU that its sender should use: RFC 792 and RFC 1191 4 (fragmentation needed and
// DF set), RFC 4443 3.2 (Packet Too Big), where no less than kLeastMtuOfIpv6 is told. A frame to whoever sent the
// packet, from `from`, between the given MAC addresses. Nothing where RFC 1122 3.2.2 and RFC 4443 2.4 forbid an answer:
// to an ICMP error, to a sender that is no single host, of IPv4 to a fragment other than the first.
[[nodiscard]] std::optional<Buffer> too_big_answer(const driver::IpPacket& packet, const driver::Address& from,
                                                   std::uint16_t mtu, const driver::MacAddress& to_mac,
                                                   const driver::MacAddress& from_mac);

// Whether a source route leads it on, so that its destination is not the one it will arrive with: IPv4's options loose
// and strict source route (RFC 791 3.1), a routing header with segments left (RFC 8200 4.4).
[[nodiscard]] bool is_source_routed(const driver::IpPacket& packet);

// RFC 791 3.2: fragments of at most `mtu` bytes of IPv4 each, the options that say so in all of them, the others in the
// first; empty when the packet cannot be cut (may_not_fragment, or mtu below 68).
[[nodiscard]] std::vector<Buffer> fragments(Bytes frame, std::uint16_t mtu);

// RFC 4301 8, RFC 4303 3.3.4: fragments of at most `mtu` bytes of an ESP or AH packet that this gateway is the source
// of, whatever its DF says, and of IPv6 too (RFC 8200 4.5). They bear `identification`, which must be another for each
// packet; those of AH over IPv4 keep their own, which is authenticated (RFC 4302 3.3.3.1).
[[nodiscard]] std::vector<Buffer> source_fragments(Bytes frame, std::uint16_t mtu, std::uint32_t identification);

// RFC 8200 8.1: writes the checksum, zero so far, of a UDP datagram in IPv6. All other frames stay as they are.
void fill_udp_checksum(Buffer& frame);

// What the card does on the way out (hw/README.md, step 11): new MAC addresses, TTL - 1, trimmed to the packet. False:
// the TTL is spent, or this is no IP packet.
[[nodiscard]] bool forward_in_place(Buffer& frame, const driver::MacAddress& to, const driver::MacAddress& from);

}  // namespace sallyport::gateway
