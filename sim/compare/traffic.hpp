// SPDX-License-Identifier: Apache-2.0
// Random packets for both ports of a gateway: sound ones, and everything that a card must refuse.
#pragma once

#include <random>
#include <set>
#include <vector>

#include "driver/user_tag/user_tag.hpp"
#include "hw/layout/codes.hpp"
#include "sim/bench/frames.hpp"

namespace sallyport::sim {

using layout::Address;

inline constexpr driver::MacAddress kLanMac = {0x02, 0, 0, 0, 0, 0x01};  // the card's
inline constexpr driver::MacAddress kWanMac = {0x02, 0, 0, 0, 0, 0x02};

// Every address below stands for one of each IP version: 10.1.2.3 for itself and for 2001:db8:a:102::3.
constexpr Address address_of(std::uint32_t number, bool ipv6) {
  return ipv6 ? Address(0x20010db800000000ULL | number >> 8, number & 0xff) : Address::from_v4(number);
}
// The bits of a prefix that is `of_32` long in IPv4, of 128.
constexpr unsigned prefix_bits(unsigned of_32, bool ipv6) {
  if (!ipv6) return 96 + of_32;
  return of_32 == 32 ? 128 : 40 + of_32;
}

inline constexpr std::uint32_t kLanNet = 0x0a010000;      // 10.1.0.0/16 behind LAN
inline constexpr std::uint32_t kFarNet = 0x0a020000;      // 10.2.0.0/16 behind WAN; /24s of it follow
inline constexpr std::uint32_t kLimitedNet = 0x0a022000;  // its SA reaches its hard limit
inline constexpr std::uint32_t kEmptySaNet = 0x0a022100;  // its rule names an empty SA row
inline constexpr std::uint32_t kBypassNet = 0x0a022200;
inline constexpr std::uint32_t kDiscardNet = 0x0a022300;
inline constexpr std::uint32_t kAskNet = 0x0a022400;  // the host decides
inline constexpr std::uint32_t kNoRuleNet = 0x0a022500;
inline constexpr std::uint32_t kUnresolvedNet = 0x0a030000;   // routes: no neighbour yet,
inline constexpr std::uint32_t kNarrowNet = 0x0a030100;       // a small MTU,
inline constexpr std::uint32_t kNoNeighbourNet = 0x0a030200;  // an empty row,
inline constexpr std::uint32_t kNoRouteNet = 0x0a040000;      // none
inline constexpr std::uint32_t kOurAddress = 0xc0000201;      // 192.0.2.1
inline constexpr std::uint32_t kOurLanAddress = 0x0a01fe01;
inline constexpr std::uint32_t kFirstPeer = 0xc0000202;    // a gateway for each tunnel
inline constexpr std::uint32_t kUserAddress = 0x0a010042;  // of the one known principal
inline constexpr std::uint16_t kPrincipal = 7;
inline constexpr std::uint32_t kHashSeed = 0x5eed;

// Tunnels that carry traffic whatever the generation, the first one always in tunnel mode; then one with limits.
inline constexpr std::size_t kSteadyTunnels = 4;  // protect what comes from LAN
inline constexpr std::size_t kSteadyNets = 6;     // protected by any of them, or bypassed
constexpr std::uint32_t steady_net(std::size_t i) { return kFarNet | static_cast<std::uint32_t>(i) << 8; }

// A pair of SAs with a peer. Row and inbound SPI are filled in when it is installed.
struct Tunnel {
  bench::IpsecSa out;
  bench::IpsecSa in;
  // Of the outbound SA.
  layout::Df df = layout::Df::kCopy;
  std::optional<std::uint8_t> dscp;
  bool ah_align8 = false;
  layout::TooBig too_big = layout::TooBig::kTell;
  std::uint16_t policy_id = 0;
  std::uint16_t out_row = 0;
  std::uint32_t peer = 0;
  std::uint32_t far_host = 0;  // whom its inbound packets come from; in transport mode the peer
  bool any_mode = false;       // or always tunnel mode
  bool has_limits = false;     // of packets; then
  std::uint64_t hard_packets = 0;
  std::uint32_t replay_window = driver::kDefaultReplayWindow;
  std::uint64_t next_seq = 1;  // of the peer
};

// A session whose packets carry a tag. Its handle is filled in when it is installed.
struct TaggedSession {
  std::uint32_t handle = 0;
  std::uint16_t principal = 0;
  Secret key;
};
inline constexpr std::size_t kSessions = 2;

// Packets that may be inside for each port: fewer than the chain engine has contexts in each direction (64), so however
// slow their ciphers, none is dropped as `crypto_busy`. Which one would be depends on the clock, and the software card
// has none; so the comparison can only say that it must not be.
inline constexpr std::size_t kMostInside = 60;
// And bytes of them: fewer than a port's buffer holds (64 KiB), so however slow the host, none is dropped as
// `rx_overflow`.
inline constexpr std::size_t kMostBytesInside = 60'000;

struct Offered {
  layout::Port port = layout::Port::kLan;
  Buffer frame;
  bool bad = false;  // with a wrong FCS
};

// What the host sends.
struct Injected {
  layout::Inject where = layout::Inject::kLanTx;
  Buffer frame;
  std::optional<std::uint16_t> sender;
};

class Traffic {
 public:
  explicit Traffic(std::mt19937_64& rng);

  std::vector<Tunnel>& tunnels() { return tunnels_; }
  [[nodiscard]] Tunnel& limited() { return tunnels_.back(); }
  std::vector<TaggedSession>& sessions() { return sessions_; }
  [[nodiscard]] bool plain_tags() const { return plain_tags_; }
  // The VLAN of a port's frames; 0: none.
  [[nodiscard]] std::uint16_t vlan(layout::Port port) const { return vlans_[port == layout::Port::kWan ? 1 : 0]; }
  // Draws everything of a tunnel that is to be installed anew but its peer: protocol, mode, IP version, algorithms,
  // keys, ESN, ESP in UDP, window and numbers.
  void renew(Tunnel& tunnel);

  // The way by which a frame that left the card went through it: packets that take one keep their order.
  // Protected is by AES-GCM and AES-GMAC, chained by the engine of all other ciphers; injected ones leave as they are.
  enum class Way { kClear, kProtected, kChained, kInjected };
  [[nodiscard]] Way way_of(const std::pair<layout::Port, Buffer>& sent) const;
  [[nodiscard]] Way way_of(layout::Port port, const Buffer& untagged) const;
  // Whose packet a frame is: sent by it (WAN), or opened (LAN); null: of none.
  [[nodiscard]] const Tunnel* tunnel_of(layout::Port port, const Buffer& untagged) const;
  [[nodiscard]] Buffer untagged(const std::pair<layout::Port, Buffer>& sent) const;
  // Whether a tunnel's packet came with options or extension headers in the outer header.
  [[nodiscard]] bool came_behind_extras(Bytes inner) const;

  // Everything, faults included.
  std::vector<Offered> anything(std::size_t count);
  std::vector<Offered> anything(layout::Port port, std::size_t count);
  // A packet whose fate depends on what is inside with it, so that it must come alone: one of the SA with limits, or
  // any tunnel's packet again, as it was or forged.
  Offered alone();
  // Packets that any policy of the comparison forwards.
  std::vector<Offered> forwarded(std::size_t count);
  // Packets that all go to the host, by one way.
  std::vector<Offered> for_host(std::size_t count);
  // Everything again, for one port, and frames that leave as they are by either.
  std::vector<Injected> injected(layout::Port port, std::size_t count);

 private:
  [[nodiscard]] std::size_t below(std::size_t n) { return rng_() % n; }
  [[nodiscard]] bool one_in(std::size_t n) { return below(n) == 0; }
  Secret secret(std::size_t bytes);
  driver::SaProtection protection(layout::Protocol protocol);
  std::size_t length(std::size_t least);
  Offered offered(layout::Port port, Bytes frame);
  std::vector<layout::Port> ports(std::size_t count);
  Offered any(layout::Port port);
  // Of nothing but a header sometimes, unless it is to have a payload.
  Buffer packet(const Address& source, const Address& destination, bool with_payload = false);
  Buffer varied(Bytes packet);
  void make_segment(Buffer& packet);
  Buffer tagged(Bytes packet);
  // `plain`: such that any SA of the comparison carries it.
  Buffer lan_frame(std::uint32_t destination, bool plain);
  std::optional<driver::UdpPorts> encap_of(layout::Protocol protocol);  // at times, of ESP
  Buffer ipsec_frame(Tunnel& tunnel, std::uint32_t inner_destination, bool plain);
  Buffer sealed_behind_extras(const bench::IpsecSa& sa, std::uint64_t seq, Bytes inner);
  Buffer any_lan();
  Buffer any_wan();
  void damage_header(Buffer& frame);
  void damage_payload(Buffer& ipsec_frame);
  Buffer damage_ipsec(Tunnel& tunnel, bool alone);

  std::mt19937_64& rng_;
  std::uint16_t vlans_[2] = {0, 0};
  std::vector<Tunnel> tunnels_;
  std::vector<TaggedSession> sessions_;
  bool plain_tags_ = false;
  std::vector<Buffer> delivered_;        // protected frames sent before, to be sent again
  std::vector<Buffer> delivered_alone_;  // and those that are sent again only alone
  std::set<Buffer> behind_extras_;       // payloads of packets in tunnels
  std::uint64_t number_ = 0;
};

}  // namespace sallyport::sim
