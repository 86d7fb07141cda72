// SPDX-License-Identifier: Apache-2.0
// The little the gateway itself does to IPv4 packets: read the key of a lookup, tell a sender that a packet is too big,
// and cut one that may be cut. Frames are Ethernet frames from the destination MAC address on, without FCS.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "driver/ipv4/ipv4.hpp"
#include "driver/mac_address.hpp"

namespace sallyport::gateway {

// Nothing for a frame that is no whole IPv4 packet.
[[nodiscard]] std::optional<driver::PacketKey> packet_key(Bytes frame);
[[nodiscard]] bool may_not_fragment(Bytes frame);  // DF is set

// RFC 792 and RFC 1191 4: destination unreachable, fragmentation needed and DF set, with the MTU the sender should use.
// To whoever sent `frame`, between the given MAC addresses. Nothing where RFC 1122 3.2.2 forbids an answer: to an ICMP
// error, to a fragment other than the first, to a sender that is no single host.
[[nodiscard]] std::optional<Buffer> fragmentation_needed(Bytes frame, std::uint32_t from, std::uint16_t mtu,
                                                         const driver::MacAddress& to_mac,
                                                         const driver::MacAddress& from_mac);

// RFC 791 3.2: fragments of at most `mtu` bytes of IPv4 each; empty when the packet cannot be cut (DF, or mtu below
// 68).
[[nodiscard]] std::vector<Buffer> fragments(Bytes frame, std::uint16_t mtu);

// What the card does on the way out (hw/README.md, step 11): new MAC addresses, TTL - 1, trimmed to the packet. False:
// the TTL is spent, or this is no IPv4 packet.
[[nodiscard]] bool forward_in_place(Buffer& frame, const driver::MacAddress& to, const driver::MacAddress& from);

}  // namespace sallyport::gateway
