// SPDX-License-Identifier: Apache-2.0
#include "driver/software/esp.hpp"

#include <algorithm>
#include <array>

#include "driver/software/aes_gcm.hpp"
#include "hw/layout/codes.hpp"
#include "hw/layout/tables.hpp"

namespace sallyport::driver::software {
namespace {

Bytes key_of(const layout::Row& sa_key) {
  constexpr std::size_t kBytes[] = {16, 24, 32,
                                    32};  // by KeySize; the last is no size, and the card takes it as AES-256
  return Bytes(sa_key.bytes()).first(kBytes[sa_key.get(layout::sa_key::kKeySize)]);
}

// RFC 4106 4: salt, then IV.
Nonce nonce_of(const layout::Row& sa_key, std::uint64_t iv) {
  ByteWriter w;
  w.u32(static_cast<std::uint32_t>(sa_key.get(layout::sa_key::kSalt))).u64(iv);
  Nonce nonce{};
  std::copy(w.view().begin(), w.view().end(), nonce.begin());
  return nonce;
}

// RFC 4106 5: SPI and sequence number, the whole one with ESN.
Buffer aad_of(std::uint32_t spi, std::uint64_t seq, bool esn) {
  ByteWriter w;
  w.u32(spi);
  if (esn) w.u32(static_cast<std::uint32_t>(seq >> 32));
  w.u32(static_cast<std::uint32_t>(seq));
  return w.take();
}

Buffer plaintext_of(const Ipv4Packet& inner) {
  ByteWriter w;
  Buffer packet(inner.bytes.begin(), inner.bytes.end());
  decrement_ttl(packet);
  w.bytes(packet);
  const std::size_t padding = ciphertext_bytes(inner.total()) - inner.total() - kEspTrailerBytes;
  for (std::size_t i = 1; i <= padding; ++i) w.u8(static_cast<std::uint8_t>(i));  // RFC 4303 2.4: 1, 2, 3..
  w.u8(static_cast<std::uint8_t>(padding)).u8(kProtocolIpv4);
  return w.take();
}

}  // namespace

std::size_t outer_total(const layout::Row& sa_out, std::size_t inner_total) {
  const bool encap = sa_out.get(layout::sa_out::kEncap) == 1;
  return kIpv4Bytes + (encap ? kUdpBytes : 0) + kEspHeaderBytes + kIvBytes + ciphertext_bytes(inner_total) + kIcvBytes;
}

Buffer encapsulate(const Ipv4Packet& inner, const layout::Row& sa_out, const layout::Row& sa_key, std::uint64_t seq) {
  namespace sa = layout::sa_out;
  const bool encap = sa_out.get(sa::kEncap) == 1;
  const bool esn = sa_out.get(sa::kEsn) == 1;
  const bool df = sa_out.get(sa::kSetDf) == 1 || inner.df;
  const auto spi = static_cast<std::uint32_t>(sa_out.get(sa::kSpi));
  const std::size_t total = outer_total(sa_out, inner.total());

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
  w.u32(spi).u32(static_cast<std::uint32_t>(seq)).u64(seq);
  w.bytes(gcm_seal(key_of(sa_key), nonce_of(sa_key, seq), aad_of(spi, seq, esn), plaintext_of(inner)));
  return w.take();
}

std::size_t EspPacket::ciphertext_bytes() const { return bytes.size() - kEspHeaderBytes - kIvBytes - kIcvBytes; }

std::optional<Buffer> decrypt(const EspPacket& esp, const layout::Row& sa_key, std::uint64_t seq, bool esn) {
  ByteReader r(esp.bytes);
  const std::uint32_t spi = r.u32();
  r.skip(4);  // the low half of seq
  const std::uint64_t iv = r.u64();
  return gcm_open(key_of(sa_key), nonce_of(sa_key, iv), aad_of(spi, seq, esn), r.rest());
}

}  // namespace sallyport::driver::software
