// SPDX-License-Identifier: Apache-2.0
// For tests: SAs of every protocol, mode and IP version on a bench, against a peer that shares no code with the card
// (esp_peer.hpp).
#pragma once

#include <functional>

#include "driver/software/card_bench.hpp"

namespace sallyport::driver {

struct Way {
  layout::Protocol protocol;
  layout::Mode mode;
  bool inside6;
  bool outside6;

  [[nodiscard]] bool ah() const { return protocol == layout::Protocol::kAh; }
  [[nodiscard]] bool tunnel() const { return mode == layout::Mode::kTunnel; }
  [[nodiscard]] std::size_t outer_bytes() const { return outside6 ? 40 : 20; }
};

inline std::vector<Way> every_way() {
  std::vector<Way> ways;
  for (const layout::Protocol protocol : {layout::Protocol::kEsp, layout::Protocol::kAh}) {
    for (const bool inside6 : {false, true}) {
      for (const bool outside6 : {false, true}) ways.push_back({protocol, layout::Mode::kTunnel, inside6, outside6});
      ways.push_back({protocol, layout::Mode::kTransport, inside6, inside6});
    }
  }
  return ways;
}

inline std::string name_of(const Way& way) {
  return std::string(way.ah() ? "Ah" : "Esp") + (way.tunnel() ? "Tunnel" : "Transport") + (way.inside6 ? "6" : "4") +
         (way.tunnel() ? way.outside6 ? "In6" : "In4" : "");
}

class Modes : public CardBench {
 protected:
  static layout::Row outbound_row(const Way& way, const bench::EspPeer& peer) {
    namespace f = layout::sa_out;
    layout::Row row = sa_out_row();
    row.set(f::kCipher, static_cast<unsigned>(peer.cipher));
    row.set(f::kIntegrity, static_cast<unsigned>(peer.integrity));
    row.set(f::kEsn, peer.esn ? 1 : 0);
    row.set(f::kProtocol, static_cast<unsigned>(way.protocol));
    row.set(f::kMode, static_cast<unsigned>(way.mode));
    row.set(f::kIpv6, way.outside6 ? 1 : 0);
    row.set(f::kSource, way.outside6 ? bench::kGateway6 : bench::kGateway);
    row.set(f::kDestination, way.outside6 ? bench::kPeer6 : bench::kPeer);
    return row;
  }
  static layout::Row inbound_row(const Way& way, const bench::EspPeer& peer) {
    namespace f = layout::sa_in;
    layout::Row row = sa_in_row();
    row.set(f::kCipher, static_cast<unsigned>(peer.cipher));
    row.set(f::kIntegrity, static_cast<unsigned>(peer.integrity));
    row.set(f::kEsn, peer.esn ? 1 : 0);
    row.set(f::kProtocol, static_cast<unsigned>(way.protocol));
    row.set(f::kMode, static_cast<unsigned>(way.mode));
    row.set(f::kDestination, way.outside6 ? bench::kGateway6 : bench::kGateway);
    return row;
  }

  // A packet that this way is for, with a payload that no shift repeats: between the nets, or between the gateways.
  static bench::Packet packet_of(const Way& way, std::size_t payload, bool outbound) {
    bench::Packet p;
    p.source = way.tunnel() ? (way.inside6 ? bench::kLanHost6 : bench::kLanHost)
                            : (way.inside6 ? bench::kGateway6 : bench::kGateway);
    p.destination = way.tunnel() ? (way.inside6 ? bench::kRemoteHost6 : bench::kRemoteHost)
                                 : (way.inside6 ? bench::kPeer6 : bench::kPeer);
    if (!outbound) std::swap(p.source, p.destination);
    p.protocol = 253;  // RFC 3692: no ports to be looked up
    p.tos = 0xb9;      // DSCP 46, ECT(1)
    p.payload.resize(payload);
    for (std::size_t i = 0; i < payload; ++i) p.payload[i] = static_cast<std::uint8_t>(i * i + 3 * i + payload);
    return p;
  }
  static Buffer forwarded(bench::Packet p) {
    --p.ttl;
    return bench::ip(p);
  }

  // What an SA of this way protects of a packet that it sends, and the number of the protocol that this is.
  static Buffer protected_of(const Way& way, const bench::Packet& p) { return way.tunnel() ? forwarded(p) : p.payload; }
  static std::uint8_t next_header_of(const Way& way, const bench::Packet& p) {
    return way.tunnel() ? (way.inside6 ? 41 : 4) : p.protocol;
  }
  // The header that the peer puts in front.
  static bench::Packet outer_of(const Way& way, const bench::Packet& inner, std::uint8_t tos) {
    bench::Packet outer = inner;
    if (way.tunnel()) {
      outer.source = way.outside6 ? bench::kPeer6 : bench::kPeer;
      outer.destination = way.outside6 ? bench::kGateway6 : bench::kGateway;
      outer.fragment = 0;
      outer.options.clear();
      outer.extensions.clear();
    }
    outer.tos = tos;
    outer.payload.clear();
    outer.protocol = way.ah() ? 51 : 50;
    return outer;
  }
  // The packet that the peer makes of `inner`, behind the header of `outer`.
  static Buffer sealed_behind(bench::Packet outer, const Way& way, const bench::EspPeer& peer, std::uint64_t seq,
                              const bench::Packet& inner) {
    const Buffer content = way.tunnel() ? bench::ip(inner) : inner.payload;
    if (way.ah()) return peer.seal_ah(bench::ip(outer), bench::kInSpi, seq, next_header_of(way, inner), content);
    const Buffer iv(peer.iv_bytes(), 0x3c);
    outer.payload = peer.seal(bench::kInSpi, seq, iv, peer.with_trailer(content, next_header_of(way, inner)));
    return bench::ip(outer);
  }
  static Buffer sealed(const Way& way, const bench::EspPeer& peer, std::uint64_t seq, const bench::Packet& inner,
                       std::uint8_t tos) {
    return sealed_behind(outer_of(way, inner, tos), way, peer, seq, inner);
  }
  static Buffer sealed(const Way& way, const bench::EspPeer& peer, std::uint64_t seq, const bench::Packet& inner) {
    return sealed(way, peer, seq, inner, inner.tos);
  }
  // What reaches the host of a decapsulated packet for the gateway.
  static Buffer host_frame(Bytes packet) {
    return ByteWriter().u16(0x0200).u32(1).zeros(6).u16(packet[0] >> 4 == 6 ? 0x86dd : 0x0800).bytes(packet).take();
  }

  void from_wan(Bytes packet) { card_.receive(layout::Port::kWan, bench::frame(bench::kWanMac, packet)); }

  // The one packet that was sent since the last call.
  Buffer take_sent(layout::Port port) {
    EXPECT_EQ(sent_.size(), 1u);
    if (sent_.size() != 1) return {};
    EXPECT_EQ(sent_[0].port, port);
    const Bytes frame = sent_[0].frame;
    Buffer packet(frame.begin() + 14, frame.end());
    EXPECT_EQ(ByteReader(frame.subspan(12)).u16(), packet[0] >> 4 == 6 ? 0x86dd : 0x0800);
    sent_.clear();
    return packet;
  }

  void expect_drop(layout::Drop reason, const std::function<void()>& provoke) {
    const std::uint64_t before = drops(reason);
    provoke();
    EXPECT_EQ(drops(reason), before + 1);
    EXPECT_TRUE(sent_.empty());
  }

  void expect_sent_packet(const Way& way, const bench::EspPeer& peer, const bench::Packet& p, std::uint64_t seq) {
    card_.receive(layout::Port::kLan, bench::lan_frame(p));
    const Buffer packet = take_sent(layout::Port::kWan);
    IpPacket outer;
    ASSERT_EQ(read_ip(packet, way.outside6, outer), HeaderFault::kNone);
    EXPECT_EQ(outer.total(), packet.size());
    EXPECT_EQ(outer.protocol, way.ah() ? 51 : 50);
    if (way.tunnel()) {
      EXPECT_TRUE(outer.extras.empty());
      EXPECT_EQ(outer.source, way.outside6 ? bench::kGateway6 : bench::kGateway);
      EXPECT_EQ(outer.destination, way.outside6 ? bench::kPeer6 : bench::kPeer);
      EXPECT_EQ(outer.tos, p.tos);
      EXPECT_EQ(outer.ttl, 61);
      EXPECT_EQ(outer.flow_label, 0u);
      EXPECT_EQ(outer.identification, way.outside6 ? 0u : seq & 0xffff);
    } else {
      bench::Packet same = p;
      same.protocol = outer.protocol;
      same.payload.assign(outer.payload().begin(), outer.payload().end());
      EXPECT_EQ(to_hex(packet), to_hex(bench::ip(same)));
    }

    ByteReader r(outer.payload());
    if (way.ah()) r.skip(4);
    EXPECT_EQ(r.u32(), bench::kOutSpi);
    EXPECT_EQ(r.u32(), static_cast<std::uint32_t>(seq));
    const auto seq_high = static_cast<std::uint32_t>(seq >> 32);
    if (way.ah()) {
      const auto opened = peer.open_ah(packet, seq_high);
      ASSERT_TRUE(opened) << "the peer finds a wrong ICV";
      EXPECT_EQ(opened->content, protected_of(way, p));
      EXPECT_EQ(opened->next_header, next_header_of(way, p));
      EXPECT_EQ((packet.size() - way.outer_bytes() - opened->content.size()) % (way.outside6 ? 8 : 4), 0u);
    } else {
      EXPECT_EQ(peer.open(outer.payload(), seq_high), peer.with_trailer(protected_of(way, p), next_header_of(way, p)));
    }
  }

  void expect_accepted_packet(const Way& way, const bench::Packet& p, Bytes packet) {
    from_wan(packet);
    if (way.tunnel()) {
      EXPECT_EQ(take_sent(layout::Port::kLan), forwarded(p));
      return;
    }
    const auto received = host_received();
    ASSERT_EQ(received.size(), 1u);
    EXPECT_EQ(received[0].upcall(), layout::Upcall::kLocal);
    EXPECT_EQ(received[0].descriptor.get(layout::rx_descriptor::kDecapsulated), 1u);
    EXPECT_EQ(received[0].frame, host_frame(bench::ip(p)));
  }

  static std::vector<bench::EspPeer> types_of(const Way& way) {
    if (way.ah()) return bench::ah_types();
    return {bench::EspPeer::with_keys(layout::Cipher::kAesGcm, layout::Integrity::kNone, 16, 31),
            bench::EspPeer::with_keys(layout::Cipher::kAesCbc, layout::Integrity::kHmacSha256_128, 32, 32),
            bench::EspPeer::with_keys(layout::Cipher::kNull, layout::Integrity::kHmacSha1_96, 0, 33)};
  }
  static bench::EspPeer type_of(const Way& way) { return types_of(way).front(); }
};

}  // namespace sallyport::driver
