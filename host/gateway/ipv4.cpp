// SPDX-License-Identifier: Apache-2.0
// The little the gateway itself does to IPv4 packets.
#include "host/gateway/ipv4.hpp"

#include <algorithm>

namespace sallyport::gateway {
namespace {

constexpr std::uint8_t kIcmp = 1;
constexpr std::uint16_t kDontFragment = 0x4000;
constexpr std::uint16_t kMoreFragments = 0x2000;
constexpr std::uint16_t kOffsetMask = 0x1fff;
constexpr std::size_t kMinHeader = 20;

std::uint16_t u16(Bytes b, std::size_t at) { return static_cast<std::uint16_t>(b[at] << 8 | b[at + 1]); }
std::uint32_t u32(Bytes b, std::size_t at) { return std::uint32_t{u16(b, at)} << 16 | u16(b, at + 2); }
void put_u16(Buffer& b, std::size_t at, std::uint16_t v) {
  b[at] = static_cast<std::uint8_t>(v >> 8);
  b[at + 1] = static_cast<std::uint8_t>(v);
}

// The IPv4 packet of a frame, without what the wire padded; empty when there is none.
Bytes ipv4_of(Bytes frame) {
  if (frame.size() < kEthernetHeader + kMinHeader || u16(frame, 12) != kEthertypeIpv4) return {};
  const Bytes ip = frame.subspan(kEthernetHeader);
  const std::size_t header = 4U * (ip[0] & 15U);
  const std::size_t total = u16(ip, 2);
  if (ip[0] >> 4 != 4 || header < kMinHeader || total < header || total > ip.size()) return {};
  return ip.first(total);
}

std::size_t header_length(Bytes ip) { return 4U * (ip[0] & 15U); }

bool has_ports(std::uint8_t protocol) { return protocol == 6 || protocol == 17 || protocol == 132 || protocol == 33; }

// RFC 1122 3.2.2: errors are not answered by errors.
bool is_icmp_error(Bytes ip) {
  if (ip[9] != kIcmp || ip.size() <= header_length(ip)) return false;
  const std::uint8_t type = ip[header_length(ip)];
  return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

void finish_header(Buffer& frame, std::size_t header) {
  put_u16(frame, kEthernetHeader + 10, 0);
  put_u16(frame, kEthernetHeader + 10, internet_checksum(Bytes(frame).subspan(kEthernetHeader, header)));
}

}  // namespace

std::uint16_t internet_checksum(Bytes data) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < data.size(); i += 2) sum += u16(data, i);
  if (data.size() % 2 == 1) sum += static_cast<std::uint32_t>(data.back()) << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

std::optional<policy::PacketKey> packet_key(Bytes frame) {
  const Bytes ip = ipv4_of(frame);
  if (ip.empty()) return std::nullopt;
  policy::PacketKey key{u32(ip, 12), u32(ip, 16), ip[9], 0, 0};
  const std::size_t header = header_length(ip);
  if (has_ports(key.protocol) && (u16(ip, 6) & kOffsetMask) == 0 && ip.size() >= header + 4) {
    key.source_port = u16(ip, header);
    key.destination_port = u16(ip, header + 2);
  }
  return key;
}

bool may_not_fragment(Bytes frame) {
  const Bytes ip = ipv4_of(frame);
  return !ip.empty() && (u16(ip, 6) & kDontFragment) != 0;
}

std::optional<Buffer> fragmentation_needed(Bytes frame, std::uint32_t from, std::uint16_t mtu,
                                           const driver::MacAddress& to_mac, const driver::MacAddress& from_mac) {
  const Bytes ip = ipv4_of(frame);
  if (ip.empty() || is_icmp_error(ip) || (u16(ip, 6) & kOffsetMask) != 0) return std::nullopt;
  const std::uint32_t sender = u32(ip, 12);
  if (sender == 0 || sender >> 28 >= 14 || sender >> 24 == 127) return std::nullopt;

  // RFC 792: the header and the first 8 bytes behind it come back.
  const Bytes quoted = ip.first(std::min(ip.size(), header_length(ip) + 8));
  ByteWriter w;
  w.bytes(to_mac).bytes(from_mac).u16(kEthertypeIpv4);
  w.u8(0x45).u8(0xc0);  // RFC 1812 4.3.2.5: precedence 6, internetwork control
  w.u16(static_cast<std::uint16_t>(kMinHeader + 8 + quoted.size())).u16(0).u16(0);
  w.u8(64).u8(kIcmp).u16(0).u32(from).u32(sender);
  const std::size_t icmp = w.size();
  w.u8(3).u8(4).u16(0).u16(0).u16(mtu).bytes(quoted);
  Buffer out = w.take();
  put_u16(out, icmp + 2, internet_checksum(Bytes(out).subspan(icmp)));
  finish_header(out, kMinHeader);
  return out;
}

bool forward_in_place(Buffer& frame, const driver::MacAddress& to, const driver::MacAddress& from) {
  const Bytes ip = ipv4_of(frame);
  if (ip.empty() || ip[8] < 2) return false;
  const std::size_t header = header_length(ip);
  frame.resize(kEthernetHeader + ip.size());
  std::copy(to.begin(), to.end(), frame.begin());
  std::copy(from.begin(), from.end(), frame.begin() + 6);
  --frame[kEthernetHeader + 8];
  finish_header(frame, header);
  return true;
}

std::vector<Buffer> fragments(Bytes frame, std::uint16_t mtu) {
  const Bytes ip = ipv4_of(frame);
  if (ip.empty() || mtu < 68 || (u16(ip, 6) & kDontFragment) != 0) return {};
  const std::size_t header = header_length(ip);
  const Bytes payload = ip.subspan(header);
  const std::uint16_t flags = u16(ip, 6);
  const std::size_t step = (mtu - header) / 8 * 8;  // offsets count units of 8 bytes
  std::vector<Buffer> out;
  for (std::size_t at = 0; at < payload.size() || out.empty(); at += step) {
    const Bytes part = payload.subspan(at, std::min(step, payload.size() - at));
    ByteWriter w;
    w.bytes(frame.first(kEthernetHeader)).bytes(ip.first(header)).bytes(part);
    Buffer fragment = w.take();
    const bool last = at + part.size() == payload.size();
    const auto offset = static_cast<std::uint16_t>((flags & kOffsetMask) + at / 8);
    const auto more = static_cast<std::uint16_t>(last ? flags & kMoreFragments : kMoreFragments);
    put_u16(fragment, kEthernetHeader + 2, static_cast<std::uint16_t>(header + part.size()));
    put_u16(fragment, kEthernetHeader + 6, static_cast<std::uint16_t>(more | offset));
    finish_header(fragment, header);
    out.push_back(std::move(fragment));
  }
  return out;
}

}  // namespace sallyport::gateway
