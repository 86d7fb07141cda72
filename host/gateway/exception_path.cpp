// SPDX-License-Identifier: Apache-2.0
// The way between card and kernel.
#include "host/gateway/exception_path.hpp"

#include <algorithm>
#include <random>

#include "driver/linux_port/sysctl.hpp"
#include "host/gateway/sa_overhead.hpp"

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

constexpr std::uint16_t kIkePort = 500;
constexpr std::uint16_t kIkeNatPort = 4500;

Result<void> configure(const std::string& tap, const std::string& family,
                       const std::vector<std::pair<const char*, const char*>>& settings) {
  for (const auto& [name, value] : settings) {
    if (auto r = driver::set_sysctl(family + "/conf/" + tap + "/" + name, value); !r) return r;
  }
  return {};
}

// arp_ignore 1: an address is answered on its own side only. rp_filter 0: a peer's packets may arrive by another way
// than the kernel, which does not know the tunnels, would send to it. IPv6 is spoken where an address of it is
// configured, begins without its second of waiting (accept_dad), and learns default routers on the WAN alone: no
// addresses, and no other routes (accept_ra_pinfo, accept_ra_rt_info_max_plen), which would be better ones than the
// LAN's for whoever on the WAN says so.
Result<driver::PacketPort> make_tap(const SideConfig& side, bool wan) {
  auto tap = driver::PacketPort::create_tap(side.tap, side.mac, side.mtu);
  if (!tap) return tap.error();
  auto done = configure(side.tap, "ipv4",
                        {{"forwarding", "0"},
                         {"rp_filter", "0"},
                         {"arp_ignore", "1"},
                         {"send_redirects", "0"},
                         {"accept_redirects", "0"}});
  if (done) {
    done = configure(side.tap, "ipv6",
                     {{"disable_ipv6", "1"},
                      {"forwarding", "0"},
                      {"accept_redirects", "0"},
                      {"accept_dad", "0"},
                      {"autoconf", "0"},
                      {"accept_ra", wan ? "1" : "0"},
                      {"accept_ra_pinfo", "0"},
                      {"accept_ra_rt_info_max_plen", "0"}});
  }
  const bool ipv6 =
      std::any_of(side.addresses.begin(), side.addresses.end(), [](const auto& a) { return !a.address.is_v4(); });
  if (done && ipv6) done = configure(side.tap, "ipv6", {{"disable_ipv6", "0"}});
  if (!done) return done.error();
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

bool is_ike_port(std::uint16_t port) { return port == kIkePort || port == kIkeNatPort; }

// What the two gateways need so that there can be SAs at all: neighbour discovery, and that who listens to which group
// is known (RFC 3810).
bool is_link_control(const driver::IpPacket& packet) {
  return packet.ipv6 && packet.protocol == driver::kProtocolIcmpv6 &&
         (is_neighbour_discovery(packet) || is_link_scope(packet.destination));
}

// RFC 4302 3.3.3.1.1.2 and 3.3.3.1.2.2: of a source route the receiver authenticates what it has become at its end,
// and the card what is there. Nor does such a packet wait for an SA (nullptr): who knows by which protocol that will
// be.
bool would_arrive_as_another(const driver::IpPacket& packet, const InstalledSa* sa) {
  return is_source_routed(packet) && (sa == nullptr || (sa->protocol == Protocol::kAh && sa->mode == Mode::kTransport));
}

}  // namespace

ExceptionPath::ExceptionPath(boost::asio::io_context& io, Tap lan, Tap wan, const Config& config)
    : io_(io),
      lan_(std::move(lan)),
      wan_(std::move(wan)),
      lan_mtu_(config.lan.mtu),
      wan_mtu_(config.wan.mtu),
      poll_timer_(io),
      identification_(std::random_device()()),
      icmp_tokens_(kIcmpBurst),
      icmp_refilled_(steady_clock::now()) {}

Result<std::unique_ptr<ExceptionPath>> ExceptionPath::make(boost::asio::io_context& io, const Config& config) {
  auto lan = make_tap(config.lan, false);
  if (!lan) return lan.error();
  auto wan = make_tap(config.wan, true);
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
  auto whole = WholePackets::listen(io_, wan_.reader.port().name(), [this](Bytes packet) { take_whole(packet); });
  if (!whole) return whole.error();
  whole_packets_ = std::move(*whole);
  arm_poll();
  return {};
}

// ---- from the kernel -----------------------------------------------------------------------------------------------

// RFC 4301 4.4.1: the SPD decides on all traffic, the gateway's own included. IKE and neighbour discovery must pass
// whatever the policy says; where no policy matches, the gateway may speak to its own WAN (ICMP, DNS); what is to be
// protected, in either mode, goes through the card as if it came from the LAN; the card does not protect what is for
// the link.
void ExceptionPath::from_kernel(layout::Port port, Buffer frame) {
  ++counters_.from_kernel;
  if (port == layout::Port::kLan) return send(layout::Inject::kLanTx, frame);
  if (is_arp(frame)) return send(layout::Inject::kWanTx, frame);
  const auto packet = ip_packet(frame);
  if (!packet) {
    ++counters_.refused;
    return;
  }
  const auto key = driver::packet_key(*packet);
  const bool exempt =
      is_link_control(*packet) || (key.protocol == driver::kProtocolUdp && is_ike_port(key.source_port));
  const auto* rule = exempt ? nullptr : policy::first_match(keeper_->spd().outbound, key);
  if (rule == nullptr || rule->action == layout::Action::kBypass) return send(layout::Inject::kWanTx, frame);
  const auto target = keeper_->target_of({rule->policy_id, 0});
  const InstalledSa* sa = target ? keeper_->sending_for(*target) : nullptr;
  if (rule->action == layout::Action::kDiscard || is_link_scope(packet->destination) ||
      would_arrive_as_another(*packet, sa)) {
    ++counters_.refused;
    return;
  }
  std::copy(lan_.mac.begin(), lan_.mac.end(), frame.begin());
  // RFC 4301 5.1.2.1 (2): the card takes one off the TTL of all that enters a tunnel, as who forwards it does; what the
  // gateway says itself is not forwarded.
  const bool enters_tunnel = sa != nullptr && sa->mode == Mode::kTunnel;
  if (enters_tunnel && packet->ttl < 255) driver::increment_ttl(std::span(frame).subspan(driver::kEthernetBytes));
  send(layout::Inject::kLanRx, frame);
}

void ExceptionPath::send(layout::Inject where, Bytes frame, std::optional<std::uint16_t> principal) {
  if (auto sent = tx_->send(where, frame, principal); !sent) {
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
      return to_kernel(std::move(message));
    case layout::Upcall::kPolicy: {
      const WaitsForSa waits{message.policy_id, message.principal};
      const auto target = keeper_->target_of(waits);
      const auto packet = ip_packet(message.frame);
      if (!packet || !target || !keeper_->is_of_sas(*target)) return callbacks_.consult(std::move(message));
      const IpAddress destination = IpAddress::from_number(packet->destination);
      const bool up = keeper_->sending_for(*target) != nullptr;
      if (up && driver::opens_connection(*packet)) callbacks_.opening(*target, driver::packet_key(*packet));
      Held held{std::move(message.frame), message.principal};
      // The card asked about a new connection alone, or the SA has come up while this packet was on its way to us.
      if (up) return pass_on(held);
      ++counters_.held;
      if (!for_sa_.hold(waits, std::move(held), steady_clock::now())) ++counters_.lost;
      return callbacks_.acquire(waits.policy_id, waits.principal, destination);
    }
    case layout::Upcall::kResolve:
      return hold_for_neighbour(std::move(message));
    case layout::Upcall::kTooBig:
      return too_big(message);
    case layout::Upcall::kOversize:
      return finish(std::move(message));
    case layout::Upcall::kSoftLimit:
    case layout::Upcall::kHardLimit:
    case layout::Upcall::kSpiUnknown:
    case layout::Upcall::kTagRejected:
      return callbacks_.on_event(message);
  }
}

void ExceptionPath::give(Tap& to, Bytes frame) {
  if (auto sent = to.reader.port().send(frame); !sent) {
    log::debug("tap.frame_lost", {{"tap", to.reader.port().name()}, {"why", sent.error().detail}});
  }
}

void ExceptionPath::to_kernel(driver::Message message) {
  if (message.port == layout::Port::kWan && !message.decapsulated && !may_reach_us(message.frame)) {
    ++counters_.refused;
    return;
  }
  const auto packet = ip_packet(message.frame);
  // RFC 4861 3.1: a hop limit of 255 says that the sender is on the link. Inside a tunnel the peer writes it, which is
  // on no link of ours; in transport mode it is the outer header's.
  if (message.decapsulated && packet && is_link_control(*packet)) {
    const InstalledSa* sa = keeper_->by_row(false, message.sa_index, message.spi);
    if (sa == nullptr || sa->mode == Mode::kTunnel) {
      ++counters_.refused;
      return;
    }
  }
  ++counters_.to_kernel;
  if (!message.decapsulated) return give(tap(message.port), message.frame);
  // It came by an SA, to us: the kernel gets it on the side that the address is of, where it would answer it.
  const auto side = packet ? keeper_->forwarding().side_of(packet->destination) : std::nullopt;
  Tap& to = tap(side.value_or(layout::Port::kLan));
  std::copy(to.mac.begin(), to.mac.end(), message.frame.begin());
  give(to, message.frame);
}

// RFC 4301 5.2: what came from WAN in the clear, to us, must not be what the policy wants protected. The card leaves
// that to us, because it is for us that exceptions must be made: for IKE, for ESP and AH in fragments, for neighbour
// discovery. Where the policy says nothing, nobody but the WAN's own addresses is spoken to. A fragment that is not the
// first may be put together with a first one that came by an SA, so it passes only where IKE, ESP and AH need it. Of
// IPv6 all pass: the protocol that it names tells nothing, nobody believes it but of the first (RFC 8200 4.5).
bool ExceptionPath::may_reach_us(Bytes frame) const {
  const auto packet = ip_packet(frame);
  if (!packet || is_link_control(*packet)) return true;
  const bool has_ports = packet->fragment_offset == 0;
  if (packet->ipv6 && !has_ports) return true;
  const auto key = driver::packet_key(*packet);
  if (key.protocol == driver::kProtocolEsp || key.protocol == driver::kProtocolAh) return true;
  if (key.protocol == driver::kProtocolUdp && (!has_ports || is_ike_port(key.destination_port))) return true;
  const auto& rules = keeper_->spd().inbound;
  const auto* rule = has_ports ? policy::first_match(rules, key) : policy::first_match_of_any_ports(rules, key);
  if (rule != nullptr) return rule->action == layout::Action::kBypass;
  return is_link_scope(key.destination) || keeper_->forwarding().side_of(key.destination) == layout::Port::kWan;
}

// What the kernel put together enters the card anew, and is no fragment this time.
void ExceptionPath::take_whole(Bytes packet) {
  ++counters_.joined;
  const std::uint16_t ethertype = packet[0] >> 4 == 6 ? driver::kEthertypeIpv6 : driver::kEthertypeIpv4;
  const auto frame = ByteWriter().bytes(wan_.mac).zeros(6).u16(ethertype).bytes(packet).take();
  send(layout::Inject::kWanRx, frame);
}

void ExceptionPath::take_esp_in_udp(const Endpoint& from, const Endpoint& to, Bytes esp) {
  driver::IpHeader header;
  header.source = from.address.number();
  header.destination = to.address.number();
  header.ipv6 = !header.destination.is_v4();
  header.ttl = 64;
  ByteWriter udp;
  udp.u16(from.port).u16(to.port).u16(static_cast<std::uint16_t>(driver::kUdpBytes + esp.size())).u16(0).bytes(esp);
  take_whole(driver::write_ip(header, driver::kProtocolUdp, udp.view()));
}

void ExceptionPath::hold_for_neighbour(driver::Message message) {
  const auto packet = ip_packet(message.frame);
  const auto hop = packet ? keeper_->forwarding().hop_to(packet->destination) : std::nullopt;
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
  Held held{std::move(message.frame), message.principal};
  if (!for_neighbour_.hold({*hop, inject}, std::move(held), steady_clock::now())) ++counters_.lost;
  if (keeper_->forwarding().is_in_card(*hop)) return release_hops();
  callbacks_.resolve(*hop);
}

void ExceptionPath::forget(std::uint16_t principal) {
  for (unsigned read = 0; read < kRingSlots; read += kBatch) poll();  // what is in the ring is theirs, too
  counters_.lost += for_sa_.forget(principal) + for_neighbour_.forget(principal);
}

std::vector<Held> ExceptionPath::take_waiting(const std::string& target) {
  std::vector<Held> packets;
  for (const WaitsForSa& waits : for_sa_.keys()) {
    if (keeper_->target_of(waits) != target) continue;
    auto some = for_sa_.take(waits);
    std::move(some.begin(), some.end(), std::back_inserter(packets));
  }
  return packets;
}

void ExceptionPath::release_target(const std::string& target) {
  for (const Held& held : take_waiting(target)) {
    ++counters_.reinjected;
    pass_on(held);
  }
}

void ExceptionPath::give_up_target(const std::string& target) { counters_.lost += take_waiting(target).size(); }

void ExceptionPath::release_hops() {
  for (const Waiting& waiting : for_neighbour_.keys()) {
    if (!keeper_->forwarding().is_in_card(waiting.hop)) continue;
    const auto mac = keeper_->forwarding().mac_of(waiting.hop);
    for (Held& held : for_neighbour_.take(waiting)) {
      ++counters_.reinjected;
      if (waiting.inject == layout::Inject::kLanTx) {
        if (!mac || !forward_in_place(held.frame, *mac, lan_.mac)) continue;
      }
      if (waiting.inject == layout::Inject::kLanRx) {
        pass_on(held);
      } else {
        send(waiting.inject, held.frame);
      }
    }
  }
}

// ---- too big -------------------------------------------------------------------------------------------------------

void ExceptionPath::too_big(const driver::Message& message) {
  const auto packet = ip_packet(message.frame);
  if (!packet) return;
  ++counters_.too_big;
  const auto& forwarding = keeper_->forwarding();
  const bool outbound = message.port == layout::Port::kLan;
  const InstalledSa* sa = message.outbound ? keeper_->by_row(true, message.sa_index, message.spi) : nullptr;
  const auto hop = forwarding.hop_to(packet->destination);
  const std::uint16_t link = outbound && !(hop && hop->port == layout::Port::kLan) ? wan_mtu_ : lan_mtu_;
  // RFC 4303 3.1.1: transport mode takes whole packets only. Their extras stay in front, so what is padded has less
  // room.
  const bool whole = sa != nullptr && sa->mode == Mode::kTransport;
  const std::size_t in_front = whole ? packet->extras.size() : 0;
  const std::size_t largest =
      sa == nullptr ? link
                    : in_front + largest_packet(*sa, packet->ipv6, static_cast<std::uint16_t>(wan_mtu_ - in_front));
  const auto mtu = static_cast<std::uint16_t>(largest);
  if (whole || may_not_fragment(*packet)) return answer_too_big(message, *packet, mtu);
  std::vector<Buffer> parts = fragments(message.frame, mtu);
  if (!message.decapsulated && !std::ranges::all_of(parts, [&](Bytes part) { return is_decided_as(message, part); })) {
    ++counters_.refused;
    log::debug("packet.not_cut", {{"from", IpAddress::from_number(packet->source).to_string()},
                                  {"to", IpAddress::from_number(packet->destination).to_string()},
                                  {"why", "a policy that names ports would decide otherwise on what is cut off"}});
    return;
  }
  for (Buffer& part : parts) {
    if (outbound) {
      send(layout::Inject::kLanRx, part, message.principal);
    } else if (!message.decapsulated) {
      send(layout::Inject::kWanRx, part);
    } else if (hop) {
      const auto mac = forwarding.mac_of(*hop);
      if (mac && forward_in_place(part, *mac, lan_.mac)) send(layout::Inject::kLanTx, part);
    }
  }
}

// RFC 4301 5.1, 7: the card decided on the packet as a whole. What is cut off has no ports, so of rules that name some
// it may meet others: it would leave in the clear, say, of a packet that is to be protected.
bool ExceptionPath::is_decided_as(const driver::Message& whole, Bytes part) const {
  const auto packet = ip_packet(part);
  if (!packet) return false;
  const auto& spd = keeper_->spd();
  const auto* rule = policy::first_match(whole.port == layout::Port::kLan ? spd.outbound : spd.inbound,
                                         driver::packet_key(*packet), whole.principal);
  return rule != nullptr && rule->policy_id == whole.policy_id &&
         rule->action == (whole.outbound ? layout::Action::kProtect : layout::Action::kBypass);
}

// Protected already, and as it would be sent, but for the checksum of UDP over IPv6: what has one comes to us whatever
// its size (docs/decisions/udp-over-ipv6.md). RFC 4303 3.3.4: fragmentation comes after ESP.
void ExceptionPath::finish(driver::Message message) {
  const auto packet = ip_packet(message.frame);
  if (!packet) return;
  const bool fits = packet->total() <= wan_mtu_;
  if (packet->ipv6 && packet->protocol == driver::kProtocolUdp) {
    ++counters_.udp_over_ipv6;
    fill_udp_checksum(message.frame);
  }
  if (fits) return send(layout::Inject::kWanTx, message.frame);
  ++counters_.too_big;
  for (const Buffer& part : source_fragments(message.frame, wan_mtu_, ++identification_)) {
    send(layout::Inject::kWanTx, part);
  }
}

void ExceptionPath::answer_too_big(const driver::Message& message, const driver::IpPacket& packet, std::uint16_t mtu) {
  const auto now = steady_clock::now();
  const std::chrono::duration<double> passed = now - icmp_refilled_;
  icmp_refilled_ = now;
  icmp_tokens_ = std::min(kIcmpBurst, icmp_tokens_ + passed.count() * kIcmpPerSecond);
  if (icmp_tokens_ < 1) return;
  icmp_tokens_ -= 1;
  if (keeper_->forwarding().is_ours(packet.source)) {
    // The kernel's own packet. It believes nobody who speaks in its own name, so the answer speaks in the receiver's.
    const auto answer = too_big_answer(packet, packet.destination, mtu, wan_.mac, driver::MacAddress{});
    if (answer) give(wan_, *answer);
    return;
  }
  // To a sender behind the tunnel the answer takes the tunnel, as a packet from the LAN would.
  const auto side = message.decapsulated ? layout::Port::kLan : message.port;
  const auto from = keeper_->forwarding().address_on(side, packet.source);
  if (!from) return;
  const auto to_mac = message.decapsulated ? lan_.mac : source_mac(message.frame);
  const auto answer = too_big_answer(packet, *from, mtu, to_mac, tap(side).mac);
  if (!answer) return;
  send(message.decapsulated                 ? layout::Inject::kLanRx
       : message.port == layout::Port::kLan ? layout::Inject::kLanTx
                                            : layout::Inject::kWanTx,
       *answer);
}

}  // namespace sallyport::gateway
