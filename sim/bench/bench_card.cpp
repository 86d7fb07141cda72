// SPDX-License-Identifier: Apache-2.0
#include "sim/bench/bench_card.hpp"

#include <algorithm>
#include <numeric>

#include "driver/tables/route_compiler.hpp"

namespace sallyport::bench {
namespace {

namespace reg = layout::reg;

constexpr std::uint8_t kLanHop = 1;
constexpr std::uint8_t kWanHop = 2;
constexpr std::uint16_t kMtu = 9200;
constexpr std::uint32_t kFirstOutSpi = 0x10001000;

Result<void> write_mac(driver::Card& card, const layout::Register& where, const MacAddress& mac) {
  const std::uint32_t high = static_cast<std::uint32_t>(mac[0]) << 8 | mac[1];
  const std::uint32_t low = static_cast<std::uint32_t>(mac[2]) << 24 | static_cast<std::uint32_t>(mac[3]) << 16 |
                            static_cast<std::uint32_t>(mac[4]) << 8 | mac[5];
  if (auto r = card.write(where, low); !r) return r;
  return card.write(where.at(1), high);
}

}  // namespace

Result<std::unique_ptr<BenchCard>> BenchCard::configure(driver::Card& card, const BenchSetup& setup) {
  if (setup.sas == 0 || setup.sas > layout::kSpdRules) {
    return Error{Errc::kInvalid, "--sas: 1 to " + std::to_string(layout::kSpdRules) + " (a rule each)"};
  }
  auto session = driver::TableSession::fresh(card);
  if (!session) return session.error();
  std::unique_ptr<BenchCard> bench(new BenchCard(card, std::move(session).value()));
  if (auto r = write_mac(card, reg::kLanMac, kLanMac); !r) return r.error();
  if (auto r = write_mac(card, reg::kWanMac, kWanMac); !r) return r.error();
  driver::set_next_hop(bench->base_, kLanHop, {layout::Port::kLan, kLanHostMac, kMtu});
  driver::set_next_hop(bench->base_, kWanHop, {layout::Port::kWan, kPeerMac, kMtu});
  std::vector<driver::RouteEntry> routes;
  for (const BenchNet& net : {kIpv4Net, kIpv6Net}) {
    routes.push_back({net.lan_host, net.net_bits, layout::Route::kSend, kLanHop});
    routes.push_back({net.far_net, net.net_bits, layout::Route::kSend, kWanHop});
    routes.push_back({net.ours, layout::kAddressBits, layout::Route::kLocal, 0});
  }
  if (auto r = driver::compile_routes(routes, bench->base_); !r) return r.error();
  for (unsigned i = 0; i < setup.sas; ++i) {
    if (auto r = bench->add_flow(i, setup); !r) return r.error();
  }
  std::vector<std::size_t> order(setup.sas);
  std::iota(order.begin(), order.end(), std::size_t{0});
  driver::TableImage image = bench->base_;
  if (auto r = driver::compile_spd(driver::Direction::kOutbound, outbound_rules(bench->flows_, order), image); !r)
    return r.error();
  if (auto r = driver::compile_spd(driver::Direction::kInbound, inbound_rules(bench->flows_, order), image); !r)
    return r.error();
  auto committed = bench->session_.commit(image);
  if (!committed) return committed.error();
  if (auto r = card.write(reg::kControl, 1); !r) return r.error();
  return bench;
}

Result<void> BenchCard::add_flow(unsigned index, const BenchSetup& setup) {
  const Algorithm& algorithm = setup.algorithms[index % setup.algorithms.size()];
  const BenchNet& inner = setup.inner_ipv6 ? kIpv6Net : kIpv4Net;
  const BenchNet& outer = setup.outer_ipv6 ? kIpv6Net : kIpv4Net;
  Flow flow{.algorithm = algorithm};
  flow.outbound = {kLanHostMac, kLanMac, inner.lan_host, inner.far_host(index)};
  flow.inbound = {kPeerMac, kWanMac, inner.far_host(index), inner.lan_host};
  flow.policy_id = static_cast<std::uint16_t>(index + 1);
  flow.out = {.spi = kFirstOutSpi + index,
              .protocol = algorithm.protocol(),
              .source = outer.ours,
              .destination = outer.peer,
              .protection = algorithm.protection(index, 0),
              .esn = algorithm.esn()};
  auto spi = sas_.reserve_spi();
  if (!spi) return spi.error();
  flow.in = {.spi = *spi,
             .protocol = algorithm.protocol(),
             .source = outer.peer,
             .destination = outer.ours,
             .protection = algorithm.protection(index, 1),
             .esn = algorithm.esn()};

  if (auto r = install_outbound(flow); !r) return r;

  driver::InboundSa in;
  in.spi = flow.in.spi;
  in.protocol = flow.in.protocol;
  in.destination = flow.in.destination;
  in.protection = flow.in.protection;
  in.esn = flow.in.esn;
  in.policy_id = flow.policy_id;
  if (auto r = sas_.install(in); !r) return r;
  flows_.push_back(std::move(flow));
  return {};
}

Result<void> BenchCard::install_outbound(Flow& flow) {
  driver::OutboundSa out;
  out.spi = flow.out.spi;
  out.protocol = flow.out.protocol;
  out.source = flow.out.source;
  out.destination = flow.out.destination;
  out.protection = flow.out.protection;
  out.esn = flow.out.esn;
  out.next_hop = kWanHop;
  out.policy_id = flow.policy_id;
  auto row = sas_.install(out);
  if (!row) return row.error();
  flow.out_row = *row;
  return {};
}

bool BenchCard::chained() const {
  return std::any_of(flows_.begin(), flows_.end(), [](const Flow& flow) { return flow.algorithm.chained(); });
}

Buffer BenchCard::lan_frame(const Flow& flow, std::size_t length, std::uint64_t number) const {
  return numbered_frame(flow.outbound, length, number);
}

Buffer BenchCard::wan_frame(Flow& flow, std::size_t inner_length, std::uint64_t number) {
  const Buffer inner = numbered_frame(flow.inbound, inner_length, number);
  return ipsec_frame(flow.in, kPeerMac, kWanMac, flow.next_seq++, Bytes(inner).subspan(kEthernetHeaderBytes));
}

std::vector<driver::SpdRule> outbound_rules(const std::vector<Flow>& flows, const std::vector<std::size_t>& order) {
  std::vector<driver::SpdRule> rules;
  for (const std::size_t i : order) {
    driver::SpdRule rule;
    rule.destination = {{flows[i].outbound.destination, flows[i].outbound.destination}};
    rule.action = layout::Action::kProtect;
    rule.policy_id = flows[i].policy_id;
    rule.sa_index = flows[i].out_row;
    rules.push_back(rule);
  }
  return rules;
}

std::vector<driver::SpdRule> inbound_rules(const std::vector<Flow>& flows, const std::vector<std::size_t>& order) {
  std::vector<driver::SpdRule> rules;
  for (const std::size_t i : order) {
    driver::SpdRule rule;
    rule.source = {{flows[i].inbound.source, flows[i].inbound.source}};
    rule.action = layout::Action::kProtect;
    rule.policy_id = flows[i].policy_id;
    rules.push_back(rule);
  }
  return rules;
}

}  // namespace sallyport::bench
