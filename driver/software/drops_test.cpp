// SPDX-License-Identifier: Apache-2.0
// Every drop reason is provoked, by packets or by frames of the host, and every packet is accounted for.
#include <array>
#include <functional>
#include <numeric>
#include <random>

#include "driver/software/card_bench.hpp"

namespace sallyport::driver {
namespace {

using bench::Packet;
using layout::Action;
using layout::Counter;
using layout::Drop;
using layout::Integrity;
using layout::Mode;
using layout::Port;
using layout::Route;
using layout::TableId;
namespace reg = layout::reg;

const char* name_of(Drop reason) { return layout::kDrops[static_cast<unsigned>(reason)].name; }

class Drops : public CardBench {
 protected:
  Packet inner_ = {.source = bench::kRemoteHost, .destination = bench::kLanHost};
  Packet lan6_ = {.source = bench::kLanHost6, .destination = bench::kRemoteHost6};
  const bench::EspPeer ah_peer_ = bench::EspPeer::with_keys(layout::Cipher::kNull, Integrity::kHmacSha256_128, 0, 9);

  void lan(const Packet& p = {}) { card_.receive(Port::kLan, bench::lan_frame(p)); }
  void wan(const Packet& p) { card_.receive(Port::kWan, bench::wan_frame(p)); }
  void to_gateway(std::uint8_t protocol, Bytes payload, std::uint16_t fragment = 0) {
    wan({.source = bench::kPeer,
         .destination = bench::kGateway,
         .protocol = protocol,
         .fragment = fragment,
         .payload = Buffer(payload.begin(), payload.end())});
  }
  void esp(std::uint32_t seq, Bytes plaintext) { to_gateway(50, bench::sealed_by_peer(bench::kInSpi, seq, plaintext)); }
  void esp_of(std::uint32_t seq, const Packet& p) { esp(seq, bench::with_trailer(bench::ip(p))); }

  using AllDrops = std::array<std::uint64_t, layout::kDropReasons>;
  AllDrops all_drops() {
    AllDrops all{};
    for (unsigned i = 0; i < layout::kDropReasons; ++i) all[i] = drops(Drop(i));
    return all;
  }

  // One packet is dropped, under `reason` and no other.
  void expect_drop(Drop reason, const std::function<void()>& provoke) {
    SCOPED_TRACE(name_of(reason));
    AllDrops expected = all_drops();
    ++expected[static_cast<unsigned>(reason)];
    records_.clear();
    provoke();
    ASSERT_FALSE(records_.empty());
    EXPECT_EQ(records_.back().drop, reason);
    EXPECT_EQ(all_drops(), expected);
    expect_every_packet_accounted_for();
  }

  // lan_rx + wan_rx + host_tx = lan_tx + wan_tx + host_rx + all drop counters
  void expect_every_packet_accounted_for() {
    const AllDrops all = all_drops();
    const std::uint64_t dropped = std::accumulate(all.begin(), all.end(), std::uint64_t{0});
    EXPECT_EQ(counter(Counter::kLanRx) + counter(Counter::kWanRx) + counter(Counter::kHostTx),
              counter(Counter::kLanTx) + counter(Counter::kWanTx) + counter(Counter::kHostRx) + dropped);
  }
  void TearDown() override { expect_every_packet_accounted_for(); }
};

class EveryReason : public Drops, public testing::WithParamInterface<unsigned> {
 protected:
  // What leads to a drop under this reason, in all its ways. Whoever adds a reason adds a case: the compiler asks for
  // it.
  void provoke(Drop reason) {
    switch (reason) {
      case Drop::kRxOverflow:
        return rx_overflow();
      case Drop::kRxError:
        expect_drop(reason, [&] { card_.receive(Port::kLan, bench::lan_frame(), true); });
        expect_drop(reason, [&] { card_.receive(Port::kWan, bench::wan_frame(inner_), true); });
        expect_drop(reason, [&] { card_.receive(Port::kLan, Buffer(13)); });
        expect_drop(reason, [&] { card_.receive(Port::kLan, Buffer(9217)); });
        return;
      case Drop::kDisabled:
        write(reg::kControl, 0);
        expect_drop(reason, [&] { lan(); });
        expect_drop(reason, [&] { wan(inner_); });
        return;
      case Drop::kNotForUs:
        expect_drop(reason, [&] { card_.receive(Port::kLan, bench::frame(0x0200000000ff, bench::ip({}))); });
        expect_drop(reason, [&] { card_.receive(Port::kWan, bench::frame(bench::kLanMac, bench::ip(inner_))); });
        return;
      case Drop::kEthertype:
        expect_drop(reason, [&] { card_.receive(Port::kLan, bench::frame(bench::kLanMac, Buffer(40), 0x88cc)); });
        expect_drop(reason, [&] { card_.receive(Port::kLan, bench::tagged(bench::tagged(bench::lan_frame(), 0), 0)); });
        return;
      case Drop::kIpMalformed:
        expect_drop(reason, [&] { lan_changed(14, 0x65); });  // version 6
        expect_drop(reason, [&] { lan_changed(14, 0x44); });  // a header of 16 bytes
        expect_drop(reason, [&] { lan_changed(17, 19); });    // a packet shorter than its header
        return ipv6_malformed();
      case Drop::kIpChecksum:
        expect_drop(reason, [&] { lan_changed(24, static_cast<std::uint8_t>(bench::lan_frame()[24] ^ 1)); });
        return;
      case Drop::kIpTruncated:
        expect_drop(reason, [&] { lan_changed(17, 200); });
        expect_drop(reason, [&] { card_.receive(Port::kLan, Bytes(bench::lan_frame()).first(33)); });
        expect_drop(reason, [&] { lan6_changed(19, 200); });
        expect_drop(reason, [&] { lan6_changed(18, 0xff); });  // with its header more than 16 bits count
        expect_drop(reason, [&] { card_.receive(Port::kLan, Bytes(bench::lan_frame(lan6_)).first(53)); });
        return;
      case Drop::kTtlExpired:
        expect_drop(reason, [&] { lan({.ttl = 1}); });
        lan6_.ttl = 1;
        expect_drop(reason, [&] { lan(lan6_); });
        set_rule(TableId::kSpdOut, 0, Action::kBypass);
        expect_drop(reason, [&] { lan({.ttl = 1}); });
        expect_drop(reason, [&] { wan({.source = bench::kStranger, .destination = bench::kLanHost, .ttl = 0}); });
        inner_.ttl = 1;
        expect_drop(reason, [&] { esp_of(1, inner_); });
        return;
      case Drop::kSpdNoMatch:
        expect_drop(reason, [&] { lan({.destination = bench::kStranger}); });
        expect_drop(reason, [&] { wan({.source = bench::kStranger, .destination = bench::kLanHost}); });
        return;
      case Drop::kSpdDiscard:
        set_rule(TableId::kSpdOut, 0, Action::kDiscard);
        expect_drop(reason, [&] { lan(); });
        set_rule(TableId::kSpdIn, 0, Action::kDiscard);
        expect_drop(reason, [&] { wan(inner_); });
        return;
      case Drop::kNoRoute:
        set_rule(TableId::kSpdOut, 0, Action::kBypass);
        set_route(kRemoteInterval, Route::kNone, 0);
        expect_drop(reason, [&] { lan(); });
        set_route(kLanInterval, Route::kNone, 0);
        expect_drop(reason, [&] { esp_of(1, inner_); });
        return;
      case Drop::kNoNextHop:
        set_next_hop(bench::kWanHop, Port::kWan, 0, false);
        expect_drop(reason, [&] { lan(); });  // of the SA
        set_rule(TableId::kSpdOut, 0, Action::kBypass);
        expect_drop(reason, [&] { lan(); });  // of the route
        set_next_hop(bench::kLanHop, Port::kLan, 0, false);
        expect_drop(reason, [&] { esp_of(1, inner_); });
        return;
      case Drop::kEgressPort:
        set_next_hop(bench::kWanHop, Port::kLan, bench::kPeerMac);
        expect_drop(reason, [&] { lan(); });  // of the SA
        set_rule(TableId::kSpdOut, 0, Action::kBypass);
        expect_drop(reason, [&] { lan(); });  // of the route
        set_next_hop(bench::kLanHop, Port::kWan, bench::kPeerMac);
        expect_drop(reason, [&] { esp_of(1, inner_); });
        return;
      case Drop::kSaEmpty:
        set_rule(TableId::kSpdOut, 0, Action::kProtect, 9);
        expect_drop(reason, [&] { lan(); });
        set_rule(TableId::kSpdOut, 0, Action::kProtect, 0x8000 | bench::kOutIndex);
        expect_drop(reason, [&] { lan(); });
        return;
      case Drop::kSeqExhausted:
        return seq_exhausted();
      case Drop::kHardLimit:
        return hard_limit();
      case Drop::kSpiUnknown:
        expect_drop(reason, [&] { to_gateway(50, Buffer(12)); });
        expect_drop(reason, [&] { to_gateway(50, Buffer(40)); });
        expect_drop(reason, [&] { to_gateway(51, Buffer(12)); });
        expect_drop(reason, [&] { to_gateway(51, ah_payload(1)); });  // of an SA of ESP
        return unnamed_replay_window();
      case Drop::kNotWhole:
        return not_whole();
      case Drop::kEspMalformed:
        expect_drop(reason, [&] { to_gateway(50, Buffer(11)); });
        for (const std::size_t n : {12U, 32U, 41U}) {
          expect_drop(reason, [&] { to_gateway(50, ByteWriter().u32(bench::kInSpi).zeros(n - 4).view()); });
        }
        return;
      case Drop::kReplayOld:
        return replay_old();
      case Drop::kReplayDuplicate:
        return replay_duplicate();
      case Drop::kIcvMismatch:
        expect_drop(reason, [&] {
          Buffer forged = bench::sealed_by_peer(bench::kInSpi, 201, bench::with_trailer(bench::ip(inner_)));
          forged.back() ^= 1;
          to_gateway(50, forged);
        });
        return;
      case Drop::kEspTrailer:
        expect_drop(reason, [&] { esp(1, Buffer{1, 2, 3, 4, 5, 6, 7, 4}); });
        expect_drop(reason, [&] { esp(2, bench::with_trailer(Bytes(bench::ip(inner_)).first(28))); });
        inner_ = {.source = bench::kRemoteHost6, .destination = bench::kLanHost6};
        expect_drop(reason, [&] { esp(3, bench::with_trailer(Bytes(bench::ip(inner_)).first(48), 41)); });
        return;
      case Drop::kInnerMalformed:
        return inner_malformed();
      case Drop::kInnerPolicy:
        return inner_policy();
      case Drop::kClearPolicy:
        expect_drop(reason, [&] { wan(inner_); });
        set_rule(TableId::kSpdIn, 0, Action::kHost);
        expect_drop(reason, [&] { wan(inner_); });
        return;
      case Drop::kNatKeepalive:
        expect_drop(reason, [&] { to_gateway(17, ByteWriter().u16(4500).u16(4500).u16(9).u16(0).u8(0xff).view()); });
        return;
      case Drop::kHostRingFull:
        write(reg::kRxSlots, 0);
        expect_drop(reason, [&] { lan({.destination = bench::kGateway}); });
        expect_drop(reason, [&] { wan({.source = bench::kPeer, .destination = bench::kGateway}); });
        return protected_host_ring_full();
      case Drop::kHostInject:
        expect_drop(reason, [&] { send_from_host(Buffer(13), 0); });
        expect_drop(reason, [&] { send_from_host(Buffer(9217), 0); });
        expect_drop(reason, [&] { send_from_host(bench::lan_frame(), 4); });
        return;
      case Drop::kEspNextHeader:
        expect_drop(reason, [&] { esp(1, bench::with_trailer(bench::ip(inner_), 59)); });
        expect_drop(reason, [&] { esp(2, bench::with_trailer(bench::ip(inner_), 17)); });
        install_sa_in(of_mode(sa_in_row(), layout::sa_in::kMode, Mode::kTransport));
        expect_drop(reason, [&] { esp(1, bench::with_trailer({}, 59)); });
        return;
      case Drop::kIllegalState:
        return illegal_state();
      case Drop::kCryptoBusy:
        return crypto_busy();
      case Drop::kAhMalformed:
        return ah_malformed();
      case Drop::kIpExtension:
        return ip_extension();
      case Drop::kVlan:
        return vlan();
    }
    FAIL() << "no scenario for drop reason " << static_cast<unsigned>(reason);
  }

  // False: the card does all of a packet within the call that brings it, so that under these reasons it drops none.
  bool can_drop_under(Drop reason) {
    const bool needs_packets_inside =
        reason == Drop::kRxOverflow || reason == Drop::kIllegalState || reason == Drop::kCryptoBusy;
    return !needs_packets_inside || card_.has_packets_inside_between_calls();
  }

 private:
  static constexpr unsigned kLanInterval = 1, kRemoteInterval = 2;  // of the bench's routes
  static constexpr unsigned kCrowd = 200;                           // frames, more than the card has credit for

  void lan_changed(std::size_t at, std::uint8_t value) {
    Buffer changed = bench::lan_frame();
    changed[at] = value;
    card_.receive(Port::kLan, changed);
  }

  void lan6_changed(std::size_t at, std::uint8_t value) {
    Buffer changed = bench::lan_frame(lan6_);
    changed[at] = value;
    card_.receive(Port::kLan, changed);
  }

  static layout::Row of_mode(layout::Row row, const layout::Field& field, Mode mode) {
    row.set(field, static_cast<unsigned>(mode));
    return row;
  }
  layout::Row ah_row() {
    namespace f = layout::sa_in;
    layout::Row row = sa_in_row();
    row.set(f::kProtocol, static_cast<unsigned>(layout::Protocol::kAh));
    row.set(f::kCipher, static_cast<unsigned>(ah_peer_.cipher));
    row.set(f::kIntegrity, static_cast<unsigned>(ah_peer_.integrity));
    return row;
  }
  // The AH that the peer puts before the inner packet, and what follows it.
  Buffer ah_payload(std::uint64_t seq) {
    const Buffer outer = bench::ip({.source = bench::kPeer, .destination = bench::kGateway, .payload = {}});
    const Buffer sealed = ah_peer_.seal_ah(outer, bench::kInSpi, seq, 4, bench::ip(inner_));
    return {sealed.begin() + 20, sealed.end()};
  }

  void ipv6_malformed() {
    expect_drop(Drop::kIpMalformed, [&] { lan6_changed(14, 0x45); });
    lan6_.extensions = {kHopByHopOptions};
    expect_drop(Drop::kIpMalformed, [&] { lan6_changed(55, 3); });  // an extension header longer than the packet
    lan6_.extensions.clear();
    for (const std::size_t at : {22, 38}) {  // source, destination
      Buffer mapped = bench::lan_frame(lan6_);
      const Buffer prefix = ByteWriter().zeros(10).u16(0xffff).take();
      std::copy(prefix.begin(), prefix.end(), mapped.begin() + static_cast<std::ptrdiff_t>(at));
      expect_drop(Drop::kIpMalformed, [&] { card_.receive(Port::kLan, mapped); });
    }
  }

  void ip_extension() {
    lan6_.extensions.assign(4, kDestinationOptions);
    lan(lan6_);
    EXPECT_EQ(sent_.size(), 1U);
    lan6_.extensions.push_back(kDestinationOptions);
    expect_drop(Drop::kIpExtension, [&] { lan(lan6_); });
    lan6_.extensions = {kRouting};
    lan6_.payload.resize(100);
    lan6_changed(55, 5);
    EXPECT_EQ(sent_.size(), 2U) << "48 bytes";
    expect_drop(Drop::kIpExtension, [&] { lan6_changed(55, 6); });
    Packet inner6 = {.source = bench::kRemoteHost6, .destination = bench::kLanHost6};
    inner6.extensions.assign(5, kRouting);
    expect_drop(Drop::kIpExtension, [&] { esp(1, bench::with_trailer(bench::ip(inner6), 41)); });
    // In transport mode those before ESP and those in it are one packet's.
    layout::Row row = of_mode(sa_in_row(), layout::sa_in::kMode, Mode::kTransport);
    row.set(layout::sa_in::kDestination, bench::kGateway6);
    install_sa_in(row);
    const Buffer behind = ByteWriter().u8(17).zeros(7).bytes(bench::datagram()).take();  // the fifth
    Packet outer6 = {.source = bench::kPeer6, .destination = bench::kGateway6, .protocol = 50};
    outer6.extensions.assign(4, kDestinationOptions);
    outer6.payload = bench::sealed_by_peer(bench::kInSpi, 2, bench::with_trailer(behind, kDestinationOptions));
    expect_drop(Drop::kIpExtension, [&] { wan(outer6); });
  }

  void vlan() {
    const auto from_lan = [&](std::optional<std::uint16_t> tag) {
      const Buffer frame = bench::lan_frame();
      card_.receive(Port::kLan, tag ? bench::tagged(frame, *tag) : frame);
    };
    from_lan(0xe000);  // a priority alone
    EXPECT_EQ(sent_.size(), 1U);
    expect_drop(Drop::kVlan, [&] { from_lan(1); });
    expect_drop(Drop::kVlan, [&] { card_.receive(Port::kWan, bench::tagged(bench::wan_frame(inner_), 1)); });
    write(reg::kLanVlan, 0xabc);
    from_lan(0xabc);
    from_lan(0xfabc);  // whatever its priority
    EXPECT_EQ(sent_.size(), 3U);
    expect_drop(Drop::kVlan, [&] { from_lan(std::nullopt); });
    expect_drop(Drop::kVlan, [&] { from_lan(0xe000); });
    expect_drop(Drop::kVlan, [&] { from_lan(0xabd); });
    write(reg::kWanVlan, 5);
    expect_drop(Drop::kVlan, [&] { wan(inner_); });
  }

  void ah_malformed() {
    install_sa_in(ah_row(), ah_peer_);
    expect_drop(Drop::kAhMalformed, [&] { to_gateway(51, Buffer(11)); });
    const Buffer good = ah_payload(1);  // 12 + 16 bytes of AH
    const auto of_length = [&](std::uint8_t words, std::size_t bytes) {
      Buffer changed(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(bytes));
      changed[1] = words;
      to_gateway(51, changed);
    };
    for (const std::uint8_t words : {0, 4, 7, 255}) {
      expect_drop(Drop::kAhMalformed, [&] { of_length(words, good.size()); });
    }
    expect_drop(Drop::kAhMalformed, [&] { of_length(5, 27); });           // it ends before the ICV does
    expect_drop(Drop::kIcvMismatch, [&] { of_length(6, good.size()); });  // may be
    // RFC 4302 2.6: over IPv6 a multiple of 8 bytes.
    layout::Row row = ah_row();
    row.set(layout::sa_in::kDestination, bench::kGateway6);
    install_sa_in(row, ah_peer_);
    expect_drop(Drop::kAhMalformed, [&] {
      wan({.source = bench::kPeer6, .destination = bench::kGateway6, .protocol = 51, .payload = good});
    });
  }

  void not_whole() {
    const auto out_to_peer = [&](Packet p) {
      p.source = p.extensions.empty() ? bench::kGateway : bench::kGateway6;
      p.destination = p.extensions.empty() ? bench::kPeer : bench::kPeer6;
      lan(p);
    };
    install_sa_out(of_mode(sa_out_row(), layout::sa_out::kMode, Mode::kTransport));
    out_to_peer({});
    EXPECT_EQ(sent_.size(), 1U);
    expect_drop(Drop::kNotWhole, [&] { out_to_peer({.payload = {}}); });
    expect_drop(Drop::kNotWhole, [&] { out_to_peer({.payload = {}, .options = Buffer(40, 1)}); });
    expect_drop(Drop::kNotWhole, [&] { out_to_peer({.payload = {}, .extensions = {kHopByHopOptions}}); });
    for (const std::uint16_t fragment : {0x2000, 1}) {
      expect_drop(Drop::kNotWhole, [&] { out_to_peer({.fragment = fragment}); });
      expect_drop(Drop::kNotWhole, [&] { out_to_peer({.fragment = fragment, .options = Buffer(4, 1)}); });
      expect_drop(Drop::kNotWhole, [&] { out_to_peer({.fragment = fragment, .extensions = {kFragment}}); });
      expect_drop(Drop::kNotWhole, [&] {
        out_to_peer({.fragment = fragment, .extensions = {kDestinationOptions, kFragment}});
      });
    }
    out_to_peer({.extensions = {kFragment}});  // RFC 6946: atomic, whole
    EXPECT_EQ(sent_.size(), 2U);
  }

  // By either way through a cipher, for the host to fragment; its number is used.
  void protected_host_ring_full() {
    bench::EspPeer chained = bench::default_peer();
    chained.cipher = layout::Cipher::kAesCtr;
    chained.integrity = layout::Integrity::kHmacSha256_128;
    for (const bench::EspPeer& peer : {bench::default_peer(), chained}) {
      layout::Row sa = sa_out_row();
      sa.set(layout::sa_out::kCipher, static_cast<unsigned>(peer.cipher));
      sa.set(layout::sa_out::kIntegrity, static_cast<unsigned>(peer.integrity));
      sa.set(layout::sa_out::kTooBig, static_cast<unsigned>(layout::TooBig::kFragment));
      install_sa_out(sa, peer);
      expect_drop(Drop::kHostRingFull, [&] { lan({.payload = Buffer(1480)}); });
      EXPECT_EQ(sa_state(true, bench::kOutIndex).get(layout::sa_out_state::kSeq), 1u);
    }
  }

  // More than the buffers hold, while the WAN takes nothing.
  void rx_overflow() {
    set_rule(TableId::kSpdOut, 0, Action::kBypass);
    card_.while_ports_wait([&] {
      for (unsigned i = 0; i < kCrowd; ++i) lan({.payload = Buffer(1400)});
    });
    EXPECT_EQ(sent_.size(), kCrowd - drops(Drop::kRxOverflow));
  }

  // A packet in transit is looked up twice: as it came, and on its way to the LAN. Here its destination becomes one of
  // our own addresses in between, by a host that breaks the rule to wait until no packet is inside that reads the bank
  // it loads.
  void illegal_state() {
    set_rule(TableId::kSpdIn, 0, Action::kBypass);
    card_.while_ports_wait([&] {
      for (unsigned i = 0; i < kCrowd; ++i) wan(inner_);
      const unsigned bank = read(reg::kGeneration) & 1;
      flip();
      layout::Row local;
      local.set(layout::route::kKind, static_cast<unsigned>(Route::kLocal));
      EXPECT_EQ(load(TableId::kRoute, {{kLanInterval, local}}, bank), layout::LoadError::kNone);
    });
    EXPECT_EQ(sent_.size(), kCrowd - drops(Drop::kIllegalState));
  }

  // More packets of a slow cipher than its engine holds, both ways.
  void crypto_busy() {
    const auto peer = bench::EspPeer::with_keys(layout::Cipher::kAesCbc, layout::Integrity::kHmacSha256_128, 16, 1);
    const auto of_type = [&](layout::Row row, const layout::Field& cipher, const layout::Field& integrity) {
      row.set(cipher, static_cast<unsigned>(peer.cipher));
      row.set(integrity, static_cast<unsigned>(peer.integrity));
      return row;
    };
    install_sa_out(of_type(sa_out_row(), layout::sa_out::kCipher, layout::sa_out::kIntegrity), peer);
    install_sa_in(of_type(sa_in_row(), layout::sa_in::kCipher, layout::sa_in::kIntegrity), peer);
    inner_.payload.resize(1200);
    const Buffer inner = peer.with_trailer(bench::ip(inner_));
    for (const bool outbound : {true, false}) {
      const std::uint64_t before = drops(Drop::kCryptoBusy);
      sent_.clear();
      card_.while_ports_wait([&] {
        for (unsigned i = 1; i <= kCrowd; ++i) {
          if (outbound) {
            lan({.payload = Buffer(1200)});
          } else {
            to_gateway(50, peer.seal(bench::kInSpi, i, Buffer(peer.iv_bytes()), inner));
          }
        }
      });
      const std::uint64_t dropped = drops(Drop::kCryptoBusy) - before;
      EXPECT_EQ(dropped > 0, can_drop_under(Drop::kCryptoBusy));
      EXPECT_EQ(sent_.size(), kCrowd - dropped);
    }
  }

  // RFC 4303 3.3.3, without and with ESN.
  void seq_exhausted() {
    std::uint64_t last = 0xffffffff;
    for (const unsigned esn : {0, 1}) {
      layout::Row sa = sa_out_row();
      sa.set(layout::sa_out::kEsn, esn);
      install_sa_out(sa);
      card_.set_last_seq(bench::kOutIndex, last - 1);
      host_received();
      sent_.clear();
      lan();
      ASSERT_EQ(sent_.size(), 1U);
      const Bytes esp = Bytes(sent_[0].frame).subspan(34);
      EXPECT_EQ(bench::opened_by_peer(esp, static_cast<std::uint32_t>(last >> 32), esn == 1).size(), 36U);
      EXPECT_EQ(ByteReader(esp.subspan(8)).u64(), last) << "the IV";
      for (int i = 0; i < 2; ++i) expect_drop(Drop::kSeqExhausted, [&] { lan(); });
      const layout::Row state = sa_state(true, bench::kOutIndex);
      EXPECT_EQ(state.get(layout::sa_out_state::kSeq), last);
      EXPECT_EQ(state.get(layout::sa_out_state::kExpired), 1U);
      const auto told = host_received();
      ASSERT_EQ(told.size(), 1U) << "that the SA has expired is told once";
      EXPECT_EQ(told[0].upcall(), layout::Upcall::kHardLimit);
      last = 0xffffffffffffffff;
    }
  }

  void install_sa_in_of_window(unsigned replay_window) {
    layout::Row in = sa_in_row();
    in.set(layout::sa_in::kReplayWindow, replay_window);
    install_sa_in(in);
    sent_.clear();
  }

  void unnamed_replay_window() {
    for (unsigned code = layout::kReplayWindowSizes; code < 16; ++code) {
      install_sa_in_of_window(code);
      expect_drop(Drop::kSpiUnknown, [&] { esp_of(1, inner_); });
    }
  }

  // RFC 4303 3.4.3, with a window of every size.
  void replay_old() {
    for (unsigned code = 0; code < layout::kReplayWindowSizes; ++code) {
      install_sa_in_of_window(code);
      const std::uint32_t window = layout::kLeastReplayWindow << code;
      expect_drop(Drop::kReplayOld, [&] { esp_of(0, inner_); });
      for (const std::uint32_t top : {window, 2 * window + 17, 4 * window - 1}) {
        esp_of(top, inner_);
        expect_drop(Drop::kReplayOld, [&] { esp_of(top - window, inner_); });
        esp_of(top - window + 1, inner_);  // the last number inside
      }
      EXPECT_EQ(sent_.size(), 6U);
    }
  }

  void replay_duplicate() {
    for (unsigned code = 0; code < layout::kReplayWindowSizes; ++code) {
      install_sa_in_of_window(code);
      const std::uint32_t window = layout::kLeastReplayWindow << code;
      const std::uint32_t top = 2 * window + 17;
      for (const std::uint32_t seq : {top, top - 1, top - 63, top - window + 1}) esp_of(seq, inner_);
      EXPECT_EQ(sent_.size(), window == 64 ? 3U : 4U);  // top - 63 is its left edge
      for (const std::uint32_t seq : {top, top - 1, top - 63, top - window + 1}) {
        expect_drop(Drop::kReplayDuplicate, [&] { esp_of(seq, inner_); });
      }
      install_sa_in_of_window(code);  // a new SA in the row begins its numbers anew
      esp_of(top + 1, inner_);
      esp_of(top, inner_);
      EXPECT_EQ(sent_.size(), 2U);
    }
  }

  void hard_limit() {
    layout::Row one_packet;
    one_packet.set(layout::sa_limits::kHardPackets, 1);
    install_sa_out(sa_out_row(), bench::default_peer(), one_packet);
    lan();
    expect_drop(Drop::kHardLimit, [&] { lan(); });
    layout::Row one_byte;
    one_byte.set(layout::sa_limits::kHardBytes, 1);
    install_sa_in(sa_in_row(), bench::default_peer(), one_byte);
    expect_drop(Drop::kHardLimit, [&] { esp_of(1, inner_); });
  }

  void inner_malformed() {
    const Buffer packet = bench::ip(inner_);
    std::uint32_t seq = 0;
    expect_drop(Drop::kInnerMalformed, [&] { esp(++seq, bench::with_trailer(Bytes(packet).first(18))); });
    const std::pair<std::size_t, std::uint8_t> wrong[] = {
        {0, 0x65}, {0, 0x44}, {3, 19}, {10, static_cast<std::uint8_t>(packet[10] ^ 1)}};
    for (const auto& [at, value] : wrong) {
      Buffer changed = packet;
      changed[at] = value;
      expect_drop(Drop::kInnerMalformed, [&] { esp(++seq, bench::with_trailer(changed)); });
    }
    const Packet inner6 = {.source = bench::kRemoteHost6, .destination = bench::kLanHost6};
    const Buffer packet6 = bench::ip(inner6);
    expect_drop(Drop::kInnerMalformed, [&] { esp(++seq, bench::with_trailer(Bytes(packet6).first(39), 41)); });
    expect_drop(Drop::kInnerMalformed, [&] { esp(++seq, bench::with_trailer(packet6, 4)); });
    expect_drop(Drop::kInnerMalformed, [&] { esp(++seq, bench::with_trailer(packet, 41)); });  // shorter than 40 bytes
    install_sa_in(of_mode(sa_in_row(), layout::sa_in::kMode, Mode::kTransport));
    expect_drop(Drop::kInnerMalformed, [&] { esp(1, bench::with_trailer({}, 17)); });
  }

  void inner_policy() {
    Packet stranger = inner_;
    stranger.source = bench::kStranger;
    expect_drop(Drop::kInnerPolicy, [&] { esp_of(1, stranger); });
    for (const auto action : {Action::kDiscard, Action::kHost}) {
      set_rule(TableId::kSpdIn, 0, action);
      expect_drop(Drop::kInnerPolicy, [&] { esp_of(2, inner_); });
      install_sa_in(sa_in_row());  // begins its numbers anew
    }
    set_rule(TableId::kSpdIn, 0, Action::kProtect);
    layout::Row sa = sa_in_row();
    sa.set(layout::sa_in::kPolicyId, bench::kPolicyId + 1);
    install_sa_in(sa);
    expect_drop(Drop::kInnerPolicy, [&] { esp_of(1, inner_); });
  }
};

TEST_P(EveryReason, IsProvokedAndCountedAndNoPacketIsLost) {
  const auto reason = Drop(GetParam());
  provoke(reason);
  EXPECT_EQ(drops(reason) > 0, can_drop_under(reason));
}

INSTANTIATE_TEST_SUITE_P(Drops, EveryReason, testing::Range(0U, layout::kDropReasons),
                         [](const auto& info) { return name_of(Drop(info.param)); });

// A forged, cut or noisy frame never leaves, and never goes uncounted.
TEST_F(Drops, AccountForRandomFrames) {
  const unsigned seed = 31;
  std::mt19937 rng(seed);
  const Buffer good_esp =
      bench::wan_frame({.source = bench::kPeer,
                        .destination = bench::kGateway,
                        .protocol = 50,
                        .payload = bench::sealed_by_peer(bench::kInSpi, 1, bench::with_trailer(bench::ip(inner_)))});
  for (int i = 0; i < 3000; ++i) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", step " + std::to_string(i));
    const bool from_lan = rng() % 2 == 0;
    Buffer frame = from_lan ? bench::lan_frame() : good_esp;
    frame.resize(rng() % 4 == 0 ? rng() % frame.size() : frame.size());
    for (unsigned flips = 1 + rng() % 3; flips > 0 && !frame.empty(); --flips) {
      frame[rng() % frame.size()] ^= static_cast<std::uint8_t>(1U << rng() % 8);
    }
    const std::size_t before = records_.size();
    card_.receive(from_lan ? Port::kLan : Port::kWan, frame);
    ASSERT_EQ(records_.size(), before + 1);
    if (i % 32 == 0) host_received();
  }
  // What was opened is what the peer sealed, whatever happened to the bytes around it.
  Packet forwarded = inner_;
  forwarded.ttl = 63;
  for (const Transmitted& t : sent_) {
    if (t.port != Port::kLan) continue;
    EXPECT_EQ(Buffer(t.frame.begin() + 14, t.frame.end()), bench::ip(forwarded));
  }
}

}  // namespace
}  // namespace sallyport::driver
