// SPDX-License-Identifier: Apache-2.0
#include "sim/compare/compare.hpp"

#include <algorithm>
#include <random>
#include <tuple>
#include <utility>
#include <vector>

#include "driver/sa/sa_table.hpp"
#include "driver/tables/principal_compiler.hpp"
#include "driver/tables/route_compiler.hpp"
#include "driver/tables/spd_compiler.hpp"
#include "driver/tables/table_session.hpp"
#include "driver/tables/tag_keys.hpp"
#include "driver/testing/random_extras.hpp"
#include "sim/compare/traffic.hpp"
#include "sim/compare/twin_card.hpp"

namespace sallyport::sim {
namespace {

namespace reg = layout::reg;
using driver::Message;
using layout::Port;

constexpr std::size_t kRoundPackets = 110;             // of random traffic, twice; their messages fit the ring
constexpr std::size_t kFlipPackets = 2 * kMostInside;  // in which the policy changes
constexpr std::size_t kAlonePackets = 20;
constexpr std::size_t kInjected = 20;
constexpr std::size_t kBesideInjected = 40;  // packets of the other port
constexpr std::size_t kMostAround = 128;     // bytes that protection adds to a packet
constexpr std::size_t kMostBurst = 16;       // packets at the line's full rate
// Rounds of each kind, after which two tunnels are renewed (those with limits have reached them), and a ring filled.
constexpr unsigned kRenewal = 3;
constexpr unsigned kFullRing = 8;
constexpr Clock kPatience = 2'000'000;
constexpr std::uint8_t kLanHop = 1;
constexpr std::uint8_t kWanHop = 2;
constexpr std::uint8_t kNarrowHop = 3;  // takes short packets only
constexpr std::uint8_t kEmptyHop = 4;

// The neighbours' MAC addresses carry the generation, so every frame tells which tables it was forwarded by.
driver::MacAddress neighbour(std::uint32_t generation) {
  return {0x02, 0, 0, static_cast<std::uint8_t>(generation >> 8), static_cast<std::uint8_t>(generation), 0x0e};
}
std::uint32_t generation_of(const Buffer& frame) { return static_cast<std::uint32_t>(frame[3]) << 8 | frame[4]; }

// A net of 256 addresses, in both IP versions; or one address.
std::vector<driver::AddressRange> ranges(std::uint32_t first, std::uint32_t last) {
  return {{address_of(first, false), address_of(last, false)}, {address_of(first, true), address_of(last, true)}};
}
std::vector<driver::AddressRange> net(std::uint32_t number) { return ranges(number, number | 0xff); }

driver::SpdRule rule(std::uint32_t destination, layout::Action action, std::uint16_t policy_id, std::uint16_t row) {
  driver::SpdRule r;
  r.destination = net(destination);
  r.action = action;
  r.policy_id = policy_id;
  r.sa_index = row;
  return r;
}

class Comparison {
 public:
  explicit Comparison(const CompareOptions& options)
      : options_(options), twin_(options.seed), rng_(options.seed), traffic_(rng_) {}

  Result<CompareReport> run() {
    if (auto r = set_up(); !r) return r.error();
    for (unsigned round = 1; report_.packets < options_.packets; ++round) {
      draw_host();
      for (int i = 0; i < 2; ++i) {
        if (auto r = round_of(traffic_.anything(kRoundPackets)); !r) return r.error();
      }
      if (auto r = injected_round(); !r) return r.error();
      twin_.platform().set_link({});
      if (auto r = alone_round(); !r) return r.error();
      if (auto r = flip_round(); !r) return r.error();
      if (round % kFullRing == 0) {
        if (auto r = full_ring_round(); !r) return r.error();
      }
      if (round % kRenewal != 0) continue;
      if (auto r = renew({&traffic_.limited(), &traffic_.tunnels()[round / kRenewal % kSteadyTunnels]}); !r) {
        return r.error();
      }
    }
    if (auto r = compare_counters(); !r) return r.error();
    return report_;
  }

 private:
  Error differ(const std::string& what) const {
    return {Errc::kCorrupt, "seed " + std::to_string(options_.seed) + ", generation " +
                                std::to_string(session_->generation()) + ": " + what};
  }

  Result<void> set_up() {
    auto session = driver::TableSession::fresh(twin_);
    if (!session) return session.error();
    session_.emplace(std::move(session).value());
    sas_.emplace(twin_, *session_, [this] { return static_cast<std::uint32_t>(rng_()); });
    for (Tunnel& tunnel : traffic_.tunnels()) {
      if (auto r = install(tunnel); !r) return r;
    }
    if (auto r = twin_.start_rings(); !r) return r;
    const std::pair<const layout::Register&, const driver::MacAddress&> macs[] = {{reg::kLanMac, kLanMac},
                                                                                  {reg::kWanMac, kWanMac}};
    for (const auto& [where, mac] : macs) {
      ByteReader bytes{Bytes(mac)};
      const std::uint32_t high = bytes.u16();
      if (auto r = twin_.write(where, bytes.u32()); !r) return r;
      if (auto r = twin_.write(where.at(1), high); !r) return r;
    }
    if (auto r = twin_.write(reg::kLanVlan, traffic_.vlan(Port::kLan)); !r) return r;
    if (auto r = twin_.write(reg::kWanVlan, traffic_.vlan(Port::kWan)); !r) return r;
    if (auto r = twin_.write(reg::kHashSeed, kHashSeed); !r) return r;
    if (auto r = twin_.write(reg::kPlainTags, traffic_.plain_tags() ? 1 : 0); !r) return r;
    driver::TagKeys tags(session_->loader());
    for (TaggedSession& session : traffic_.sessions()) {
      auto handle = tags.install(static_cast<std::uint32_t>(rng_()), session.principal, session.key);
      if (!handle) return handle.error();
      session.handle = *handle;
    }
    if (auto r = commit(); !r) return r;
    twin_.flip_software();
    return twin_.write(reg::kControl, 1);
  }

  Result<void> install(Tunnel& tunnel) {
    auto spi = sas_->reserve_spi();
    if (!spi) return spi.error();
    tunnel.in.spi = *spi;
    driver::OutboundSa out;
    out.spi = tunnel.out.spi;
    out.protocol = tunnel.out.protocol;
    out.mode = tunnel.out.mode;
    out.source = tunnel.out.source;
    out.destination = tunnel.out.destination;
    out.protection = tunnel.out.protection;
    out.esn = tunnel.out.esn;
    out.encap = tunnel.out.encap;
    out.df = tunnel.df;
    out.dscp = tunnel.dscp;
    out.ah_align8 = tunnel.ah_align8;
    out.too_big = tunnel.too_big;
    out.next_hop = tunnel.has_limits ? kNarrowHop : kWanHop;
    out.policy_id = tunnel.policy_id;
    out.limits = {.soft_packets = tunnel.hard_packets / 2, .hard_packets = tunnel.hard_packets};
    auto row = sas_->install(out);
    if (!row) return row.error();
    tunnel.out_row = *row;
    driver::InboundSa in;
    in.spi = tunnel.in.spi;
    in.protocol = tunnel.in.protocol;
    in.mode = tunnel.in.mode;
    in.destination = tunnel.in.destination;
    in.protection = tunnel.in.protection;
    in.esn = tunnel.in.esn;
    in.policy_id = tunnel.policy_id;
    in.replay_window = tunnel.replay_window;
    in.limits = {.soft_packets = tunnel.hard_packets / 2, .hard_packets = tunnel.hard_packets};
    return sas_->install(in);
  }

  // Tables of the next generation: new neighbours, and each destination that may be protected by another SA than
  // before.
  Result<driver::TableImage> next_image() {
    driver::TableImage image;
    const std::uint32_t generation = session_->generation() + 1;
    driver::set_next_hop(image, kLanHop, {Port::kLan, neighbour(generation), 9200});
    driver::set_next_hop(image, kWanHop, {Port::kWan, neighbour(generation), 9200});
    driver::set_next_hop(image, kNarrowHop, {Port::kWan, neighbour(generation), 300});
    struct Target {
      std::uint32_t number;
      unsigned bits;
      layout::Route kind;
      std::uint8_t hop;
    };
    constexpr Target kTargets[] = {
        {kLanNet, 16, layout::Route::kSend, kLanHop},          {kFarNet, 16, layout::Route::kSend, kWanHop},
        {kOurAddress, 32, layout::Route::kLocal, 0},           {kOurLanAddress, 32, layout::Route::kLocal, 0},
        {kUnresolvedNet, 24, layout::Route::kResolve, 0},      {kNarrowNet, 24, layout::Route::kSend, kNarrowHop},
        {kNoNeighbourNet, 24, layout::Route::kSend, kEmptyHop}};
    std::vector<driver::RouteEntry> routes;
    for (const Target& to : kTargets) {
      for (const bool ipv6 : {false, true}) {
        routes.push_back({address_of(to.number, ipv6), prefix_bits(to.bits, ipv6), to.kind, to.hop});
      }
    }
    if (auto r = driver::compile_routes(routes, image); !r) return r.error();
    auto& tunnels = traffic_.tunnels();
    std::vector<driver::SpdRule> out;
    driver::SpdRule for_user = rule(kBypassNet, layout::Action::kHost, 99, 0);
    for_user.principal = {{kPrincipal, kPrincipal}};
    out.push_back(for_user);
    for (std::size_t i = 0; i < kSteadyNets; ++i) {
      const std::uint32_t to = steady_net(i);
      const std::size_t choice = rng_() % (kSteadyTunnels + 1);
      out.push_back(choice == kSteadyTunnels
                        ? rule(to, layout::Action::kBypass, 50, 0)
                        : rule(to, layout::Action::kProtect, tunnels[choice].policy_id, tunnels[choice].out_row));
    }
    out.back().syn_to_host = true;
    const Tunnel& limited = traffic_.limited();
    out.push_back(rule(kLimitedNet, layout::Action::kProtect, limited.policy_id, limited.out_row));
    out.push_back(rule(kEmptySaNet, layout::Action::kProtect, 77, 2000));
    out.push_back(rule(kBypassNet, layout::Action::kBypass, 51, 0));
    out.push_back(rule(kDiscardNet, layout::Action::kDiscard, 52, 0));
    out.push_back(rule(kAskNet, layout::Action::kHost, 53, 0));
    for (const std::uint32_t to : {kUnresolvedNet, kNarrowNet, kNoNeighbourNet, kLanNet, kNoRouteNet}) {
      out.push_back(rule(to, layout::Action::kBypass, 54, 0));
    }
    if (auto r = driver::compile_spd(driver::Direction::kOutbound, out, image); !r) return r.error();
    std::vector<driver::SpdRule> in;
    for (const Tunnel& tunnel : tunnels) {
      driver::SpdRule r;
      r.source = ranges(tunnel.far_host, tunnel.far_host);
      r.action = layout::Action::kProtect;
      r.policy_id = tunnel.policy_id;
      in.push_back(r);
    }
    driver::SpdRule clear;
    clear.source = net(kBypassNet);
    clear.action = layout::Action::kBypass;
    in.push_back(clear);
    clear.source = net(kDiscardNet);
    clear.action = layout::Action::kDiscard;
    in.push_back(clear);
    if (auto r = driver::compile_spd(driver::Direction::kInbound, in, image); !r) return r.error();
    const std::map<Address, std::uint16_t> principals = {{address_of(kUserAddress, false), kPrincipal},
                                                         {address_of(kUserAddress, true), kPrincipal}};
    if (auto r = driver::compile_principals(principals, kHashSeed, image); !r) return r.error();
    return image;
  }

  Result<void> commit() {
    auto image = next_image();
    if (!image) return image.error();
    const Clock begin = twin_.platform().now();
    auto done = session_->commit(*image);
    if (!done) return done.error();
    commit_clocks_ = twin_.platform().now() - begin;
    return {};
  }

  // Puts the packets on the lines of both ports in bursts at full rate, so that queues fill; behind each burst the line
  // is quiet until it has carried somewhat less than the WAN can after encapsulation. `begin` is a clock.
  void offer(const std::vector<Offered>& packets, Clock begin) {
    struct Line {
      LineTime next = 0;
      LineTime fair = 0;
      std::size_t burst = 0;
    } lines[2];
    for (const Offered& p : packets) {
      Line& line = lines[p.port == Port::kLan ? 0 : 1];
      if (line.burst == 0) {
        line.next = std::max(line.next, line.fair);
        line.burst = 1 + rng_() % kMostBurst;
      }
      --line.burst;
      twin_.platform().receive(p.port, p.frame, start_of(begin) + line.next, p.bad);
      line.next += line_time(p.frame.size());
      line.fair += line_time(p.frame.size() + kMostAround) * (100 + rng_() % 150) / 100;
    }
    report_.packets += packets.size();
  }
  // How fast the host takes and gives. A slow one holds the card back at its port to host memory.
  void draw_host() {
    if (rng_() % 2 == 0) return;
    ++report_.slow_rounds;
    twin_.platform().set_link({.latency = 110 + rng_() % 400, .bytes_per_clock = 8 + rng_() % 16});
  }
  void replay(const std::vector<Offered>& packets) {
    for (const Offered& p : packets) twin_.software().receive(p.port, p.frame, p.bad);
  }

  Result<void> round_of(const std::vector<Offered>& packets) {
    offer(packets, twin_.platform().now() + 16);
    replay(packets);
    return compare_at_rest();
  }

  // The host sends among packets of the other port: between those of one port nobody knows when its frames come.
  Result<void> injected_round() {
    const bool lan = rng_() % 2 == 0;
    const std::vector<Offered> packets = traffic_.anything(lan ? Port::kWan : Port::kLan, kBesideInjected);
    offer(packets, twin_.platform().now() + 16);
    replay(packets);
    for (const Injected& sent : traffic_.injected(lan ? Port::kLan : Port::kWan, kInjected)) {
      if (auto r = twin_.inject(sent.where, sent.frame, sent.sender); !r) return r;
      ++report_.injected[layout::kInjects[static_cast<unsigned>(sent.where)].name];
      ++report_.packets;
    }
    return compare_at_rest();
  }

  // More than the host's ring holds, and the host does not read.
  Result<void> full_ring_round() {
    for (std::size_t messages = 0; messages < kRingSlots + kMostInside / 2;) {
      const std::vector<Offered> packets = traffic_.for_host(kMostInside);
      offer(packets, twin_.platform().now() + 16);
      if (!twin_.platform().run_until_idle(kPatience)) return differ("the card does not come to rest");
      replay(packets);
      messages += packets.size();
    }
    return compare_at_rest();
  }

  Result<void> compare_at_rest() {
    if (!twin_.platform().run_until_idle(kPatience)) return differ("the card does not come to rest");
    auto rtl = twin_.rtl_output();
    auto software = twin_.software_output();
    if (!rtl) return rtl.error();
    if (!software) return software.error();
    return compare(std::move(*rtl), std::move(*software));
  }

  // Each with nothing else inside, so that even the reason for refusing a replay must be the same.
  Result<void> alone_round() {
    if (auto r = compare_drops(); !r) return r;
    const std::int64_t skew = replay_skew_;
    for (std::size_t i = 0; i < kAlonePackets; ++i) {
      const std::vector<Offered> packet = {traffic_.alone()};
      offer(packet, twin_.platform().now() + 16);
      if (!twin_.platform().run_until_idle(kPatience)) return differ("the card does not come to rest");
      replay(packet);
    }
    auto rtl = twin_.rtl_output();
    auto software = twin_.software_output();
    if (!rtl) return rtl.error();
    if (!software) return software.error();
    if (auto r = compare(std::move(*rtl), std::move(*software)); !r) return r;
    if (auto r = compare_drops(); !r) return r;
    if (replay_skew_ != skew) return differ("a replay that came alone was refused for another reason");
    return {};
  }

  // New SAs in the place of old ones, which no rule points at from the commit on.
  Result<void> renew(const std::vector<Tunnel*>& tunnels) {
    if (auto r = sas_->reclaim(); !r) return r;
    std::vector<std::pair<std::uint32_t, std::uint16_t>> old;
    for (Tunnel* tunnel : tunnels) {
      old.emplace_back(tunnel->in.spi, tunnel->out_row);
      traffic_.renew(*tunnel);
      if (auto r = install(*tunnel); !r) return r;
      ++report_.renewals;
    }
    if (auto r = commit(); !r) return r;
    twin_.flip_software();
    for (const auto& [spi, row] : old) {
      if (auto r = sas_->retire_inbound(spi); !r) return r;
      if (auto r = sas_->retire_outbound(row); !r) return r;
    }
    return {};
  }

  // Packets that are all forwarded, whatever the generation; the flip comes between any two of them.
  Result<void> flip_round() {
    const std::vector<Offered> packets = traffic_.forwarded(kFlipPackets);
    const std::uint32_t before = session_->generation();
    // So that the flip, which ends the commit, falls among them: as long after its beginning as the last one took, less
    // a random part of the time the packets take, in which at least the first ones have arrived whole.
    const Clock now = twin_.platform().now();
    const Clock lead = kFlipPackets + rng_() % (kFlipPackets * 7);
    offer(packets, now + (commit_clocks_ > lead ? commit_clocks_ - lead : 0));
    if (auto r = commit(); !r) return r;
    if (!twin_.platform().run_until_idle(kPatience)) return differ("the card does not come to rest");
    auto rtl = twin_.rtl_output();
    if (!rtl) return rtl.error();
    std::size_t old[2] = {};  // packets of LAN and WAN that saw the old tables
    for (const auto& [port, frame] : rtl->frames) {
      const std::uint32_t generation = generation_of(frame);
      if (generation != before && generation != before + 1) return differ("a frame of another generation");
      if (generation == before) ++old[port == Port::kWan ? 0 : 1];
    }
    std::vector<Offered> first;
    std::vector<Offered> second;
    std::size_t seen[2] = {};
    for (const Offered& p : packets) {
      const unsigned side = p.port == Port::kLan ? 0 : 1;
      (seen[side]++ < old[side] ? first : second).push_back(p);
    }
    if (!first.empty() && !second.empty()) ++report_.flips;
    replay(first);
    twin_.flip_software();
    replay(second);
    auto software = twin_.software_output();
    if (!software) return software.error();
    return compare(std::move(*rtl), std::move(*software));
  }

  // Order is kept within what takes one way through the card: out of WAN what is protected and what is not, out of LAN
  // what was decapsulated and what came in the clear, each by one of the two ways through a cipher; for the host
  // likewise.
  Result<void> compare(Output rtl, Output software) {
    const auto way = [this](const std::pair<Port, Buffer>& f) { return std::pair(f.first, traffic_.way_of(f)); };
    const auto by_way = [&](const auto& a, const auto& b) { return way(a) < way(b); };
    std::stable_sort(rtl.frames.begin(), rtl.frames.end(), by_way);
    std::stable_sort(software.frames.begin(), software.frames.end(), by_way);
    if (rtl.frames.size() != software.frames.size()) {
      return differ(std::to_string(rtl.frames.size()) + " frames out, the software card says " +
                    std::to_string(software.frames.size()));
    }
    for (std::size_t i = 0; i < rtl.frames.size(); ++i) {
      if (rtl.frames[i] == software.frames[i]) continue;
      return differ("frame " + to_hex(rtl.frames[i].second) + ", the software card says " +
                    to_hex(software.frames[i].second));
    }
    report_.sent += rtl.frames.size();
    for (const auto& sent : rtl.frames) {
      if (auto r = cover(sent.first, traffic_.untagged(sent)); !r) return r;
      for (const std::uint8_t byte : sent.second) report_.fingerprint = (report_.fingerprint ^ byte) * 0x100000001b3;
    }
    return compare_messages(std::move(rtl.messages), std::move(software.messages));
  }

  // A frame that an SA protected or opened, among what was covered.
  Result<void> cover(Port port, const Buffer& frame) {
    const Tunnel* tunnel = traffic_.tunnel_of(port, frame);
    if (tunnel == nullptr) return {};
    if (port == Port::kLan) {
      cover(*tunnel, false, Bytes(frame).subspan(driver::kEthernetBytes));
      return {};
    }
    const auto inner = bench::open_ipsec_frame(tunnel->out, frame);
    if (!inner) return differ("a peer cannot open " + to_hex(frame));
    cover(*tunnel, true, *inner);
    return {};
  }
  // What stood in front of ESP or AH: in transport mode the extras of the packet itself.
  void cover_extras(const bench::IpsecSa& sa, const std::string& mode, Bytes inner) {
    driver::IpPacket packet;
    (void)read_ip(inner, inner[0] >> 4 == 6, packet);
    const bool transport = sa.mode == layout::Mode::kTransport;
    if (transport ? packet.extras.empty() : !traffic_.came_behind_extras(inner)) return;
    ++report_.extras[mode];
    if (!transport) return;
    if (packet.extras.size() == driver::testing::kMostOptionBytes && !packet.ipv6) ++report_.extras["40 bytes in ipv4"];
    if (packet.extras.size() == driver::kMostExtensionBytes) ++report_.extras["48 bytes in ipv6"];
    if (driver::extensions_of(packet).size() == driver::kMostExtensions) ++report_.extras["four headers in ipv6"];
  }
  void cover(const Tunnel& tunnel, bool out, Bytes inner) {
    const bench::IpsecSa& sa = out ? tunnel.out : tunnel.in;
    const driver::SaProtection& with = sa.protection;
    const bool ah = sa.protocol == layout::Protocol::kAh;
    const std::string way = out ? "out" : "in";
    const auto version = [](bool ipv6) { return ipv6 ? "ipv6" : "ipv4"; };
    std::string algorithm = ah ? "ah" : layout::kCiphers[static_cast<unsigned>(with.cipher)].name;
    if (!with.key.empty()) algorithm += "_" + std::to_string(8 * with.key.size());
    if (with.integrity != layout::Integrity::kNone) {
      algorithm += std::string(" ") + layout::kIntegrities[static_cast<unsigned>(with.integrity)].name;
    }
    ++report_.algorithms[algorithm];
    std::string mode = way + (ah ? " ah " : " esp ");
    mode += sa.mode == layout::Mode::kTransport ? "transport "
                                                : std::string("tunnel ") + version(inner[0] >> 4 == 6) + " in ";
    mode += version(!sa.source.is_v4());
    ++report_.modes[mode];
    cover_extras(sa, mode, inner);
    ++report_.options[way + (sa.esn ? " esn" : "") + (sa.encap ? " encap" : "")];
    if (!out) ++report_.windows[std::to_string(tunnel.replay_window)];
  }

  Result<void> compare_messages(std::vector<Message> rtl, std::vector<Message> software) {
    // At most one event of an unknown SPI, or of a tag, until the host has read it: how many depends on when it reads.
    const auto untimely = [](const Message& m) {
      return m.reason == layout::Upcall::kSpiUnknown || m.reason == layout::Upcall::kTagRejected;
    };
    std::erase_if(rtl, untimely);
    std::erase_if(software, untimely);
    const auto way = [this](const Message& m) {
      const bool oversize = m.reason == layout::Upcall::kOversize;
      return std::tuple(m.frame.empty(), m.port, m.decapsulated, m.frame.empty() ? m.reason : layout::Upcall{}, m.spi,
                        oversize ? std::optional(traffic_.way_of(Port::kWan, m.frame)) : std::nullopt);
    };
    const auto by_way = [&](const Message& a, const Message& b) { return way(a) < way(b); };
    std::stable_sort(rtl.begin(), rtl.end(), by_way);
    std::stable_sort(software.begin(), software.end(), by_way);
    if (rtl.size() != software.size()) {
      return differ(std::to_string(rtl.size()) + " messages to the host, the software card says " +
                    std::to_string(software.size()));
    }
    const auto fields = [](const Message& m) {
      return std::tie(m.reason, m.port, m.frame, m.generation, m.spi, m.sa_index, m.outbound, m.decapsulated,
                      m.policy_id, m.principal, m.source);
    };
    for (std::size_t i = 0; i < rtl.size(); ++i) {
      if (fields(rtl[i]) == fields(software[i])) continue;
      const auto text = [](const Message& m) {
        return std::string(layout::kUpcalls[static_cast<unsigned>(m.reason)].name) + " port " +
               std::to_string(static_cast<unsigned>(m.port)) + " generation " + std::to_string(m.generation) + " spi " +
               std::to_string(m.spi) + " sa_index " + std::to_string(m.sa_index) + " policy_id " +
               std::to_string(m.policy_id) + " principal " + std::to_string(m.principal) + " decapsulated " +
               std::to_string(m.decapsulated) + " source " +
               to_hex(ByteWriter().u64(m.source.high).u64(m.source.low).view()) + " frame " + to_hex(m.frame);
      };
      return differ("message " + text(rtl[i]) + ", the software card says " + text(software[i]));
    }
    report_.messages += rtl.size();
    for (const Message& m : rtl) {
      ++report_.upcalls[layout::kUpcalls[static_cast<unsigned>(m.reason)].name];
      if (m.decapsulated) {
        for (const Tunnel& tunnel : traffic_.tunnels()) {
          if (tunnel.in.spi == m.spi) cover(tunnel, false, Bytes(m.frame).subspan(driver::kEthernetBytes));
        }
      }
    }
    return {};
  }

  // A replay is refused on both cards, but while others are inside the Verilated one may call it a duplicate that will
  // be old in a moment (hw/sa): of the two reasons the sum is compared, and how far they are apart is kept.
  Result<void> compare_drops() {
    std::int64_t replays = 0;
    for (const layout::Code& code : layout::kDrops) {
      const auto [rtl, software] = twin_.counters(reg::kDropCounters, code.value);
      const auto more = static_cast<std::int64_t>(rtl - software);
      const auto reason = layout::Drop(code.value);
      if (reason == layout::Drop::kReplayOld) replay_skew_ = more;
      if (reason == layout::Drop::kReplayOld || reason == layout::Drop::kReplayDuplicate) {
        replays += more;
      } else if (more != 0) {
        return differ("drop " + std::string(code.name) + " " + std::to_string(rtl) + ", the software card says " +
                      std::to_string(software));
      }
      if (rtl != 0) report_.drops[code.name] = rtl;
    }
    if (replays != 0) return differ(std::to_string(replays) + " more replays refused than by the software card");
    return {};
  }

  Result<void> compare_counters() {
    if (auto r = compare_drops(); !r) return r;
    for (const layout::Code& code : layout::kCounterNames) {
      const auto which = static_cast<layout::Counter>(code.value);
      if (which == layout::Counter::kEvents || which == layout::Counter::kEventsLost) continue;  // as above
      const auto [rtl, software] = twin_.counters(reg::kCounters, code.value);
      if (rtl != software) {
        return differ("counter " + std::string(code.name) + " " + std::to_string(rtl) + ", the software card says " +
                      std::to_string(software));
      }
      if (std::string_view(code.name).starts_with("tag_")) report_.tags[code.name] = rtl;
    }
    return {};
  }

  CompareOptions options_;
  CompareReport report_;
  TwinCard twin_;
  std::mt19937_64 rng_;
  Traffic traffic_;
  Clock commit_clocks_ = 0;       // that the last commit took
  std::int64_t replay_skew_ = 0;  // replays that the Verilated card called old and the software card duplicates
  std::optional<driver::TableSession> session_;
  std::optional<driver::SaTable> sas_;
};

}  // namespace

Result<CompareReport> compare_cards(const CompareOptions& options) { return Comparison(options).run(); }

}  // namespace sallyport::sim
