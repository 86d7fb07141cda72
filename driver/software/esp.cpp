// SPDX-License-Identifier: Apache-2.0
#include "driver/software/esp.hpp"

#include "hw/layout/tables.hpp"

namespace sallyport::driver::software {
namespace {

Buffer plaintext_of(const Ipv4Packet& inner, std::size_t bytes) {
  ByteWriter w;
  Buffer packet(inner.bytes.begin(), inner.bytes.end());
  decrement_ttl(packet);
  w.bytes(packet);
  const std::size_t padding = bytes - inner.total() - kEspTrailerBytes;
  for (std::size_t i = 1; i <= padding; ++i) w.u8(static_cast<std::uint8_t>(i));  // RFC 4303 2.4: 1, 2, 3..
  w.u8(static_cast<std::uint8_t>(padding)).u8(kProtocolIpv4);
  return w.take();
}

}  // namespace

std::size_t outer_total(const layout::Row& sa_out, const EspTransform& transform, std::size_t inner_total) {
  const bool encap = sa_out.get(layout::sa_out::kEncap) == 1;
  return kIpv4Bytes + (encap ? kUdpBytes : 0) + kEspHeaderBytes + transform.iv_bytes() +
         transform.ciphertext_bytes(inner_total) + transform.icv_bytes();
}

Buffer encapsulate(const Ipv4Packet& inner, const layout::Row& sa_out, const EspTransform& transform,
                   std::uint64_t seq) {
  namespace sa = layout::sa_out;
  const bool encap = sa_out.get(sa::kEncap) == 1;
  const bool df = sa_out.get(sa::kSetDf) == 1 || inner.df;
  const std::size_t total = outer_total(sa_out, transform, inner.total());

  ByteWriter w;
  w.u8(0x45).u8(inner.tos).u16(static_cast<std::uint16_t>(total));
  w.u16(static_cast<std::uint16_t>(seq)).u16(df ? 0x4000 : 0);
  w.u8(static_cast<std::uint8_t>(sa_out.get(sa::kTtl))).u8(encap ? kProtocolUdp : kProtocolEsp).u16(0);
  w.u32(static_cast<std::uint32_t>(sa_out.get(sa::kSource)));
  w.u32(static_cast<std::uint32_t>(sa_out.get(sa::kDestination)));
  w.patch_u16(10, internet_checksum(w.view()));
  if (encap) {
    w.u16(static_cast<std::uint16_t>(sa_out.get(sa::kSourcePort)));
    w.u16(static_cast<std::uint16_t>(sa_out.get(sa::kDestinationPort)));
    w.u16(static_cast<std::uint16_t>(total - kIpv4Bytes)).u16(0);
  }
  const Buffer plaintext = plaintext_of(inner, transform.ciphertext_bytes(inner.total()));
  w.bytes(transform.seal(static_cast<std::uint32_t>(sa_out.get(sa::kSpi)), seq, transform.iv(seq), plaintext));
  return w.take();
}

}  // namespace sallyport::driver::software
