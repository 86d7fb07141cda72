// SPDX-License-Identifier: Apache-2.0
// The way between card and kernel.
#include "host/gateway/exception_path.hpp"

#include <algorithm>

#include "driver/linux_port/sysctl.hpp"
#include "host/gateway/ipv4.hpp"

namespace sallyport::gateway {
namespace {

using std::chrono::steady_clock;

// All ours.
constexpr unsigned kRingSlots = 512;
constexpr int kBatch = 128;  // messages of the card before others have their turn
constexpr auto kShortPause = std::chrono::microseconds(100);
constexpr auto kLongPause = std::chrono::microseconds(1000);
constexpr double kIcmpPerSecond = 50;  // RFC 1812 4.3.2.8 demands a limit and leaves the number to us
constexpr double kIcmpBurst = 10;

constexpr std::uint8_t kUdp = 17;
constexpr std::uint16_t kIkePort = 500;
constexpr std::uint16_t kIkeNatPort = 4500;

// Settings of a TAP device. arp_ignore 1: an address is answered on its own side only. rp_filter 0: a peer's packets
// may arrive by another way than the kernel, which does not know the tunnels, would send to it.
Result<void> configure(const std::string& tap) {
  const std::pair<std::string, const char*> settings[] = {
      {"ipv6/conf/" + tap + "/disable_ipv6", "1"},   {"ipv4/conf/" + tap + "/forwarding", "0"},
      {"ipv4/conf/" + tap + "/rp_filter", "0"},      {"ipv4/conf/" + tap + "/arp_ignore", "1"},
      {"ipv4/conf/" + tap + "/send_redirects", "0"}, {"ipv4/conf/" + tap + "/accept_redirects", "0"},
  };
  for (const auto& [path, value] : settings) {
    if (auto r = driver::set_sysctl(path, value); !r) return r;
  }
  return {};
}

Result<driver::PacketPort> make_tap(const SideConfig& side) {
  auto tap = driver::PacketPort::create_tap(side.tap, side.mac, side.mtu);
  if (!tap) return tap.error();
  if (auto configured = configure(side.tap); !configured) return configured.error();
  return tap;
}

bool is_arp(Bytes frame) {
  return frame.size() >= driver::kEthernetBytes && ByteReader(frame.subspan(12)).u16() == driver::kEthertypeArp;
}

driver::MacAddress source_mac(Bytes frame) {
  driver::MacAddress mac{};
  std::copy_n(frame.begin() + 6, 6, mac.begin());
  return mac;
}

}  // namespace

ExceptionPath::ExceptionPath(boost::asio::io_context& io, Tap lan, Tap wan, const Config& config)
    : lan_(std::move(lan)),
      wan_(std::move(wan)),
      lan_mtu_(config.lan.mtu),
      wan_mtu_(config.wan.mtu),
      poll_timer_(io),
      icmp_refilled_(steady_clock::now()) {}

Result<std::unique_ptr<ExceptionPath>> ExceptionPath::make(boost::asio::io_context& io, const Config& config) {
  auto lan = make_tap(config.lan);
  if (!lan) return lan.error();
  auto wan = make_tap(config.wan);
  if (!wan) return wan.error();
  return std::unique_ptr<ExceptionPath>(new ExceptionPath(io, Tap(io, std::move(*lan), config.lan.mac),
                                                          Tap(io, std::move(*wan), config.wan.mac), config));
}

Result<void> ExceptionPath::start(driver::Card& card, CardKeeper& keeper, Callbacks callbacks) {
  keeper_ = &keeper;
  callbacks_ = std::move(callbacks);
  auto rx = driver::RxRing::start(card, kRingSlots);
  if (!rx) return rx.error();
  rx_.emplace(std::move(*rx));
  auto tx = driver::TxRing::start(card, kRingSlots);
  if (!tx) return tx.error();
  tx_.emplace(std::move(*tx));
  for (const auto port : {layout::Port::kLan, layout::Port::kWan}) {
    auto heard =
        tap(port).reader.start([this, port](Buffer frame) { from_kernel(port, std::move(frame)); }, [this] { poll(); });
    if (!heard) return heard;
  }
  arm_poll();
  return {};
}

// ---- from the kernel -----------------------------------------------------------------------------------------------

// RFC 4301 4.4.1: the SPD decides on all traffic, the gateway's own included. IKE must pass whatever the policy says;
// where no policy matches, the gateway may speak to its own WAN (ICMP, DNS); what is to be protected goes through the
// card as if it came from the LAN.
void ExceptionPath::from_kernel(layout::Port port, Buffer frame) {
  ++counters_.from_kernel;
  if (port == layout::Port::kLan) return send(layout::Inject::kLanTx, frame);
  if (is_arp(frame)) return send(layout::Inject::kWanTx, frame);
  const auto key = packet_key(frame);
  if (!key) {
    ++counters_.refused;
    return;
  }
  const bool ike = key->protocol == kUdp && (key->source_port == kIkePort || key->source_port == kIkeNatPort);
  const auto* rule = ike ? nullptr : policy::first_match(keeper_->spd().outbound, *key);
  if (rule == nullptr || rule->action == layout::Action::kBypass) return send(layout::Inject::kWanTx, frame);
  if (rule->action == layout::Action::kDiscard) {
    ++counters_.refused;
    return;
  }
  std::copy(lan_.mac.begin(), lan_.mac.end(), frame.begin());
  send(layout::Inject::kLanRx, frame);
}

void ExceptionPath::send(layout::Inject where, Bytes frame) {
  if (auto sent = tx_->send(where, frame); !sent) {
    log::debug("ring.frame_lost", {{"why", sent.error().detail}});
  }
}

// ---- from the card -------------------------------------------------------------------------------------------------

void ExceptionPath::arm_poll() {
  poll_timer_.expires_after(pause_);
  poll_timer_.async_wait([this](boost::system::error_code e) {
    if (e) return;
    poll();
    arm_poll();
  });
}

void ExceptionPath::poll() {
  bool busy = false;
  for (int i = 0; i < kBatch; ++i) {
    auto message = rx_->poll();
    if (!message) {
      log::error("ring.corrupt", {{"why", message.error().detail}});
      break;
    }
    if (!*message) break;
    busy = true;
    handle(std::move(**message));
  }
  pause_ = busy ? kShortPause : std::min(2 * pause_, kLongPause);
  const auto now = steady_clock::now();
  counters_.lost += for_sa_.expire(now) + for_neighbour_.expire(now);
}

void ExceptionPath::handle(driver::Message message) {
  switch (message.reason) {
    case layout::Upcall::kArp:
    case layout::Upcall::kLocal:
      return to_kernel(message);
    case layout::Upcall::kPolicy: {
      const std::uint16_t policy_id = message.policy_id;
      // The SA may have come up while this packet was on its way to us.
      const auto target = keeper_->target_of(policy_id);
      if (target && keeper_->sending_for(*target) != nullptr) return send(layout::Inject::kLanRx, message.frame);
      ++counters_.held;
      if (!for_sa_.hold(policy_id, std::move(message.frame), steady_clock::now())) ++counters_.lost;
      return callbacks_.acquire(policy_id);
    }
    case layout::Upcall::kResolve:
      return hold_for_neighbour(std::move(message));
    case layout::Upcall::kTooBig:
      return too_big(message);
    case layout::Upcall::kSoftLimit:
    case layout::Upcall::kHardLimit:
    case layout::Upcall::kSpiUnknown:
      return callbacks_.on_event(message);
  }
}

void ExceptionPath::to_kernel(const driver::Message& message) {
  ++counters_.to_kernel;
  // A decapsulated packet carries the LAN side's MAC address: it came by the tunnel, to us.
  auto& to = message.decapsulated ? lan_ : tap(message.port);
  if (auto sent = to.reader.port().send(message.frame); !sent) {
    log::debug("tap.frame_lost", {{"tap", to.reader.port().name()}, {"why", sent.error().detail}});
  }
}

void ExceptionPath::hold_for_neighbour(driver::Message message) {
  const auto key = packet_key(message.frame);
  const auto hop = key ? keeper_->forwarding().hop_to(key->destination) : std::nullopt;
  // A known neighbour without a row will get none by asking; a decapsulated packet cannot enter the card again as it
  // was, so once its neighbour is known it leaves from here.
  if (!hop || (keeper_->forwarding().is_known(*hop) && !keeper_->forwarding().has_row(*hop))) {
    ++counters_.lost;
    return;
  }
  const auto inject = message.decapsulated                 ? layout::Inject::kLanTx
                      : message.port == layout::Port::kLan ? layout::Inject::kLanRx
                                                           : layout::Inject::kWanRx;
  ++counters_.held;
  if (!for_neighbour_.hold({*hop, inject}, std::move(message.frame), steady_clock::now())) ++counters_.lost;
  if (keeper_->forwarding().has_row(*hop)) return release_hops();
  callbacks_.resolve(*hop);
}

void ExceptionPath::release_policy(std::uint16_t policy_id) {
  for (const Buffer& frame : for_sa_.take(policy_id)) {
    ++counters_.reinjected;
    send(layout::Inject::kLanRx, frame);
  }
}

void ExceptionPath::give_up_policy(std::uint16_t policy_id) { counters_.lost += for_sa_.take(policy_id).size(); }

void ExceptionPath::release_hops() {
  for (const Waiting& waiting : for_neighbour_.keys()) {
    if (!keeper_->forwarding().has_row(waiting.hop)) continue;
    const auto mac = keeper_->forwarding().mac_of(waiting.hop);
    for (Buffer& frame : for_neighbour_.take(waiting)) {
      ++counters_.reinjected;
      if (waiting.inject == layout::Inject::kLanTx) {
        if (!mac || !forward_in_place(frame, *mac, lan_.mac)) continue;
      }
      send(waiting.inject, frame);
    }
  }
}

// ---- too big -------------------------------------------------------------------------------------------------------

// The largest packet that still fits after step 11 of hw/README.md: outer IPv4 header, UDP header, ESP header, IV, then
// packet and trailer in a multiple of 4, then ICV.
std::uint16_t ExceptionPath::inner_mtu(std::uint16_t policy_id, std::uint32_t destination) const {
  const auto target = keeper_->target_of(policy_id);
  const InstalledSa* sa = target ? keeper_->sending_for(*target) : nullptr;
  if (sa == nullptr) {
    const auto hop = keeper_->forwarding().hop_to(destination);
    return hop && hop->port == layout::Port::kLan ? lan_mtu_ : wan_mtu_;
  }
  const unsigned around = 20U + (sa->encap ? 8U : 0U) + 8U + 8U + 16U;
  return static_cast<std::uint16_t>((wan_mtu_ - around) / 4 * 4 - 2);
}

void ExceptionPath::too_big(const driver::Message& message) {
  const auto key = packet_key(message.frame);
  if (!key) return;
  ++counters_.too_big;
  const bool outbound = message.port == layout::Port::kLan;
  const std::uint16_t mtu = outbound ? inner_mtu(message.policy_id, key->destination) : lan_mtu_;
  if (!may_not_fragment(message.frame)) {
    for (Buffer& part : fragments(message.frame, mtu)) {
      if (outbound) {
        send(layout::Inject::kLanRx, part);
      } else if (!message.decapsulated) {
        send(layout::Inject::kWanRx, part);
      } else if (const auto hop = keeper_->forwarding().hop_to(key->destination)) {
        const auto mac = keeper_->forwarding().mac_of(*hop);
        if (mac && forward_in_place(part, *mac, lan_.mac)) send(layout::Inject::kLanTx, part);
      }
    }
    return;
  }
  const auto now = steady_clock::now();
  const std::chrono::duration<double> passed = now - icmp_refilled_;
  icmp_refilled_ = now;
  icmp_tokens_ = std::min(kIcmpBurst, icmp_tokens_ + passed.count() * kIcmpPerSecond);
  if (icmp_tokens_ < 1) return;
  icmp_tokens_ -= 1;
  // To a sender behind the tunnel the answer takes the tunnel, as a packet from the LAN would.
  const auto side = message.decapsulated ? layout::Port::kLan : message.port;
  const std::uint32_t from = keeper_->forwarding().address_on(side);
  const auto to_mac = message.decapsulated ? lan_.mac : source_mac(message.frame);
  const auto answer = fragmentation_needed(message.frame, from, mtu, to_mac, tap(side).mac);
  if (!answer) return;
  send(message.decapsulated ? layout::Inject::kLanRx
       : outbound           ? layout::Inject::kLanTx
                            : layout::Inject::kWanTx,
       *answer);
}

}  // namespace sallyport::gateway
