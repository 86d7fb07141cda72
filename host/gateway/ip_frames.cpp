// SPDX-License-Identifier: Apache-2.0
// The little the gateway itself does to IP packets.
#include "host/gateway/ip_frames.hpp"

#include <algorithm>

namespace sallyport::gateway {
namespace {

using driver::Address;
using driver::IpPacket;
using driver::kEthernetBytes;
using driver::kIpv6Bytes;

constexpr std::uint8_t kIcmp = 1;
constexpr std::uint16_t kMoreFragments = 0x2000;
constexpr std::size_t kLeastMtuOfIpv4 = 68;
constexpr std::size_t kIcmpBytes = 8;  // header of an error

// RFC 1122 3.2.2, RFC 4443 2.4 (e): errors are not answered by errors.
bool is_icmp_error(const IpPacket& packet) {
  if (packet.fragment_offset != 0 || packet.payload().empty()) return false;
  const std::uint8_t type = packet.payload()[0];
  if (packet.ipv6) return packet.protocol == driver::kProtocolIcmpv6 && type < 128;
  return packet.protocol == kIcmp && (type == 3 || type == 4 || type == 5 || type == 11 || type == 12);
}

// RFC 1122 3.2.2, RFC 4443 2.4 (e.6).
bool is_single_host(const Address& a) {
  if (!a.is_v4()) return a != Address() && a.high >> 56 != 0xff;
  return a.v4() != 0 && a.v4() >> 28 < 14 && a.v4() >> 24 != 127;
}

std::span<std::uint8_t> packet_in(Buffer& frame) { return std::span(frame).subspan(kEthernetBytes); }

// RFC 4443 2.3, RFC 8200 8.1: over a pseudo-header and the message, whose checksum is zero.
std::uint16_t checksum_over_ipv6(const Address& from, const Address& to, std::uint8_t protocol, Bytes message) {
  ByteWriter w;
  w.u64(from.high).u64(from.low).u64(to.high).u64(to.low);
  w.u32(static_cast<std::uint32_t>(message.size())).u32(protocol).bytes(message);
  return driver::internet_checksum(w.view());
}

}  // namespace

std::optional<IpPacket> ip_packet(Bytes frame) {
  if (frame.size() < kEthernetBytes) return std::nullopt;
  IpPacket packet;
  const auto fault = driver::read_ip_of(ByteReader(frame.subspan(12)).u16(), frame.subspan(kEthernetBytes), packet);
  return fault == driver::HeaderFault::kNone ? std::optional(packet) : std::nullopt;
}

bool is_neighbour_discovery(const IpPacket& packet) {
  constexpr std::uint8_t kRouterSolicitation = 133;
  constexpr std::uint8_t kRedirect = 137;
  if (!packet.ipv6 || packet.protocol != driver::kProtocolIcmpv6 || packet.ttl != 255 || packet.payload().empty())
    return false;
  const std::uint8_t type = packet.payload()[0];
  return packet.fragment_offset == 0 && kRouterSolicitation <= type && type <= kRedirect;
}

bool may_not_fragment(const IpPacket& packet) { return packet.ipv6 || packet.df; }

std::optional<Buffer> too_big_answer(const IpPacket& packet, const Address& from, std::uint16_t mtu,
                                     const driver::MacAddress& to_mac, const driver::MacAddress& from_mac) {
  if (is_icmp_error(packet) || !is_single_host(packet.source)) return std::nullopt;
  if (!packet.ipv6 && packet.fragment_offset != 0) return std::nullopt;
  driver::IpHeader header;
  header.ipv6 = packet.ipv6;
  header.ttl = 64;
  header.source = from;
  header.destination = packet.source;
  ByteWriter icmp;
  if (packet.ipv6) {
    // RFC 8201 4: an answer that tells less than the least MTU is not heeded. As much of the packet as fits into that.
    const std::size_t room = kLeastMtuOfIpv6 - kIpv6Bytes - kIcmpBytes;
    icmp.u8(2)
        .u8(0)
        .u16(0)
        .u32(static_cast<std::uint32_t>(std::max<std::size_t>(mtu, kLeastMtuOfIpv6)))
        .bytes(packet.bytes.first(std::min(packet.total(), room)));
    icmp.patch_u16(2, checksum_over_ipv6(header.source, header.destination, driver::kProtocolIcmpv6, icmp.view()));
  } else {
    // RFC 792: the header and the first 8 bytes behind it come back.
    header.tos = 0xc0;  // RFC 1812 4.3.2.5: precedence 6, internetwork control
    icmp.u8(3).u8(4).u16(0).u16(0).u16(mtu).bytes(
        packet.bytes.first(std::min(packet.total(), packet.header_bytes() + 8)));
    icmp.patch_u16(2, driver::internet_checksum(icmp.view()));
  }
  const Buffer answer = driver::write_ip(header, packet.ipv6 ? driver::kProtocolIcmpv6 : kIcmp, icmp.view());
  return ByteWriter().bytes(to_mac).bytes(from_mac).u16(packet.ethertype()).bytes(answer).take();
}

void fill_udp_checksum(Buffer& frame) {
  constexpr std::size_t kChecksumAt = 6;
  const auto packet = ip_packet(frame);
  if (!packet || !packet->ipv6 || packet->protocol != driver::kProtocolUdp || packet->fragment()) return;
  if (packet->payload().size() < driver::kUdpBytes) return;
  std::uint16_t sum = checksum_over_ipv6(packet->source, packet->destination, driver::kProtocolUdp, packet->payload());
  if (sum == 0) sum = 0xffff;  // 0 is "no checksum"
  const auto at = packet_in(frame).subspan(packet->header_bytes() + kChecksumAt, 2);
  at[0] = static_cast<std::uint8_t>(sum >> 8);
  at[1] = static_cast<std::uint8_t>(sum);
}

bool forward_in_place(Buffer& frame, const driver::MacAddress& to, const driver::MacAddress& from) {
  const auto packet = ip_packet(frame);
  if (!packet || packet->ttl < 2) return false;
  frame.resize(kEthernetBytes + packet->total());
  std::copy(to.begin(), to.end(), frame.begin());
  std::copy(from.begin(), from.end(), frame.begin() + 6);
  driver::decrement_ttl(packet_in(frame));
  return true;
}

namespace {

// The header of fragments that are not the first, RFC 791 3.1: an option says itself whether it is copied.
Buffer header_of_later_fragments(const IpPacket& packet) {
  constexpr std::uint8_t kCopied = 0x80;
  ByteWriter w;
  w.bytes(packet.bytes.first(driver::kIpv4Bytes));
  for (const driver::Extension& option : driver::options_of(packet)) {
    if ((option.kind & kCopied) != 0) w.bytes(Bytes(packet.extras).subspan(option.at, option.bytes));
  }
  while (w.size() % 4 != 0) w.u8(driver::kEndOfOptions);
  Buffer header = w.take();
  header[0] = static_cast<std::uint8_t>(0x40 | header.size() / 4);
  return header;
}

}  // namespace

bool is_source_routed(const IpPacket& packet) {
  constexpr std::uint8_t kLooseSourceRoute = 131, kStrictSourceRoute = 137;
  constexpr std::size_t kSegmentsLeftAt = 3;
  if (packet.ipv6) {
    const auto extensions = driver::extensions_of(packet);
    return std::any_of(extensions.begin(), extensions.end(), [&](const driver::Extension& e) {
      return e.kind == driver::kRouting && packet.extras[e.at + kSegmentsLeftAt] != 0;
    });
  }
  const auto options = driver::options_of(packet);
  return std::any_of(options.begin(), options.end(), [](const driver::Extension& option) {
    return option.kind == kLooseSourceRoute || option.kind == kStrictSourceRoute;
  });
}

std::vector<Buffer> fragments(Bytes frame, std::uint16_t mtu) {
  const auto packet = ip_packet(frame);
  if (!packet || mtu < kLeastMtuOfIpv4 || may_not_fragment(*packet)) return {};
  const Bytes first_header = packet->bytes.first(packet->header_bytes());
  const Buffer later_header = header_of_later_fragments(*packet);
  const Bytes payload = packet->payload();
  const std::size_t step = (mtu - first_header.size()) / 8 * 8;  // offsets count units of 8 bytes
  std::vector<Buffer> out;
  for (std::size_t at = 0; at < payload.size() || out.empty(); at += step) {
    const Bytes part = payload.subspan(at, std::min(step, payload.size() - at));
    const bool more = packet->more_fragments || at + part.size() < payload.size();
    const Bytes header = at == 0 ? first_header : Bytes(later_header);
    ByteWriter w;
    w.bytes(frame.first(kEthernetBytes)).bytes(header).bytes(part);
    w.patch_u16(kEthernetBytes + 2, static_cast<std::uint16_t>(header.size() + part.size()));
    w.patch_u16(kEthernetBytes + 6,
                static_cast<std::uint16_t>((more ? kMoreFragments : 0U) | (packet->fragment_offset + at / 8)));
    Buffer fragment = w.take();
    driver::write_checksum(packet_in(fragment), header.size());
    out.push_back(std::move(fragment));
  }
  return out;
}

namespace {

// RFC 8200 4.5: the extras up to a routing header, or a hop-by-hop options header: whoever is on the way reads them, so
// they stand in every fragment.
std::size_t unfragmentable_extras(const IpPacket& packet) {
  std::size_t bytes = 0;
  for (const driver::Extension& e : driver::extensions_of(packet)) {
    if (e.kind == driver::kRouting || (e.kind == driver::kHopByHopOptions && e.at == 0)) bytes = e.at + e.bytes;
  }
  return bytes;
}

std::vector<Buffer> source_fragments_of_ipv6(Bytes frame, const IpPacket& packet, std::uint16_t mtu,
                                             std::uint32_t identification) {
  constexpr std::size_t kFragmentHeader = 8;
  if (mtu < kLeastMtuOfIpv6) return {};
  driver::IpHeader front = packet;
  front.extras.resize(unfragmentable_extras(packet));
  const auto in_front = driver::extensions_of(front);
  const std::uint8_t next_header = packet.extras.size() == front.extras.size() ? packet.protocol
                                   : in_front.empty()                          ? packet.first_extension
                                                                               : front.extras[in_front.back().at];
  const Bytes payload = packet.bytes.subspan(front.header_bytes());
  const std::size_t step = (mtu - front.header_bytes() - kFragmentHeader) / 8 * 8;
  std::vector<Buffer> out;
  for (std::size_t at = 0; at < payload.size(); at += step) {
    const Bytes part = payload.subspan(at, std::min(step, payload.size() - at));
    const bool more = at + part.size() < payload.size();
    ByteWriter w;
    w.u8(next_header).u8(0).u16(static_cast<std::uint16_t>(at | (more ? 1U : 0U))).u32(identification).bytes(part);
    const Buffer fragment = driver::write_ip(front, driver::kFragment, w.view());
    out.push_back(ByteWriter().bytes(frame.first(kEthernetBytes)).bytes(fragment).take());
  }
  return out;
}

}  // namespace

std::vector<Buffer> source_fragments(Bytes frame, std::uint16_t mtu, std::uint32_t identification) {
  const auto packet = ip_packet(frame);
  if (!packet) return {};
  if (packet->ipv6) return source_fragments_of_ipv6(frame, *packet, mtu, identification);
  ByteWriter w;
  w.bytes(frame);
  if (packet->protocol != driver::kProtocolAh) {
    w.patch_u16(kEthernetBytes + 4, static_cast<std::uint16_t>(identification));
  }
  w.patch_u16(kEthernetBytes + 6, 0);
  Buffer may_be_cut = w.take();
  driver::write_checksum(packet_in(may_be_cut), packet->header_bytes());
  return fragments(may_be_cut, mtu);
}

}  // namespace sallyport::gateway
