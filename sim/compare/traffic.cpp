// SPDX-License-Identifier: Apache-2.0
#include "sim/compare/traffic.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "driver/testing/random_extras.hpp"
#include "hw/layout/descriptors.hpp"

namespace sallyport::sim {
namespace {

using driver::IpPacket;
using driver::kEthernetBytes;
using driver::kIpv4Bytes;
using driver::kIpv6Bytes;
using layout::Mode;
using layout::Port;
using layout::Protocol;

constexpr driver::MacAddress kSomebody = {0x02, 0, 0, 0, 0, 0x63};
constexpr std::size_t kMostDelivered = 400;  // and jumps ahead: further back than an anti-replay window

void write_u16(Buffer& frame, std::size_t at, std::size_t value) {
  frame[at] = static_cast<std::uint8_t>(value >> 8);
  frame[at + 1] = static_cast<std::uint8_t>(value);
}

bool is_ipv6(Bytes packet) { return packet[0] >> 4 == 6; }
bool carries_ipv6(const Buffer& frame) { return is_ipv6(Bytes(frame).subspan(kEthernetBytes)); }
std::size_t header_of(const Buffer& frame) { return carries_ipv6(frame) ? kIpv6Bytes : kIpv4Bytes; }

// Of a frame that a peer sent: where ESP or AH begins; where the header is more than is read, somewhere within.
std::size_t ipsec_at(const Buffer& frame) {
  IpPacket packet;
  (void)read_ip(Bytes(frame).subspan(kEthernetBytes), carries_ipv6(frame), packet);
  const bool udp = packet.protocol == driver::kProtocolUdp;
  return kEthernetBytes + packet.header_bytes() + (udp ? driver::kUdpBytes : 0);
}

// Makes an IPv4 checksum right again after the header was changed.
void mend(Buffer& frame) {
  if (frame.size() < kEthernetBytes + kIpv4Bytes || frame[kEthernetBytes] >> 4 != 4) return;
  const std::size_t header = std::size_t{frame[kEthernetBytes] & 0xfU} * 4;
  if (header < kIpv4Bytes || frame.size() < kEthernetBytes + header) return;
  driver::write_checksum(std::span(frame).subspan(kEthernetBytes), header);
}

// Makes the packet of a frame end where the frame does.
void fit_length(Buffer& frame, std::ptrdiff_t wrong_by = 0) {
  const std::size_t total = frame.size() - kEthernetBytes + static_cast<std::size_t>(wrong_by);
  if (carries_ipv6(frame)) {
    write_u16(frame, kEthernetBytes + 4, total - kIpv6Bytes);
  } else {
    write_u16(frame, kEthernetBytes + 2, total);
  }
}

// What the host sends as it is keeps the MAC address that it came with.
bool is_injected(const Buffer& frame) { return std::equal(kSomebody.begin(), kSomebody.end(), frame.begin() + 6); }

Buffer ethernet(const driver::MacAddress& destination, Bytes packet) {
  const std::uint16_t ethertype = is_ipv6(packet) ? driver::kEthertypeIpv6 : driver::kEthertypeIpv4;
  return ByteWriter().bytes(destination).bytes(kSomebody).u16(ethertype).bytes(packet).take();
}

// Without those that would be too much at once; they were lost on the way.
std::vector<Offered> within_buffers(std::vector<Offered> packets) {
  std::size_t bytes[2] = {};
  std::erase_if(packets, [&bytes](const Offered& p) {
    std::size_t& of_port = bytes[p.port == Port::kLan ? 0 : 1];
    if (of_port + p.frame.size() > kMostBytesInside) return true;
    of_port += p.frame.size();
    return false;
  });
  return packets;
}

}  // namespace

Traffic::Traffic(std::mt19937_64& rng) : rng_(rng) {
  for (auto& vlan : vlans_) vlan = static_cast<std::uint16_t>(one_in(2) ? 0 : 1 + below(4094));
  for (std::size_t i = 0; i <= kSteadyTunnels; ++i) {
    Tunnel t;
    t.policy_id = static_cast<std::uint16_t>(10 + i);
    t.peer = kFirstPeer + static_cast<std::uint32_t>(i);
    t.has_limits = i == kSteadyTunnels;
    t.any_mode = i != 0;
    renew(t);
    tunnels_.push_back(std::move(t));
  }
  plain_tags_ = one_in(2);
  for (std::size_t i = 0; i < kSessions; ++i) {
    sessions_.push_back(
        {0, static_cast<std::uint16_t>(i == 0 ? kPrincipal : 1 + below(0xffff)), secret(driver::kTagKeyBytes)});
  }
}

std::optional<driver::UdpPorts> Traffic::encap_of(Protocol protocol) {
  if (protocol != Protocol::kEsp || one_in(2)) return std::nullopt;
  return driver::UdpPorts{.source = static_cast<std::uint16_t>(one_in(2) ? 4500 : rng_())};
}

void Traffic::renew(Tunnel& tunnel) {
  tunnel.out.mode = tunnel.in.mode = tunnel.any_mode && one_in(2) ? Mode::kTransport : Mode::kTunnel;
  tunnel.far_host = tunnel.in.mode == Mode::kTransport ? tunnel.peer : kFarNet | 0x3000 | (tunnel.peer & 0xff);
  const bool ipv6 = one_in(2);
  tunnel.out.source = tunnel.in.destination = address_of(kOurAddress, ipv6);
  tunnel.out.destination = tunnel.in.source = address_of(tunnel.peer, ipv6);
  tunnel.out.protocol = tunnel.in.protocol = one_in(3) ? Protocol::kAh : Protocol::kEsp;
  tunnel.out.spi = static_cast<std::uint32_t>(rng_()) | 0x100;  // 0 to 255 are reserved
  tunnel.out.protection = protection(tunnel.out.protocol);
  tunnel.in.protection = protection(tunnel.in.protocol);
  tunnel.out.esn = one_in(2);
  tunnel.in.esn = one_in(2);
  tunnel.out.encap = encap_of(tunnel.out.protocol);
  tunnel.hard_packets = tunnel.has_limits ? 8 + below(33) : 0;
  tunnel.df = layout::Df(below(std::size(layout::kDfs)));
  tunnel.dscp = one_in(2) ? std::optional(static_cast<std::uint8_t>(below(64))) : std::nullopt;
  tunnel.ah_align8 = one_in(2);
  tunnel.too_big = layout::TooBig(below(std::size(layout::kTooBigs)));
  tunnel.next_seq = 1;
  tunnel.replay_window = layout::kLeastReplayWindow << below(layout::kReplayWindowSizes);
}

Secret Traffic::secret(std::size_t bytes) {
  Secret s(bytes);
  for (auto& byte : s.bytes()) byte = static_cast<std::uint8_t>(rng_());
  return s;
}

// Any cipher that the protocol can have, with an integrity when it has no ICV of its own.
driver::SaProtection Traffic::protection(Protocol protocol) {
  using layout::Cipher;
  driver::SaProtection p;
  p.cipher = protocol == Protocol::kAh ? Cipher::kNull : Cipher(below(std::size(layout::kCiphers)));
  switch (p.cipher) {
    case Cipher::kNull:
      break;
    case Cipher::kDesCbc:
      p.key = secret(8);
      break;
    case Cipher::kDes3Cbc:
      p.key = secret(24);
      break;
    case Cipher::kAesGcm:
    case Cipher::kAesGmac:
    case Cipher::kAesCtr:
      p.salt = secret(4);
      [[fallthrough]];
    case Cipher::kAesCbc:
      p.key = secret(16 + 8 * below(3));
      break;
  }
  if (layout::shape(p.cipher).icv == 0) {
    p.integrity = layout::Integrity(1 + below(std::size(layout::kIntegrities) - 1));
    p.integrity_key = secret(layout::shape(p.integrity).key);
  }
  return p;
}

Buffer Traffic::untagged(const std::pair<Port, Buffer>& sent) const {
  const auto& [port, wire] = sent;
  const std::size_t tag = vlan(port) == 0 ? 0 : driver::kVlanTagBytes;
  return ByteWriter().bytes(Bytes(wire).first(12)).bytes(Bytes(wire).subspan(12 + tag)).take();
}

Traffic::Way Traffic::way_of(const std::pair<Port, Buffer>& sent) const { return way_of(sent.first, untagged(sent)); }

Traffic::Way Traffic::way_of(Port port, const Buffer& frame) const {
  if (is_injected(frame)) return Way::kInjected;
  const Tunnel* tunnel = tunnel_of(port, frame);
  if (tunnel == nullptr) return Way::kClear;
  const layout::Cipher cipher = (port == Port::kWan ? tunnel->out : tunnel->in).protection.cipher;
  return layout::shape(cipher).icv == 0 ? Way::kChained : Way::kProtected;
}

const Tunnel* Traffic::tunnel_of(Port port, const Buffer& frame) const {
  if (is_injected(frame)) return nullptr;
  IpPacket packet;
  (void)read_ip(Bytes(frame).subspan(kEthernetBytes), carries_ipv6(frame), packet);
  const auto header = bench::ipsec_header(frame);
  for (const Tunnel& t : tunnels_) {
    const bool its =
        port == Port::kWan ? header && header->spi == t.out.spi : packet.source == address_of(t.far_host, packet.ipv6);
    if (its) return &t;
  }
  return nullptr;
}

// ---- packets -------------------------------------------------------------------------------------------------------

std::size_t Traffic::length(std::size_t least) {
  switch (below(32)) {
    case 0:
      return 9000 + kEthernetBytes;
    case 1:
      return least + below(9000);
    case 2:
    case 3:
      return 1514;
    case 4:
    case 5:
      return least + below(1500);
    default:
      return least + below(300);
  }
}

// As it comes to the port, with the tag of its VLAN.
Offered Traffic::offered(Port port, Bytes frame) {
  const std::uint16_t id = vlan(port);
  if (id == 0 || frame.size() < 12) return {port, Buffer(frame.begin(), frame.end())};
  const auto priority = static_cast<std::uint16_t>(below(16) << 12);
  return {port, ByteWriter()
                    .bytes(frame.first(12))
                    .u16(driver::kEthertypeVlan)
                    .u16(id | priority)
                    .bytes(frame.subspan(12))
                    .take()};
}

Buffer Traffic::packet(const Address& source, const Address& destination, bool with_payload) {
  const std::size_t least = bench::least_frame(!source.is_v4()) + (with_payload ? 1 : 0);
  const Buffer frame = bench::numbered_frame({kSomebody, kLanMac, source, destination}, length(least), number_++);
  return {frame.begin() + kEthernetBytes, frame.end()};
}

// The packet with another TOS, with options or extension headers, or as a fragment.
Buffer Traffic::varied(Bytes bytes) {
  IpPacket packet;
  (void)read_ip(bytes, is_ipv6(bytes), packet);
  packet.tos = static_cast<std::uint8_t>(one_in(2) ? rng_() : 0);
  const std::uint16_t fragment = one_in(8) ? static_cast<std::uint16_t>(one_in(2) ? 0x2000 : below(0x2000)) : 0;
  const Bytes payload = packet.payload();
  if (one_in(3)) driver::testing::RandomExtras(rng_).put_into(packet, one_in(12));
  if (packet.ipv6) {
    if (fragment != 0) driver::testing::append_fragment_header(packet, fragment & 0x1fff, (fragment & 0x2000) != 0, 7);
    return write_ip(packet, packet.protocol, payload);
  }
  Buffer made = write_ip(packet, packet.protocol, payload);
  write_u16(made, 6, fragment != 0 ? fragment : below(4) << 14);
  driver::write_checksum(made, packet.header_bytes());
  return made;
}

// Behind extras as somebody on the way might have put them into a tunnel's header: to the peer's transform, transport
// mode of that header.
Buffer Traffic::sealed_behind_extras(const bench::IpsecSa& sa, std::uint64_t seq, Bytes inner) {
  IpPacket packet;
  (void)read_ip(inner, is_ipv6(inner), packet);
  driver::IpHeader header = packet;
  std::uint8_t protocol = packet.protocol;
  Bytes content = packet.payload();
  if (sa.mode == Mode::kTunnel) {
    behind_extras_.emplace(content.begin(), content.end());
    protocol = packet.ipv6 ? driver::kProtocolIpv6 : driver::kProtocolIpv4;
    content = inner;
    header = {};
    header.ipv6 = !sa.source.is_v4();
    header.ttl = 64;
    header.source = sa.source;
    header.destination = sa.destination;
  }
  driver::testing::RandomExtras(rng_).put_into(header);
  bench::IpsecSa transport = sa;
  transport.mode = Mode::kTransport;
  return bench::ipsec_frame(transport, kSomebody, kWanMac, seq, write_ip(header, protocol, content));
}

bool Traffic::came_behind_extras(Bytes inner) const {
  IpPacket packet;
  (void)read_ip(inner, is_ipv6(inner), packet);
  const Bytes payload = packet.payload();
  return behind_extras_.contains(Buffer(payload.begin(), payload.end()));
}

// A TCP segment, that opens a connection among others.
void Traffic::make_segment(Buffer& packet) {
  constexpr std::size_t kFlagsAt = 13;
  constexpr std::uint8_t kSyn = 0x02, kAck = 0x10;
  const bool ipv6 = is_ipv6(packet);
  const std::size_t header = ipv6 ? kIpv6Bytes : kIpv4Bytes;
  packet[ipv6 ? 6 : 9] = driver::kProtocolTcp;
  if (packet.size() > header + kFlagsAt) {
    const std::uint8_t flags[] = {kSyn, kSyn | kAck, kAck, static_cast<std::uint8_t>(rng_())};
    packet[header + kFlagsAt] = flags[below(std::size(flags))];
  }
  if (!ipv6) driver::write_checksum(packet, header);
}

// The packet with a tag in it: right, forged, of a session that the card does not know, made for another packet, plain,
// or not quite one.
Buffer Traffic::tagged(Bytes bytes) {
  IpPacket packet;
  (void)read_ip(bytes, is_ipv6(bytes), packet);
  const TaggedSession& session = sessions_[below(kSessions)];
  driver::UserTag tag{session.handle, driver::tag_check(session.key.reveal(), session.handle, packet.source,
                                                        one_in(8) ? packet.source : packet.destination)};
  if (one_in(4)) tag.check.reset();
  if (tag.check && one_in(8)) (*tag.check)[below(8)] ^= static_cast<std::uint8_t>(1 + below(255));
  if (one_in(8)) tag.handle ^= std::uint32_t{1} << below(32);
  Buffer made = driver::put_user_tag(bytes, tag).value_or(Buffer(bytes.begin(), bytes.end()));
  if (!one_in(8)) return made;
  const std::size_t front = packet.ipv6 ? kIpv6Bytes : kIpv4Bytes;
  if (made.size() >= front + 4) made[front + below(4)] ^= static_cast<std::uint8_t>(1U << below(8));
  if (!packet.ipv6) driver::write_checksum(made, std::min<std::size_t>(made.size(), (made[0] & 0xfU) * 4));
  return made;
}

Buffer Traffic::lan_frame(std::uint32_t destination, bool plain) {
  const std::uint32_t source = one_in(6) ? kUserAddress : kLanNet | static_cast<std::uint32_t>(below(200));
  const bool ipv6 = one_in(2);
  const Address to = address_of(destination | static_cast<std::uint32_t>(below(256)), ipv6);
  Buffer made = packet(address_of(source, ipv6), to, plain);
  if (plain) return ethernet(kLanMac, made);
  if (one_in(4)) make_segment(made);
  const Buffer other = varied(made);
  return ethernet(kLanMac, one_in(2) ? tagged(other) : other);
}

Buffer Traffic::ipsec_frame(Tunnel& tunnel, std::uint32_t inner_destination, bool plain) {
  if (one_in(30)) tunnel.next_seq += below(2 * tunnel.replay_window);  // many were lost on the way
  const bool tunnel_mode = tunnel.in.mode == Mode::kTunnel;
  const bool ipv6 = tunnel_mode ? one_in(2) : !tunnel.in.source.is_v4();
  const bool stranger = tunnel_mode && !plain && one_in(40);  // what another SA should have carried
  const std::uint32_t source = stranger ? tunnels_[below(tunnels_.size())].far_host : tunnel.far_host;
  Buffer inner =
      packet(address_of(source, ipv6), tunnel_mode ? address_of(inner_destination, ipv6) : tunnel.in.destination);
  if (tunnel_mode && !plain) inner = varied(inner);
  const std::uint64_t seq = tunnel.next_seq++;
  tunnel.in.encap = encap_of(tunnel.in.protocol);  // RFC 7296 2.23: at any time
  Buffer frame = !plain && one_in(3) ? sealed_behind_extras(tunnel.in, seq, inner)
                                     : bench::ipsec_frame(tunnel.in, kSomebody, kWanMac, seq, inner);
  if (frame.size() > layout::kMaxFrame) return ipsec_frame(tunnel, inner_destination, plain);  // the longest, with all
  // Whatever routers have written into it, congestion above all; no ICV minds.
  driver::set_tos(std::span(frame).subspan(kEthernetBytes), static_cast<std::uint8_t>(rng_()));
  return frame;
}

std::vector<Offered> Traffic::forwarded(std::size_t count) {
  std::vector<Offered> packets;
  for (const Port port : ports(count)) {
    if (port == Port::kLan) {
      packets.push_back(offered(Port::kLan, lan_frame(steady_net(below(kSteadyNets)), true)));
    } else {
      Tunnel& drawn = tunnels_[below(kSteadyTunnels)];
      Tunnel& tunnel = drawn.in.mode == Mode::kTunnel ? drawn : tunnels_.front();
      const std::uint32_t host = kLanNet | static_cast<std::uint32_t>(1 + below(200));
      packets.push_back(offered(Port::kWan, ipsec_frame(tunnel, host, true)));
    }
  }
  return within_buffers(std::move(packets));
}

std::vector<Offered> Traffic::anything(std::size_t count) {
  std::vector<Offered> packets;
  for (const Port port : ports(count)) packets.push_back(any(port));
  return within_buffers(std::move(packets));
}

std::vector<Offered> Traffic::anything(Port port, std::size_t count) {
  std::vector<Offered> packets;
  for (std::size_t i = 0; i < count; ++i) packets.push_back(any(port));
  return within_buffers(std::move(packets));
}

std::vector<Offered> Traffic::for_host(std::size_t count) {
  std::vector<Offered> packets;
  for (std::size_t i = 0; i < count; ++i) packets.push_back(offered(Port::kLan, lan_frame(kAskNet, true)));
  return within_buffers(std::move(packets));
}

std::vector<Injected> Traffic::injected(Port port, std::size_t count) {
  using layout::Inject;
  std::vector<Injected> frames;
  while (frames.size() < count) {
    const Inject kinds[] = {Inject::kLanTx, Inject::kWanTx, port == Port::kLan ? Inject::kLanRx : Inject::kWanRx};
    Injected made{kinds[below(std::size(kinds))], port == Port::kLan ? any_lan() : any_wan(), std::nullopt};
    if (one_in(2)) made.sender = one_in(2) ? kPrincipal : static_cast<std::uint16_t>(rng_());
    if (made.frame.size() >= kEthernetBytes) frames.push_back(std::move(made));
  }
  return frames;
}

// A port for each packet.
std::vector<Port> Traffic::ports(std::size_t count) {
  std::vector<Port> drawn;
  std::size_t left[] = {kMostInside, kMostInside};
  while (drawn.size() < count) {
    const std::size_t side = below(2);
    if (left[side] == 0) continue;
    --left[side];
    drawn.push_back(side == 0 ? Port::kLan : Port::kWan);
  }
  return drawn;
}

Offered Traffic::any(Port port) {
  const Buffer frame = port == Port::kLan ? any_lan() : any_wan();
  Offered p = offered(port, frame);
  if (one_in(30)) p.frame = frame;                                                         // without a tag, or
  if (one_in(30) && p.frame.size() >= 16) write_u16(p.frame, 12, driver::kEthertypeVlan);  // with a tag of anything
  p.bad = one_in(50);
  return p;
}

Buffer Traffic::any_lan() {
  static constexpr std::array<std::uint32_t, 12> kNets = {
      kLimitedNet, kEmptySaNet,    kBypassNet,  kDiscardNet,     kAskNet, kNoRuleNet,
      kNarrowNet,  kUnresolvedNet, kNoRouteNet, kNoNeighbourNet, kLanNet, kOurLanAddress & ~0xffU};
  Buffer frame = lan_frame(one_in(2) ? steady_net(below(kSteadyNets)) : kNets[below(kNets.size())], one_in(2));
  if (one_in(40)) {  // to the gateway itself
    const bool ipv6 = one_in(2);
    frame = ethernet(kLanMac, packet(address_of(kUserAddress, ipv6), address_of(kOurLanAddress, ipv6)));
  }
  if (one_in(4)) damage_header(frame);
  return frame;
}

Buffer Traffic::any_wan() {
  Tunnel& tunnel = tunnels_[below(tunnels_.size())];
  switch (below(8)) {
    case 0: {  // in the clear
      const std::uint32_t source = one_in(2) ? kBypassNet | 5 : one_in(2) ? kDiscardNet | 5 : tunnel.far_host;
      const bool ipv6 = one_in(2);
      const Buffer made = packet(address_of(source, ipv6), address_of(one_in(4) ? kOurAddress : kLanNet | 9, ipv6));
      Buffer frame = ethernet(kWanMac, one_in(2) ? varied(made) : made);
      if (one_in(3)) damage_header(frame);
      return frame;
    }
    case 1:
      return damage_ipsec(tunnels_[below(kSteadyTunnels)], false);
    case 2:
      if (!delivered_.empty()) return delivered_[below(delivered_.size())];
      break;
    default:
      break;
  }
  static constexpr std::array<std::uint32_t, 6> kInner = {kOurLanAddress, kFarNet | 1,  kNoRouteNet | 1,
                                                          kLanNet | 1,    kLanNet | 77, kLanNet | 200};
  Buffer frame = ipsec_frame(tunnel, kInner[below(kInner.size())], false);
  // With ESN a number left of the window is taken for one of the next 2^32 (RFC 4303 A2.2), and fails its ICV: which
  // packets again are refused as what would depend on the window at that clock.
  std::vector<Buffer>& delivered = tunnel.has_limits || tunnel.in.esn ? delivered_alone_ : delivered_;
  delivered.push_back(frame);
  if (delivered.size() > kMostDelivered) delivered.erase(delivered.begin());
  return frame;
}

Offered Traffic::alone() {
  const std::vector<Buffer>& delivered = one_in(2) ? delivered_alone_ : delivered_;
  if (delivered.empty() || one_in(4)) {
    Tunnel& tunnel = one_in(2) ? limited() : tunnels_[below(tunnels_.size())];
    return offered(Port::kWan, one_in(2) ? ipsec_frame(tunnel, kLanNet | 4, false) : damage_ipsec(tunnel, true));
  }
  Buffer frame = delivered[one_in(2) ? delivered.size() - 1 : below(delivered.size())];
  if (one_in(2)) damage_payload(frame);
  return offered(Port::kWan, frame);
}

// ---- faults --------------------------------------------------------------------------------------------------------

// A fault in the Ethernet or IP header. A checksum is mended half of the time, so that what is behind is reached.
void Traffic::damage_header(Buffer& frame) {
  const bool ipv6 = carries_ipv6(frame);
  switch (below(9)) {
    case 0:  // TTL
      frame[kEthernetBytes + (ipv6 ? 7 : 8)] = static_cast<std::uint8_t>(below(2));
      break;
    case 1:
      frame[kEthernetBytes + below(header_of(frame))] = static_cast<std::uint8_t>(rng_());
      break;
    case 2:
      fit_length(frame, static_cast<std::ptrdiff_t>(below(7)) - 3);
      break;
    case 3:
      frame.resize(1 + below(frame.size()));
      break;
    case 4:
      frame[5] ^= 0x10;  // another MAC address
      break;
    case 5:
      frame[0] |= 1;  // a group
      break;
    case 6: {
      constexpr std::uint16_t kOthers[] = {driver::kEthertypeArp, driver::kEthertypeIpv4, driver::kEthertypeIpv6,
                                           driver::kEthertypeVlan, 0x88cc};
      write_u16(frame, 12, kOthers[below(std::size(kOthers))]);
      break;
    }
    case 7:  // an IPv4 fragment; in IPv6 a next header of anything, extension headers among it
      if (ipv6) {
        frame[kEthernetBytes + 6] = static_cast<std::uint8_t>(one_in(2) ? driver::kFragment : below(64));
      } else {
        write_u16(frame, 20, one_in(2) ? 0x2000 : 1 + below(100));
      }
      break;
    default:
      frame.resize(frame.size() + 1 + below(64));  // Ethernet padding
      break;
  }
  if (one_in(2)) mend(frame);
}

void Traffic::damage_payload(Buffer& frame) {
  const std::size_t behind_seq = ipsec_at(frame) + 12;  // of AH; within the IV or the text of ESP
  frame[behind_seq + below(frame.size() - behind_seq)] ^= static_cast<std::uint8_t>(1 + below(255));
}

// A packet of ESP or AH that is refused, under a sequence number of its own.
Buffer Traffic::damage_ipsec(Tunnel& tunnel, bool alone) {
  Buffer frame = ipsec_frame(tunnel, kLanNet | 3, false);
  const std::size_t header = ipsec_at(frame);
  const bool ah = tunnel.in.protocol == Protocol::kAh;
  switch (below(tunnel.in.esn && !alone ? 5 : 6)) {
    case 0:
      damage_payload(frame);
      break;
    case 1:  // an SPI of no SA
      frame[header + (ah ? 4 : 0) + below(4)] ^= static_cast<std::uint8_t>(1 + below(255));
      break;
    case 2: {  // too short
      const std::size_t length = below(40);
      frame.resize(std::min(frame.size(), header + length));
      fit_length(frame);
      mend(frame);
      break;
    }
    case 3:  // a fragment, or ESP behind one's header
      if (carries_ipv6(frame)) {
        frame[kEthernetBytes + 6] = driver::kFragment;
      } else {
        write_u16(frame, 20, 0x2000);
        mend(frame);
      }
      break;
    case 4:  // AH of another length; ESP whose trailer or text is
      frame[ah ? header + 1 : frame.size() - 1] ^= static_cast<std::uint8_t>(1 + below(15));
      break;
    default:  // sequence number 0; with ESN, of the next 2^32 when the window is past it
      std::fill_n(frame.begin() + static_cast<std::ptrdiff_t>(header + (ah ? 8 : 4)), 4, std::uint8_t{0});
      break;
  }
  return frame;
}

}  // namespace sallyport::sim
