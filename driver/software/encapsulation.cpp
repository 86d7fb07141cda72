// SPDX-License-Identifier: Apache-2.0
#include "driver/software/encapsulation.hpp"

#include "driver/software/ah.hpp"
#include "hw/layout/tables.hpp"

namespace sallyport::driver::software {
namespace {

namespace sa = layout::sa_out;

// RFC 4301 5.1.2: what the tunnel's header takes from the row, and what from the header inside.
IpHeader tunnel_header(const IpHeader& inner, const layout::Row& sa_out) {
  IpHeader outer;
  outer.ipv6 = sa_out.get(sa::kIpv6) == 1;
  outer.tos = inner.tos;
  if (sa_out.get(sa::kSetDscp) == 1)
    outer.tos = static_cast<std::uint8_t>(sa_out.get(sa::kDscp) << 2 | (inner.tos & 3));
  const auto df = layout::Df(sa_out.get(sa::kDf));
  outer.df = df == layout::Df::kSet || (df == layout::Df::kCopy && (inner.df || inner.ipv6));
  outer.ttl = static_cast<std::uint8_t>(sa_out.get(sa::kTtl));
  outer.source = sa_out.get_address(sa::kSource);
  outer.destination = sa_out.get_address(sa::kDestination);
  return outer;
}

}  // namespace

Encapsulation::Encapsulation(const IpPacket& packet, const layout::Row& sa_out, const Transform& transform)
    : sa_out_(sa_out), transform_(transform) {
  if (layout::Mode(sa_out.get(sa::kMode)) == layout::Mode::kTunnel) {
    outer_ = tunnel_header(packet, sa_out);
    protected_.assign(packet.bytes.begin(), packet.bytes.end());
    decrement_ttl(protected_);
    next_header_ = packet.ipv6 ? kProtocolIpv6 : kProtocolIpv4;
  } else {
    outer_ = packet;
    protected_.assign(packet.payload().begin(), packet.payload().end());
    next_header_ = packet.protocol;
  }
}

bool Encapsulation::ah() const { return layout::Protocol(sa_out_.get(sa::kProtocol)) == layout::Protocol::kAh; }

std::size_t Encapsulation::ah_bytes() const {
  return software::ah_bytes(transform_, outer_.ipv6 || says(sa::kAhAlign8));
}

std::size_t Encapsulation::counted_bytes() const {
  return ah() ? protected_.size() : transform_.ciphertext_bytes(protected_.size());
}

std::size_t Encapsulation::total() const {
  const std::size_t around =
      ah() ? ah_bytes()
           : (says(sa::kEncap) ? kUdpBytes : 0) + kEspHeaderBytes + transform_.iv_bytes() + transform_.icv_bytes();
  return outer_.header_bytes() + around + counted_bytes();
}

Buffer Encapsulation::esp(std::uint64_t seq) const {
  ByteWriter plaintext;
  plaintext.bytes(protected_);
  const std::size_t padding = counted_bytes() - protected_.size() - kEspTrailerBytes;
  for (std::size_t i = 1; i <= padding; ++i) plaintext.u8(static_cast<std::uint8_t>(i));  // RFC 4303 2.4: 1, 2, 3..
  plaintext.u8(static_cast<std::uint8_t>(padding)).u8(next_header_);
  return transform_.seal(static_cast<std::uint32_t>(sa_out_.get(sa::kSpi)), seq, transform_.iv(seq), plaintext.view());
}

Buffer Encapsulation::packet(std::uint64_t seq) const {
  IpHeader outer = outer_;
  if (layout::Mode(sa_out_.get(sa::kMode)) == layout::Mode::kTunnel) {
    outer.identification = static_cast<std::uint16_t>(seq);
  }
  if (ah()) {
    const auto spi = static_cast<std::uint32_t>(sa_out_.get(sa::kSpi));
    return authenticate(outer, {spi, seq, next_header_, ah_bytes(), protected_}, transform_);
  }
  if (!says(sa::kEncap)) return write_ip(outer, kProtocolEsp, esp(seq));
  const Buffer sealed = esp(seq);
  ByteWriter udp;
  udp.u16(static_cast<std::uint16_t>(sa_out_.get(sa::kSourcePort)));
  udp.u16(static_cast<std::uint16_t>(sa_out_.get(sa::kDestinationPort)));
  udp.u16(static_cast<std::uint16_t>(kUdpBytes + sealed.size())).u16(0).bytes(sealed);  // RFC 3948 2.1, RFC 6935
  return write_ip(outer, kProtocolUdp, udp.view());
}

}  // namespace sallyport::driver::software
