// SPDX-License-Identifier: Apache-2.0
// Every drop reason is provoked, one packet each, and every packet is accounted for.
#include <functional>
#include <random>

#include "driver/software/card_bench.hpp"

namespace sallyport::driver {
namespace {

using bench::Packet;
using layout::Counter;
using layout::Drop;
using layout::Port;
using layout::TableId;
namespace reg = layout::reg;

class Drops : public CardBench {
 protected:
  Packet inner_ = {.source = bench::kRemoteHost, .destination = bench::kLanHost};

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
  void esp_of(std::uint32_t seq, const Packet& p) { esp(seq, bench::with_trailer(bench::ipv4(p))); }

  // Exactly the next packet's drop is counted, under `reason`.
  void expect_drop(Drop reason, const std::function<void()>& provoke) {
    const std::uint64_t before = drops(reason);
    records_.clear();
    provoke();
    ASSERT_FALSE(records_.empty());
    EXPECT_EQ(records_.back().drop, reason) << layout::kDrops[static_cast<unsigned>(reason)].name;
    EXPECT_EQ(drops(reason), before + 1) << layout::kDrops[static_cast<unsigned>(reason)].name;
  }

  // lan_rx + wan_rx + host_tx = lan_tx + wan_tx + host_rx + all drop counters
  void expect_every_packet_accounted_for() {
    std::uint64_t dropped = 0;
    for (unsigned i = 0; i < layout::kDropReasons; ++i) dropped += drops(Drop(i));
    EXPECT_EQ(counter(Counter::kLanRx) + counter(Counter::kWanRx) + counter(Counter::kHostTx),
              counter(Counter::kLanTx) + counter(Counter::kWanTx) + counter(Counter::kHostRx) + dropped);
  }
  void TearDown() override { expect_every_packet_accounted_for(); }
};

TEST_F(Drops, OfAdmission) {
  expect_drop(Drop::kRxError, [&] { card_.receive(Port::kLan, bench::lan_frame(), true); });
  expect_drop(Drop::kRxError, [&] { card_.receive(Port::kLan, Buffer(13)); });
  expect_drop(Drop::kRxError, [&] { card_.receive(Port::kLan, Buffer(9217)); });
  expect_drop(Drop::kNotForUs, [&] { card_.receive(Port::kLan, bench::frame(0x0200000000ff, bench::ipv4({}))); });
  expect_drop(Drop::kEthertype, [&] { card_.receive(Port::kLan, bench::frame(bench::kLanMac, Buffer(40), 0x86dd)); });
  Buffer bytes = bench::lan_frame();
  const auto changed = [&](std::size_t at, std::uint8_t value) {
    Buffer copy = bytes;
    copy[at] = value;
    card_.receive(Port::kLan, copy);
  };
  expect_drop(Drop::kIpMalformed, [&] { changed(14, 0x65); });
  expect_drop(Drop::kIpMalformed, [&] { changed(14, 0x44); });
  expect_drop(Drop::kIpMalformed, [&] { changed(17, 19); });
  expect_drop(Drop::kIpTruncated, [&] { changed(17, 200); });
  expect_drop(Drop::kIpTruncated, [&] { card_.receive(Port::kLan, Bytes(bytes).first(33)); });
  expect_drop(Drop::kIpChecksum, [&] { changed(24, static_cast<std::uint8_t>(bytes[24] ^ 1)); });
  write(reg::kControl, 0);
  expect_drop(Drop::kDisabled, [&] { lan(); });
}

TEST_F(Drops, OfPolicyAndForwarding) {
  expect_drop(Drop::kTtlExpired, [&] { lan({.ttl = 1}); });
  expect_drop(Drop::kSpdNoMatch, [&] { lan({.destination = 0x08080808}); });
  set_rule(TableId::kSpdOut, 0, layout::Action::kDiscard);
  expect_drop(Drop::kSpdDiscard, [&] { lan(); });
  set_rule(TableId::kSpdOut, 0, layout::Action::kBypass);
  set_route(2, layout::Route::kSend, bench::kLanHop);
  expect_drop(Drop::kEgressPort, [&] { lan(); });
  set_route(2, layout::Route::kSend, 77);
  expect_drop(Drop::kNoNextHop, [&] { lan(); });
  set_route(2, layout::Route::kNone, 0);
  expect_drop(Drop::kNoRoute, [&] { lan(); });
}

TEST_F(Drops, OfAnOutboundSa) {
  set_rule(TableId::kSpdOut, 0, layout::Action::kProtect, 9);
  expect_drop(Drop::kSaEmpty, [&] { lan(); });
  set_rule(TableId::kSpdOut, 0, layout::Action::kProtect, 0x8000 | bench::kOutIndex);
  expect_drop(Drop::kSaEmpty, [&] { lan(); });
  set_rule(TableId::kSpdOut, 0, layout::Action::kProtect);
  layout::Row sa = sa_out_row();
  sa.set(layout::sa_out::kHardPackets, 1);
  install_sa_out(sa);
  lan();
  expect_drop(Drop::kHardLimit, [&] { lan(); });
  set_next_hop(bench::kWanHop, Port::kWan, 0, false);
  expect_drop(Drop::kNoNextHop, [&] { lan(); });
  set_next_hop(bench::kWanHop, Port::kLan, bench::kPeerMac);
  expect_drop(Drop::kEgressPort, [&] { lan(); });
}

TEST_F(Drops, OfEspAsItArrives) {
  expect_drop(Drop::kEspFragment, [&] { to_gateway(50, Buffer(64), 0x2000); });
  expect_drop(Drop::kEspMalformed, [&] { to_gateway(50, Buffer(11)); });
  expect_drop(Drop::kSpiUnknown, [&] { to_gateway(50, Buffer(12)); });
  const auto of_length = [](std::size_t n) { return ByteWriter().u32(bench::kInSpi).zeros(n - 4).take(); };
  expect_drop(Drop::kEspMalformed, [&] { to_gateway(50, of_length(12)); });
  expect_drop(Drop::kEspMalformed, [&] { to_gateway(50, of_length(32)); });
  expect_drop(Drop::kEspMalformed, [&] { to_gateway(50, of_length(41)); });
  expect_drop(Drop::kReplayOld, [&] { to_gateway(50, of_length(40)); });
  expect_drop(Drop::kNatKeepalive,
              [&] { to_gateway(17, ByteWriter().u16(4500).u16(4500).u16(9).u16(0).u8(0xff).view()); });
  esp_of(200, inner_);
  ASSERT_EQ(sent_.size(), 1u);
  expect_drop(Drop::kReplayDuplicate, [&] { esp_of(200, inner_); });
  expect_drop(Drop::kReplayOld, [&] { esp_of(72, inner_); });
  expect_drop(Drop::kReplayOld, [&] { esp_of(0, inner_); });
  expect_drop(Drop::kIcvMismatch, [&] {
    Buffer forged = bench::sealed_by_peer(bench::kInSpi, 201, bench::with_trailer(bench::ipv4(inner_)));
    forged.back() ^= 1;
    to_gateway(50, forged);
  });
  esp_of(73, inner_);  // the last number inside the window
  EXPECT_EQ(sent_.size(), 2u);
  layout::Row sa = sa_in_row();
  sa.set(layout::sa_in::kHardBytes, 1);
  install_sa_in(sa);
  expect_drop(Drop::kHardLimit, [&] { esp_of(1, inner_); });
}

TEST_F(Drops, OfWhatEspCarries) {
  std::uint32_t seq = 0;
  const Buffer packet = bench::ipv4(inner_);
  expect_drop(Drop::kEspTrailer, [&] { esp(++seq, Buffer{1, 2, 3, 4, 5, 6, 7, 4}); });
  expect_drop(Drop::kEspNextHeader, [&] { esp(++seq, bench::with_trailer(packet, 59)); });
  expect_drop(Drop::kInnerMalformed, [&] { esp(++seq, bench::with_trailer(Bytes(packet).first(18))); });
  expect_drop(Drop::kEspTrailer, [&] { esp(++seq, bench::with_trailer(Bytes(packet).first(28))); });
  const auto changed = [&](std::size_t at, std::uint8_t value) {
    Buffer copy = packet;
    copy[at] = value;
    esp(++seq, bench::with_trailer(copy));
  };
  expect_drop(Drop::kInnerMalformed, [&] { changed(0, 0x65); });
  expect_drop(Drop::kInnerMalformed, [&] { changed(0, 0x44); });
  expect_drop(Drop::kInnerMalformed, [&] { changed(3, 19); });
  expect_drop(Drop::kInnerMalformed, [&] { changed(10, static_cast<std::uint8_t>(packet[10] ^ 1)); });
  expect_drop(Drop::kTtlExpired, [&] {
    Packet old = inner_;
    old.ttl = 1;
    esp_of(++seq, old);
  });
  expect_drop(Drop::kInnerPolicy, [&] {
    Packet stranger = inner_;
    stranger.source = 0x0b000001;
    esp_of(++seq, stranger);
  });
  for (const auto action : {layout::Action::kDiscard, layout::Action::kHost}) {
    set_rule(TableId::kSpdIn, 0, action);
    expect_drop(Drop::kInnerPolicy, [&] { esp_of(++seq, inner_); });
  }
  set_rule(TableId::kSpdIn, 0, layout::Action::kProtect);
  layout::Row sa = sa_in_row();
  sa.set(layout::sa_in::kPolicyId, bench::kPolicyId + 1);
  install_sa_in(sa);
  expect_drop(Drop::kInnerPolicy, [&] { esp_of(1, inner_); });
}

TEST_F(Drops, OfClearPacketsFromWan) {
  expect_drop(Drop::kClearPolicy, [&] { wan(inner_); });
  expect_drop(Drop::kSpdNoMatch, [&] { wan({.source = 0x08080808, .destination = bench::kLanHost}); });
  expect_drop(Drop::kTtlExpired, [&] { wan({.source = 0x08080808, .destination = bench::kLanHost, .ttl = 0}); });
  set_rule(TableId::kSpdIn, 0, layout::Action::kDiscard);
  expect_drop(Drop::kSpdDiscard, [&] { wan(inner_); });
  set_rule(TableId::kSpdIn, 0, layout::Action::kHost);
  expect_drop(Drop::kClearPolicy, [&] { wan(inner_); });
}

TEST_F(Drops, OfTheHost) {
  expect_drop(Drop::kHostInject, [&] { send_from_host(Buffer(13), 0); });
  expect_drop(Drop::kHostInject, [&] { send_from_host(Buffer(9217), 0); });
  expect_drop(Drop::kHostInject, [&] { send_from_host(bench::lan_frame(), 4); });
  write(reg::kRxSlots, 0);
  expect_drop(Drop::kHostRingFull, [&] { lan({.destination = bench::kGateway}); });
}

// A forged, cut or noisy frame never leaves, and never goes uncounted.
TEST_F(Drops, AccountForRandomFrames) {
  const unsigned seed = 31;
  std::mt19937 rng(seed);
  const Buffer good_esp =
      bench::wan_frame({.source = bench::kPeer,
                        .destination = bench::kGateway,
                        .protocol = 50,
                        .payload = bench::sealed_by_peer(bench::kInSpi, 1, bench::with_trailer(bench::ipv4(inner_)))});
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
    EXPECT_EQ(Buffer(t.frame.begin() + 14, t.frame.end()), bench::ipv4(forwarded));
  }
}

}  // namespace
}  // namespace sallyport::driver
