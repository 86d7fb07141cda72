// SPDX-License-Identifier: Apache-2.0
// The way from WAN: ESP and AH to us are opened and the packet inside checked against the policy; the rest is transit
// or the host's.
#include "driver/software/ah.hpp"
#include "driver/software/datapath.hpp"

namespace sallyport::driver::software {

using layout::Action;
using layout::Drop;
using layout::Port;
using layout::Route;
using layout::TableId;
using layout::Upcall;

namespace {

constexpr std::uint16_t kEspUdpPort = 4500;  // RFC 3948 2.1
constexpr std::size_t kLeastBytes = 12;      // ESP: SPI, sequence number, 4 bytes of ciphertext; AH: without ICV

// RFC 3168 5: the two bits of ECN.
constexpr std::uint8_t kEcnMask = 3, kNotEct = 0, kCe = 3;

Drop inner_drop(HeaderFault fault) {
  switch (fault) {
    case HeaderFault::kTotalTooLong:
      return Drop::kEspTrailer;
    case HeaderFault::kExtension:
      return Drop::kIpExtension;
    default:
      return Drop::kInnerMalformed;
  }
}

// Bytes of an AH as its length field says (RFC 4302 2.2).
std::size_t ah_bytes_said(Bytes ah) { return 4 * (std::size_t{ah[1]} + 2); }

// RFC 4302 2.2, 2.6: an AH that can be of an SA with this transform, and behind which its packet goes on.
bool fits(const IpsecPacket& ipsec, bool ipv6, const Transform& transform) {
  const std::size_t said = ah_bytes_said(ipsec.bytes);
  const std::size_t least = kAhFixedBytes + transform.icv_bytes();
  return said >= least && said <= least + 7 && said % (ipv6 ? 8 : 4) == 0 && said < ipsec.bytes.size();
}

// RFC 4301 5.1.2: congestion that the tunnel met is told to whoever can hear of it.
void carry_congestion(std::uint8_t outer_tos, Buffer& packet, std::uint8_t inner_tos) {
  const bool ect = (inner_tos & kEcnMask) != kNotEct;
  if ((outer_tos & kEcnMask) == kCe && ect) set_tos(packet, inner_tos | kCe);
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
  if (p.packet.fragment()) return upcall(p, Upcall::kLocal);  // the host puts it together
  const Bytes payload = p.packet.payload();
  if (p.packet.protocol == kProtocolEsp) return inbound_ipsec(p, {layout::Protocol::kEsp, payload}, effects);
  if (p.packet.protocol == kProtocolAh) return inbound_ipsec(p, {layout::Protocol::kAh, payload}, effects);
  if (p.packet.protocol == kProtocolUdp) {
    switch (classify_udp(payload)) {
      case UdpContent::kKeepalive:
        return Drop::kNatKeepalive;
      case UdpContent::kEsp:
        return inbound_ipsec(p, {layout::Protocol::kEsp, payload.subspan(kUdpBytes)}, effects);
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

Outcome Datapath::inbound_ipsec(Passage& p, const IpsecPacket& ipsec, Effects& effects) {
  namespace sa = layout::sa_in;
  const bool ah = ipsec.protocol == layout::Protocol::kAh;
  const Drop malformed = ah ? Drop::kAhMalformed : Drop::kEspMalformed;
  if (ipsec.bytes.size() < kLeastBytes) return malformed;

  Notice event = p.notice;
  event.principal = 0;
  event.spi = ipsec.spi();
  event.source = p.packet.source;
  const unsigned sa_index = ipsec.spi() % layout::kSaRows;
  const layout::Row& sa_row = row(TableId::kSaIn, 0, sa_index);
  const auto transform =
      transform_of(sa_row, layout::Protocol(sa_row.get(sa::kProtocol)), row(TableId::kSaInKey, 0, sa_index),
                   row(TableId::kSaInIntegrityKey, 0, sa_index));
  const bool has_window = layout::replay_window_packets(sa_row.get(sa::kReplayWindow)) != 0;
  if (sa_row.get(sa::kValid) == 0 || !transform || !has_window || sa_row.get(sa::kSpi) != ipsec.spi() ||
      sa_row.get_address(sa::kDestination) != p.packet.destination ||
      layout::Protocol(sa_row.get(sa::kProtocol)) != ipsec.protocol) {
    event.upcall = Upcall::kSpiUnknown;
    effects.events.push_back(event);
    return Drop::kSpiUnknown;
  }
  const auto ciphertext = transform->ciphertext_within(ipsec.bytes.size());
  if (ah ? !fits(ipsec, p.packet.ipv6, *transform) : !ciphertext) return malformed;

  const auto admitted = inbound_[sa_index].admit(sa_row, ipsec.seq_low());
  if (const auto* refused = std::get_if<Drop>(&admitted)) return *refused;
  const std::uint64_t seq = std::get<std::uint64_t>(admitted);
  std::optional<Buffer> opened;
  if (!ah) {
    opened = transform->open(ipsec.bytes, seq);
  } else if (is_authentic(p.packet, *transform, seq)) {
    const Bytes content = ipsec.bytes.subspan(ah_bytes_said(ipsec.bytes));
    opened.emplace(content.begin(), content.end());
  }

  SaEvents happened;
  const std::size_t counted = ah ? ipsec.bytes.size() - ah_bytes_said(ipsec.bytes) : *ciphertext;
  const auto refused = inbound_[sa_index].accept(sa_row, row(TableId::kSaInLimits, 0, sa_index), seq,
                                                 opened.has_value(), counted, happened);
  event.sa_index = static_cast<std::uint16_t>(sa_index);
  event.policy_id = static_cast<std::uint16_t>(sa_row.get(sa::kPolicyId));
  event.upcall = happened.hard_limit ? Upcall::kHardLimit : Upcall::kSoftLimit;
  if (happened.hard_limit || happened.soft_limit) effects.events.push_back(event);
  if (refused) return *refused;

  effects.counted.push_back(layout::Counter::kEspIn);
  if (ah) return inner(p, sa_row, ipsec.bytes[0], *opened);
  const std::size_t padding = (*opened)[opened->size() - 2];
  if (padding > opened->size() - kEspTrailerBytes) return Drop::kEspTrailer;
  return inner(p, sa_row, opened->back(), Bytes(*opened).first(opened->size() - kEspTrailerBytes - padding));
}

Outcome Datapath::inner(const Passage& outer, const layout::Row& sa_row, std::uint8_t next_header, Bytes opened) {
  namespace sa = layout::sa_in;
  Passage p;
  Buffer packet;  // `p.packet` lies in it
  bool ipv6 = outer.packet.ipv6;
  if (layout::Mode(sa_row.get(sa::kMode)) == layout::Mode::kTransport) {
    if (next_header == kProtocolNone) return Drop::kEspNextHeader;
    if (opened.empty()) return Drop::kInnerMalformed;
    packet = write_ip(outer.packet, next_header, opened);
  } else {
    if (next_header != kProtocolIpv4 && next_header != kProtocolIpv6) return Drop::kEspNextHeader;
    ipv6 = next_header == kProtocolIpv6;
    packet.assign(opened.begin(), opened.end());
  }
  const HeaderFault fault = read_ip(packet, ipv6, p.packet);
  if (fault != HeaderFault::kNone) return inner_drop(fault);
  carry_congestion(outer.packet.tos, packet, p.packet.tos);
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
