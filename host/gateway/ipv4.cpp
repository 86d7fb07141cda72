// SPDX-License-Identifier: Apache-2.0
// The little the gateway itself does to IPv4 packets.
#include "host/gateway/ipv4.hpp"

#include <algorithm>

namespace sallyport::gateway {
namespace {

using driver::Ipv4Packet;
using driver::kEthernetBytes;
using driver::kIpv4Bytes;

constexpr std::uint8_t kIcmp = 1;
constexpr std::uint16_t kMoreFragments = 0x2000;

// The IPv4 packet of a frame, without what the wire padded.
std::optional<Ipv4Packet> ipv4_of(Bytes frame) {
  if (frame.size() < kEthernetBytes || ByteReader(frame.subspan(12)).u16() != driver::kEthertypeIpv4) return {};
  Ipv4Packet packet;
  if (read_ipv4(frame.subspan(kEthernetBytes), packet) != driver::HeaderFault::kNone) return {};
  return packet;
}

// RFC 1122 3.2.2: errors are not answered by errors.
bool is_icmp_error(const Ipv4Packet& packet) {
  if (packet.protocol != kIcmp || packet.payload().empty()) return false;
  const std::uint8_t type = packet.payload()[0];
  return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

std::span<std::uint8_t> packet_in(Buffer& frame) { return std::span(frame).subspan(kEthernetBytes); }

}  // namespace

std::optional<driver::PacketKey> packet_key(Bytes frame) {
  const auto packet = ipv4_of(frame);
  return packet ? std::optional(driver::packet_key(*packet)) : std::nullopt;
}

bool may_not_fragment(Bytes frame) {
  const auto packet = ipv4_of(frame);
  return packet && packet->df;
}

std::optional<Buffer> fragmentation_needed(Bytes frame, std::uint32_t from, std::uint16_t mtu,
                                           const driver::MacAddress& to_mac, const driver::MacAddress& from_mac) {
  const auto packet = ipv4_of(frame);
  if (!packet || is_icmp_error(*packet) || packet->fragment_offset != 0) return std::nullopt;
  const std::uint32_t sender = packet->source;
  if (sender == 0 || sender >> 28 >= 14 || sender >> 24 == 127) return std::nullopt;

  // RFC 792: the header and the first 8 bytes behind it come back.
  const Bytes quoted = packet->bytes.first(std::min(packet->total(), packet->header_bytes + 8));
  ByteWriter icmp;
  icmp.u8(3).u8(4).u16(0).u16(0).u16(mtu).bytes(quoted);
  icmp.patch_u16(2, driver::internet_checksum(icmp.view()));
  ByteWriter w;
  w.bytes(to_mac).bytes(from_mac).u16(driver::kEthertypeIpv4);
  w.u8(0x45).u8(0xc0);  // RFC 1812 4.3.2.5: precedence 6, internetwork control
  w.u16(static_cast<std::uint16_t>(kIpv4Bytes + icmp.size())).u16(0).u16(0);
  w.u8(64).u8(kIcmp).u16(0).u32(from).u32(sender).bytes(icmp.view());
  Buffer out = w.take();
  driver::write_checksum(packet_in(out), kIpv4Bytes);
  return out;
}

bool forward_in_place(Buffer& frame, const driver::MacAddress& to, const driver::MacAddress& from) {
  const auto packet = ipv4_of(frame);
  if (!packet || packet->ttl < 2) return false;
  frame.resize(kEthernetBytes + packet->total());
  std::copy(to.begin(), to.end(), frame.begin());
  std::copy(from.begin(), from.end(), frame.begin() + 6);
  driver::decrement_ttl(packet_in(frame));
  return true;
}

std::vector<Buffer> fragments(Bytes frame, std::uint16_t mtu) {
  const auto packet = ipv4_of(frame);
  if (!packet || mtu < 68 || packet->df) return {};
  const std::size_t header = packet->header_bytes;
  const Bytes payload = packet->payload();
  const std::size_t step = (mtu - header) / 8 * 8;  // offsets count units of 8 bytes
  std::vector<Buffer> out;
  for (std::size_t at = 0; at < payload.size() || out.empty(); at += step) {
    const Bytes part = payload.subspan(at, std::min(step, payload.size() - at));
    const bool more = packet->more_fragments || at + part.size() < payload.size();
    ByteWriter w;
    w.bytes(frame.first(kEthernetBytes)).bytes(packet->bytes.first(header)).bytes(part);
    w.patch_u16(kEthernetBytes + 2, static_cast<std::uint16_t>(header + part.size()));
    w.patch_u16(kEthernetBytes + 6,
                static_cast<std::uint16_t>((more ? kMoreFragments : 0U) | (packet->fragment_offset + at / 8)));
    Buffer fragment = w.take();
    driver::write_checksum(packet_in(fragment), header);
    out.push_back(std::move(fragment));
  }
  return out;
}

}  // namespace sallyport::gateway
