// SPDX-License-Identifier: Apache-2.0
#include "sim/compare/traffic.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "driver/ipv4/ipv4.hpp"
#include "hw/layout/descriptors.hpp"

namespace sallyport::sim {
namespace {

using layout::Port;

constexpr driver::MacAddress kSomebody = {0x02, 0, 0, 0, 0, 0x63};
constexpr std::size_t kIpv4At = 14;
constexpr std::size_t kMostDelivered = 400;  // and jumps ahead: further back than an anti-replay window

void write_u16(Buffer& frame, std::size_t at, std::uint16_t value) {
  frame[at] = static_cast<std::uint8_t>(value >> 8);
  frame[at + 1] = static_cast<std::uint8_t>(value);
}

// Makes the checksum right again after the header was changed.
void mend(Buffer& frame) {
  const std::size_t header = std::size_t{frame[kIpv4At] & 0xfU} * 4;
  if (header < 20 || frame.size() < kIpv4At + header) return;
  driver::write_checksum(std::span(frame).subspan(kIpv4At), header);
}

}  // namespace

Traffic::Traffic(std::mt19937_64& rng) : rng_(rng) {
  for (std::size_t i = 0; i <= kSteadyTunnels; ++i) {
    Tunnel t;
    t.policy_id = static_cast<std::uint16_t>(10 + i);
    t.far_host = kFarNet | 0x3000 | static_cast<std::uint32_t>(i + 1);
    t.out = {.source = kOurAddress, .destination = kPeerAddress};
    t.in = {.source = kPeerAddress, .destination = kOurAddress};
    renew(t);
    t.esn = i == 2;
    t.hard_packets = i == kSteadyTunnels ? 40 : 0;
    tunnels_.push_back(std::move(t));
  }
}

void Traffic::renew(Tunnel& tunnel) {
  tunnel.out.spi = static_cast<std::uint32_t>(rng_()) | 0x100;  // 0 to 255 are reserved
  tunnel.out.protection = protection();
  tunnel.in.protection = protection();
  tunnel.next_seq = 1;
  tunnel.replay_window = layout::kLeastReplayWindow << below(layout::kReplayWindowSizes);
}

Secret Traffic::secret(std::size_t bytes) {
  Secret s(bytes);
  for (auto& byte : s.bytes()) byte = static_cast<std::uint8_t>(rng_());
  return s;
}

// Any cipher, with an integrity when it has no ICV of its own.
driver::SaProtection Traffic::protection() {
  using layout::Cipher;
  driver::SaProtection p;
  p.cipher = Cipher(below(std::size(layout::kCiphers)));
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

bool Traffic::chained(Bytes sent) const {
  const auto is_of = [&](const Tunnel& t) {
    const auto esp = bench::esp_header(sent);
    const bool is = esp ? esp->spi == t.out.spi : ByteReader(sent.subspan(kIpv4At + 12)).u32() == t.far_host;
    return is && layout::shape((esp ? t.out : t.in).protection.cipher).icv == 0;
  };
  return std::any_of(tunnels_.begin(), tunnels_.end(), is_of);
}

std::size_t Traffic::length() {
  switch (below(8)) {
    case 0:
      return bench::kLeastNumberedFrame;
    case 1:
      return 1514;
    case 2:
      return bench::kLeastNumberedFrame + below(3000);
    default:
      return bench::kLeastNumberedFrame + below(300);
  }
}

Buffer Traffic::lan_frame(std::uint32_t destination) {
  const std::uint32_t source = one_in(6) ? kUserAddress : kLanNet | static_cast<std::uint32_t>(below(200));
  return bench::numbered_frame({kSomebody, kLanMac, source, destination | static_cast<std::uint32_t>(below(256))},
                               length(), number_++);
}

Buffer Traffic::esp_frame(Tunnel& tunnel, std::uint32_t inner_destination) {
  if (one_in(30)) tunnel.next_seq += below(2 * tunnel.replay_window);  // many were lost on the way
  const Buffer inner =
      bench::numbered_frame({kSomebody, kWanMac, tunnel.far_host, inner_destination}, length(), number_++);
  return bench::esp_frame(tunnel.in, kSomebody, kWanMac, tunnel.next_seq++, Bytes(inner).subspan(kIpv4At));
}

std::vector<Offered> Traffic::forwarded(std::size_t count) {
  std::vector<Offered> packets;
  for (std::size_t i = 0; i < count; ++i) {
    if (one_in(2)) {
      packets.push_back({Port::kLan, lan_frame(steady_net(below(kSteadyNets)))});
    } else {
      Tunnel& tunnel = tunnels_[below(kSteadyTunnels)];
      packets.push_back({Port::kWan, esp_frame(tunnel, kLanNet | static_cast<std::uint32_t>(1 + below(200)))});
    }
  }
  return packets;
}

std::vector<Offered> Traffic::anything(std::size_t count) {
  std::vector<Offered> packets;
  for (std::size_t i = 0; i < count; ++i) {
    Offered p;
    p.port = one_in(2) ? Port::kLan : Port::kWan;
    p.frame = p.port == Port::kLan ? any_lan() : any_wan();
    p.bad = one_in(50);
    packets.push_back(std::move(p));
  }
  return packets;
}

Buffer Traffic::any_lan() {
  static constexpr std::array<std::uint32_t, 12> kNets = {
      kLimitedNet, kEmptySaNet,    kBypassNet,  kDiscardNet,     kAskNet, kNoRuleNet,
      kNarrowNet,  kUnresolvedNet, kNoRouteNet, kNoNeighbourNet, kLanNet, kOurLanAddress & ~0xffU};
  Buffer frame = lan_frame(one_in(2) ? steady_net(below(kSteadyNets)) : kNets[below(kNets.size())]);
  if (one_in(40)) {  // to the gateway itself
    for (std::size_t i = 0; i < 4; ++i) frame[30 + i] = static_cast<std::uint8_t>(kOurLanAddress >> (24 - 8 * i));
    mend(frame);
  }
  if (one_in(4)) damage_header(frame);
  return frame;
}

Buffer Traffic::any_wan() {
  Tunnel& tunnel = tunnels_[below(tunnels_.size())];
  switch (below(8)) {
    case 0: {  // in the clear
      const std::uint32_t source = one_in(2) ? kBypassNet | 5 : one_in(2) ? kDiscardNet | 5 : tunnel.far_host;
      Buffer frame = bench::numbered_frame({kSomebody, kWanMac, source, one_in(4) ? kOurAddress : kLanNet | 9},
                                           length(), number_++);
      if (one_in(3)) damage_header(frame);
      return frame;
    }
    case 1:
      return damage_esp(tunnels_[below(kSteadyTunnels)]);
    case 2:
      if (!delivered_.empty()) return delivered_[below(delivered_.size())];
      break;
    default:
      break;
  }
  static constexpr std::array<std::uint32_t, 6> kInner = {kOurLanAddress, kFarNet | 1,  kNoRouteNet | 1,
                                                          kLanNet | 1,    kLanNet | 77, kLanNet | 200};
  Buffer frame = esp_frame(tunnel, kInner[below(kInner.size())]);
  std::vector<Buffer>& delivered = &tunnel == &limited() ? limited_delivered_ : delivered_;
  delivered.push_back(frame);
  if (delivered.size() > kMostDelivered) delivered.erase(delivered.begin());
  return frame;
}

Offered Traffic::alone() {
  Offered p{Port::kWan, {}, false};
  const std::vector<Buffer>& delivered = one_in(2) ? limited_delivered_ : delivered_;
  if (delivered.empty() || one_in(4)) {
    p.frame = one_in(2) ? esp_frame(limited(), kLanNet | 4) : damage_esp(limited());
    return p;
  }
  p.frame = delivered[one_in(2) ? delivered.size() - 1 : below(delivered.size())];
  if (one_in(2)) damage_payload(p.frame);
  return p;
}

// A fault in the Ethernet or IPv4 header. Its checksum is mended half of the time, so that what is behind is reached.
void Traffic::damage_header(Buffer& frame) {
  switch (below(9)) {
    case 0:  // TTL
      frame[22] = static_cast<std::uint8_t>(below(2));
      break;
    case 1:
      frame[kIpv4At + below(20)] = static_cast<std::uint8_t>(rng_());
      break;
    case 2:  // total length
      write_u16(frame, 16, static_cast<std::uint16_t>(frame.size() - kIpv4At + below(7) - 3));
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
    case 6:
      write_u16(frame, 12, one_in(2) ? driver::kEthertypeArp : std::uint16_t{0x86dd});
      break;
    case 7:  // a fragment
      write_u16(frame, 20, static_cast<std::uint16_t>(one_in(2) ? 0x2000 : 1 + below(100)));
      break;
    default:
      frame.resize(frame.size() + 1 + below(64));  // Ethernet padding
      break;
  }
  if (one_in(2) && frame.size() > kIpv4At) mend(frame);
}

void Traffic::damage_payload(Buffer& frame) {
  const std::size_t iv = kIpv4At + 20 + 8;
  frame[iv + below(frame.size() - iv)] ^= static_cast<std::uint8_t>(1 + below(255));
}

// An ESP packet that is refused, under a sequence number of its own.
Buffer Traffic::damage_esp(Tunnel& tunnel) {
  Buffer frame = esp_frame(tunnel, kLanNet | 3);
  const std::size_t esp = kIpv4At + 20;
  switch (below(5)) {
    case 0:
      damage_payload(frame);
      break;
    case 1:  // an SPI of no SA
      frame[esp + below(4)] ^= static_cast<std::uint8_t>(1 + below(255));
      break;
    case 2: {  // too short
      const std::size_t length = below(40);
      frame.resize(std::min(frame.size(), esp + length));
      write_u16(frame, 16, static_cast<std::uint16_t>(frame.size() - kIpv4At));
      mend(frame);
      break;
    }
    case 3:  // a fragment
      write_u16(frame, 20, 0x2000);
      mend(frame);
      break;
    default:  // sequence number 0
      std::fill_n(frame.begin() + static_cast<std::ptrdiff_t>(esp + 4), 4, std::uint8_t{0});
      break;
  }
  return frame;
}

}  // namespace sallyport::sim
