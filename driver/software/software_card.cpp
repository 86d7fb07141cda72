// SPDX-License-Identifier: Apache-2.0
// What goes through the software card: frames, the host's frames, table loads; its registers are in card_registers.cpp.
#include "driver/software/software_card.hpp"

#include <algorithm>

#include "base/secret.hpp"

namespace sallyport::driver {

using layout::Counter;
using layout::Drop;
using layout::Inject;
using layout::Port;
using software::Effects;
using software::Notice;
using software::Outcome;
using software::Sent;
using software::Tables;
using software::ToHost;

// Ours: more than all tables of both banks together.
constexpr std::size_t kMostLoadBytes = 8 * 1024 * 1024;

namespace {

constexpr std::size_t kMacAddressesBytes = 12;
constexpr std::uint16_t kVlanIdBits = 0xfff;

// IEEE 802.1Q: the VLAN of a frame with a tag.
std::optional<std::uint16_t> vlan_of(Bytes frame) {
  if (frame.size() < kEthernetBytes || ByteReader(frame.subspan(kMacAddressesBytes)).u16() != kEthertypeVlan) {
    return std::nullopt;
  }
  return ByteReader(frame.subspan(kEthernetBytes)).u16() & kVlanIdBits;
}

Buffer without_tag(Bytes frame) {
  const Bytes behind = frame.subspan(std::min(frame.size(), kMacAddressesBytes + kVlanTagBytes));
  return ByteWriter().bytes(frame.first(kMacAddressesBytes)).bytes(behind).take();
}

Buffer with_tag(Bytes frame, std::uint16_t vlan) {
  ByteWriter w;
  w.bytes(frame.first(kMacAddressesBytes)).u16(kEthertypeVlan).u16(vlan).bytes(frame.subspan(kMacAddressesBytes));
  return w.take();
}

}  // namespace

void SoftwareCard::receive(Port port, Bytes wire, bool mac_error) {
  const std::optional<std::uint16_t> vlan = vlan_of(wire);
  const Buffer frame = vlan ? without_tag(wire) : Buffer(wire.begin(), wire.end());
  count(port == Port::kLan ? Counter::kLanRx : Counter::kWanRx);
  count(port == Port::kLan ? Counter::kLanRxBytes : Counter::kWanRxBytes, frame.size());
  if (mac_error || frame.size() < kEthernetBytes || frame.size() > layout::kMaxFrame) {
    finish(port, Drop::kRxError);
  } else if (vlan.value_or(0) != settings_.vlan(port)) {
    finish(port, Drop::kVlan);
  } else {
    process(port, frame);
  }
}

void SoftwareCard::process(Port port, Bytes frame, std::optional<std::uint16_t> sender) {
  Effects effects;
  const Outcome outcome = datapath_.process(port, frame, generation_, effects, sender);
  for (const Counter counter : effects.counted) count(counter);
  for (const Notice& event : effects.events) report(event);
  finish(port, outcome);
}

// Carries an outcome out: every packet comes by here exactly once.
void SoftwareCard::finish(Port port, const Outcome& outcome) {
  PacketRecord record{port, generation_, Port::kHost, std::nullopt, std::nullopt};
  if (const auto* reason = std::get_if<Drop>(&outcome)) {
    record.drop = *reason;
  } else if (const auto* to_host = std::get_if<ToHost>(&outcome)) {
    record.upcall = to_host->notice.upcall;
    if (put_into_ring(*host_, rx_, to_host->notice, to_host->frame, clock())) {
      count(Counter::kHostRx);
    } else {
      record.drop = Drop::kHostRingFull;
    }
  } else {
    const auto& sent = std::get<Sent>(outcome);
    record.exit = sent.port;
    count(sent.port == Port::kLan ? Counter::kLanTx : Counter::kWanTx);
    count(sent.port == Port::kLan ? Counter::kLanTxBytes : Counter::kWanTxBytes, sent.frame.size());
    const std::uint16_t vlan = settings_.vlan(sent.port);
    transmit_(sent.port, vlan == 0 ? sent.frame : with_tag(sent.frame, vlan));
  }
  if (record.drop) ++drops_[static_cast<unsigned>(*record.drop)];
  if (record_) record_(record);
}

void SoftwareCard::report(const Notice& event) {
  const bool once = event.upcall == layout::Upcall::kSpiUnknown || event.upcall == layout::Upcall::kTagRejected;
  if (once && told_.contains(event.upcall)) return;
  const std::uint32_t slot = rx_.producer;
  if (!put_into_ring(*host_, rx_, event, {}, clock())) {
    count(Counter::kEventsLost);
    return;
  }
  count(Counter::kEvents);
  if (once) told_[event.upcall] = slot;
}

void SoftwareCard::serve_host() {
  while (const auto host_frame = take_from_ring(*host_, tx_)) {
    count(Counter::kHostTx);
    if (host_frame->frame.empty()) {
      finish(Port::kHost, Drop::kHostInject);
      continue;
    }
    switch (host_frame->inject) {
      case static_cast<unsigned>(Inject::kLanTx):
        finish(Port::kHost, Sent{Port::kLan, host_frame->frame});
        break;
      case static_cast<unsigned>(Inject::kWanTx):
        finish(Port::kHost, Sent{Port::kWan, host_frame->frame});
        break;
      case static_cast<unsigned>(Inject::kLanRx):
        process(Port::kLan, host_frame->frame, host_frame->principal);
        break;
      case static_cast<unsigned>(Inject::kWanRx):
        process(Port::kWan, host_frame->frame);
        break;
      default:
        finish(Port::kHost, Drop::kHostInject);
    }
  }
}

void SoftwareCard::load_tables() {
  ++load_count_;
  Buffer records(std::min<std::size_t>(load_length_, kMostLoadBytes));
  if (load_length_ > kMostLoadBytes || !host_->read(load_address_, records)) {
    load_error_ = layout::LoadError::kHostMemory;
    return;
  }
  std::vector<Tables::Loaded> loaded;
  load_error_ = tables_.load(records, generation_ & 1, loaded);
  sallyport::wipe(records);  // may hold keys
  // A new key begins at the first sequence number.
  for (const Tables::Loaded& run : loaded) {
    for (unsigned row = run.first; row < run.first + run.count; ++row) {
      if (run.table == layout::TableId::kSaOutKey) datapath_.reset_outbound(row);
      if (run.table == layout::TableId::kSaInKey) datapath_.reset_inbound(row);
    }
  }
}

void SoftwareCard::wipe() {
  tables_.wipe_sas();
  for (unsigned row = 0; row < layout::kSaRows; ++row) {
    datapath_.reset_outbound(row);
    datapath_.reset_inbound(row);
  }
}

}  // namespace sallyport::driver
