// SPDX-License-Identifier: Apache-2.0
// Admission, the way from LAN, and forwarding; the way from WAN is in inbound.cpp.
#include "driver/software/datapath.hpp"

#include "driver/software/encapsulation.hpp"

namespace sallyport::driver::software {

using layout::Action;
using layout::Drop;
using layout::Port;
using layout::Route;
using layout::TableId;
using layout::Upcall;

Drop admission_drop(HeaderFault fault) {
  switch (fault) {
    case HeaderFault::kMalformed:
      return Drop::kIpMalformed;
    case HeaderFault::kChecksum:
      return Drop::kIpChecksum;
    case HeaderFault::kTooShort:
    case HeaderFault::kTotalTooLong:
      return Drop::kIpTruncated;
    case HeaderFault::kExtension:
      return Drop::kIpExtension;
    case HeaderFault::kNone:
      break;
  }
  return Drop::kIllegalState;
}

namespace {

void put_mac(ByteWriter& w, std::uint64_t mac) {
  w.u16(static_cast<std::uint16_t>(mac >> 32)).u32(static_cast<std::uint32_t>(mac));
}

Buffer ethernet(std::uint64_t destination, std::uint64_t source, Bytes packet) {
  ByteWriter w;
  put_mac(w, destination);
  put_mac(w, source);
  w.u16(packet[0] >> 4 == 6 ? kEthertypeIpv6 : kEthertypeIpv4).bytes(packet);
  return w.take();
}

}  // namespace

// ---- both sides: admission -----------------------------------------------------------------------------------------

Outcome Datapath::process(Port port, Bytes received, std::uint32_t generation, Effects& effects,
                          std::optional<std::uint16_t> sender) {
  // Steps 2 to 4 read nothing that the user's tag changes.
  const auto untagged = port == Port::kLan ? take_user_tag(received) : std::nullopt;
  const Bytes frame = untagged ? Bytes(untagged->frame) : received;
  Passage p;
  p.host_frame = frame;
  p.known = sender.has_value();
  p.notice.port = port;
  p.notice.generation = generation;

  if (!settings_.enabled) return Drop::kDisabled;
  ByteReader r(frame);
  const std::uint64_t destination_mac = std::uint64_t{r.u16()} << 32 | r.u32();
  const bool group = (frame[0] & 1) != 0;
  if (destination_mac != settings_.mac(port) && !group) return Drop::kNotForUs;
  r.skip(6);  // source MAC
  const std::uint16_t ethertype = r.u16();
  if (ethertype == kEthertypeArp) return upcall(p, Upcall::kArp);
  const auto fault = read_ip_of(ethertype, frame.subspan(kEthernetBytes), p.packet);
  if (!fault) return Drop::kEthertype;
  if (*fault != HeaderFault::kNone) return admission_drop(*fault);

  if (!sender && untagged) sender = tagged_by(untagged->tag, p, effects);
  p.found = look_up(p, port == Port::kLan ? TableId::kSpdOut : TableId::kSpdIn, sender);
  p.notice.principal = p.found.principal;
  return port == Port::kLan ? from_lan(p, effects) : from_wan(p, effects);
}

// ---- from LAN: the user's tag --------------------------------------------------------------------------------------

std::uint16_t Datapath::tagged_by(const UserTag& tag, const Passage& p, Effects& effects) const {
  namespace key = layout::tag_key;
  const auto nobody = [&](layout::Counter why) -> std::uint16_t {
    Notice event = p.notice;
    event.upcall = Upcall::kTagRejected;
    event.source = p.packet.source;
    effects.events.push_back(event);
    effects.counted.push_back(why);
    return 0;
  };
  if (!tag.check && !settings_.plain_tags) return nobody(layout::Counter::kTagPlain);
  const layout::Row& session = row(TableId::kTagKey, 0, tag.handle % layout::kTagRows);
  if (session.get(key::kValid) == 0 || session.get(key::kHandle) != tag.handle) {
    return nobody(layout::Counter::kTagUnknown);
  }
  static_assert(key::kKey.lsb % 8 == 0 && key::kKey.width == 8 * kTagKeyBytes);
  const Bytes secret = Bytes(session.bytes()).subspan(key::kKey.lsb / 8, kTagKeyBytes);
  if (tag.check && *tag.check != tag_check(secret, tag.handle, p.packet.source, p.packet.destination)) {
    return nobody(layout::Counter::kTagForged);
  }
  effects.counted.push_back(layout::Counter::kTagOk);
  return static_cast<std::uint16_t>(session.get(key::kPrincipal));
}

// ---- from LAN: outbound --------------------------------------------------------------------------------------------

Outcome Datapath::from_lan(Passage& p, Effects& effects) {
  if (p.found.route == Route::kLocal) return upcall(p, Upcall::kLocal);
  if (!p.found.rule) return Drop::kSpdNoMatch;
  p.notice.policy_id = p.found.rule->policy_id;
  switch (p.found.rule->action) {
    case Action::kDiscard:
      return Drop::kSpdDiscard;
    case Action::kHost:
      return upcall(p, Upcall::kPolicy);
    case Action::kBypass: {
      if (p.packet.ttl < 2) return Drop::kTtlExpired;
      Outcome outcome = forward(p, Port::kWan);
      if (std::holds_alternative<Sent>(outcome)) effects.counted.push_back(layout::Counter::kBypassOut);
      return outcome;
    }
    case Action::kProtect:
      if (p.found.rule->syn_to_host && !p.known && opens_connection(p.packet)) return upcall(p, Upcall::kPolicy);
      return protect(p, effects);
  }
  return Drop::kIllegalState;
}

Outcome Datapath::protect(Passage& p, Effects& effects) {
  namespace sa = layout::sa_out;
  const unsigned sa_index = p.found.rule->sa_index;
  if (sa_index >= layout::kSaRows) return Drop::kSaEmpty;
  const layout::Row& sa_row = row(TableId::kSaOut, 0, sa_index);
  const auto transform =
      transform_of(sa_row, layout::Protocol(sa_row.get(sa::kProtocol)), row(TableId::kSaOutKey, 0, sa_index),
                   row(TableId::kSaOutIntegrityKey, 0, sa_index));
  const bool ah_in_udp =
      layout::Protocol(sa_row.get(sa::kProtocol)) == layout::Protocol::kAh && sa_row.get(sa::kEncap) == 1;
  if (sa_row.get(sa::kValid) == 0 || !transform || ah_in_udp) return Drop::kSaEmpty;
  const bool tunnel = layout::Mode(sa_row.get(sa::kMode)) == layout::Mode::kTunnel;
  if (tunnel && p.packet.ttl < 2) return Drop::kTtlExpired;
  if (!tunnel && (p.packet.fragment() || p.packet.payload().empty())) return Drop::kNotWhole;

  p.notice.spi = static_cast<std::uint32_t>(sa_row.get(sa::kSpi));
  p.notice.sa_index = static_cast<std::uint16_t>(sa_index);
  p.notice.outbound = true;
  const Encapsulation encapsulation(p.packet, sa_row, *transform);
  auto hop = next_hop(p, static_cast<unsigned>(sa_row.get(sa::kNextHop)), Port::kWan);
  if (auto* instead = std::get_if<Outcome>(&hop)) return std::move(*instead);
  const auto& hop_row = std::get<layout::Row>(hop);
  const bool too_big = encapsulation.total() > hop_row.get(layout::next_hop::kMtu);
  const bool is_frame = kEthernetBytes + encapsulation.total() <= layout::kMaxFrame;
  const bool fragment = layout::TooBig(sa_row.get(sa::kTooBig)) == layout::TooBig::kFragment;
  if (too_big && !(fragment && is_frame)) return upcall(p, Upcall::kTooBig);

  SaEvents happened;
  const auto number = outbound_[sa_index].number(sa_row, row(TableId::kSaOutLimits, 0, sa_index),
                                                 encapsulation.counted_bytes(), happened);
  Notice event = p.notice;
  event.principal = 0;
  event.policy_id = static_cast<std::uint16_t>(sa_row.get(sa::kPolicyId));
  event.source = sa_row.get_address(sa::kSource);
  event.upcall = happened.hard_limit ? Upcall::kHardLimit : Upcall::kSoftLimit;
  if (happened.hard_limit || happened.soft_limit) effects.events.push_back(event);
  if (const auto* refused = std::get_if<Drop>(&number)) return *refused;

  effects.counted.push_back(layout::Counter::kEspOut);
  Buffer sent = ethernet(hop_row.get(layout::next_hop::kMac), settings_.wan_mac,
                         encapsulation.packet(std::get<std::uint64_t>(number)));
  if (!too_big) return Sent{Port::kWan, std::move(sent)};
  Notice oversize;
  oversize.upcall = Upcall::kOversize;
  oversize.port = p.notice.port;
  oversize.generation = p.notice.generation;
  return ToHost{oversize, std::move(sent)};
}

// ---- forwarding ----------------------------------------------------------------------------------------------------

Outcome Datapath::forward(const Passage& p, Port egress) {
  if (p.found.route == Route::kResolve) return upcall(p, Upcall::kResolve);
  // Local destinations were taken out on the way; whatever is left here is no route.
  if (p.found.route != Route::kSend) return Drop::kNoRoute;
  auto hop = next_hop(p, p.found.next_hop, egress);
  if (auto* instead = std::get_if<Outcome>(&hop)) return std::move(*instead);
  if (p.packet.total() > std::get<layout::Row>(hop).get(layout::next_hop::kMtu)) return upcall(p, Upcall::kTooBig);
  Buffer packet(p.packet.bytes.begin(), p.packet.bytes.end());
  decrement_ttl(packet);
  return Sent{egress, ethernet(std::get<layout::Row>(hop).get(layout::next_hop::kMac), settings_.mac(egress), packet)};
}

std::variant<layout::Row, Outcome> Datapath::next_hop(const Passage& p, unsigned number, Port egress) {
  const layout::Row& hop = row(TableId::kNextHop, p.notice.generation & 1, number);
  if (hop.get(layout::next_hop::kValid) == 0) return Outcome(Drop::kNoNextHop);
  if (Port(hop.get(layout::next_hop::kPort)) != egress) return Outcome(Drop::kEgressPort);
  return hop;
}

Outcome Datapath::upcall(const Passage& p, Upcall reason) const {
  ToHost to_host;
  to_host.notice = p.notice;
  to_host.notice.upcall = reason;
  // A decapsulated packet has no frame of its own.
  to_host.frame = p.notice.decapsulated ? ethernet(settings_.lan_mac, 0, p.packet.bytes)
                                        : Buffer(p.host_frame.begin(), p.host_frame.end());
  return to_host;
}

LookupResult Datapath::look_up(const Passage& p, TableId spd, std::optional<std::uint16_t> sender) const {
  return lookup({tables_, p.notice.generation & 1, spd, settings_.hash_seed}, packet_key(p.packet), sender);
}

}  // namespace sallyport::driver::software
