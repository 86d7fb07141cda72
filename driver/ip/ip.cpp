// SPDX-License-Identifier: Apache-2.0
#include "driver/ip/ip.hpp"

#include <algorithm>

namespace sallyport::driver {
namespace {

constexpr std::size_t kChecksumAt = 10;
constexpr std::uint16_t kDontFragment = 0x4000;
constexpr std::uint8_t kProtocolsWithPorts[] = {6, 17, 132, 33};  // TCP, UDP, SCTP, DCCP
constexpr std::uint8_t kExtensions[] = {kHopByHopOptions, kRouting, kFragment, kDestinationOptions};

template <std::size_t N>
bool is_one_of(const std::uint8_t (&numbers)[N], std::uint8_t number) {
  return std::find(std::begin(numbers), std::end(numbers), number) != std::end(numbers);
}

std::uint32_t fold(std::uint32_t sum) {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

std::uint16_t word_at(std::span<const std::uint8_t> packet, std::size_t at) {
  return static_cast<std::uint16_t>(packet[at] << 8 | packet[at + 1]);
}

void put_word(std::span<std::uint8_t> packet, std::size_t at, std::uint16_t word) {
  packet[at] = static_cast<std::uint8_t>(word >> 8);
  packet[at + 1] = static_cast<std::uint8_t>(word);
}

bool is_ipv6(std::span<const std::uint8_t> packet) { return packet[0] >> 4 == 6; }

// RFC 8200 4.3 to 4.6: the length counts units of 8 bytes behind the first; a fragment header has none.
std::size_t extension_bytes(std::uint8_t kind, std::uint8_t length) {
  return kind == kFragment ? 8 : 8 * (std::size_t{length} + 1);
}

Address read_address(ByteReader& r) {
  const std::uint64_t high = r.u64();
  return {high, r.u64()};
}

void keep_extras(IpPacket& packet, std::size_t header_bytes) {
  const Bytes header = packet.bytes.first(header_bytes);
  packet.extras.assign(header.begin() + static_cast<std::ptrdiff_t>(packet.plain_bytes()), header.end());
}

HeaderFault read_ipv4(Bytes available, IpPacket& packet) {
  ByteReader r(available);
  const std::uint8_t version_ihl = r.u8();
  const std::size_t header_bytes = (version_ihl & 0xfU) * 4;
  packet.tos = r.u8();
  const std::size_t total = r.u16();
  packet.identification = r.u16();
  const std::uint16_t fragment = r.u16();
  packet.df = (fragment & kDontFragment) != 0;
  packet.more_fragments = (fragment & 0x2000U) != 0;
  packet.fragment_offset = fragment & 0x1fffU;
  packet.ttl = r.u8();
  packet.protocol = r.u8();
  r.skip(2);  // checksum
  packet.source = Address::from_v4(r.u32());
  packet.destination = Address::from_v4(r.u32());

  if (version_ihl >> 4 != 4 || header_bytes < kIpv4Bytes || total < header_bytes) return HeaderFault::kMalformed;
  if (total > available.size()) return HeaderFault::kTotalTooLong;
  packet.bytes = available.first(total);
  if (internet_checksum(packet.bytes.first(header_bytes)) != 0) return HeaderFault::kChecksum;
  keep_extras(packet, header_bytes);
  return HeaderFault::kNone;
}

// In whatever order they come, hop-by-hop options too (hw/README.md, less than the RFCs ask).
HeaderFault read_extensions(IpPacket& packet) {
  std::size_t header_bytes = kIpv6Bytes;
  packet.first_extension = packet.protocol;
  for (unsigned n = 0; is_one_of(kExtensions, packet.protocol) && packet.fragment_offset == 0; ++n) {
    if (n == kMostExtensions) return HeaderFault::kExtension;
    const std::uint8_t kind = packet.protocol;
    ByteReader r(packet.bytes.subspan(header_bytes));
    packet.protocol = r.u8();
    header_bytes += extension_bytes(kind, r.u8());
    if (header_bytes > packet.total()) return HeaderFault::kMalformed;
    if (header_bytes > kIpv6Bytes + kMostExtensionBytes) return HeaderFault::kExtension;
    if (kind != kFragment) continue;
    const std::uint16_t offset_flags = r.u16();
    packet.fragment_offset = offset_flags >> 3;
    packet.more_fragments = packet.more_fragments || (offset_flags & 1U) != 0;
  }
  keep_extras(packet, header_bytes);
  return HeaderFault::kNone;
}

HeaderFault read_ipv6(Bytes available, IpPacket& packet) {
  ByteReader r(available);
  const std::uint32_t version_class_label = r.u32();
  packet.tos = static_cast<std::uint8_t>(version_class_label >> 20);
  packet.flow_label = version_class_label & 0xfffffU;
  const std::size_t total = kIpv6Bytes + r.u16();
  packet.protocol = r.u8();
  packet.ttl = r.u8();
  packet.source = read_address(r);
  packet.destination = read_address(r);

  if (version_class_label >> 28 != 6 || packet.source.is_v4() || packet.destination.is_v4()) {
    return HeaderFault::kMalformed;
  }
  if (total > available.size()) return HeaderFault::kTotalTooLong;
  packet.bytes = available.first(total);
  return read_extensions(packet);
}

}  // namespace

HeaderFault read_ip(Bytes available, bool ipv6, IpPacket& packet) {
  packet = {};
  packet.ipv6 = ipv6;
  if (available.size() < packet.plain_bytes()) return HeaderFault::kTooShort;
  return ipv6 ? read_ipv6(available, packet) : read_ipv4(available, packet);
}

std::optional<HeaderFault> read_ip_of(std::uint16_t ethertype, Bytes available, IpPacket& packet) {
  if (ethertype != kEthertypeIpv4 && ethertype != kEthertypeIpv6) return std::nullopt;
  return read_ip(available, ethertype == kEthertypeIpv6, packet);
}

std::vector<Extension> extensions_of(const IpHeader& header) {
  std::vector<Extension> extensions;
  std::uint8_t kind = header.first_extension;
  for (std::size_t at = 0; header.ipv6 && at < header.extras.size();) {
    extensions.push_back({kind, at, extension_bytes(kind, header.extras[at + 1])});
    kind = header.extras[at];
    at += extensions.back().bytes;
  }
  return extensions;
}

std::vector<Extension> options_of(const IpHeader& header) {
  std::vector<Extension> options;
  if (header.ipv6) return options;
  for (std::size_t at = 0; at < header.extras.size() && header.extras[at] != kEndOfOptions;) {
    const Bytes left = Bytes(header.extras).subspan(at);
    const bool of_one_byte = left[0] == kNoOperation;
    if (!of_one_byte && (left.size() < 2 || left[1] < 2 || left[1] > left.size())) break;
    options.push_back({left[0], at, of_one_byte ? 1U : std::size_t{left[1]}});
    at += options.back().bytes;
  }
  return options;
}

Buffer write_ip(const IpHeader& header, std::uint8_t protocol, Bytes payload) {
  ByteWriter w;
  if (header.ipv6) {
    const auto extensions = extensions_of(header);
    Buffer extras = header.extras;
    if (!extensions.empty()) extras[extensions.back().at] = protocol;
    w.u32(6U << 28 | std::uint32_t{header.tos} << 20 | header.flow_label);
    w.u16(static_cast<std::uint16_t>(extras.size() + payload.size()));
    w.u8(extensions.empty() ? protocol : header.first_extension).u8(header.ttl);
    w.u64(header.source.high).u64(header.source.low).u64(header.destination.high).u64(header.destination.low);
    w.bytes(extras);
  } else {
    w.u8(static_cast<std::uint8_t>(0x40 | header.header_bytes() / 4)).u8(header.tos);
    w.u16(static_cast<std::uint16_t>(header.header_bytes() + payload.size()));
    w.u16(header.identification).u16(header.df ? kDontFragment : 0).u8(header.ttl).u8(protocol).u16(0);
    w.u32(header.source.v4()).u32(header.destination.v4()).bytes(header.extras);
    w.patch_u16(kChecksumAt, internet_checksum(w.view()));
  }
  return w.bytes(payload).take();
}

bool has_ports(std::uint8_t protocol) { return is_one_of(kProtocolsWithPorts, protocol); }

bool opens_connection(const IpPacket& packet) {
  constexpr std::size_t kFlagsAt = 13;
  constexpr std::uint8_t kSyn = 0x02, kAck = 0x10;
  if (packet.protocol != kProtocolTcp || packet.fragment() || packet.payload().size() <= kFlagsAt) return false;
  return (packet.payload()[kFlagsAt] & (kSyn | kAck)) == kSyn;
}

PacketKey packet_key(const IpPacket& packet) {
  PacketKey key{packet.source, packet.destination, packet.protocol};
  if (has_ports(packet.protocol) && packet.fragment_offset == 0 && packet.payload().size() >= 4) {
    ByteReader r(packet.payload());
    key.source_port = r.u16();
    key.destination_port = r.u16();
  }
  return key;
}

std::uint16_t internet_checksum(Bytes data) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < data.size(); i += 2) sum += std::uint32_t{data[i]} << 8 | data[i + 1];
  if (data.size() % 2 == 1) sum += std::uint32_t{data.back()} << 8;
  return static_cast<std::uint16_t>(~fold(sum));
}

void write_checksum(std::span<std::uint8_t> packet, std::size_t header_bytes) {
  put_word(packet, kChecksumAt, 0);
  put_word(packet, kChecksumAt, internet_checksum(packet.first(header_bytes)));
}

void replace_word(std::span<std::uint8_t> packet, std::size_t at, std::uint16_t word) {
  const auto not16 = [](std::uint16_t x) { return static_cast<std::uint16_t>(~x); };
  const std::uint32_t sum = std::uint32_t{not16(word_at(packet, kChecksumAt))} + not16(word_at(packet, at)) + word;
  put_word(packet, at, word);
  put_word(packet, kChecksumAt, not16(static_cast<std::uint16_t>(fold(sum))));
}

namespace {

void add_to_ttl(std::span<std::uint8_t> packet, int more) {
  if (is_ipv6(packet)) {
    packet[7] = static_cast<std::uint8_t>(packet[7] + more);
  } else {
    replace_word(packet, 8, static_cast<std::uint16_t>(word_at(packet, 8) + 0x100 * more));  // TTL, protocol
  }
}

}  // namespace

void decrement_ttl(std::span<std::uint8_t> packet) { add_to_ttl(packet, -1); }
void increment_ttl(std::span<std::uint8_t> packet) { add_to_ttl(packet, 1); }

void set_tos(std::span<std::uint8_t> packet, std::uint8_t tos) {
  if (is_ipv6(packet)) {
    put_word(packet, 0, static_cast<std::uint16_t>((word_at(packet, 0) & 0xf00fU) | tos << 4));
  } else {
    replace_word(packet, 0, static_cast<std::uint16_t>((word_at(packet, 0) & 0xff00U) | tos));
  }
}

}  // namespace sallyport::driver
