// SPDX-License-Identifier: Apache-2.0
#include "sim/bench/frames.hpp"

#include <algorithm>

#include "driver/software/ah.hpp"
#include "driver/software/encapsulation.hpp"
#include "hw/layout/tables.hpp"

namespace sallyport::bench {
namespace {

using driver::IpPacket;
using driver::kProtocolAh;
using driver::kProtocolEsp;
using driver::software::Transform;

constexpr std::size_t kNumberBytes = 8;
constexpr std::uint16_t kPort = 7;  // echo
constexpr std::uint8_t kExperiment = 253;
constexpr std::uint8_t kTtl = 64;

Buffer ethernet(const MacAddress& destination, const MacAddress& source, Bytes packet) {
  const std::uint16_t ethertype = packet[0] >> 4 == 6 ? driver::kEthertypeIpv6 : driver::kEthertypeIpv4;
  return ByteWriter().bytes(destination).bytes(source).u16(ethertype).bytes(packet).take();
}

// The IP packet of a frame; nothing when it is none.
std::optional<IpPacket> packet_in(Bytes frame) {
  IpPacket packet;
  ByteReader r(frame);
  r.skip(12);
  const std::uint16_t ethertype = r.u16();
  if (driver::read_ip_of(ethertype, r.rest(), packet) != driver::HeaderFault::kNone) return std::nullopt;
  return packet;
}

// Where ESP or AH begins in a packet: behind the header, or behind that of UDP (RFC 3948 2.2); nothing when it is
// neither.
std::optional<Bytes> ipsec_of(const IpPacket& packet) {
  if (packet.protocol == kProtocolEsp || packet.protocol == kProtocolAh) return packet.payload();
  ByteReader r(packet.payload());
  r.skip(2);
  const bool its_port = r.u16() == driver::UdpPorts{}.destination;
  r.skip(4);
  if (packet.protocol != driver::kProtocolUdp || !its_port) return std::nullopt;
  if (r.u32() == 0 || !r.ok()) return std::nullopt;
  return packet.payload().subspan(driver::kUdpBytes);
}

// Byte i of the payload behind number n.
std::uint8_t filler(std::uint64_t number, std::size_t i) {
  return static_cast<std::uint8_t>((number * 0x9e3779b97f4a7c15ULL >> 56) + 31 * i);
}

bool is_filled(Bytes bytes, std::uint64_t number) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] != filler(number, i)) return false;
  }
  return true;
}

Transform transform_of(const IpsecSa& sa) {
  Transform t;
  t.cipher = sa.protection.cipher;
  t.integrity = sa.protection.integrity;
  t.esn = sa.esn;
  t.key = sa.protection.key.reveal();
  t.salt = ByteReader(sa.protection.salt.reveal()).u32();
  t.integrity_key = sa.protection.integrity_key.reveal();
  return t;
}

// What the other gateway's own row would say.
layout::Row row_of(const IpsecSa& sa) {
  namespace f = layout::sa_out;
  layout::Row row;
  row.set(f::kProtocol, static_cast<unsigned>(sa.protocol));
  row.set(f::kMode, static_cast<unsigned>(sa.mode));
  row.set(f::kIpv6, sa.source.is_v4() ? 0 : 1);
  row.set(f::kSpi, sa.spi);
  row.set(f::kSource, sa.source);
  row.set(f::kDestination, sa.destination);
  row.set(f::kTtl, kTtl);
  row.set(f::kEncap, sa.encap ? 1 : 0);
  row.set(f::kSourcePort, sa.encap.value_or(driver::UdpPorts{}).source);
  row.set(f::kDestinationPort, sa.encap.value_or(driver::UdpPorts{}).destination);
  return row;
}

}  // namespace

Buffer numbered_frame(const FlowAddresses& flow, std::size_t length, std::uint64_t number) {
  driver::IpHeader header;
  header.ipv6 = !flow.source.is_v4();
  header.identification = static_cast<std::uint16_t>(number);
  header.flow_label = static_cast<std::uint16_t>(number);
  header.ttl = kTtl;
  header.source = flow.source;
  header.destination = flow.destination;
  const std::size_t bytes = length - kEthernetHeaderBytes - header.plain_bytes();
  const bool whole = length >= least_numbered_frame(header.ipv6);
  ByteWriter payload;
  if (whole) payload.u16(kPort).u16(kPort).u16(static_cast<std::uint16_t>(bytes)).u16(0).u64(number);
  const std::uint64_t filled_by = whole ? number : number & 0xffff;
  for (std::size_t i = 0; payload.size() < bytes; ++i) payload.u8(filler(filled_by, i));
  const std::uint8_t protocol = whole ? driver::kProtocolUdp : kExperiment;
  return ethernet(flow.destination_mac, flow.source_mac, driver::write_ip(header, protocol, payload.view()));
}

std::optional<std::uint64_t> number_of(Bytes bytes, std::uint64_t near) {
  IpPacket packet;
  if (bytes.empty() || read_ip(bytes, bytes[0] >> 4 == 6, packet) != driver::HeaderFault::kNone) return std::nullopt;
  ByteReader r(packet.payload());
  if (packet.protocol == kExperiment) {
    const auto low = static_cast<std::uint16_t>(packet.ipv6 ? packet.flow_label : packet.identification);
    if (!is_filled(r.rest(), low)) return std::nullopt;
    return near + static_cast<std::uint64_t>(static_cast<std::int16_t>(low - near));
  }
  r.skip(driver::kUdpBytes);
  const std::uint64_t number = r.u64();
  if (packet.protocol != driver::kProtocolUdp || !r.ok() || !is_filled(r.rest(), number)) return std::nullopt;
  return number;
}

Buffer ipsec_frame(const IpsecSa& sa, const MacAddress& source_mac, const MacAddress& destination_mac,
                   std::uint64_t seq, Bytes bytes) {
  IpPacket packet;
  (void)read_ip(bytes, bytes[0] >> 4 == 6, packet);
  const layout::Row row = row_of(sa);
  const Transform transform = transform_of(sa);
  const driver::software::Encapsulation encapsulation(packet, row, transform);
  return ethernet(destination_mac, source_mac, encapsulation.packet(seq));
}

std::optional<IpsecHeader> ipsec_header(Bytes frame) {
  const auto packet = packet_in(frame);
  const auto ipsec = packet ? ipsec_of(*packet) : std::nullopt;
  if (!ipsec) return std::nullopt;
  ByteReader r(*ipsec);
  if (packet->protocol == kProtocolAh) r.skip(4);  // next header, length
  IpsecHeader header;
  header.spi = r.u32();
  header.seq = r.u32();
  return r.ok() ? std::optional(header) : std::nullopt;
}

std::optional<Buffer> open_ipsec_frame(const IpsecSa& sa, Bytes frame) {
  const auto header = ipsec_header(frame);
  if (!header || header->spi != sa.spi) return std::nullopt;
  const IpPacket outer = *packet_in(frame);
  const Transform transform = transform_of(sa);
  const Bytes payload = *ipsec_of(outer);
  std::uint8_t next_header = payload[0];
  Buffer content;
  if (outer.protocol == kProtocolAh) {
    const std::size_t ah = 4 * (std::size_t{payload[1]} + 2);
    if (ah < driver::software::kAhFixedBytes + transform.icv_bytes() || ah > payload.size() ||
        !is_authentic(outer, transform, header->seq)) {
      return std::nullopt;
    }
    content.assign(payload.begin() + static_cast<std::ptrdiff_t>(ah), payload.end());
  } else {
    auto plaintext = transform.open(payload, header->seq);
    if (!plaintext) return std::nullopt;
    next_header = plaintext->back();
    const std::size_t trailer = (*plaintext)[plaintext->size() - 2] + driver::software::kEspTrailerBytes;
    if (trailer > plaintext->size()) return std::nullopt;
    plaintext->resize(plaintext->size() - trailer);
    content = std::move(*plaintext);
  }
  if (sa.mode == layout::Mode::kTransport) return driver::write_ip(outer, next_header, content);
  if (next_header != driver::kProtocolIpv4 && next_header != driver::kProtocolIpv6) return std::nullopt;
  return content;
}

}  // namespace sallyport::bench
