// SPDX-License-Identifier: Apache-2.0
// Random packets for both ports of a gateway: sound ones, and everything that a card must refuse.
#pragma once

#include <random>
#include <vector>

#include "hw/layout/codes.hpp"
#include "sim/bench/frames.hpp"

namespace sallyport::sim {

inline constexpr driver::MacAddress kLanMac = {0x02, 0, 0, 0, 0, 0x01};  // the card's
inline constexpr driver::MacAddress kWanMac = {0x02, 0, 0, 0, 0, 0x02};
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
inline constexpr std::uint32_t kPeerAddress = 0xc0000202;
inline constexpr std::uint32_t kUserAddress = 0x0a010042;  // of the one known principal
inline constexpr std::uint16_t kPrincipal = 7;
inline constexpr std::uint32_t kHashSeed = 0x5eed;

inline constexpr std::size_t kSteadyTunnels = 3;  // the last with ESN; then a limited one
inline constexpr std::size_t kSteadyNets = 6;     // protected by any of them, or bypassed
constexpr std::uint32_t steady_net(std::size_t i) { return kFarNet | static_cast<std::uint32_t>(i) << 8; }

// A pair of SAs with the peer. Row and inbound SPI are filled in when it is installed.
struct Tunnel {
  bench::EspSa out;
  bench::EspSa in;
  bool esn = false;  // of the outbound SA
  std::uint16_t policy_id = 0;
  std::uint16_t out_row = 0;
  std::uint32_t far_host = 0;
  std::uint64_t hard_packets = 0;
  std::uint32_t replay_window = driver::kDefaultReplayWindow;
  std::uint64_t next_seq = 1;  // of the peer
};

struct Offered {
  layout::Port port = layout::Port::kLan;
  Buffer frame;
  bool bad = false;  // with a wrong FCS
};

class Traffic {
 public:
  explicit Traffic(std::mt19937_64& rng);

  std::vector<Tunnel>& tunnels() { return tunnels_; }
  [[nodiscard]] Tunnel& limited() { return tunnels_.back(); }
  // New ciphers, keys and numbers for a tunnel that is to be installed anew.
  void renew(Tunnel& tunnel);
  // Whether a frame that left the card had to go by the engine of chained modes.
  [[nodiscard]] bool chained(Bytes sent) const;

  // Everything, faults included.
  std::vector<Offered> anything(std::size_t count);
  // A packet whose fate depends on what is inside with it, so that it must come alone: one of the SA with limits, or
  // any tunnel's ESP packet again, as it was or forged.
  Offered alone();
  // Packets that any policy of the comparison forwards.
  std::vector<Offered> forwarded(std::size_t count);

 private:
  [[nodiscard]] std::size_t below(std::size_t n) { return rng_() % n; }
  [[nodiscard]] bool one_in(std::size_t n) { return below(n) == 0; }
  Secret secret(std::size_t bytes);
  driver::SaProtection protection();
  std::size_t length();
  Buffer lan_frame(std::uint32_t destination);
  Buffer esp_frame(Tunnel& tunnel, std::uint32_t inner_destination);
  Buffer any_lan();
  Buffer any_wan();
  void damage_header(Buffer& frame);
  void damage_payload(Buffer& esp_frame);
  Buffer damage_esp(Tunnel& tunnel);

  std::mt19937_64& rng_;
  std::vector<Tunnel> tunnels_;
  std::vector<Buffer> delivered_;          // ESP frames sent before, to be sent again
  std::vector<Buffer> limited_delivered_;  // and those of the SA with limits
  std::uint64_t number_ = 0;
};

}  // namespace sallyport::sim
