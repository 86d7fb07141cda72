// SPDX-License-Identifier: Apache-2.0
#include "driver/software/ipv4.hpp"

namespace sallyport::driver {
namespace {

std::uint32_t fold(std::uint32_t sum) {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

}  // namespace

HeaderFault read_ipv4(Bytes available, Ipv4Packet& packet) {
  if (available.size() < kIpv4Bytes) return HeaderFault::kTooShort;
  ByteReader r(available);
  const std::uint8_t version_ihl = r.u8();
  packet.header_bytes = (version_ihl & 0xfU) * 4;
  packet.tos = r.u8();
  const std::size_t total = r.u16();
  r.skip(2);  // identification
  const std::uint16_t fragment = r.u16();
  packet.df = (fragment & 0x4000U) != 0;
  packet.more_fragments = (fragment & 0x2000U) != 0;
  packet.fragment_offset = fragment & 0x1fffU;
  packet.ttl = r.u8();
  packet.protocol = r.u8();
  r.skip(2);  // checksum
  packet.source = r.u32();
  packet.destination = r.u32();

  if (version_ihl >> 4 != 4 || packet.header_bytes < kIpv4Bytes || total < packet.header_bytes) {
    return HeaderFault::kMalformed;
  }
  if (total > available.size()) return HeaderFault::kTotalTooLong;
  packet.bytes = available.first(total);
  if (internet_checksum(packet.bytes.first(packet.header_bytes)) != 0) return HeaderFault::kChecksum;
  return HeaderFault::kNone;
}

std::uint16_t internet_checksum(Bytes header) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < header.size(); i += 2) sum += std::uint32_t{header[i]} << 8 | header[i + 1];
  return static_cast<std::uint16_t>(~fold(sum));
}

void decrement_ttl(std::span<std::uint8_t> packet) {
  const auto word = [&](std::size_t at) { return static_cast<std::uint16_t>(packet[at] << 8 | packet[at + 1]); };
  const std::uint16_t before = word(8);  // TTL, protocol
  --packet[8];
  const auto not16 = [](std::uint16_t x) { return static_cast<std::uint16_t>(~x); };
  const std::uint16_t checksum =
      not16(static_cast<std::uint16_t>(fold(std::uint32_t{not16(word(10))} + not16(before) + word(8))));
  packet[10] = static_cast<std::uint8_t>(checksum >> 8);
  packet[11] = static_cast<std::uint8_t>(checksum);
}

}  // namespace sallyport::driver
