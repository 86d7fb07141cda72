// SPDX-License-Identifier: Apache-2.0
#include "driver/software/card_bench.hpp"

#include <algorithm>
#include <set>

namespace sallyport::driver {

namespace reg = layout::reg;
using layout::Action;
using layout::Port;
using layout::Route;
using layout::SpdTable;
using layout::TableId;

namespace bench {

const EspPeer& default_peer() {
  static const EspPeer peer = EspPeer::with_keys(layout::Cipher::kAesGcm, layout::Integrity::kNone, 32, 0x40);
  return peer;
}

Buffer sealed_by_peer(std::uint32_t spi, std::uint32_t seq, Bytes plaintext, std::uint32_t seq_high, bool esn) {
  EspPeer peer = default_peer();
  peer.esn = esn;
  const Buffer iv = ByteWriter().u64(0x0102030400000000 | seq).take();  // need not be the sequence number
  return peer.seal(spi, std::uint64_t{seq_high} << 32 | seq, iv, plaintext);
}

Buffer with_trailer(Bytes inner, std::uint8_t next_header) { return default_peer().with_trailer(inner, next_header); }

Buffer opened_by_peer(Bytes esp, std::uint32_t seq_high, bool esn) {
  EspPeer peer = default_peer();
  peer.esn = esn;
  const auto plaintext = peer.open(esp, seq_high);
  EXPECT_TRUE(plaintext) << "the peer finds a wrong ICV";
  return plaintext.value_or(Buffer());
}

Buffer ip(const Packet& p) {
  if (p.source.is_v4()) {
    ByteWriter w;
    const std::size_t header = kIpv4Bytes + p.options.size();
    w.u8(static_cast<std::uint8_t>(0x40 + header / 4)).u8(p.tos);
    w.u16(static_cast<std::uint16_t>(header + p.payload.size())).u16(0x4321).u16(p.fragment);
    w.u8(p.ttl).u8(p.protocol).u16(0).u32(p.source.v4()).u32(p.destination.v4()).bytes(p.options);
    w.patch_u16(10, internet_checksum(w.view()));
    return w.bytes(p.payload).take();
  }
  ByteWriter content;
  for (std::size_t i = 0; i < p.extensions.size(); ++i) {
    const ExtensionHeader& extension = p.extensions[i];
    content.u8(i + 1 < p.extensions.size() ? p.extensions[i + 1].kind : p.protocol);
    if (extension.kind == kFragment) {
      content.u8(0)
          .u16(static_cast<std::uint16_t>((p.fragment & 0x1fff) << 3 | (p.fragment >> 13 & 1)))
          .u32(0x87654321);
    } else {
      content.u8(static_cast<std::uint8_t>((2 + extension.content.size()) / 8 - 1)).bytes(extension.content);
    }
  }
  content.bytes(p.payload);
  ByteWriter w;
  w.u32(6U << 28 | std::uint32_t{p.tos} << 20 | 0x54321).u16(static_cast<std::uint16_t>(content.size()));
  w.u8(p.extensions.empty() ? p.protocol : p.extensions[0].kind).u8(p.ttl);
  w.u64(p.source.high).u64(p.source.low).u64(p.destination.high).u64(p.destination.low);
  return w.bytes(content.view()).take();
}

Buffer frame(std::uint64_t destination_mac, Bytes content, std::uint16_t ethertype) {
  ByteWriter w;
  w.u16(static_cast<std::uint16_t>(destination_mac >> 32)).u32(static_cast<std::uint32_t>(destination_mac));
  w.u16(0x0200).u32(0x99);
  w.u16(ethertype).bytes(content);
  return w.take();
}

Buffer frame(std::uint64_t destination_mac, Bytes packet) {
  return frame(destination_mac, packet, packet[0] >> 4 == 6 ? kEthertypeIpv6 : kEthertypeIpv4);
}

Buffer tagged(Bytes frame, std::uint16_t tag_control) {
  return ByteWriter().bytes(frame.first(12)).u16(0x8100).u16(tag_control).bytes(frame.subspan(12)).take();
}

Rows tree(unsigned intervals, const std::vector<Address>& starts) {
  Rows rows;
  for (unsigned node = 1; node < intervals; ++node) {
    const unsigned place = layout::interval_node(node, intervals);
    rows[node].set(layout::interval::kStart, starts[std::min<std::size_t>(place, starts.size() - 1)]);
  }
  return rows;
}

}  // namespace bench

namespace {

constexpr Address v4(std::uint32_t address) { return Address::from_v4(address); }
constexpr Address kLanNet = v4(0x0a000100), kLanNetEnd = v4(0x0a000200);
constexpr Address kRemoteNet = v4(0x0a000200), kRemoteNetEnd = v4(0x0a000300);
constexpr Address kClearNet = v4(0xc6336400), kClearNetEnd = v4(0xc6336500);
constexpr Address kLanNet6{0x20010db800010000, 0}, kLanNet6End{0x20010db800010001, 0};
constexpr Address kRemoteNet6{0x20010db800020000, 0}, kRemoteNet6End{0x20010db800020001, 0};

// The addresses from `first` to before `end` satisfy `rule`.
struct Reach {
  unsigned rule;
  Address first;
  Address end;
};
constexpr unsigned kProtectRule = 0, kClearRule = 1, kPeerRule = 2;

const std::vector<Reach> kOfLan = {{kProtectRule, kLanNet, kLanNetEnd}, {kProtectRule, kLanNet6, kLanNet6End}};
const std::vector<Reach> kOfRemote = {{kProtectRule, kRemoteNet, kRemoteNetEnd},
                                      {kProtectRule, kRemoteNet6, kRemoteNet6End}};
const std::vector<Reach> kOfGateway = {{kPeerRule, bench::kGateway, bench::kGateway.next()},
                                       {kPeerRule, bench::kGateway6, bench::kGateway6.next()}};
const std::vector<Reach> kOfPeer = {{kPeerRule, bench::kPeer, bench::kPeer.next()},
                                    {kPeerRule, bench::kPeer6, bench::kPeer6.next()}};
const std::vector<Reach> kOfEverybody = {{kClearRule, Address(), layout::kLastAddress}};
const std::vector<Reach> kOfWebServers = {{kClearRule, kClearNet, kClearNetEnd}};

}  // namespace

void CardBench::SetUp() {
  using namespace bench;
  card_.on_packet([this](const PacketRecord& r) { records_.push_back(r); });
  start_rings(64);

  // Routes: our addresses are local, LAN nets by kLanHop, everything else by kWanHop; from 240.0.0.0 to the first IPv6
  // net, and for multicast, there is none.
  load_both(TableId::kRouteStart,
            tree(layout::kRouteIntervals, {kLanNet, kLanNetEnd, kGateway, kGateway.next(), v4(0xf0000000), kLanNet6,
                                           kLanNet6End, kGateway6, kGateway6.next(), Address(0xff00ULL << 48, 0)}));
  Rows routes;
  for (unsigned i = 0; i < layout::kRouteIntervals; ++i) {
    const bool local = i == 3 || i == 8;
    const bool none = i == 5 || i >= 10;
    routes[i].set(layout::route::kKind, static_cast<unsigned>(local  ? Route::kLocal
                                                              : none ? Route::kNone
                                                                     : Route::kSend));
    routes[i].set(layout::route::kNextHop, i == 1 || i == 6 ? kLanHop : kWanHop);
  }
  load_both(TableId::kRoute, routes);
  set_next_hop(kLanHop, Port::kLan, kLanHostMac);
  set_next_hop(kWanHop, Port::kWan, kPeerMac);

  for (const bool outbound : {true, false}) {
    const auto table = [&](SpdTable t) {
      return TableId{static_cast<unsigned>(outbound ? TableId::kSpdOut : TableId::kSpdIn) + static_cast<unsigned>(t)};
    };
    const auto field = [&](SpdTable starts, SpdTable bitmaps, const std::vector<std::vector<Reach>>& reaches) {
      std::set<Address> cuts;
      for (const auto& some : reaches) {
        for (const Reach& reach : some) cuts.insert({reach.first, reach.end});
      }
      cuts.erase(Address());  // where the first interval begins
      const std::vector<Address> sorted(cuts.begin(), cuts.end());
      load_both(table(starts), tree(layout::kAddressIntervals, sorted));
      Rows rows;
      for (unsigned i = 0; i < layout::kAddressIntervals; ++i) {
        const Address start = i == 0 ? Address() : sorted[std::min<std::size_t>(i, sorted.size()) - 1];
        for (const auto& some : reaches) {
          for (const Reach& reach : some) {
            if (start >= reach.first && start < reach.end) rows[i].set_bit(reach.rule, true);
          }
        }
      }
      load_both(table(bitmaps), rows);
    };
    field(SpdTable::kSourceStart, SpdTable::kSource,
          outbound ? std::vector{kOfLan, kOfEverybody, kOfGateway} : std::vector{kOfRemote, kOfWebServers, kOfPeer});
    field(SpdTable::kDestinationStart, SpdTable::kDestination,
          outbound ? std::vector{kOfRemote, kOfWebServers, kOfPeer} : std::vector{kOfLan, kOfEverybody, kOfGateway});
    const auto narrow = [&](SpdTable starts, SpdTable bitmaps, unsigned intervals, bool http) {
      load_both(table(starts), tree(intervals, {Address(0, 80), Address(0, 81)}));
      Rows rows;
      for (unsigned i = 0; i < intervals; ++i) {
        for (const unsigned rule : {kProtectRule, kPeerRule}) rows[i].set_bit(rule, true);
        rows[i].set_bit(kClearRule, !http || i == 1);
      }
      load_both(table(bitmaps), rows);
    };
    narrow(SpdTable::kSourcePortStart, SpdTable::kSourcePort, layout::kPortIntervals, !outbound);
    narrow(SpdTable::kDestinationPortStart, SpdTable::kDestinationPort, layout::kPortIntervals, outbound);
    narrow(SpdTable::kPrincipalStart, SpdTable::kPrincipal, layout::kPrincipalIntervals, false);
    Rows protocols;
    for (unsigned i = 0; i < layout::kProtocols; ++i) {
      for (const unsigned rule : {kProtectRule, kPeerRule}) protocols[i].set_bit(rule, true);
      protocols[i].set_bit(kClearRule, i == kProtocolTcp);
    }
    load_both(table(SpdTable::kProtocol), protocols);
    const TableId spd = outbound ? TableId::kSpdOut : TableId::kSpdIn;
    set_rule(spd, kProtectRule, Action::kProtect);
    set_rule(spd, kClearRule, Action::kBypass);
    set_rule(spd, kPeerRule, Action::kProtect);
  }
  install_sa_out(sa_out_row());
  install_sa_in(sa_in_row());

  write(reg::kLanMac.at(0), static_cast<std::uint32_t>(kLanMac));
  write(reg::kLanMac.at(1), static_cast<std::uint32_t>(kLanMac >> 32));
  write(reg::kWanMac.at(0), static_cast<std::uint32_t>(kWanMac));
  write(reg::kWanMac.at(1), static_cast<std::uint32_t>(kWanMac >> 32));
  write(reg::kControl, 1);
}

layout::LoadError CardBench::load(TableId table, const bench::Rows& rows, unsigned bank) {
  ByteWriter w;
  for (auto run = rows.begin(); run != rows.end();) {
    auto end = run;
    unsigned count = 0;
    while (end != rows.end() && end->first == run->first + count) {
      ++end;
      ++count;
    }
    layout::Row header;
    header.set(layout::load_record::kTableId, static_cast<unsigned>(table));
    header.set(layout::load_record::kBank, bank);
    header.set(layout::load_record::kCount, count);
    header.set(layout::load_record::kRow, run->first);
    header.set(layout::load_record::kMagic, layout::kLoadMagic);
    w.bytes(header.bytes());
    for (; run != end; ++run) w.bytes(run->second.bytes());
  }
  return load_bytes(w.view());
}

layout::LoadError CardBench::load_bytes(Bytes records) {
  loads_ = card_.allocate(records.size()).value();
  std::copy(records.begin(), records.end(), loads_->bytes().begin());
  write(reg::kLoadAddress.at(0), static_cast<std::uint32_t>(loads_->address()));
  write(reg::kLoadAddress.at(1), static_cast<std::uint32_t>(loads_->address() >> 32));
  write(reg::kLoadLength, static_cast<std::uint32_t>(records.size()));
  return layout::LoadError(read(reg::kStatus) >> 8 & 0xff);
}

void CardBench::load_both(TableId table, const bench::Rows& rows) {
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(load(table, rows, ~read(reg::kGeneration) & 1), layout::LoadError::kNone);
    flip();
  }
}

void CardBench::flip() { write(reg::kFlip, read(reg::kGeneration) + 1); }

void CardBench::set_rule(TableId spd, unsigned rule, Action action, std::uint16_t sa_index, bool syn_to_host) {
  layout::Row row;
  row.set(layout::spd_rule::kAction, static_cast<unsigned>(action));
  row.set(layout::spd_rule::kPolicyId, bench::kPolicyId);
  row.set(layout::spd_rule::kSaIndex, sa_index);
  row.set(layout::spd_rule::kSynToHost, syn_to_host ? 1 : 0);
  load_both(TableId{static_cast<unsigned>(spd) + static_cast<unsigned>(SpdTable::kRule)}, {{rule, row}});
}

void CardBench::set_route(unsigned interval, Route kind, unsigned next_hop) {
  layout::Row row;
  row.set(layout::route::kKind, static_cast<unsigned>(kind));
  row.set(layout::route::kNextHop, next_hop);
  load_both(TableId::kRoute, {{interval, row}});
}

void CardBench::set_next_hop(unsigned number, Port port, std::uint64_t mac, bool valid, std::uint16_t mtu) {
  layout::Row row;
  row.set(layout::next_hop::kValid, valid ? 1 : 0);
  row.set(layout::next_hop::kPort, static_cast<unsigned>(port));
  row.set(layout::next_hop::kMtu, mtu);
  row.set(layout::next_hop::kMac, mac);
  load_both(TableId::kNextHop, {{number, row}});
}

void CardBench::install_sa_out(layout::Row row, const bench::EspPeer& peer, layout::Row limits) {
  install({TableId::kSaOut, TableId::kSaOutKey, TableId::kSaOutIntegrityKey, TableId::kSaOutLimits}, bench::kOutIndex,
          row, peer, limits);
}

void CardBench::install_sa_in(layout::Row row, const bench::EspPeer& peer, layout::Row limits) {
  install({TableId::kSaIn, TableId::kSaInKey, TableId::kSaInIntegrityKey, TableId::kSaInLimits}, bench::kInIndex, row,
          peer, limits);
}

void CardBench::install(const SaTables& tables, unsigned index, const layout::Row& row, const bench::EspPeer& peer,
                        const layout::Row& limits) {
  if (peer.integrity != layout::Integrity::kNone) {
    ASSERT_EQ(load(tables.integrity_key, {{index, peer.integrity_key_row()}}, 0), layout::LoadError::kNone);
  }
  ASSERT_EQ(load(tables.key, {{index, peer.key_row()}}, 0), layout::LoadError::kNone);
  ASSERT_EQ(load(tables.limits, {{index, limits}}, 0), layout::LoadError::kNone);
  ASSERT_EQ(load(tables.sa, {{index, row}}, 0), layout::LoadError::kNone);
}

layout::Row CardBench::sa_out_row() {
  namespace sa = layout::sa_out;
  layout::Row row;
  row.set(sa::kValid, 1);
  row.set(sa::kPolicyId, bench::kPolicyId);
  row.set(sa::kSpi, bench::kOutSpi);
  row.set(sa::kSource, bench::kGateway);
  row.set(sa::kDestination, bench::kPeer);
  row.set(sa::kSourcePort, 4500);
  row.set(sa::kDestinationPort, 4501);
  row.set(sa::kNextHop, bench::kWanHop);
  row.set(sa::kTtl, 61);
  return row;
}

layout::Row CardBench::sa_in_row() {
  namespace sa = layout::sa_in;
  layout::Row row;
  row.set(sa::kValid, 1);
  row.set(sa::kPolicyId, bench::kPolicyId);
  row.set(sa::kSpi, bench::kInSpi);
  row.set(sa::kDestination, bench::kGateway);
  return row;
}

void CardBench::start_rings(std::uint32_t slots) {
  rx_ = card_.allocate(std::size_t{slots} * layout::kSlotBytes).value();
  tx_ = card_.allocate(std::size_t{slots} * layout::kSlotBytes).value();
  slots_ = slots;
  rx_next_ = 0;
  tx_next_ = 0;
  write(reg::kRxAddress.at(0), static_cast<std::uint32_t>(rx_->address()));
  write(reg::kRxAddress.at(1), static_cast<std::uint32_t>(rx_->address() >> 32));
  write(reg::kRxSlots, slots);
  write(reg::kTxAddress.at(0), static_cast<std::uint32_t>(tx_->address()));
  write(reg::kTxAddress.at(1), static_cast<std::uint32_t>(tx_->address() >> 32));
  write(reg::kTxSlots, slots);
}

void CardBench::send_from_host(Bytes frame, unsigned inject, std::optional<std::uint16_t> principal) {
  const auto slot = tx_->bytes().subspan(std::size_t{tx_next_ % slots_} * layout::kSlotBytes, layout::kSlotBytes);
  layout::Row descriptor;
  descriptor.set(layout::tx_descriptor::kLength, frame.size());
  descriptor.set(layout::tx_descriptor::kInject, inject);
  descriptor.set(layout::tx_descriptor::kKnown, principal ? 1 : 0);
  descriptor.set(layout::tx_descriptor::kPrincipal, principal.value_or(0));
  std::copy(descriptor.bytes().begin(), descriptor.bytes().end(), slot.begin());
  std::copy(frame.begin(), frame.end(), slot.begin() + layout::kRowBytes);
  write(reg::kTxProducer, ++tx_next_);
}

std::vector<CardBench::Received> CardBench::host_received() {
  std::vector<Received> received;
  while (rx_next_ != read(reg::kRxProducer)) {
    const auto slot = rx_->bytes().subspan(std::size_t{rx_next_ % slots_} * layout::kSlotBytes, layout::kSlotBytes);
    Received one;
    std::copy_n(slot.begin(), layout::kRowBytes, one.descriptor.bytes().begin());
    EXPECT_EQ(one.descriptor.get(layout::rx_descriptor::kNumber), rx_next_ + 1);
    const Bytes frame = slot.subspan(layout::kRowBytes, one.descriptor.get(layout::rx_descriptor::kLength));
    one.frame.assign(frame.begin(), frame.end());
    received.push_back(one);
    ++rx_next_;
  }
  write(reg::kRxConsumer, rx_next_);
  return received;
}

layout::Row CardBench::sa_state(bool outbound, unsigned sa_index) {
  write(reg::kSaStateSelect, (outbound ? 1U << 31 : 0) | sa_index);
  EXPECT_EQ(read(reg::kSaStateReady), 1u);
  layout::Row row;
  for (unsigned i = 0; i < reg::kSaState.count; ++i) {
    row.set({"word", 32 * i, 32, "of the state"}, read(reg::kSaState.at(i)));
  }
  return row;
}

}  // namespace sallyport::driver
