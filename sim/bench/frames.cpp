// SPDX-License-Identifier: Apache-2.0
#include "sim/bench/frames.hpp"

#include <algorithm>

#include "driver/ipv4/ipv4.hpp"
#include "driver/software/esp_transform.hpp"

namespace sallyport::bench {
namespace {

using driver::kEthernetBytes;
using driver::kIpv4Bytes;
using driver::software::EspTransform;
using driver::software::kEspHeaderBytes;
using driver::software::kEspTrailerBytes;

constexpr std::size_t kUdpBytes = 8;
constexpr std::size_t kNumberBytes = 8;
constexpr std::uint16_t kPort = 7;  // echo
constexpr std::uint8_t kExperiment = 253;

void ethernet(ByteWriter& out, const MacAddress& destination, const MacAddress& source) {
  out.bytes(destination).bytes(source).u16(driver::kEthertypeIpv4);
}

void ipv4(ByteWriter& out, std::size_t total, std::uint16_t identification, std::uint8_t protocol, std::uint32_t source,
          std::uint32_t destination) {
  constexpr std::uint8_t kTtl = 64;
  ByteWriter header;
  header.u8(0x45).u8(0).u16(static_cast<std::uint16_t>(total)).u16(identification).u16(0);
  header.u8(kTtl).u8(protocol).u16(0).u32(source).u32(destination);
  header.patch_u16(10, driver::internet_checksum(header.view()));
  out.bytes(header.view());
}

// Byte i of the payload behind number n.
std::uint8_t filler(std::uint64_t number, std::size_t i) {
  return static_cast<std::uint8_t>((number * 0x9e3779b97f4a7c15ULL >> 56) + 31 * i);
}

EspTransform transform_of(const EspSa& sa) {
  EspTransform t;
  t.cipher = sa.protection.cipher;
  t.integrity = sa.protection.integrity;
  t.esn = sa.esn;
  t.key = sa.protection.key.reveal();
  t.salt = ByteReader(sa.protection.salt.reveal()).u32();
  t.integrity_key = sa.protection.integrity_key.reveal();
  return t;
}

}  // namespace

Buffer numbered_frame(const FlowAddresses& flow, std::size_t length, std::uint64_t number) {
  ByteWriter out;
  ethernet(out, flow.destination_mac, flow.source_mac);
  ipv4(out, length - kEthernetBytes, static_cast<std::uint16_t>(number), driver::kProtocolUdp, flow.source,
       flow.destination);
  out.u16(kPort).u16(kPort).u16(static_cast<std::uint16_t>(length - kEthernetBytes - kIpv4Bytes)).u16(0);
  out.u64(number);
  for (std::size_t i = kLeastNumberedFrame; i < length; ++i) out.u8(filler(number, i - kLeastNumberedFrame));
  return out.take();
}

Buffer smallest_frame(const FlowAddresses& flow, std::uint16_t number) {
  ByteWriter out;
  ethernet(out, flow.destination_mac, flow.source_mac);
  ipv4(out, kIpv4Bytes, number, kExperiment, flow.source, flow.destination);
  return out.take();
}

std::optional<std::uint64_t> number_of(Bytes packet) {
  if (packet.size() < kIpv4Bytes || driver::internet_checksum(packet.first(kIpv4Bytes)) != 0) return std::nullopt;
  if (packet[9] == kExperiment) return ByteReader(packet.subspan(4)).u16();
  if (packet[9] != driver::kProtocolUdp || packet.size() < kIpv4Bytes + kUdpBytes + kNumberBytes) return std::nullopt;
  const std::uint64_t number = ByteReader(packet.subspan(kIpv4Bytes + kUdpBytes)).u64();
  const Bytes rest = packet.subspan(kIpv4Bytes + kUdpBytes + kNumberBytes);
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] != filler(number, i)) return std::nullopt;
  }
  return number;
}

Buffer esp_frame(const EspSa& sa, const MacAddress& source_mac, const MacAddress& destination_mac, std::uint64_t seq,
                 Bytes packet) {
  const EspTransform transform = transform_of(sa);
  ByteWriter plain;
  plain.bytes(packet);
  const std::size_t padding = transform.ciphertext_bytes(packet.size()) - packet.size() - kEspTrailerBytes;
  for (std::size_t i = 1; i <= padding; ++i) plain.u8(static_cast<std::uint8_t>(i));
  plain.u8(static_cast<std::uint8_t>(padding)).u8(driver::kProtocolIpv4);
  const Buffer esp = transform.seal(sa.spi, seq, transform.iv(seq), plain.view());

  ByteWriter out;
  ethernet(out, destination_mac, source_mac);
  ipv4(out, kIpv4Bytes + esp.size(), static_cast<std::uint16_t>(seq), driver::kProtocolEsp, sa.source, sa.destination);
  out.bytes(esp);
  return out.take();
}

std::optional<EspHeader> esp_header(Bytes frame) {
  if (frame.size() < kEthernetBytes + kIpv4Bytes + kEspHeaderBytes) return std::nullopt;
  if (frame[kEthernetBytes + 9] != driver::kProtocolEsp) return std::nullopt;
  ByteReader r(frame.subspan(kEthernetBytes + kIpv4Bytes));
  EspHeader header;
  header.spi = r.u32();
  header.seq = r.u32();
  return header;
}

std::optional<Buffer> open_esp_frame(const EspSa& sa, Bytes frame) {
  const auto header = esp_header(frame);
  if (!header || header->spi != sa.spi) return std::nullopt;
  auto plain = transform_of(sa).open(frame.subspan(kEthernetBytes + kIpv4Bytes), header->seq);
  if (!plain || plain->back() != driver::kProtocolIpv4) return std::nullopt;
  const std::size_t padding = (*plain)[plain->size() - 2];
  if (padding + kEspTrailerBytes > plain->size()) return std::nullopt;
  plain->resize(plain->size() - kEspTrailerBytes - padding);
  return plain;
}

}  // namespace sallyport::bench
