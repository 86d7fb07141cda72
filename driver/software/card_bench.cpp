// SPDX-License-Identifier: Apache-2.0
#include "driver/software/card_bench.hpp"

#include <algorithm>

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

Rows tree(unsigned intervals, const std::vector<std::uint32_t>& starts) {
  Rows rows;
  for (unsigned node = 1; node < intervals; ++node) {
    const unsigned place = layout::interval_node(node, intervals);
    rows[node].set(layout::interval::kStart, starts[std::min<std::size_t>(place, starts.size() - 1)]);
  }
  return rows;
}

}  // namespace bench

namespace {

// An SPD of two rules over source and destination address: protect LAN <-> remote net (rule 0), TCP to or from
// 198.51.100.0/24 port 80 in the clear (rule 1).
constexpr std::uint32_t kClearNet = 0xc6336400;

}  // namespace

void CardBench::SetUp() {
  using namespace bench;
  card_.on_packet([this](const PacketRecord& r) { records_.push_back(r); });
  start_rings(64);

  // Routes: our address is local, LAN net by kLanHop, everything else by kWanHop; one interval without a route.
  load_both(TableId::kRouteStart,
            tree(layout::kRouteIntervals, {kLanNet, kLanNet + 256, kGateway, kGateway + 1, 0xf0000000}));
  Rows routes;
  for (unsigned i = 0; i < layout::kRouteIntervals; ++i) {
    const bool local = i == 3;
    const bool none = i >= 5;
    routes[i].set(layout::route::kKind, static_cast<unsigned>(local  ? Route::kLocal
                                                              : none ? Route::kNone
                                                                     : Route::kSend));
    routes[i].set(layout::route::kNextHop, i == 1 ? kLanHop : kWanHop);
  }
  load_both(TableId::kRoute, routes);
  set_next_hop(kLanHop, Port::kLan, kLanHostMac);
  set_next_hop(kWanHop, Port::kWan, kPeerMac);

  // An address field whose [net, net+255] satisfies rule 0 and clear net rule 1.
  for (const bool outbound : {true, false}) {
    const auto table = [&](SpdTable t) {
      return TableId{static_cast<unsigned>(outbound ? TableId::kSpdOut : TableId::kSpdIn) + static_cast<unsigned>(t)};
    };
    const auto field = [&](SpdTable starts, SpdTable bitmaps, std::uint32_t net, bool clear_here) {
      load_both(table(starts), tree(layout::kAddressIntervals, {net, net + 256, kClearNet, kClearNet + 256}));
      Rows rows;
      for (unsigned i = 0; i < layout::kAddressIntervals; ++i) {
        rows[i].set_bit(0, i == 1);
        rows[i].set_bit(1, !clear_here || i == 3);
      }
      load_both(table(bitmaps), rows);
    };
    field(SpdTable::kSourceStart, SpdTable::kSource, outbound ? kLanNet : kRemoteNet, !outbound);
    field(SpdTable::kDestinationStart, SpdTable::kDestination, outbound ? kRemoteNet : kLanNet, outbound);
    const auto narrow = [&](SpdTable starts, SpdTable bitmaps, bool http) {
      load_both(table(starts), tree(layout::kNarrowIntervals, {80, 81}));
      Rows rows;
      for (unsigned i = 0; i < layout::kNarrowIntervals; ++i) {
        rows[i].set_bit(0, true);
        rows[i].set_bit(1, !http || i == 1);
      }
      load_both(table(bitmaps), rows);
    };
    narrow(SpdTable::kSourcePortStart, SpdTable::kSourcePort, !outbound);
    narrow(SpdTable::kDestinationPortStart, SpdTable::kDestinationPort, outbound);
    narrow(SpdTable::kPrincipalStart, SpdTable::kPrincipal, false);
    Rows protocols;
    for (unsigned i = 0; i < layout::kProtocols; ++i) {
      protocols[i].set_bit(0, true);
      protocols[i].set_bit(1, i == 6);
    }
    load_both(table(SpdTable::kProtocol), protocols);
    set_rule(outbound ? TableId::kSpdOut : TableId::kSpdIn, 0, Action::kProtect);
    set_rule(outbound ? TableId::kSpdOut : TableId::kSpdIn, 1, Action::kBypass);
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

void CardBench::set_rule(TableId spd, unsigned rule, Action action, std::uint16_t sa_index) {
  layout::Row row;
  row.set(layout::spd_rule::kAction, static_cast<unsigned>(action));
  row.set(layout::spd_rule::kPolicyId, bench::kPolicyId);
  row.set(layout::spd_rule::kSaIndex, sa_index);
  load_both(TableId{static_cast<unsigned>(spd) + static_cast<unsigned>(SpdTable::kRule)}, {{rule, row}});
}

void CardBench::set_route(unsigned interval, Route kind, unsigned next_hop) {
  layout::Row row;
  row.set(layout::route::kKind, static_cast<unsigned>(kind));
  row.set(layout::route::kNextHop, next_hop);
  load_both(TableId::kRoute, {{interval, row}});
}

void CardBench::set_next_hop(unsigned number, Port port, std::uint64_t mac, bool valid) {
  layout::Row row;
  row.set(layout::next_hop::kValid, valid ? 1 : 0);
  row.set(layout::next_hop::kPort, static_cast<unsigned>(port));
  row.set(layout::next_hop::kMtu, bench::kMtu);
  row.set(layout::next_hop::kMac, mac);
  load_both(TableId::kNextHop, {{number, row}});
}

void CardBench::install_sa_out(layout::Row row, const bench::EspPeer& peer) {
  install(row, peer, bench::kOutIndex, TableId::kSaOut, TableId::kSaOutKey, TableId::kSaOutIntegrityKey);
}

void CardBench::install_sa_in(layout::Row row, const bench::EspPeer& peer) {
  install(row, peer, bench::kInIndex, TableId::kSaIn, TableId::kSaInKey, TableId::kSaInIntegrityKey);
}

void CardBench::install(const layout::Row& row, const bench::EspPeer& peer, unsigned index, TableId sa, TableId key,
                        TableId integrity_key) {
  if (peer.integrity != layout::Integrity::kNone) {
    ASSERT_EQ(load(integrity_key, {{index, peer.integrity_key_row()}}, 0), layout::LoadError::kNone);
  }
  ASSERT_EQ(load(key, {{index, peer.key_row()}}, 0), layout::LoadError::kNone);
  ASSERT_EQ(load(sa, {{index, row}}, 0), layout::LoadError::kNone);
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

void CardBench::send_from_host(Bytes frame, unsigned inject) {
  const auto slot = tx_->bytes().subspan(std::size_t{tx_next_ % slots_} * layout::kSlotBytes, layout::kSlotBytes);
  layout::Row descriptor;
  descriptor.set(layout::tx_descriptor::kLength, frame.size());
  descriptor.set(layout::tx_descriptor::kInject, inject);
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
