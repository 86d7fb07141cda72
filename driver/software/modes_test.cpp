// SPDX-License-Identifier: Apache-2.0
// ESP and AH, in tunnel and transport mode, IPv4 and IPv6 inside and outside, in every combination, against a peer that
// shares no code with the card (esp_peer.hpp).
#include "driver/software/modes_bench.hpp"

namespace sallyport::driver {
namespace {

using bench::EspPeer;
using bench::Packet;
using layout::Cipher;
using layout::Df;
using layout::Drop;
using layout::Integrity;
using layout::Mode;
using layout::Port;
using layout::Protocol;
using layout::Upcall;

class EveryWay : public Modes, public testing::WithParamInterface<Way> {
 protected:
  const Way way_ = GetParam();
};
INSTANTIATE_TEST_SUITE_P(Modes, EveryWay, testing::ValuesIn(every_way()),
                         [](const auto& info) { return name_of(info.param); });

TEST_P(EveryWay, SendsWhatThePeerOpens) {
  for (EspPeer peer : types_of(way_)) {
    for (const bool esn : {false, true}) {
      peer.esn = esn;
      SCOPED_TRACE(peer.name());
      install_sa_out(outbound_row(way_, peer), peer);
      expect_sent_packet(way_, peer, packet_of(way_, 61, true), 1);
      expect_sent_packet(way_, peer, packet_of(way_, 300, true), 2);
      const std::size_t inner = way_.tunnel() ? way_.inside6 ? 40 : 20 : 0;
      const auto counted = [&](std::size_t n) { return way_.ah() ? n : peer.with_trailer(Buffer(n)).size(); };
      const layout::Row state = sa_state(true, bench::kOutIndex);
      EXPECT_EQ(state.get(layout::sa_out_state::kPackets), 2u);
      EXPECT_EQ(state.get(layout::sa_out_state::kBytes), counted(inner + 61) + counted(inner + 300));
    }
  }
  EXPECT_GT(counter(layout::Counter::kEspOut), 0u);
}

TEST_P(EveryWay, AcceptsWhatThePeerSeals) {
  for (EspPeer peer : types_of(way_)) {
    for (const bool esn : {false, true}) {
      peer.esn = esn;
      SCOPED_TRACE(peer.name());
      install_sa_in(inbound_row(way_, peer), peer);
      for (const auto& [seq, payload] : {std::pair{5, 61}, {3, 300}}) {
        const Packet p = packet_of(way_, static_cast<std::size_t>(payload), false);
        expect_accepted_packet(way_, p, sealed(way_, peer, static_cast<std::uint64_t>(seq), p));
      }
      const std::size_t inner = way_.tunnel() ? way_.inside6 ? 40 : 20 : 0;
      const auto counted = [&](std::size_t n) { return way_.ah() ? n : peer.with_trailer(Buffer(n)).size(); };
      const layout::Row state = sa_state(false, bench::kInIndex);
      EXPECT_EQ(state.get(layout::sa_in_state::kTop), 5u);
      EXPECT_EQ(state.get(layout::sa_in_state::kBytes), counted(inner + 61) + counted(inner + 300));
    }
  }
}

// Texts that end anywhere in a beat and in a hash's block.
TEST_P(EveryWay, CarriesPacketsOfEveryLength) {
  for (const auto& [peer, most] : {std::pair(type_of(way_), 66U), {types_of(way_).back(), 130U}}) {
    install_sa_out(outbound_row(way_, peer), peer);
    install_sa_in(inbound_row(way_, peer), peer);
    for (std::size_t payload = 1; payload <= most; ++payload) {
      SCOPED_TRACE(peer.name() + ", " + std::to_string(payload) + " bytes");
      expect_sent_packet(way_, peer, packet_of(way_, payload, true), payload);
      const Packet p = packet_of(way_, payload, false);
      expect_accepted_packet(way_, p, sealed(way_, peer, payload, p));
    }
  }
}

TEST_P(EveryWay, TellsTheHostOfThePacketThatNoLongerFits) {
  const EspPeer peer = type_of(way_);
  install_sa_out(outbound_row(way_, peer), peer);
  std::size_t payload = 1380;  // fits, whatever stands around it
  const auto made = [&](std::size_t n) {
    card_.receive(Port::kLan, bench::lan_frame(packet_of(way_, n, true)));
    return sent_.empty() ? 0 : take_sent(Port::kWan).size();
  };
  std::size_t last = 0;
  for (std::size_t size = made(payload); size != 0; size = made(++payload)) last = size;
  EXPECT_LE(last, bench::kMtu);
  EXPECT_GT(last + peer.block_bytes(), bench::kMtu);
  const auto received = host_received();
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received[0].upcall(), Upcall::kTooBig);
  EXPECT_EQ(received[0].frame, bench::lan_frame(packet_of(way_, payload, true)));
}

// Byte for byte what a next hop with a larger MTU gets, so that its pieces put together are a packet like any other.
TEST_P(EveryWay, GivesTheHostTheProtectedPacketThatNoLongerFitsWhereTheSaSaysSo) {
  const EspPeer peer = type_of(way_);
  layout::Row row = outbound_row(way_, peer);
  row.set(layout::sa_out::kTooBig, static_cast<unsigned>(layout::TooBig::kFragment));
  const auto install = [&](std::uint16_t mtu) {
    set_next_hop(bench::kWanHop, Port::kWan, bench::kPeerMac, true, mtu);
    install_sa_out(row, peer);  // from number 1 again
  };
  for (const std::size_t payload : {1500, 1517, 4000}) {
    SCOPED_TRACE(std::to_string(payload) + " bytes");
    install(9000);
    card_.receive(Port::kLan, bench::lan_frame(packet_of(way_, payload, true)));
    ASSERT_EQ(sent_.size(), 1u);
    const Buffer whole = sent_[0].frame;
    sent_.clear();
    install(bench::kMtu);
    card_.receive(Port::kLan, bench::lan_frame(packet_of(way_, payload, true)));
    EXPECT_TRUE(sent_.empty());
    const auto received = host_received();
    ASSERT_EQ(received.size(), 1u);
    EXPECT_EQ(received[0].upcall(), Upcall::kOversize);
    EXPECT_EQ(to_hex(received[0].frame), to_hex(whole));
    EXPECT_EQ(sa_state(true, bench::kOutIndex).get(layout::sa_out_state::kSeq), 1u);
  }
  // And what fits goes its way.
  expect_sent_packet(way_, peer, packet_of(way_, 1380, true), 2);
}

TEST_P(EveryWay, RefusesAPacketOfWhichAnyProtectedByteIsWrong) {
  const EspPeer peer = type_of(way_);
  install_sa_in(inbound_row(way_, peer), peer);
  const Packet p = packet_of(way_, 24, false);
  const Buffer good = sealed(way_, peer, 1, p);
  const std::size_t spi_at = way_.outer_bytes() + (way_.ah() ? 4 : 0);
  for (std::size_t i = spi_at + 4; i < good.size(); ++i) {
    SCOPED_TRACE("byte " + std::to_string(i));
    Buffer forged = good;
    forged[i] ^= 0x20;
    expect_drop(Drop::kIcvMismatch, [&] { from_wan(forged); });
  }
  expect_accepted_packet(way_, p, good);
}

TEST_P(EveryWay, CallsPacketsOfAnUnknownSpiByTheirOuterSource) {
  const EspPeer peer = type_of(way_);
  from_wan(sealed(way_, peer, 1, packet_of(way_, 24, false)));  // the bench's SA is another
  const bool known = way_.protocol == Protocol::kEsp && !way_.outside6;
  EXPECT_EQ(drops(Drop::kSpiUnknown), known ? 0u : 1u);
  if (known) return;
  const auto received = host_received();
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received[0].upcall(), Upcall::kSpiUnknown);
  EXPECT_EQ(received[0].descriptor.get_address(layout::rx_descriptor::kSource),
            way_.outside6 ? bench::kPeer6 : bench::kPeer);
}

TEST_P(EveryWay, AsksTheTtlOfAPacketThatIsForwardedAndOfNoOther) {
  const EspPeer peer = type_of(way_);
  install_sa_out(outbound_row(way_, peer), peer);
  Packet p = packet_of(way_, 40, true);
  p.ttl = 1;
  if (way_.tunnel()) {
    expect_drop(Drop::kTtlExpired, [&] { card_.receive(Port::kLan, bench::lan_frame(p)); });
  } else {
    expect_sent_packet(way_, peer, p, 1);
  }
}

// ---- the outer header ----------------------------------------------------------------------------------------------

TEST_F(Modes, CopyTosIntoTheOuterHeaderOrWriteTheRowsDscpBesideTheEcn) {
  for (const Way& way : every_way()) {
    if (!way.tunnel() || way.ah()) continue;
    SCOPED_TRACE(name_of(way));
    const EspPeer peer = type_of(way);
    for (const bool set_dscp : {false, true}) {
      layout::Row row = outbound_row(way, peer);
      row.set(layout::sa_out::kSetDscp, set_dscp ? 1 : 0);
      row.set(layout::sa_out::kDscp, 0x2a);
      install_sa_out(row, peer);
      for (const unsigned tos : {0x00, 0x01, 0x02, 0x03, 0xb8, 0xff}) {
        Packet p = packet_of(way, 40, true);
        p.tos = static_cast<std::uint8_t>(tos);
        card_.receive(Port::kLan, bench::lan_frame(p));
        IpPacket outer;
        const Buffer packet = take_sent(Port::kWan);
        ASSERT_EQ(read_ip(packet, way.outside6, outer), HeaderFault::kNone);
        EXPECT_EQ(outer.tos, set_dscp ? 0x2a << 2 | (tos & 3) : tos);
        EXPECT_EQ(peer.open(outer.payload()), peer.with_trailer(forwarded(p), next_header_of(way, p)));
      }
    }
  }
}

// RFC 4301 8.1.
TEST_F(Modes, WriteDfAsTheRowSays) {
  const auto df_of = [&](unsigned code, bool inside6, bool inner_df) {
    const Way way = {Protocol::kEsp, Mode::kTunnel, inside6, false};
    const EspPeer peer = type_of(way);
    layout::Row row = outbound_row(way, peer);
    row.set(layout::sa_out::kDf, code);
    install_sa_out(row, peer);
    Packet p = packet_of(way, 40, true);
    p.fragment = inner_df ? 0x4000 : 0;
    card_.receive(Port::kLan, bench::lan_frame(p));
    IpPacket outer;
    const Buffer packet = take_sent(Port::kWan);
    EXPECT_EQ(read_ip(packet, false, outer), HeaderFault::kNone);
    return outer.df;
  };
  for (const bool inner_df : {false, true}) {
    EXPECT_EQ(df_of(static_cast<unsigned>(Df::kCopy), false, inner_df), inner_df);
    EXPECT_TRUE(df_of(static_cast<unsigned>(Df::kSet), false, inner_df));
    EXPECT_FALSE(df_of(static_cast<unsigned>(Df::kClear), false, inner_df));
    EXPECT_FALSE(df_of(3, false, inner_df)) << "a code without a name";
  }
  EXPECT_TRUE(df_of(static_cast<unsigned>(Df::kCopy), true, false));
  EXPECT_FALSE(df_of(static_cast<unsigned>(Df::kClear), true, false));
}

// RFC 4301 5.1.2: what the tunnel met is told to whoever can hear of it; nothing else of the outer TOS comes in.
TEST_F(Modes, TellTheReceiverOfCongestionInTheTunnel) {
  constexpr std::uint8_t kCe = 3;
  for (const Way& way : every_way()) {
    if (!way.tunnel()) continue;
    SCOPED_TRACE(name_of(way));
    const EspPeer peer = type_of(way);
    install_sa_in(inbound_row(way, peer), peer);
    std::uint64_t seq = 0;
    for (std::uint8_t outer = 0; outer < 4; ++outer) {
      for (std::uint8_t inner = 0; inner < 4; ++inner) {
        Packet p = packet_of(way, 40, false);
        p.tos = static_cast<std::uint8_t>(0x58 | inner);
        const Buffer packet = sealed(way, peer, ++seq, p, static_cast<std::uint8_t>(0xa0 | outer));
        if (outer == kCe && inner != 0) p.tos |= kCe;
        expect_accepted_packet(way, p, packet);
      }
    }
  }
}

// What the gateway itself sends keeps its header: only protocol, length and checksum become others, and no flag but DF
// is left.
TEST_F(Modes, KeepTheHeaderInTransportMode) {
  const Way way = {Protocol::kEsp, Mode::kTransport, false, false};
  const EspPeer peer = type_of(way);
  install_sa_out(outbound_row(way, peer), peer);
  install_sa_in(inbound_row(way, peer), peer);
  for (const bool df : {false, true}) {
    Packet p = packet_of(way, 40, true);
    p.fragment = df ? 0xc000 : 0x8000;  // RFC 791: bit 0 is reserved
    card_.receive(Port::kLan, bench::lan_frame(p));
    const Buffer packet = take_sent(Port::kWan);
    EXPECT_EQ(ByteReader(Bytes(packet).subspan(6)).u16(), df ? 0x4000 : 0);

    Packet back = packet_of(way, 40, false);
    back.fragment = p.fragment;
    const Buffer sealed_back = sealed(way, peer, df ? 2 : 1, back);
    back.fragment = df ? 0x4000 : 0;
    expect_accepted_packet(way, back, sealed_back);
  }
}

// RFC 4303 3.1.1 over RFC 3948 and RFC 6935: the UDP checksum is 0 over IPv6, too; of what comes nobody asks for it,
// the ICV says more.
TEST_F(Modes, PutEspIntoUdpInEveryWay) {
  for (const Way& way : every_way()) {
    if (way.ah()) continue;
    SCOPED_TRACE(name_of(way));
    const EspPeer peer = type_of(way);
    layout::Row out = outbound_row(way, peer);
    out.set(layout::sa_out::kEncap, 1);
    install_sa_out(out, peer);
    const Packet p = packet_of(way, 40, true);
    card_.receive(Port::kLan, bench::lan_frame(p));
    const Buffer packet = take_sent(Port::kWan);
    IpPacket outer;
    ASSERT_EQ(read_ip(packet, way.outside6, outer), HeaderFault::kNone);
    EXPECT_EQ(outer.protocol, 17);
    ByteReader udp(outer.payload());
    EXPECT_EQ(udp.u16(), 4500);
    EXPECT_EQ(udp.u16(), 4501);
    EXPECT_EQ(udp.u16(), outer.payload().size());
    EXPECT_EQ(udp.u16(), 0);
    EXPECT_EQ(peer.open(udp.rest()), peer.with_trailer(protected_of(way, p), next_header_of(way, p)));

    install_sa_in(inbound_row(way, peer), peer);
    const Packet back = packet_of(way, 40, false);
    const Buffer bare = sealed(way, peer, 1, back);
    Packet in_udp = outer_of(way, back, back.tos);
    in_udp.protocol = 17;
    const Bytes esp = Bytes(bare).subspan(way.outer_bytes());
    const auto length = static_cast<std::uint16_t>(8 + esp.size());
    in_udp.payload = ByteWriter().u16(4501).u16(4500).u16(length).u16(0x1234).bytes(esp).take();
    expect_accepted_packet(way, back, bench::ip(in_udp));
  }
}

// ---- AH ------------------------------------------------------------------------------------------------------------

// RFC 4302 3.3.3.1: what may change on the way, and nothing else.
TEST_F(Modes, AuthenticateWhatDoesNotChangeOnTheWay) {
  for (const Way& way : every_way()) {
    if (!way.ah() || !way.tunnel()) continue;
    SCOPED_TRACE(name_of(way));
    const EspPeer peer = type_of(way);
    install_sa_in(inbound_row(way, peer), peer);
    const Packet p = packet_of(way, 40, false);
    std::uint64_t seq = 0;
    const auto changed = [&](std::size_t at, std::uint8_t bits) {  // but for ECN, which the inner packet hears of
      Buffer packet = sealed(way, peer, ++seq, p, 0);
      packet[at] ^= bits;
      if (!way.outside6) write_checksum(packet, kIpv4Bytes);
      return packet;
    };
    if (way.outside6) {
      for (const auto& [at, bits] :
           {std::pair<std::size_t, std::uint8_t>{0, 0x0a}, {1, 0xcf}, {2, 0xff}, {3, 0xff}, {7, 0x80}}) {
        expect_accepted_packet(way, p, changed(at, bits));
      }
      expect_drop(Drop::kIcvMismatch, [&] { from_wan(changed(23, 1)); });  // source
    } else {
      for (const auto& [at, bits] : {std::pair<std::size_t, std::uint8_t>{1, 0xfc}, {6, 0xc0}, {8, 0x80}}) {
        expect_accepted_packet(way, p, changed(at, bits));
      }
      expect_drop(Drop::kIcvMismatch, [&] { from_wan(changed(5, 1)); });   // identification
      expect_drop(Drop::kIcvMismatch, [&] { from_wan(changed(15, 1)); });  // source
    }
    EXPECT_EQ(sent_.size(), 0u);
  }
}

TEST_F(Modes, PadAhTo8BytesOverIpv4ForASaThatSaysSoAndAcceptEither) {
  const Way way = {Protocol::kAh, Mode::kTunnel, false, false};
  for (const EspPeer& peer : bench::ah_types()) {
    SCOPED_TRACE(peer.name());
    layout::Row out = outbound_row(way, peer);
    out.set(layout::sa_out::kAhAlign8, 1);
    install_sa_out(out, peer);
    const Packet p = packet_of(way, 40, true);
    card_.receive(Port::kLan, bench::lan_frame(p));
    const Buffer packet = take_sent(Port::kWan);
    const auto opened = peer.open_ah(packet);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->content, forwarded(p));
    EXPECT_EQ(packet.size() - 20 - opened->content.size(), (12 + peer.icv_bytes() + 7) / 8 * 8);

    install_sa_in(inbound_row(way, peer), peer);
    const Packet back = packet_of(way, 40, false);
    std::uint64_t seq = 0;
    for (const bool align8 : {false, true}) {
      expect_accepted_packet(
          way, back, peer.seal_ah(bench::ip(outer_of(way, back, 0)), bench::kInSpi, ++seq, 4, bench::ip(back), align8));
    }
  }
}

TEST_F(Modes, TakeARowOfAhForEmptyThatEnciphersOrGoesInUdp) {
  const Way way = {Protocol::kAh, Mode::kTunnel, false, false};
  const EspPeer peer = type_of(way);
  const Packet p = packet_of(way, 40, true);
  const auto expect_empty_outbound = [&](const layout::Field& field, std::uint64_t value) {
    layout::Row out = outbound_row(way, peer);
    out.set(field, value);
    install_sa_out(out, peer);
    expect_drop(Drop::kSaEmpty, [&] { card_.receive(Port::kLan, bench::lan_frame(p)); });
  };
  for (unsigned cipher = 0; cipher < 16; ++cipher) {
    if (Cipher(cipher) == Cipher::kNull) continue;
    expect_empty_outbound(layout::sa_out::kCipher, cipher);
    layout::Row in = inbound_row(way, peer);
    in.set(layout::sa_in::kCipher, cipher);
    install_sa_in(in, peer);
    expect_drop(Drop::kSpiUnknown, [&] { from_wan(sealed(way, peer, 1, packet_of(way, 40, false))); });
  }
  expect_empty_outbound(layout::sa_out::kEncap, 1);
}

TEST_F(Modes, AuthenticateTheHighHalfOfAnExtendedNumberOfAh) {
  const Way way = {Protocol::kAh, Mode::kTunnel, true, true};
  EspPeer peer = type_of(way);
  peer.esn = true;
  install_sa_in(inbound_row(way, peer), peer);
  const Packet p = packet_of(way, 50, false);
  for (const std::uint64_t seq : {0x80000000ULL, 0xfffffff0ULL, 0x100000003ULL, 0xfffffff1ULL, 0x100000000ULL}) {
    expect_accepted_packet(way, p, sealed(way, peer, seq, p));
  }
  expect_drop(Drop::kIcvMismatch, [&] { from_wan(sealed(way, peer, 0x200000004ULL, p)); });
  EXPECT_EQ(sa_state(false, bench::kInIndex).get(layout::sa_in_state::kTop), 0x100000003u);
  install_sa_out(outbound_row(way, peer), peer);
  card_.set_last_seq(bench::kOutIndex, 0x1'ffff'ffff);
  expect_sent_packet(way, peer, packet_of(way, 50, true), 0x2'0000'0000);
}

// ---- what an SA finds inside ---------------------------------------------------------------------------------------

TEST_F(Modes, ReadTheExtensionHeadersInside) {
  for (const bool tunnel : {true, false}) {
    const Way way = {Protocol::kEsp, tunnel ? Mode::kTunnel : Mode::kTransport, true, true};
    const EspPeer peer = type_of(way);
    install_sa_in(inbound_row(way, peer), peer);
    Packet p = packet_of(way, 40, false);
    p.extensions = {kDestinationOptions, kRouting};
    // In transport mode they are behind ESP, a part of what it protects.
    const Buffer whole = bench::ip(p);
    const Buffer content(whole.begin() + (tunnel ? 0 : 40), whole.end());
    Packet outer = outer_of(way, p, p.tos);
    outer.extensions.clear();
    const auto with = [&](std::uint64_t seq, Bytes inside) {
      outer.payload = peer.seal(bench::kInSpi, seq, Buffer(peer.iv_bytes()),
                                peer.with_trailer(inside, tunnel ? 41 : kDestinationOptions));
      return bench::ip(outer);
    };
    expect_accepted_packet(way, p, with(1, content));
    Buffer wrong = content;
    wrong[tunnel ? 41 : 1] = 200;  // the length of the first extension header
    expect_drop(Drop::kInnerMalformed, [&] { from_wan(with(2, wrong)); });
  }
}

// RFC 4301 7.1, 7.2: a fragment that is not the first matches a rule that asks for no ports; ESP in tunnel mode takes
// fragments as they are.
TEST_F(Modes, CarryFragmentsInTunnelMode) {
  for (const bool inside6 : {false, true}) {
    const Way way = {Protocol::kEsp, Mode::kTunnel, inside6, false};
    const EspPeer peer = type_of(way);
    install_sa_out(outbound_row(way, peer), peer);
    install_sa_in(inbound_row(way, peer), peer);
    std::uint64_t seq = 0;
    for (const unsigned fragment : {0x2000, 0x2010, 0x0010}) {
      Packet p = packet_of(way, 40, true);
      p.fragment = static_cast<std::uint16_t>(fragment);
      if (inside6) p.extensions = {kFragment};
      expect_sent_packet(way, peer, p, ++seq);
      std::swap(p.source, p.destination);
      expect_accepted_packet(way, p, sealed(way, peer, seq, p));
    }
  }
}

// RFC 4303 3.4.1: fragments are put together before they are opened; that is the host's work.
TEST_F(Modes, LeaveFragmentsOfEspAndAhToTheHost) {
  for (const Way& way : every_way()) {
    SCOPED_TRACE(name_of(way));
    Packet outer = outer_of(way, packet_of(way, 40, false), 0);
    outer.payload.resize(64);
    outer.fragment = 0x2000;
    if (way.outside6) outer.extensions = {kFragment};
    from_wan(bench::ip(outer));
    const auto received = host_received();
    ASSERT_EQ(received.size(), 1u);
    EXPECT_EQ(received[0].upcall(), Upcall::kLocal);
    EXPECT_EQ(received[0].descriptor.get(layout::rx_descriptor::kDecapsulated), 0u);
  }
}

}  // namespace
}  // namespace sallyport::driver
