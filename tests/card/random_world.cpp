// SPDX-License-Identifier: Apache-2.0
#include "tests/card/random_world.hpp"

#include <algorithm>
#include <stdexcept>

#include "driver/software/ah.hpp"
#include "driver/software/transform.hpp"
#include "driver/tables/principal_compiler.hpp"
#include "driver/testing/random_extras.hpp"
#include "hw/layout/tables.hpp"

namespace sallyport::tests {
namespace {

using layout::Mode;
using layout::Protocol;
using layout::Row;

constexpr Address v4(std::uint32_t address) { return Address::from_v4(address); }
constexpr Address v6(std::uint32_t net, std::uint64_t host) { return {0x20010db800000000ULL | net, host}; }

// Behind the LAN port, and behind the WAN port.
const std::vector<Address> kInside = {v4(0x0a000105), v4(0x0a000106), v4(0x0a0001fe), v4(0x0a000900),
                                      v6(0x10000, 5), v6(0x10000, 6), v6(0x1ffff, 0)};
const std::vector<Address> kOutside = {v4(0x0a000205), v4(0x0a0002ff),    v4(0xc6336401),         v4(0x08080808),
                                       v6(0x20000, 5), v6(0x20000, 0xff), v6(0xa0000, 1ULL << 63)};
const std::vector<Address> kOurs = {v4(0xc0000201), v4(0x0a000101), v6(0xff0000, 1), v6(0x10000, 1)};
const std::vector<Address> kPeers = {v4(0xc0000202), v4(0xc0000203), v6(0xff0000, 2), v6(0xff0000, 3)};
const std::vector<std::uint16_t> kPorts = {22, 53, 80, 443, 4500, 60000};
constexpr unsigned kSas = 8;
constexpr unsigned kPolicies = 3;
constexpr unsigned kSessions = 4;
constexpr unsigned kMostInside = 60;  // sequence numbers of one SA, so that what is late by the rest is not too late

bool is_ah(const RandomSa& sa, const layout::Field& protocol) { return Protocol(sa.sa.get(protocol)) == Protocol::kAh; }

}  // namespace

RandomWorld::RandomWorld(unsigned seed) : random_{std::mt19937(seed)} {
  for (auto& vlan : vlans_) vlan = one_in(2) ? 0 : static_cast<std::uint16_t>(1 + random_() % 4094);
  for (unsigned i = 0; i < kSas; ++i) {
    namespace out = layout::sa_out;
    RandomSa sa;
    sa.row = 250 * i + random_() % 250;
    draw_type(sa, out::kProtocol);
    sa.sa.set(out::kValid, i != 0 || one_in(2));
    if (i == 0) {  // as good as empty
      const bool without_integrity = one_in(2);
      sa.sa.set(out::kCipher, without_integrity ? static_cast<unsigned>(layout::Cipher::kAesCbc) : 15);
      sa.sa.set(out::kIntegrity, without_integrity ? 0 : 1);
    }
    const bool ipv6 = one_in(2);
    sa.sa.set(out::kEsn, random_() % 2);
    sa.sa.set(out::kEncap, is_ah(sa, out::kProtocol) ? 0 : random_() % 2);
    sa.sa.set(out::kIpv6, ipv6);
    sa.sa.set(out::kDf, random_() % 4);
    sa.sa.set(out::kPolicyId, 1 + i % kPolicies);
    sa.sa.set(out::kSpi, random_());
    sa.sa.set(out::kSource, kOurs[ipv6 ? 2 : 0]);
    sa.sa.set(out::kDestination, pick(kPeers, kOurs[ipv6 ? 2 : 0]));
    sa.sa.set(out::kSourcePort, 4500);
    sa.sa.set(out::kDestinationPort, random_() % 65536);
    const bool small_mtu = i == 2 || i == kSas - 1;
    sa.sa.set(out::kNextHop, i == 1 ? 0 : small_mtu ? 3 : 2);  // of SA 1: none
    sa.sa.set(out::kTtl, 1 + random_() % 255);
    sa.sa.set(out::kSetDscp, random_() % 2);
    sa.sa.set(out::kDscp, random_() % 64);
    sa.sa.set(out::kAhAlign8, random_() % 2);
    sa.sa.set(out::kTooBig, i == kSas - 1 || one_in(2));
    namespace limits = layout::sa_limits;
    if (i == 3) sa.limits.set(limits::kSoftPackets, 40), sa.limits.set(limits::kHardPackets, 90);
    if (i == 4) sa.limits.set(limits::kSoftBytes, 20000), sa.limits.set(limits::kHardBytes, 50000);
    outbound_.push_back(sa);
  }
  for (unsigned i = 0; i < kSas; ++i) {
    namespace in = layout::sa_in;
    RandomSa sa;
    sa.row = 250 * i + random_() % 250;
    draw_type(sa, in::kProtocol);
    sa.sa.set(in::kValid, i != 0);
    sa.sa.set(in::kEsn, random_() % 2);
    sa.sa.set(in::kReplayWindow, random_() % layout::kReplayWindowSizes);
    sa.sa.set(in::kPolicyId, 1 + i % kPolicies);
    sa.sa.set(in::kSpi, (random_() & ~(layout::kSaRows - 1)) | sa.row);
    sa.sa.set(in::kDestination, kOurs[one_in(2) ? 0 : 2]);
    // No hard limits here: a replay that is inside while its SA expires may count as either.
    if (i == 3) sa.limits.set(layout::sa_limits::kSoftPackets, 40);
    if (i == 4) sa.limits.set(layout::sa_limits::kSoftBytes, 20000);
    inbound_.push_back(sa);
  }
  plain_tags_ = one_in(2);
  for (unsigned i = 0; i < kSessions; ++i) {
    namespace key = layout::tag_key;
    RandomSession session{random_(), bytes(driver::kTagKeyBytes), {}};
    session.row.set(key::kValid, i != 0);
    session.row.set(key::kPrincipal, random_() % 5);
    session.row.set(key::kHandle, session.handle);
    std::copy(session.key.begin(), session.key.end(), session.row.bytes().begin() + key::kKey.lsb / 8);
    sessions_.push_back(session);
  }
}

const Address& RandomWorld::pick(const std::vector<Address>& of, const Address& like) {
  for (;;) {
    const Address& one = pick(of);
    if (one.is_v4() == like.is_v4()) return one;
  }
}

Buffer RandomWorld::bytes(std::size_t n) {
  Buffer b(n);
  for (auto& byte : b) byte = static_cast<std::uint8_t>(random_());
  return b;
}

// ESP or AH, mode, a cipher, and what it needs: keys, and an integrity when it has no ICV of its own.
void RandomWorld::draw_type(RandomSa& sa, const layout::Field& protocol) {
  namespace out = layout::sa_out;
  static_assert(out::kCipher.lsb == layout::sa_in::kCipher.lsb && out::kMode.lsb == layout::sa_in::kMode.lsb &&
                out::kIntegrity.lsb == layout::sa_in::kIntegrity.lsb);
  const bool ah = one_in(4);
  sa.sa.set(protocol, static_cast<unsigned>(ah ? Protocol::kAh : Protocol::kEsp));
  sa.sa.set(out::kMode, static_cast<unsigned>(one_in(4) ? Mode::kTransport : Mode::kTunnel));
  const unsigned cipher = ah ? static_cast<unsigned>(layout::Cipher::kNull) : random_() % std::size(layout::kCiphers);
  const bool own_icv = layout::kCipherShapes[cipher].icv != 0;
  const unsigned integrity = own_icv ? 0 : 1 + random_() % (std::size(layout::kIntegrities) - 1);
  sa.sa.set(out::kCipher, cipher);
  sa.sa.set(out::kIntegrity, integrity);
  const Buffer key = bytes(32);
  std::copy(key.begin(), key.end(), sa.key.bytes().begin());
  sa.key.set(layout::sa_key::kSalt, random_());
  sa.key.set(layout::sa_key::kKeySize, random_() % 3);
  sa.key.set(layout::sa_key::kIntegrity, integrity);
  const Buffer integrity_key = bytes(layout::kIntegrityShapes[integrity].key);
  std::copy(integrity_key.begin(), integrity_key.end(), sa.integrity_key.bytes().begin());
}

// ---- tables --------------------------------------------------------------------------------------------------------

driver::SpdRule RandomWorld::random_rule(bool outbound) {
  driver::SpdRule rule;
  const auto addresses = [this](const std::vector<Address>& of) {
    std::vector<driver::AddressRange> ranges;
    while (!one_in(3)) {
      const Address& a = pick(of);
      const std::uint64_t below = random_() % 2 * 0xff;
      const std::uint64_t above = random_() % 2 * 0xff;
      ranges.push_back({Address(a.high, a.low & ~below), Address(a.high, a.low | above)});
    }
    return ranges;
  };
  const bool between_gateways = one_in(4);
  const auto& inside = between_gateways ? kOurs : kInside;
  const auto& outside = between_gateways ? kPeers : kOutside;
  rule.source = addresses(outbound ? inside : outside);
  rule.destination = addresses(outbound ? outside : inside);
  if (one_in(4)) rule.source_port = {{kPorts[random_() % 3], kPorts[3 + random_() % 3]}};
  if (one_in(4)) rule.destination_port = {{0, kPorts[random_() % 6]}};
  if (one_in(6)) rule.principal = {{1, static_cast<std::uint16_t>(1 + random_() % 3)}};
  if (one_in(4)) rule.protocol = protocol();
  const layout::Action actions[] = {layout::Action::kProtect, layout::Action::kProtect, layout::Action::kProtect,
                                    layout::Action::kBypass,  layout::Action::kBypass,  layout::Action::kHost,
                                    layout::Action::kDiscard};
  rule.action = actions[random_() % 7];
  const unsigned sa = random_() % kSas;
  rule.policy_id = static_cast<std::uint16_t>(1 + sa % kPolicies);
  rule.syn_to_host = one_in(3);
  if (outbound) rule.sa_index = static_cast<std::uint16_t>(one_in(20) ? random_() : outbound_[sa].row);
  return rule;
}

driver::TableImage RandomWorld::next_tables() {
  using driver::Direction;
  using layout::Route;
  driver::TableImage image;
  bool good = true;
  for (const bool outbound : {true, false}) {
    std::vector<driver::SpdRule> rules(4 + random_() % 12);
    for (auto& rule : rules) rule = random_rule(outbound);
    if (!one_in(3)) {  // whatever is left goes through the SAs without limits
      driver::SpdRule rest;
      rest.action = layout::Action::kProtect;
      rest.policy_id = 1 + (kSas - 1) % kPolicies;
      rest.sa_index = static_cast<std::uint16_t>(outbound_[kSas - 1].row);
      rules.push_back(rest);
    }
    good = good && driver::compile_spd(outbound ? Direction::kOutbound : Direction::kInbound, rules, image);
  }
  // Rows: 1 LAN, 2 WAN, 3 WAN with a small MTU, 4 LAN with a small MTU; 0 is empty.
  driver::set_next_hop(image, 1, {layout::Port::kLan, {2, 0, 0, 0, 1, static_cast<std::uint8_t>(random_())}, 9000});
  driver::set_next_hop(image, 2, {layout::Port::kWan, {2, 0, 0, 0, 2, static_cast<std::uint8_t>(random_())}, 9000});
  const std::uint16_t small_mtu = one_in(4) ? 0 : 300;
  driver::set_next_hop(image, 3, {layout::Port::kWan, {2, 0, 0, 0, 3, 3}, small_mtu});
  driver::set_next_hop(image, 4, {layout::Port::kLan, {2, 0, 0, 0, 4, 4}, 300});
  constexpr unsigned kHost = layout::kAddressBits;  // a prefix of one address
  std::vector<driver::RouteEntry> routes;
  for (const Address& a : kInside)
    routes.push_back({a, kHost, Route::kSend, static_cast<std::uint8_t>(one_in(6) ? 4 : 1)});
  for (const auto* some : {&kOutside, &kPeers}) {
    for (const Address& a : *some)
      routes.push_back({a, kHost, Route::kSend, static_cast<std::uint8_t>(one_in(6) ? 3 : 2)});
  }
  const Route kinds[] = {Route::kNone, Route::kResolve, Route::kSend, Route::kLocal};
  routes.push_back({pick(kInside), kHost, kinds[random_() % 4], static_cast<std::uint8_t>(random_() % 4)});
  routes.push_back({pick(kOutside), kHost, kinds[random_() % 4], static_cast<std::uint8_t>(random_() % 4)});
  for (const Address& a : kOurs) routes.push_back({a, kHost, Route::kLocal, 0});
  good = good && driver::compile_routes(routes, image);
  std::map<Address, std::uint16_t> principals;
  for (const Address& a : kInside) principals[a] = static_cast<std::uint16_t>(1 + random_() % 4);
  principals[pick(kOutside)] = 9;
  principals[kPeers[0]] = 10;
  good = good && driver::compile_principals(principals, kHashSeed, image);
  if (!good) throw std::logic_error("the random tables do not fit");
  return image;
}

// ---- packets -------------------------------------------------------------------------------------------------------

std::size_t RandomWorld::payload_size() {
  if (one_in(40)) return random_() % 8800;
  return one_in(4) ? random_() % 1480 : random_() % 130;
}

Buffer RandomWorld::packet_with(const Address& source, const Address& destination, std::uint8_t protocol, Bytes payload,
                                bool sound) {
  Buffer packet = source.is_v4() ? ipv4(source, destination, protocol, payload, sound)
                                 : ipv6(source, destination, protocol, payload, sound);
  if (!sound && one_in(15))
    packet[random_() % (packet.size() - payload.size())] ^= static_cast<std::uint8_t>(1U << random_() % 8);
  return packet;
}

Buffer RandomWorld::ipv4(const Address& source, const Address& destination, std::uint8_t protocol, Bytes payload,
                         bool sound) {
  const unsigned options = one_in(5) ? 4 * (random_() % 11) : 0;
  ByteWriter w;
  w.u8(static_cast<std::uint8_t>(0x45 + options / 4)).u8(static_cast<std::uint8_t>(random_()));
  w.u16(static_cast<std::uint16_t>(20 + options + payload.size())).u16(static_cast<std::uint16_t>(random_()));
  const std::uint16_t flags[] = {0x4000, 0x8000, 0x2000, 0x0010, 0x2010};
  w.u16(one_in(6) ? flags[random_() % (sound ? 2 : 5)] : 0);
  w.u8(static_cast<std::uint8_t>(one_in(20) ? random_() % 3 : 64)).u8(protocol).u16(0);
  w.u32(source.v4()).u32(destination.v4()).bytes(bytes(options));
  w.patch_u16(10, driver::internet_checksum(w.view()));
  return w.bytes(payload).take();
}

Buffer RandomWorld::ipv6(const Address& source, const Address& destination, std::uint8_t protocol, Bytes payload,
                         bool sound) {
  // Extension headers: often none, sometimes more than are read.
  const std::uint8_t kinds[] = {driver::kHopByHopOptions, driver::kRouting, driver::kDestinationOptions,
                                driver::kFragment};
  Buffer extensions(one_in(4) ? 1 + random_() % (one_in(4) ? 6 : 3) : 0);
  for (auto& kind : extensions) kind = kinds[random_() % (sound ? 3 : 4)];
  ByteWriter content;
  for (std::size_t i = 0; i < extensions.size(); ++i) {
    content.u8(i + 1 < extensions.size() ? extensions[i + 1] : protocol);
    if (extensions[i] == driver::kFragment) {
      const std::uint16_t fragments[] = {0, 1, 0x88, 0x89};
      content.u8(static_cast<std::uint8_t>(random_())).u16(fragments[random_() % 4]).u32(random_());
    } else {
      const unsigned units = one_in(3) ? random_() % 3 : 0;
      content.u8(static_cast<std::uint8_t>(one_in(40) ? random_() : units)).bytes(bytes(8 * units + 6));
    }
  }
  content.bytes(payload);
  ByteWriter w;
  w.u32(6U << 28 | (random_() & 0xfffffff)).u16(static_cast<std::uint16_t>(content.size()));
  w.u8(extensions.empty() ? protocol : extensions[0]).u8(static_cast<std::uint8_t>(one_in(20) ? random_() % 3 : 64));
  w.u64(source.high).u64(source.low).u64(destination.high).u64(destination.low);
  return w.bytes(content.view()).take();
}

Buffer RandomWorld::payload() {
  Buffer payload = bytes(payload_size());
  if (payload.size() >= 4) {
    const std::uint16_t from = kPorts[random_() % kPorts.size()];
    const std::uint16_t to = kPorts[random_() % kPorts.size()];
    payload[0] = static_cast<std::uint8_t>(from >> 8);
    payload[1] = static_cast<std::uint8_t>(from);
    payload[2] = static_cast<std::uint8_t>(to >> 8);
    payload[3] = static_cast<std::uint8_t>(to);
  }
  return payload;
}

Buffer RandomWorld::packet(const Address& source, const Address& destination) {
  return packet_with(source, destination, protocol(), payload(), false);
}

// Of a session, most of them right; the bytes behind the table's, and the packet, may be anything.
Buffer RandomWorld::with_user_tag(Bytes packet, const Address& source, const Address& destination) {
  const RandomSession& session = sessions_[random_() % kSessions];
  driver::UserTag tag{session.handle, std::nullopt};
  const bool elsewhere = one_in(8);  // made for another destination
  if (!one_in(4)) tag.check = driver::tag_check(session.key, tag.handle, source, elsewhere ? source : destination);
  if (one_in(8)) tag.handle ^= 1U << random_() % 32;
  if (tag.check && one_in(8)) (*tag.check)[random_() % 8] ^= static_cast<std::uint8_t>(1U << random_() % 8);
  Buffer tagged = driver::put_user_tag(packet, tag).value_or(Buffer(packet.begin(), packet.end()));
  const std::size_t front = source.is_v4() ? driver::kIpv4Bytes : driver::kIpv6Bytes;
  if (one_in(8) && tagged.size() >= front + 4) {
    tagged[front + random_() % 4] ^= static_cast<std::uint8_t>(1U << random_() % 8);
    if (source.is_v4() && one_in(2))
      driver::write_checksum(tagged, std::min<std::size_t>(tagged.size(), (tagged[0] & 15U) * 4));
  }
  return tagged;
}

Buffer RandomWorld::frame(const driver::MacAddress& destination, Bytes packet) {
  const std::uint16_t ethertype = !packet.empty() && packet[0] >> 4 == 6 ? 0x86dd : 0x0800;
  const std::uint16_t others[] = {0x0806, 0x0806, 0x0800, 0x86dd, 0x88cc, 0x8100};
  ByteWriter w;
  w.bytes(destination).bytes(bytes(6)).u16(one_in(20) ? others[random_() % 6] : ethertype).bytes(packet);
  Buffer frame = w.take();
  if (one_in(40)) frame[0] ^= static_cast<std::uint8_t>(1U << random_() % 2);  // a group's, or nobody's
  if (one_in(60)) frame.resize(1 + random_() % frame.size());
  if (frame.size() < 60) frame.resize(60, 0x55);
  return frame;
}

Buffer RandomWorld::on_wire(layout::Port port, Bytes frame) {
  std::uint16_t tag = vlan(port);
  if (one_in(30)) tag = static_cast<std::uint16_t>(one_in(2) ? 0 : random_());
  const bool with_tag = tag != 0 || one_in(30);
  if (!with_tag || frame.size() < 12) return {frame.begin(), frame.end()};
  const auto priority = static_cast<std::uint16_t>(random_() % 16 << 12);
  return ByteWriter().bytes(frame.first(12)).u16(0x8100).u16(tag | priority).bytes(frame.subspan(12)).take();
}

Buffer RandomWorld::lan_frame() {
  const Address& source = pick(one_in(6) ? kOurs : kInside);
  const auto& to = one_in(12) ? kOurs : one_in(20) ? kInside : one_in(6) ? kPeers : kOutside;
  const Address& destination = pick(to, source);
  const Buffer made = packet(source, destination);
  return frame(kLanMac, one_in(3) ? with_user_tag(made, source, destination) : made);
}

// Mostly the next one; or again, late or too late; or with a gap.
std::uint64_t RandomWorld::next_seq(RandomSa& sa) {
  const unsigned window = layout::replay_window_packets(sa.sa.get(layout::sa_in::kReplayWindow));
  const std::uint64_t seq = ++sa.sent;
  if (one_in(8)) {
    const unsigned most = alone_ ? window + window / 4 : std::max(window - kMostInside, 4U);
    return sa.sent - std::min<std::uint64_t>(sa.sent, random_() % most);
  }
  if (one_in(12)) sa.sent += random_() % (alone_ ? window : 40);
  return seq;
}

Buffer RandomWorld::esp(RandomSa& sa, std::uint8_t next_header, Bytes content) {
  namespace in = layout::sa_in;
  const std::uint64_t seq = next_seq(sa);
  ByteWriter text;
  text.bytes(content);
  const bool tunnel = Mode(sa.sa.get(in::kMode)) == Mode::kTunnel;
  if (tunnel && one_in(6)) text.zeros(4 * (random_() % 8));  // traffic flow confidentiality, RFC 4303 2.7
  unsigned padding = 0;
  const unsigned more = one_in(6) ? 4 * (random_() % 60) : 0;
  const unsigned block = layout::kCipherShapes[sa.sa.get(in::kCipher)].block;
  while ((text.size() + 2) % block != 0 || padding < more) text.u8(static_cast<std::uint8_t>(++padding));
  text.u8(static_cast<std::uint8_t>(one_in(40) ? 255 - random_() % 100 : padding)).u8(next_header);
  const auto transform = driver::software::transform_of(sa.sa, Protocol::kEsp, sa.key, sa.integrity_key).value();
  Buffer wire =
      transform.seal(static_cast<std::uint32_t>(sa.sa.get(in::kSpi)), seq, bytes(transform.iv_bytes()), text.view());
  if (one_in(25)) wire[1] ^= 0x10;  // another SA's SPI
  if (one_in(15)) wire[8 + random_() % (wire.size() - 8)] ^= 1;
  if (one_in(50)) wire.resize(random_() % (wire.size() + 1));
  return wire;
}

Buffer RandomWorld::ah_packet(RandomSa& sa, const Address& peer, const Address& to, std::uint8_t next_header,
                              Bytes content) {
  namespace in = layout::sa_in;
  const auto transform = driver::software::transform_of(sa.sa, Protocol::kAh, sa.key, sa.integrity_key).value();
  driver::IpHeader header;
  header.ipv6 = !peer.is_v4();
  header.tos = static_cast<std::uint8_t>(random_());
  header.identification = static_cast<std::uint16_t>(random_());
  header.df = one_in(2);
  header.flow_label = random_() & 0xfffff;
  header.ttl = 64;
  header.source = peer;
  header.destination = to;
  if (one_in(3)) driver::testing::RandomExtras(random_).put_into(header);
  const driver::software::AhContent ah = {static_cast<std::uint32_t>(sa.sa.get(in::kSpi)), next_seq(sa), next_header,
                                          driver::software::ah_bytes(transform, header.ipv6 || one_in(2)), content};
  Buffer packet = driver::software::authenticate(header, ah, transform);
  const std::size_t at = header.header_bytes();
  if (one_in(25)) packet[at + 5] ^= 0x10;  // another SA's SPI
  if (one_in(15)) packet[at + 12 + random_() % (packet.size() - at - 12)] ^= 1;
  if (one_in(40)) packet[at + 1] = static_cast<std::uint8_t>(random_() % 16);  // the AH's length
  if (!one_in(30)) return packet;
  // Cut, or behind options or as a fragment: as the card sees it before any ICV.
  const Bytes behind = Bytes(packet).subspan(at);
  return packet_with(peer, to, driver::kProtocolAh, behind.first(random_() % (behind.size() + 1)), false);
}

// What a peer sends, and what somebody might send in its place.
Buffer RandomWorld::protected_packet(RandomSa& sa) {
  namespace in = layout::sa_in;
  const Address ours = sa.sa.get_address(in::kDestination);
  const Address to = one_in(40) ? pick(kOurs, ours) : ours;
  const Address peer = pick(kPeers, ours);
  const bool tunnel = Mode(sa.sa.get(in::kMode)) == Mode::kTunnel;
  std::uint8_t next_header = protocol();
  Buffer content;
  if (tunnel) {
    const Address& from = pick(kOutside);
    content = packet(from, pick(one_in(20) ? kOurs : kInside, from));
    next_header = from.is_v4() ? driver::kProtocolIpv4 : driver::kProtocolIpv6;
  } else {
    content = payload();
    if (content.empty() && !one_in(20)) content.resize(8);
  }
  if (one_in(40)) next_header = one_in(2) ? driver::kProtocolNone : driver::kDestinationOptions;
  if (is_ah(sa, in::kProtocol)) return ah_packet(sa, peer, to, next_header, content);
  Buffer wire = esp(sa, next_header, content);
  const bool encap = one_in(2);
  if (encap) {
    const std::uint16_t checksum = one_in(2) ? 0 : static_cast<std::uint16_t>(random_());  // nobody asks for it
    ByteWriter udp;
    udp.u16(4500).u16(4500).u16(static_cast<std::uint16_t>(8 + wire.size())).u16(checksum).bytes(wire);
    wire = udp.take();
  }
  return packet_with(peer, to, encap ? driver::kProtocolUdp : driver::kProtocolEsp, wire, !one_in(20));
}

Buffer RandomWorld::wan_frame() {
  const auto between = [this](const std::vector<Address>& from, const std::vector<Address>& to) {
    const Address& source = pick(from);
    return packet(source, pick(to, source));
  };
  if (one_in(4)) return frame(kWanMac, between(kOutside, kInside));
  if (one_in(12)) return frame(kWanMac, between(kPeers, kOurs));
  if (one_in(20)) {  // IKE on port 4500, or a NAT-keepalive: RFC 3948 2.2, 2.3
    const Buffer content = one_in(2) ? Buffer{0xff} : ByteWriter().zeros(4).bytes(bytes(40)).take();
    ByteWriter udp;
    udp.u16(4500).u16(4500).u16(static_cast<std::uint16_t>(8 + content.size())).u16(0).bytes(content);
    const Address& peer = pick(kPeers);
    return frame(kWanMac, packet_with(peer, pick(kOurs, peer), driver::kProtocolUdp, udp.view(), true));
  }
  return frame(kWanMac, protected_packet(inbound_[random_() % kSas]));
}

}  // namespace sallyport::tests
