// SPDX-License-Identifier: Apache-2.0
// Frames to offer to a card and to recognise when they come out again.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "driver/ip/ip.hpp"
#include "driver/linux_port/packet_port.hpp"
#include "driver/sa/sa_table.hpp"

namespace sallyport::bench {

using driver::MacAddress;
using layout::Address;

constexpr std::size_t kEthernetHeaderBytes = 14;

// The shortest frames of an IP version: of all, and of those that carry a whole number (in UDP).
constexpr std::size_t least_frame(bool ipv6) {
  return kEthernetHeaderBytes + (ipv6 ? driver::kIpv6Bytes : driver::kIpv4Bytes);
}
constexpr std::size_t least_numbered_frame(bool ipv6) { return least_frame(ipv6) + driver::kUdpBytes + 8; }

// Both addresses are of one IP version.
struct FlowAddresses {
  MacAddress source_mac{};
  MacAddress destination_mac{};
  Address source;
  Address destination;
};

// A frame of `length` bytes (without FCS, at least least_frame()) that carries `number`; the rest of its payload is
// derived from the number, so that a damaged one can be told. One that is too short for a whole number is of protocol
// 253 (RFC 3692, for experiments) and carries 16 bits of it in its header, as identification or flow label.
Buffer numbered_frame(const FlowAddresses& flow, std::size_t length, std::uint64_t number);

// The number of a packet made by numbered_frame(), if it arrived undamaged but for its TTL. Of one that carries 16 bits
// it is the nearest to `near` that has them.
std::optional<std::uint64_t> number_of(Bytes packet, std::uint64_t near = 0);

// One direction of an SA, for making and reading what the other gateway would.
struct IpsecSa {
  std::uint32_t spi = 0;
  layout::Protocol protocol = layout::Protocol::kEsp;
  layout::Mode mode = layout::Mode::kTunnel;
  Address source{};  // of the outer header
  Address destination{};
  driver::SaProtection protection{};
  bool esn = false;  // numbers begin at 1, so the high half is 0
  std::optional<driver::UdpPorts> encap{};
};

// The frame that a gateway sends of `packet` under sequence number `seq`. In transport mode the packet is the gateway's
// own, and whole.
Buffer ipsec_frame(const IpsecSa& sa, const MacAddress& source_mac, const MacAddress& destination_mac,
                   std::uint64_t seq, Bytes packet);

// SPI and low 32 bits of the sequence number of a frame of ESP (in UDP too, to the port of NAT traversal) or AH;
// nothing when it is none.
struct IpsecHeader {
  std::uint32_t spi = 0;
  std::uint32_t seq = 0;
};
std::optional<IpsecHeader> ipsec_header(Bytes frame);

// The packet inside a frame of ESP or AH whose ICV verifies and whose trailer is sound; with ESN, of the first 2^32.
std::optional<Buffer> open_ipsec_frame(const IpsecSa& sa, Bytes frame);

}  // namespace sallyport::bench
