// SPDX-License-Identifier: Apache-2.0
// A card set up for measuring: one gateway, flows through SAs of their own in both directions.
#pragma once

#include <vector>

#include "driver/sa/sa_table.hpp"
#include "driver/tables/spd_compiler.hpp"
#include "driver/tables/table_session.hpp"
#include "sim/bench/algorithm.hpp"
#include "sim/bench/frames.hpp"

namespace sallyport::bench {

// A pair of SAs with the other gateway, and the pair of hosts that uses them.
struct Flow {
  Algorithm algorithm;
  FlowAddresses outbound{};  // as the LAN host sends
  FlowAddresses inbound{};   // as the far host's packets look inside
  IpsecSa out{};             // of the card
  IpsecSa in{};              // of the other gateway, towards the card
  std::uint16_t out_row = 0;
  std::uint16_t policy_id = 0;
  std::uint64_t next_seq = 1;  // of the other gateway
};

struct BenchSetup {
  unsigned sas = 1;                                                               // pairs; at most one rule each fits
  std::vector<Algorithm> algorithms = {Algorithm::parse("aes128gcm16").value()};  // in turn
  bool inner_ipv6 = false;                                                        // what the hosts speak
  bool outer_ipv6 = false;                                                        // what the gateways do
};

inline constexpr MacAddress kLanMac = {0x02, 0x5a, 0x00, 0x00, 0x00, 0x01};  // the card's
inline constexpr MacAddress kWanMac = {0x02, 0x5a, 0x00, 0x00, 0x00, 0x02};
inline constexpr MacAddress kLanHostMac = {0x02, 0x5a, 0x00, 0x00, 0x01, 0x01};  // its neighbours'
inline constexpr MacAddress kPeerMac = {0x02, 0x5a, 0x00, 0x00, 0x01, 0x02};

// The measured gateway's world in one IP version: a LAN host, far hosts (one a flow) and the two gateways.
struct BenchNet {
  Address lan_host, far_net, ours, peer;
  unsigned net_bits;  // of the prefixes of both nets, of 128

  [[nodiscard]] Address far_host(unsigned flow) const { return {far_net.high, far_net.low + 1 + flow}; }
};
inline constexpr BenchNet kIpv4Net = {Address::from_v4(0x0a01000a), Address::from_v4(0x0a020000),
                                      Address::from_v4(0xc0000201), Address::from_v4(0xc0000202), 112};
inline constexpr BenchNet kIpv6Net = {Address(0x20010db800010000, 10), Address(0x20010db800020000, 0),
                                      Address(0x20010db8ffff0000, 1), Address(0x20010db8ffff0000, 2), 64};

class BenchCard {
 public:
  // Of a card that has just been reset.
  static Result<std::unique_ptr<BenchCard>> configure(driver::Card& card, const BenchSetup& setup);

  [[nodiscard]] const Algorithm& algorithm() const { return flows_.front().algorithm; }
  // What the WAN carries of a flow's frames.
  [[nodiscard]] SaShape shape(const Flow& flow) const { return flow.algorithm.shape(!flow.out.source.is_v4()); }
  [[nodiscard]] bool chained() const;  // some flow is
  std::vector<Flow>& flows() { return flows_; }
  driver::TableSession& session() { return session_; }
  driver::SaTable& sas() { return sas_; }
  driver::Card& card() { return *card_; }
  // Of the flow's `out`; its row is noted there.
  Result<void> install_outbound(Flow& flow);
  // MACs, routes and next hops are in it already; rules are the caller's.
  [[nodiscard]] const driver::TableImage& base() const { return base_; }

  // The next frame of a flow as it arrives on LAN, `length` bytes without FCS.
  [[nodiscard]] Buffer lan_frame(const Flow& flow, std::size_t length, std::uint64_t number) const;
  // And as the other gateway sends it on WAN, under the flow's next sequence number.
  Buffer wan_frame(Flow& flow, std::size_t inner_length, std::uint64_t number);

 private:
  BenchCard(driver::Card& card, driver::TableSession session)
      : card_(&card), session_(std::move(session)), sas_(card, session_) {}
  Result<void> add_flow(unsigned index, const BenchSetup& setup);

  driver::Card* card_;
  driver::TableSession session_;
  driver::SaTable sas_;
  driver::TableImage base_;
  std::vector<Flow> flows_;
};

// Rules that send each flow through its own SA, in the order of `order` (indices of flows), and demand it of what comes
// in.
std::vector<driver::SpdRule> outbound_rules(const std::vector<Flow>& flows, const std::vector<std::size_t>& order);
std::vector<driver::SpdRule> inbound_rules(const std::vector<Flow>& flows, const std::vector<std::size_t>& order);

}  // namespace sallyport::bench
