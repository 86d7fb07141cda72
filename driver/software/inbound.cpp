// SPDX-License-Identifier: Apache-2.0
// The way from WAN: ESP to us is opened and its inner packet checked against the policy; the rest is transit or the
// host's.
#include "driver/software/datapath.hpp"

namespace sallyport::driver::software {

using layout::Action;
using layout::Drop;
using layout::Port;
using layout::Route;
using layout::TableId;
using layout::Upcall;

namespace {

constexpr std::size_t kLeastEsp = 12;  // SPI, sequence number, 4 bytes of ciphertext

Drop inner_drop(HeaderFault fault) {
  return fault == HeaderFault::kTotalTooLong ? Drop::kEspTrailer : Drop::kInnerMalformed;
}

// RFC 3948 2: what follows the UDP header on port 4500.
enum class UdpContent : std::uint8_t { kNotOurs, kKeepalive, kEsp };

UdpContent classify_udp(Bytes datagram) {
  if (datagram.size() < kUdpBytes) return UdpContent::kNotOurs;
  ByteReader r(datagram);
  r.skip(2);
  const std::uint16_t destination_port = r.u16();
  const std::size_t length = r.u16();
  if (destination_port != kEspUdpPort || length != datagram.size()) return UdpContent::kNotOurs;
  const Bytes content = datagram.subspan(kUdpBytes);
  if (content.size() == 1 && content[0] == 0xff) return UdpContent::kKeepalive;
  if (content.size() < 4 || ByteReader(content).u32() == 0) return UdpContent::kNotOurs;  // zero: IKE
  return UdpContent::kEsp;
}

}  // namespace

Outcome Datapath::from_wan(Passage& p, Effects& effects) {
  if (p.found.route != Route::kLocal) return clear(p, effects);
  if (p.packet.fragment()) {
    if (p.packet.protocol == kProtocolEsp) return Drop::kEspFragment;
    return upcall(p, Upcall::kLocal);
  }
  if (p.packet.protocol == kProtocolEsp) return inbound_esp(p, {p.packet.payload(), false}, effects);
  if (p.packet.protocol == kProtocolUdp) {
    switch (classify_udp(p.packet.payload())) {
      case UdpContent::kKeepalive:
        return Drop::kNatKeepalive;
      case UdpContent::kEsp:
        return inbound_esp(p, {p.packet.payload().subspan(kUdpBytes), true}, effects);
      case UdpContent::kNotOurs:
        break;
    }
  }
  return upcall(p, Upcall::kLocal);
}

Outcome Datapath::clear(Passage& p, Effects& effects) {
  if (p.packet.ttl < 2) return Drop::kTtlExpired;
  if (!p.found.rule) return Drop::kSpdNoMatch;
  p.notice.policy_id = p.found.rule->policy_id;
  switch (p.found.rule->action) {
    case Action::kDiscard:
      return Drop::kSpdDiscard;
    case Action::kProtect:
    case Action::kHost:
      return Drop::kClearPolicy;
    case Action::kBypass: {
      Outcome outcome = forward(p, Port::kLan);
      if (std::holds_alternative<Sent>(outcome)) effects.counted.push_back(layout::Counter::kBypassIn);
      return outcome;
    }
  }
  return Drop::kIllegalState;
}

Outcome Datapath::inbound_esp(Passage& p, const EspPacket& esp, Effects& effects) {
  namespace sa = layout::sa_in;
  if (esp.bytes.size() < kLeastEsp) return Drop::kEspMalformed;

  Notice event = p.notice;
  event.principal = 0;
  event.spi = esp.spi();
  event.source = p.packet.source;
  const unsigned sa_index = esp.spi() % layout::kSaRows;
  const layout::Row& sa_row = row(TableId::kSaIn, 0, sa_index);
  const auto transform =
      transform_of(sa_row, row(TableId::kSaInKey, 0, sa_index), row(TableId::kSaInIntegrityKey, 0, sa_index));
  const bool has_window = layout::replay_window_packets(sa_row.get(sa::kReplayWindow)) != 0;
  if (sa_row.get(sa::kValid) == 0 || !transform || !has_window || sa_row.get(sa::kSpi) != esp.spi() ||
      sa_row.get(sa::kDestination) != p.packet.destination || (sa_row.get(sa::kEncap) == 1) != esp.encap) {
    event.upcall = Upcall::kSpiUnknown;
    effects.events.push_back(event);
    return Drop::kSpiUnknown;
  }
  const auto ciphertext_bytes = transform->ciphertext_within(esp.bytes.size());
  if (!ciphertext_bytes) return Drop::kEspMalformed;

  const auto admitted = inbound_[sa_index].admit(sa_row, esp.seq_low());
  if (const auto* refused = std::get_if<Drop>(&admitted)) return *refused;
  const std::uint64_t seq = std::get<std::uint64_t>(admitted);
  const std::optional<Buffer> plaintext = transform->open(esp.bytes, seq);

  SaEvents happened;
  const auto refused = inbound_[sa_index].accept(sa_row, seq, plaintext.has_value(), *ciphertext_bytes, happened);
  event.sa_index = static_cast<std::uint16_t>(sa_index);
  event.policy_id = static_cast<std::uint16_t>(sa_row.get(sa::kPolicyId));
  event.upcall = happened.hard_limit ? Upcall::kHardLimit : Upcall::kSoftLimit;
  if (happened.hard_limit || happened.soft_limit) effects.events.push_back(event);
  if (refused) return *refused;

  effects.counted.push_back(layout::Counter::kEspIn);
  return inner(p, sa_row, *plaintext);
}

Outcome Datapath::inner(Passage& outer, const layout::Row& sa_row, Bytes plaintext) {
  namespace sa = layout::sa_in;
  const std::size_t padding = plaintext[plaintext.size() - 2];
  if (padding > plaintext.size() - kEspTrailerBytes) return Drop::kEspTrailer;
  if (plaintext.back() != kProtocolIpv4) return Drop::kEspNextHeader;

  Passage p;
  const HeaderFault fault = read_ipv4(plaintext.first(plaintext.size() - kEspTrailerBytes - padding), p.packet);
  if (fault != HeaderFault::kNone) return inner_drop(fault);
  p.notice.port = outer.notice.port;
  p.notice.generation = outer.notice.generation;
  p.notice.spi = static_cast<std::uint32_t>(sa_row.get(sa::kSpi));
  p.notice.sa_index = static_cast<std::uint16_t>(p.notice.spi % layout::kSaRows);
  p.notice.policy_id = static_cast<std::uint16_t>(sa_row.get(sa::kPolicyId));
  p.notice.decapsulated = true;

  // RFC 4301 5.2 step 4: the packet must match the policy that its SA was made for.
  p.found = look_up(p, TableId::kSpdIn);
  p.notice.principal = p.found.principal;
  const bool lets_through =
      p.found.rule && (p.found.rule->action == Action::kProtect || p.found.rule->action == Action::kBypass);
  if (!lets_through || p.found.rule->policy_id != p.notice.policy_id) return Drop::kInnerPolicy;
  if (p.found.route == Route::kLocal) return upcall(p, Upcall::kLocal);
  if (p.packet.ttl < 2) return Drop::kTtlExpired;
  return forward(p, Port::kLan);
}

}  // namespace sallyport::driver::software
