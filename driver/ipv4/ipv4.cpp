// SPDX-License-Identifier: Apache-2.0
#include "driver/ipv4/ipv4.hpp"

namespace sallyport::driver {
namespace {

constexpr std::size_t kChecksumAt = 10;
constexpr std::uint8_t kProtocolsWithPorts[] = {6, 17, 132, 33};  // TCP, UDP, SCTP, DCCP

std::uint32_t fold(std::uint32_t sum) {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

void put_checksum(std::span<std::uint8_t> packet, std::uint16_t checksum) {
  packet[kChecksumAt] = static_cast<std::uint8_t>(checksum >> 8);
  packet[kChecksumAt + 1] = static_cast<std::uint8_t>(checksum);
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

PacketKey packet_key(const Ipv4Packet& packet) {
  PacketKey key{packet.source, packet.destination, packet.protocol};
  bool has_ports = false;
  for (const std::uint8_t protocol : kProtocolsWithPorts) has_ports = has_ports || packet.protocol == protocol;
  if (has_ports && packet.fragment_offset == 0 && packet.payload().size() >= 4) {
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
  put_checksum(packet, 0);
  put_checksum(packet, internet_checksum(packet.first(header_bytes)));
}

void decrement_ttl(std::span<std::uint8_t> packet) {
  const auto word = [&](std::size_t at) { return static_cast<std::uint16_t>(packet[at] << 8 | packet[at + 1]); };
  const std::uint16_t before = word(8);  // TTL, protocol
  --packet[8];
  const auto not16 = [](std::uint16_t x) { return static_cast<std::uint16_t>(~x); };
  put_checksum(
      packet,
      not16(static_cast<std::uint16_t>(fold(std::uint32_t{not16(word(kChecksumAt))} + not16(before) + word(8)))));
}

}  // namespace sallyport::driver
