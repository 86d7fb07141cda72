// SPDX-License-Identifier: Apache-2.0
#include "driver/software/software_card.hpp"

#include "driver/software/card_bench.hpp"
#include "hw/layout/bucket_hash.hpp"

namespace sallyport::driver {
namespace {

using bench::Packet;
using layout::Counter;
using layout::Port;
using layout::Upcall;
namespace reg = layout::reg;
namespace d = layout::rx_descriptor;

constexpr std::size_t kOuterBytes = 14 + 20;

class Outbound : public CardBench {};

// What a peer that knows only RFC 4303 and 4106 reads.
TEST_F(Outbound, SendsAnEspPacketThatThePeerOpens) {
  card_.receive(Port::kLan, bench::lan_frame());
  ASSERT_EQ(sent_.size(), 1u);
  EXPECT_EQ(sent_[0].port, Port::kWan);
  const Bytes frame = sent_[0].frame;
  ByteReader r(frame);
  EXPECT_EQ(std::uint64_t{r.u16()} << 32 | r.u32(), bench::kPeerMac);
  EXPECT_EQ(std::uint64_t{r.u16()} << 32 | r.u32(), bench::kWanMac);
  EXPECT_EQ(r.u16(), 0x0800);
  IpPacket outer;
  ASSERT_EQ(read_ip(r.rest(), false, outer), HeaderFault::kNone);
  EXPECT_EQ(outer.total(), frame.size() - 14);
  EXPECT_EQ(outer.ttl, 61);
  EXPECT_EQ(outer.protocol, 50);
  EXPECT_EQ(outer.source, bench::kGateway);
  EXPECT_EQ(outer.destination, bench::kPeer);
  ByteReader esp(outer.payload());
  EXPECT_EQ(esp.u32(), bench::kOutSpi);
  EXPECT_EQ(esp.u32(), 1u);
  EXPECT_EQ(bench::opened_by_peer(outer.payload()), bench::with_trailer(bench::ip({.ttl = 63})));
  EXPECT_EQ(counter(Counter::kEspOut), 1u);
  const layout::Row state = sa_state(true, bench::kOutIndex);
  EXPECT_EQ(state.get(layout::sa_out_state::kSeq), 1u);
  EXPECT_EQ(state.get(layout::sa_out_state::kBytes), 36u);  // 32 of the packet, 2 of padding, 2 of trailer
}

TEST_F(Outbound, PutsEspInUdpWhenTheSaSaysSo) {
  layout::Row sa = sa_out_row();
  sa.set(layout::sa_out::kEncap, 1);
  sa.set(layout::sa_out::kDf, static_cast<unsigned>(layout::Df::kSet));
  install_sa_out(sa);
  card_.receive(Port::kLan, bench::lan_frame());
  ASSERT_EQ(sent_.size(), 1u);
  IpPacket outer;
  ASSERT_EQ(read_ip(Bytes(sent_[0].frame).subspan(14), false, outer), HeaderFault::kNone);
  EXPECT_EQ(outer.protocol, 17);
  EXPECT_TRUE(outer.df);
  ByteReader udp(outer.payload());
  EXPECT_EQ(udp.u16(), 4500);
  EXPECT_EQ(udp.u16(), 4501);
  EXPECT_EQ(udp.u16(), outer.payload().size());
  EXPECT_EQ(udp.u16(), 0);  // RFC 3948 2.1: SHOULD be zero
  EXPECT_EQ(bench::opened_by_peer(udp.rest()), bench::with_trailer(bench::ip({.ttl = 63})));
}

TEST_F(Outbound, AuthenticatesTheWholeExtendedNumber) {
  layout::Row sa = sa_out_row();
  sa.set(layout::sa_out::kEsn, 1);
  install_sa_out(sa);
  card_.receive(Port::kLan, bench::lan_frame());
  ASSERT_EQ(sent_.size(), 1u);
  EXPECT_EQ(bench::opened_by_peer(Bytes(sent_[0].frame).subspan(kOuterBytes), 0, true),
            bench::with_trailer(bench::ip({.ttl = 63})));
}

TEST_F(Outbound, ForwardsWhatThePolicyBypassesAndTrimsThePadding) {
  const Packet http{.destination = bench::kWebServer, .protocol = 6, .payload = {0x12, 0x34, 0, 80, 0, 0}};
  Buffer padded = bench::lan_frame(http);
  padded.resize(60);
  card_.receive(Port::kLan, padded);
  ASSERT_EQ(sent_.size(), 1u);
  EXPECT_EQ(sent_[0].port, Port::kWan);
  Packet forwarded = http;
  forwarded.ttl = 63;
  // The checksum after RFC 1624 equals the one computed afresh.
  EXPECT_EQ(Buffer(sent_[0].frame.begin() + 14, sent_[0].frame.end()), bench::ip(forwarded));
  EXPECT_EQ(counter(Counter::kBypassOut), 1u);
}

TEST_F(Outbound, GivesTheHostWhatIsForItAndWhatItMustDecide) {
  const Buffer arp = bench::frame(0xffffffffffff, Buffer(28), kEthertypeArp);
  card_.receive(Port::kLan, arp);
  const Buffer to_us = bench::lan_frame({.destination = bench::kGateway});
  card_.receive(Port::kLan, to_us);
  set_rule(layout::TableId::kSpdOut, 0, layout::Action::kHost);
  const Buffer undecided = bench::lan_frame();
  card_.receive(Port::kLan, undecided);
  const auto received = host_received();
  ASSERT_EQ(received.size(), 3u);
  EXPECT_EQ(received[0].upcall(), Upcall::kArp);
  EXPECT_EQ(received[0].frame, arp);
  EXPECT_EQ(received[1].upcall(), Upcall::kLocal);
  EXPECT_EQ(received[1].frame, to_us);
  EXPECT_EQ(received[2].upcall(), Upcall::kPolicy);
  EXPECT_EQ(received[2].frame, undecided);
  EXPECT_EQ(received[2].descriptor.get(d::kPolicyId), bench::kPolicyId);
}

TEST_F(Outbound, NeverSplitsAPacketButTellsTheHost) {
  // 52 bytes of ESP around 1446 bytes with 2 of trailer make the MTU exactly.
  card_.receive(Port::kLan, bench::lan_frame({.payload = Buffer(1426)}));
  EXPECT_EQ(sent_.size(), 1u);
  card_.receive(Port::kLan, bench::lan_frame({.payload = Buffer(1427)}));
  EXPECT_EQ(sent_.size(), 1u);
  const auto received = host_received();
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received[0].upcall(), Upcall::kTooBig);
  EXPECT_EQ(received[0].descriptor.get(d::kSpi), bench::kOutSpi);
  EXPECT_EQ(received[0].descriptor.get(d::kOutbound), 1u);
  EXPECT_EQ(sa_state(true, bench::kOutIndex).get(layout::sa_out_state::kSeq), 1u);
}

TEST_F(Outbound, ProtectsForTheHostToFragmentWhatStillIsAFrame) {
  layout::Row sa = sa_out_row();
  sa.set(layout::sa_out::kTooBig, static_cast<unsigned>(layout::TooBig::kFragment));
  install_sa_out(sa);
  flip();
  flip();
  // 14 bytes of Ethernet and 52 of ESP around 9146 with 2 of trailer make 9214; the next padding would make 9218.
  card_.receive(Port::kLan, bench::lan_frame({.payload = Buffer(9126)}));
  const Buffer too_big = bench::lan_frame({.payload = Buffer(9127)});
  card_.receive(Port::kLan, too_big);
  EXPECT_TRUE(sent_.empty());
  const auto received = host_received();
  ASSERT_EQ(received.size(), 2u);
  EXPECT_EQ(received[0].upcall(), Upcall::kOversize);
  EXPECT_EQ(received[0].frame.size(), 9214U);
  EXPECT_EQ(received[0].descriptor.get(d::kPort), static_cast<unsigned>(Port::kLan));
  EXPECT_EQ(received[0].descriptor.get(d::kGeneration), read(layout::reg::kGeneration));
  for (const auto& field : {d::kSpi, d::kSaIndex, d::kPolicyId, d::kPrincipal, d::kOutbound, d::kDecapsulated}) {
    EXPECT_EQ(received[0].descriptor.get(field), 0u) << field.name;
  }
  EXPECT_EQ(received[1].upcall(), Upcall::kTooBig);
  EXPECT_EQ(received[1].frame, too_big);
  EXPECT_EQ(counter(Counter::kEspOut), 1u);
  EXPECT_EQ(counter(Counter::kWanTx), 0u);
  EXPECT_EQ(sa_state(true, bench::kOutIndex).get(layout::sa_out_state::kSeq), 1u);
}

// The SA's word is of what it protects.
TEST_F(Outbound, TellsTheHostOfWhatIsTooBigInTheClear) {
  layout::Row sa = sa_out_row();
  sa.set(layout::sa_out::kTooBig, static_cast<unsigned>(layout::TooBig::kFragment));
  install_sa_out(sa);
  set_rule(layout::TableId::kSpdOut, 1, layout::Action::kBypass, bench::kOutIndex);
  Buffer http = ByteWriter().u16(0x1234).u16(80).zeros(1477).take();
  card_.receive(Port::kLan,
                bench::lan_frame({.destination = bench::kWebServer, .protocol = 6, .payload = std::move(http)}));
  const auto received = host_received();
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received[0].upcall(), Upcall::kTooBig);
}

TEST_F(Outbound, ReportsTheSaThatExpired) {
  layout::Row limits;
  limits.set(layout::sa_limits::kHardPackets, 1);
  install_sa_out(sa_out_row(), bench::default_peer(), limits);
  for (int i = 0; i < 3; ++i) card_.receive(Port::kLan, bench::lan_frame());
  EXPECT_EQ(sent_.size(), 1u);
  const auto received = host_received();
  ASSERT_EQ(received.size(), 1u);
  const layout::Row& event = received[0].descriptor;
  EXPECT_EQ(received[0].upcall(), Upcall::kHardLimit);
  EXPECT_EQ(event.get(d::kOutbound), 1u);
  EXPECT_EQ(event.get(d::kSaIndex), bench::kOutIndex);
  EXPECT_EQ(event.get(d::kSpi), bench::kOutSpi);
  EXPECT_EQ(event.get(d::kPolicyId), bench::kPolicyId);
  EXPECT_EQ(event.get_address(d::kSource), bench::kGateway);
  EXPECT_EQ(event.get(d::kLength), 0u);
}

TEST_F(Outbound, AsksTheHostForANeighbourThatIsNotKnown) {
  set_rule(layout::TableId::kSpdOut, 0, layout::Action::kBypass);
  set_route(2, layout::Route::kResolve, 0);
  card_.receive(Port::kLan, bench::lan_frame());
  const auto received = host_received();
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received[0].upcall(), Upcall::kResolve);
  EXPECT_EQ(received[0].descriptor.get(d::kPolicyId), bench::kPolicyId);
}

class Inbound : public CardBench {
 protected:
  static Packet inner() { return {.source = bench::kRemoteHost, .destination = bench::kLanHost}; }
  static Buffer esp_frame(Bytes esp) {
    return bench::wan_frame({.source = bench::kPeer,
                             .destination = bench::kGateway,
                             .protocol = 50,
                             .payload = Buffer(esp.begin(), esp.end())});
  }
  static Buffer esp_frame(std::uint32_t seq, const Packet& packet) {
    return esp_frame(bench::sealed_by_peer(bench::kInSpi, seq, bench::with_trailer(bench::ip(packet))));
  }
};

TEST_F(Inbound, OpensWhatThePeerSealedAndForwardsIt) {
  card_.receive(Port::kWan, esp_frame(1, inner()));
  ASSERT_EQ(sent_.size(), 1u);
  EXPECT_EQ(sent_[0].port, Port::kLan);
  Packet forwarded = inner();
  forwarded.ttl = 63;
  EXPECT_EQ(Buffer(sent_[0].frame.begin() + 14, sent_[0].frame.end()), bench::ip(forwarded));
  EXPECT_EQ(counter(Counter::kEspIn), 1u);
  EXPECT_EQ(sa_state(false, bench::kInIndex).get(layout::sa_in_state::kTop), 1u);
}

TEST_F(Inbound, AcceptsPaddingBeyondTheMinimumAndAfterTheInnerPacket) {
  Buffer plaintext = bench::ip(inner());
  plaintext.resize(plaintext.size() + 20);  // RFC 4303 2.7: traffic flow confidentiality
  for (std::uint8_t i = 1; i <= 10; ++i) plaintext.push_back(i);
  plaintext.push_back(10);
  plaintext.push_back(4);
  ASSERT_EQ(plaintext.size() % 4, 0u);
  card_.receive(Port::kWan, esp_frame(bench::sealed_by_peer(bench::kInSpi, 1, plaintext)));
  ASSERT_EQ(sent_.size(), 1u);
  EXPECT_EQ(sent_[0].frame.size(), 14 + bench::ip(inner()).size());
}

TEST_F(Inbound, LetsProtectedPacketsPassABypassRuleOfTheirPolicy) {
  set_rule(layout::TableId::kSpdIn, 0, layout::Action::kBypass);
  card_.receive(Port::kWan, esp_frame(1, inner()));
  EXPECT_EQ(sent_.size(), 1u);
  EXPECT_EQ(counter(Counter::kBypassIn), 0u);  // it did not come in the clear
  layout::Row sa = sa_in_row();
  sa.set(layout::sa_in::kPolicyId, bench::kPolicyId + 1);
  install_sa_in(sa);
  card_.receive(Port::kWan, esp_frame(1, inner()));
  EXPECT_EQ(drops(layout::Drop::kInnerPolicy), 1u);
}

// RFC 7296 2.23: "All devices MUST be able to receive and process both UDP-encapsulated ESP and non-UDP-encapsulated
// ESP packets at any time."
TEST_F(Inbound, OpensEspBareAndInUdpUnderOneSa) {
  for (std::uint32_t seq = 1; seq <= 4; ++seq) {
    const Buffer esp = bench::sealed_by_peer(bench::kInSpi, seq, bench::with_trailer(bench::ip(inner())));
    ByteWriter udp;
    udp.u16(4501).u16(4500).u16(static_cast<std::uint16_t>(8 + esp.size())).u16(0).bytes(esp);
    const bool in_udp = seq % 2 == 0;
    card_.receive(
        Port::kWan,
        in_udp ? bench::wan_frame({.source = bench::kPeer, .destination = bench::kGateway, .payload = udp.take()})
               : esp_frame(esp));
    EXPECT_EQ(sent_.size(), seq);
  }
}

TEST_F(Inbound, OpensAnExtendedNumberBehindTheBoundary) {
  layout::Row sa = sa_in_row();
  sa.set(layout::sa_in::kEsn, 1);
  install_sa_in(sa);
  const auto esn_frame = [&](std::uint32_t high, std::uint32_t low) {
    return esp_frame(bench::sealed_by_peer(bench::kInSpi, low, bench::with_trailer(bench::ip(inner())), high, true));
  };
  card_.receive(Port::kWan, esn_frame(0, 0x80000000));
  card_.receive(Port::kWan, esn_frame(0, 0xfffffff0));
  card_.receive(Port::kWan, esn_frame(1, 3));
  card_.receive(Port::kWan, esn_frame(0, 0xfffffff1));
  card_.receive(Port::kWan, esn_frame(1, 0));
  EXPECT_EQ(sent_.size(), 5u);
  card_.receive(Port::kWan, esn_frame(0, 0xfffffff1));
  EXPECT_EQ(drops(layout::Drop::kReplayDuplicate), 1u);
  EXPECT_EQ(sa_state(false, bench::kInIndex).get(layout::sa_in_state::kTop), 0x100000003u);
}

TEST_F(Inbound, GivesADecapsulatedPacketForUsToTheHostAsAFrameOfItsOwn) {
  const Packet to_us{.source = bench::kRemoteHost, .destination = bench::kLanHost};
  set_route(1, layout::Route::kLocal, 0);
  card_.receive(Port::kWan, esp_frame(1, to_us));
  const auto received = host_received();
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received[0].upcall(), Upcall::kLocal);
  EXPECT_EQ(received[0].descriptor.get(d::kDecapsulated), 1u);
  EXPECT_EQ(received[0].descriptor.get(d::kSpi), bench::kInSpi);
  EXPECT_EQ(received[0].descriptor.get(d::kSaIndex), bench::kInIndex);
  EXPECT_EQ(received[0].descriptor.get(d::kPort), static_cast<unsigned>(Port::kWan));
  const Buffer expected = ByteWriter().u16(0x0200).u32(1).zeros(6).u16(0x0800).bytes(bench::ip(to_us)).take();
  EXPECT_EQ(received[0].frame, expected);
}

TEST_F(Inbound, LeavesIkeAndFragmentsToTheHostAndTransitToThePolicy) {
  const Buffer ike = ByteWriter().u16(4500).u16(4500).u16(8 + 8).u16(0).zeros(8).take();
  card_.receive(Port::kWan, bench::wan_frame({.source = bench::kPeer, .destination = bench::kGateway, .payload = ike}));
  card_.receive(Port::kWan,
                bench::wan_frame({.source = bench::kPeer, .destination = bench::kGateway, .fragment = 0x2000}));
  const auto received = host_received();
  ASSERT_EQ(received.size(), 2u);
  EXPECT_EQ(received[0].upcall(), Upcall::kLocal);
  EXPECT_EQ(received[1].upcall(), Upcall::kLocal);

  card_.receive(Port::kWan, bench::wan_frame({.source = bench::kWebServer,
                                              .destination = bench::kLanHost,
                                              .protocol = 6,
                                              .payload = {0, 80, 0x12, 0x34, 0, 0}}));
  ASSERT_EQ(sent_.size(), 1u);
  EXPECT_EQ(sent_[0].port, Port::kLan);
  EXPECT_EQ(counter(Counter::kBypassIn), 1u);
}

TEST_F(Inbound, ReportsAnUnknownSpiOnceUntilTheHostHasReadIt) {
  const Buffer stray = esp_frame(bench::sealed_by_peer(0xdead0009, 1, bench::with_trailer(bench::ip(inner()))));
  card_.receive(Port::kWan, stray);
  card_.receive(Port::kWan, stray);
  auto received = host_received();
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received[0].upcall(), Upcall::kSpiUnknown);
  EXPECT_EQ(received[0].descriptor.get(d::kSpi), 0xdead0009u);
  EXPECT_EQ(received[0].descriptor.get_address(d::kSource), bench::kPeer);
  EXPECT_TRUE(received[0].frame.empty());
  card_.receive(Port::kWan, stray);
  EXPECT_EQ(host_received().size(), 1u);
  EXPECT_EQ(drops(layout::Drop::kSpiUnknown), 3u);
  EXPECT_EQ(counter(Counter::kEvents), 2u);
}

TEST_F(Inbound, ReportsASoftLimitAndThenTheHardOneOnce) {
  layout::Row limits;
  limits.set(layout::sa_limits::kSoftPackets, 1);
  limits.set(layout::sa_limits::kHardPackets, 2);
  install_sa_in(sa_in_row(), bench::default_peer(), limits);
  for (std::uint32_t seq = 1; seq <= 4; ++seq) card_.receive(Port::kWan, esp_frame(seq, inner()));
  EXPECT_EQ(sent_.size(), 2u);
  EXPECT_EQ(drops(layout::Drop::kHardLimit), 2u);
  const auto received = host_received();
  ASSERT_EQ(received.size(), 2u);
  EXPECT_EQ(received[0].upcall(), Upcall::kSoftLimit);
  EXPECT_EQ(received[1].upcall(), Upcall::kHardLimit);
  EXPECT_EQ(received[1].descriptor.get(d::kSaIndex), bench::kInIndex);
  EXPECT_EQ(received[1].descriptor.get(d::kOutbound), 0u);
}

TEST_F(Inbound, KnowsTheSenderByAnAddressOfEitherVersion) {
  namespace bucket = layout::principal_bucket;
  std::uint16_t principal = 40;
  for (const Address& sender : {bench::kLanHost, bench::kLanHost6}) {
    ++principal;
    for (const bool second : {false, true}) {
      const auto entry_of = [](layout::Field field, unsigned entry) {
        field.lsb += entry * bucket::kEntryBits;
        return field;
      };
      layout::Row row;
      for (unsigned entry = 0; entry < layout::kBucketEntries; ++entry) {
        row.set(entry_of(bucket::kValid, entry), 1);
        row.set(entry_of(bucket::kPrincipal, entry), entry == 2 ? principal : 1);
        row.set(entry_of(bucket::kAddress, entry), entry == 2 ? sender : Address(sender.high, sender.low ^ 1 << entry));
      }
      const layout::BucketPair buckets = layout::principal_buckets(sender, read(reg::kHashSeed));
      load_both(layout::TableId::kPrincipal, {{second ? buckets.second : buckets.first, row},
                                              {second ? buckets.first : buckets.second, layout::Row()}});
      Packet to_us{.source = sender, .destination = sender.is_v4() ? bench::kGateway : bench::kGateway6};
      card_.receive(Port::kLan, bench::lan_frame(to_us));
      const auto received = host_received();
      ASSERT_EQ(received.size(), 1u);
      EXPECT_EQ(received[0].descriptor.get(d::kPrincipal), principal);
      to_us.source = Address(sender.high, sender.low ^ 4);
      card_.receive(Port::kLan, bench::lan_frame(to_us));
      EXPECT_EQ(host_received().at(0).descriptor.get(d::kPrincipal), 0u) << "nobody";
    }
  }
}

class Vlans : public CardBench {};

TEST_F(Vlans, TakeTagsAwayAndGiveThem) {
  const Buffer plain = bench::lan_frame();
  card_.receive(Port::kLan, plain);
  write(reg::kLanVlan, 7);
  write(reg::kWanVlan, 0xffe);
  card_.receive(Port::kLan, bench::tagged(plain, 0x2007));
  ASSERT_EQ(sent_.size(), 2u);
  const Bytes untagged = sent_[0].frame;
  const Bytes tagged = sent_[1].frame;
  EXPECT_EQ(tagged.size(), untagged.size() + 4);
  EXPECT_TRUE(equal(tagged.first(12), untagged.first(12)));
  EXPECT_EQ(ByteReader(tagged.subspan(12)).u32(), 0x81000ffeu);
  EXPECT_TRUE(equal(tagged.subspan(16, 6), untagged.subspan(12, 6))) << "ethertype, and where the packet begins";
  // Counters know of no tag.
  EXPECT_EQ(counter(Counter::kLanRxBytes), 2 * plain.size());
  EXPECT_EQ(counter(Counter::kWanTxBytes), 2 * untagged.size());

  const Buffer arp = bench::frame(0xffffffffffff, Buffer(28), kEthertypeArp);
  card_.receive(Port::kWan, bench::tagged(arp, 0xffe));
  const auto received = host_received();
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received[0].frame, arp);
  send_from_host(arp, static_cast<unsigned>(layout::Inject::kLanTx));
  send_from_host(plain, static_cast<unsigned>(layout::Inject::kLanRx));
  ASSERT_EQ(sent_.size(), 4u);
  EXPECT_EQ(sent_[2].frame, bench::tagged(arp, 7));
  EXPECT_EQ(sent_[3].port, Port::kWan);
}

// 9216 bytes are the most without the tag.
TEST_F(Vlans, CountNoTagInAFramesLength) {
  write(reg::kLanVlan, 7);
  const Buffer longest = bench::frame(0xffffffffffff, Buffer(layout::kMaxFrame - 14), kEthertypeArp);
  card_.receive(Port::kLan, bench::tagged(longest, 7));
  EXPECT_EQ(host_received().size(), 1u);
  card_.receive(Port::kLan,
                bench::tagged(bench::frame(0xffffffffffff, Buffer(layout::kMaxFrame - 13), kEthertypeArp), 7));
  EXPECT_EQ(drops(layout::Drop::kRxError), 1u);
  const Buffer shortest = bench::tagged(bench::frame(0xffffffffffff, {}, kEthertypeArp), 7);
  card_.receive(Port::kLan, shortest);
  EXPECT_EQ(host_received().size(), 1u);
  for (std::size_t length = 14; length < shortest.size(); ++length) {
    card_.receive(Port::kLan, Bytes(shortest).first(length));
    EXPECT_EQ(drops(layout::Drop::kRxError), length - 12);
  }
}

class Rings : public CardBench {};

TEST_F(Rings, SendTheHostsFramesAsTheyAreOrAsIfReceived) {
  const Buffer raw = bench::frame(0x123456, Buffer(50), 0x88cc);
  send_from_host(raw, static_cast<unsigned>(layout::Inject::kLanTx));
  send_from_host(raw, static_cast<unsigned>(layout::Inject::kWanTx));
  send_from_host(bench::lan_frame(), static_cast<unsigned>(layout::Inject::kLanRx));
  ASSERT_EQ(sent_.size(), 3u);
  EXPECT_EQ(sent_[0].port, Port::kLan);
  EXPECT_EQ(sent_[0].frame, raw);
  EXPECT_EQ(sent_[1].port, Port::kWan);
  EXPECT_EQ(sent_[1].frame, raw);
  EXPECT_EQ(sent_[2].port, Port::kWan);
  EXPECT_EQ(counter(Counter::kHostTx), 3u);
  EXPECT_EQ(counter(Counter::kEspOut), 1u);
  EXPECT_EQ(read(reg::kTxConsumer), 3u);
}

TEST_F(Rings, WrapAroundAndDropWhenTheHostDoesNotRead) {
  start_rings(4);
  const Buffer arp = bench::frame(bench::kLanMac, Buffer(28), kEthertypeArp);
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 5; ++i) card_.receive(Port::kLan, arp);
    EXPECT_EQ(host_received().size(), 4u);
  }
  EXPECT_EQ(drops(layout::Drop::kHostRingFull), 3u);
  EXPECT_EQ(counter(Counter::kHostRx), 12u);
}

}  // namespace
}  // namespace sallyport::driver
