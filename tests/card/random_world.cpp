// SPDX-License-Identifier: Apache-2.0
#include "tests/card/random_world.hpp"

#include <algorithm>
#include <stdexcept>

#include "driver/ipv4/ipv4.hpp"
#include "driver/software/esp_transform.hpp"
#include "driver/tables/principal_compiler.hpp"
#include "hw/layout/tables.hpp"

namespace sallyport::tests {
namespace {

using layout::Row;

const std::vector<std::uint32_t> kInside = {0x0a000105, 0x0a000106, 0x0a0001fe, 0x0a000900};   // behind the LAN port
const std::vector<std::uint32_t> kOutside = {0x0a000205, 0x0a0002ff, 0xc6336401, 0x08080808};  // behind the WAN port
const std::vector<std::uint32_t> kOurs = {0xc0000201, 0x0a000101};
const std::vector<std::uint32_t> kPeers = {0xc0000202, 0xc0000203};
const std::vector<std::uint8_t> kProtocols = {1, 6, 17, 33, 50, 132};
const std::vector<std::uint16_t> kPorts = {22, 53, 80, 443, 4500, 60000};
constexpr unsigned kSas = 6;
constexpr unsigned kPolicies = 3;
constexpr unsigned kMostInside = 60;  // sequence numbers of one SA, so that what is late by the rest is not too late

}  // namespace

RandomWorld::RandomWorld(unsigned seed) : random_{std::mt19937(seed)} {
  for (unsigned i = 0; i < kSas; ++i) {
    namespace out = layout::sa_out;
    RandomSa sa;
    sa.row = 300 * i + random_() % 300;
    draw_type(sa);
    sa.sa.set(out::kValid, i != 0 || one_in(2));
    if (i == 0) {  // as good as empty
      const bool without_integrity = one_in(2);
      sa.sa.set(out::kCipher, without_integrity ? static_cast<unsigned>(layout::Cipher::kAesCbc) : 15);
      sa.sa.set(out::kIntegrity, without_integrity ? 0 : 1);
    }
    sa.sa.set(out::kEsn, random_() % 2);
    sa.sa.set(out::kEncap, random_() % 2);
    sa.sa.set(out::kSetDf, random_() % 2);
    sa.sa.set(out::kPolicyId, 1 + i % kPolicies);
    sa.sa.set(out::kSpi, random_());
    sa.sa.set(out::kSource, kOurs[0]);
    sa.sa.set(out::kDestination, pick(kPeers));
    sa.sa.set(out::kSourcePort, 4500);
    sa.sa.set(out::kDestinationPort, random_() % 65536);
    sa.sa.set(out::kNextHop, i == 1 ? 0 : i == 2 ? 3 : 2);  // of SA 1: none; of SA 2: small MTU
    sa.sa.set(out::kTtl, 1 + random_() % 255);
    if (i == 3) sa.sa.set(out::kSoftPackets, 40), sa.sa.set(out::kHardPackets, 90);
    if (i == 4) sa.sa.set(out::kSoftBytes, 20000), sa.sa.set(out::kHardBytes, 50000);
    outbound_.push_back(sa);
  }
  for (unsigned i = 0; i < kSas; ++i) {
    namespace in = layout::sa_in;
    RandomSa sa;
    sa.row = 300 * i + random_() % 300;
    draw_type(sa);
    sa.sa.set(in::kValid, i != 0);
    sa.sa.set(in::kEsn, random_() % 2);
    sa.sa.set(in::kEncap, random_() % 2);
    sa.sa.set(in::kReplayWindow, random_() % layout::kReplayWindowSizes);
    sa.sa.set(in::kPolicyId, 1 + i % kPolicies);
    sa.sa.set(in::kSpi, (random_() & ~(layout::kSaRows - 1)) | sa.row);
    sa.sa.set(in::kDestination, kOurs[0]);
    // No hard limits here: a replay that is inside while its SA expires may count as either.
    if (i == 3) sa.sa.set(in::kSoftPackets, 40);
    if (i == 4) sa.sa.set(in::kSoftBytes, 20000);
    inbound_.push_back(sa);
  }
}

Buffer RandomWorld::bytes(std::size_t n) {
  Buffer b(n);
  for (auto& byte : b) byte = static_cast<std::uint8_t>(random_());
  return b;
}

// A cipher, and what it needs: keys, and an integrity when it has no ICV of its own.
void RandomWorld::draw_type(RandomSa& sa) {
  namespace out = layout::sa_out;
  static_assert(out::kCipher.lsb == layout::sa_in::kCipher.lsb && out::kIntegrity.lsb == layout::sa_in::kIntegrity.lsb);
  const unsigned cipher = random_() % std::size(layout::kCiphers);
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
  const auto addresses = [this](const std::vector<std::uint32_t>& of) {
    std::vector<driver::AddressRange> ranges;
    while (!one_in(3)) {
      const std::uint32_t a = pick(of);
      ranges.push_back({a & ~(random_() % 2 * 0xffU), a | random_() % 2 * 0xffU});
    }
    return ranges;
  };
  rule.source = addresses(outbound ? kInside : kOutside);
  rule.destination = addresses(outbound ? kOutside : kInside);
  if (one_in(4)) rule.source_port = {{kPorts[random_() % 3], kPorts[3 + random_() % 3]}};
  if (one_in(4)) rule.destination_port = {{0, kPorts[random_() % 6]}};
  if (one_in(6)) rule.principal = {{1, static_cast<std::uint16_t>(1 + random_() % 3)}};
  if (one_in(4)) rule.protocol = kProtocols[random_() % kProtocols.size()];
  const layout::Action actions[] = {layout::Action::kProtect, layout::Action::kProtect, layout::Action::kProtect,
                                    layout::Action::kBypass,  layout::Action::kBypass,  layout::Action::kHost,
                                    layout::Action::kDiscard};
  rule.action = actions[random_() % 7];
  const unsigned sa = random_() % kSas;
  rule.policy_id = static_cast<std::uint16_t>(1 + sa % kPolicies);
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
  driver::set_next_hop(image, 3, {layout::Port::kWan, {2, 0, 0, 0, 3, 3}, 300});
  driver::set_next_hop(image, 4, {layout::Port::kLan, {2, 0, 0, 0, 4, 4}, 300});
  std::vector<driver::RouteEntry> routes;
  for (const std::uint32_t a : kInside)
    routes.push_back({a, 32, Route::kSend, static_cast<std::uint8_t>(one_in(6) ? 4 : 1)});
  for (const std::uint32_t a : kOutside)
    routes.push_back({a, 32, Route::kSend, static_cast<std::uint8_t>(one_in(6) ? 3 : 2)});
  const Route kinds[] = {Route::kNone, Route::kResolve, Route::kSend, Route::kLocal};
  routes.push_back({pick(kInside), 32, kinds[random_() % 4], static_cast<std::uint8_t>(random_() % 4)});
  routes.push_back({pick(kOutside), 32, kinds[random_() % 4], static_cast<std::uint8_t>(random_() % 4)});
  for (const std::uint32_t a : kOurs) routes.push_back({a, 32, Route::kLocal, 0});
  good = good && driver::compile_routes(routes, image);
  std::map<std::uint32_t, std::uint16_t> principals;
  for (const std::uint32_t a : kInside) principals[a] = static_cast<std::uint16_t>(1 + random_() % 4);
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

Buffer RandomWorld::packet_with(std::uint32_t source, std::uint32_t destination, unsigned protocol, Bytes payload,
                                bool sound) {
  const unsigned options = one_in(5) ? 4 * (random_() % 11) : 0;
  ByteWriter w;
  w.u8(static_cast<std::uint8_t>(0x45 + options / 4)).u8(static_cast<std::uint8_t>(random_()));
  w.u16(static_cast<std::uint16_t>(20 + options + payload.size())).u16(static_cast<std::uint16_t>(random_()));
  const std::uint16_t fragments[] = {0x4000, 0x2000, 0x0010, 0x2010};
  w.u16(sound || !one_in(6) ? 0 : fragments[random_() % 4]);
  w.u8(static_cast<std::uint8_t>(one_in(20) ? random_() % 3 : 64)).u8(static_cast<std::uint8_t>(protocol)).u16(0);
  w.u32(source).u32(destination).bytes(bytes(options));
  w.patch_u16(10, driver::internet_checksum(w.view()));
  w.bytes(payload);
  Buffer packet = w.take();
  if (!sound && one_in(15)) packet[random_() % (20 + options)] ^= static_cast<std::uint8_t>(1U << random_() % 8);
  return packet;
}

Buffer RandomWorld::packet(std::uint32_t source, std::uint32_t destination) {
  Buffer payload = bytes(payload_size());
  if (payload.size() >= 4) {
    const std::uint16_t from = kPorts[random_() % kPorts.size()];
    const std::uint16_t to = kPorts[random_() % kPorts.size()];
    payload[0] = static_cast<std::uint8_t>(from >> 8);
    payload[1] = static_cast<std::uint8_t>(from);
    payload[2] = static_cast<std::uint8_t>(to >> 8);
    payload[3] = static_cast<std::uint8_t>(to);
  }
  return packet_with(source, destination, kProtocols[random_() % kProtocols.size()], payload, false);
}

Buffer RandomWorld::frame(const driver::MacAddress& destination, Bytes packet) {
  ByteWriter w;
  w.bytes(destination).bytes(bytes(6)).u16(one_in(30) ? 0x0806 : one_in(60) ? 0x86dd : 0x0800).bytes(packet);
  Buffer frame = w.take();
  if (one_in(40)) frame[0] ^= static_cast<std::uint8_t>(1U << random_() % 2);  // a group's, or nobody's
  if (one_in(60)) frame.resize(1 + random_() % frame.size());
  if (frame.size() < 60) frame.resize(60, 0x55);
  return frame;
}

Buffer RandomWorld::lan_frame() {
  return frame(kLanMac, packet(pick(kInside), one_in(12) ? pick(kOurs) : one_in(20) ? pick(kInside) : pick(kOutside)));
}

// What a peer sends, and what somebody might send in its place.
Buffer RandomWorld::esp_packet(RandomSa& sa, Bytes inner) {
  namespace in = layout::sa_in;
  const unsigned window = layout::replay_window_packets(sa.sa.get(in::kReplayWindow));
  std::uint64_t seq = ++sa.sent;
  if (one_in(8)) {  // again, late or too late
    const unsigned most = alone_ ? window + window / 4 : std::max(window - kMostInside, 4U);
    seq = sa.sent - std::min<std::uint64_t>(sa.sent, random_() % most);
  } else if (one_in(12)) {
    sa.sent += random_() % (alone_ ? window : 40);
  }
  ByteWriter text;
  text.bytes(inner);
  if (one_in(6)) text.zeros(4 * (random_() % 8));  // traffic flow confidentiality, RFC 4303 2.7
  unsigned padding = 0;
  const unsigned more = one_in(6) ? 4 * (random_() % 60) : 0;
  const unsigned block = layout::kCipherShapes[sa.sa.get(in::kCipher)].block;
  while ((text.size() + 2) % block != 0 || padding < more) text.u8(static_cast<std::uint8_t>(++padding));
  text.u8(static_cast<std::uint8_t>(one_in(40) ? 255 - random_() % 100 : padding)).u8(one_in(40) ? 59 : 4);
  const auto transform = driver::software::transform_of(sa.sa, sa.key, sa.integrity_key).value();
  const auto spi = static_cast<std::uint32_t>(sa.sa.get(in::kSpi));
  Buffer wire = transform.seal(spi, seq, bytes(transform.iv_bytes()), text.view());
  if (one_in(25)) wire[1] ^= 0x10;  // another SA's SPI
  if (one_in(15)) wire[8 + random_() % (wire.size() - 8)] ^= 1;
  if (one_in(50)) wire.resize(random_() % (wire.size() + 1));
  const bool encap = (sa.sa.get(in::kEncap) == 1) != one_in(40);
  if (encap) {
    ByteWriter udp;
    udp.u16(4500).u16(4500).u16(static_cast<std::uint16_t>(8 + wire.size())).u16(0).bytes(wire);
    wire = udp.take();
  }
  return packet_with(pick(kPeers), static_cast<std::uint32_t>(one_in(40) ? kOurs[1] : kOurs[0]), encap ? 17 : 50, wire,
                     !one_in(20));
}

Buffer RandomWorld::wan_frame() {
  if (one_in(4)) return frame(kWanMac, packet(pick(kOutside), pick(kInside)));
  if (one_in(12)) return frame(kWanMac, packet(pick(kPeers), pick(kOurs)));
  if (one_in(20)) {  // IKE on port 4500, or a NAT-keepalive: RFC 3948 2.2, 2.3
    const Buffer content = one_in(2) ? Buffer{0xff} : ByteWriter().zeros(4).bytes(bytes(40)).take();
    ByteWriter udp;
    udp.u16(4500).u16(4500).u16(static_cast<std::uint16_t>(8 + content.size())).u16(0).bytes(content);
    return frame(kWanMac, packet_with(pick(kPeers), kOurs[0], 17, udp.view(), true));
  }
  const Buffer inner = packet(pick(kOutside), one_in(20) ? pick(kOurs) : pick(kInside));
  return frame(kWanMac, esp_packet(inbound_[random_() % kSas], inner));
}

}  // namespace sallyport::tests
