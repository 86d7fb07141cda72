// SPDX-License-Identifier: Apache-2.0
#include "sim/compare/compare.hpp"

#include <gtest/gtest.h>

namespace sallyport::sim {
namespace {

constexpr std::size_t kTunnels = 5;

std::uint64_t sum(const std::map<std::string, std::uint64_t>& counts, const std::string& beginning) {
  std::uint64_t all = 0;
  for (const auto& [name, count] : counts) all += name.starts_with(beginning) ? count : 0;
  return all;
}

TEST(Compare, TheVerilatedCardDoesWhatTheSoftwareCardDoes) {
  CompareOptions options;
  options.seed = 20260102;
  options.packets = 5400;  // so that every tunnel is renewed, and the host's ring is full once
  auto report = compare_cards(options);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_GE(report->packets, options.packets);
  EXPECT_GT(report->sent, report->packets / 3);
  EXPECT_GT(report->messages, 20u);
  for (const char* upcall : {"too_big", "oversize"}) EXPECT_GT(report->upcalls[upcall], 0u) << upcall;
  EXPECT_GT(report->drops.size(), 15u) << "the traffic provokes too little";
  EXPECT_GT(report->flips, 0u);
  for (const char* reason : {"replay_old", "replay_duplicate", "icv_mismatch", "hard_limit", "ip_extension", "vlan"}) {
    EXPECT_GT(report->drops[reason], 0u) << reason;
  }
  EXPECT_GT(report->drops["host_ring_full"], 0u);
  EXPECT_EQ(report->drops["rx_overflow"] + report->drops["crypto_busy"], 0u);
  EXPECT_GT(report->renewals, kTunnels);
  EXPECT_GT(report->slow_rounds, 0u);
  for (const char* inject : {"lan_tx", "wan_tx", "lan_rx", "wan_rx"}) EXPECT_GT(report->injected[inject], 0u) << inject;
  EXPECT_GT(report->algorithms.size(), kTunnels) << "renewed with the same algorithms";
  EXPECT_GT(report->windows.size(), 2u);
  for (const std::string way : {"out", "in"}) {
    for (const char* option : {"", " esn", " encap", " esn encap"}) {
      EXPECT_GT(report->options[way + option], 0u) << way << option;
    }
    for (const char* outer : {" in ipv4", " in ipv6"}) {
      for (const char* inner : {"ipv4", "ipv6"}) {
        EXPECT_GT(report->modes[way + " esp tunnel " + inner + outer], 0u) << way << inner << outer;
      }
    }
    EXPECT_GT(report->modes[way + " esp transport ipv4"] + report->modes[way + " esp transport ipv6"], 0u) << way;
    EXPECT_GT(sum(report->modes, way + " ah "), 0u) << way;
    for (const char* protocol : {" esp", " ah"}) {
      EXPECT_GT(sum(report->extras, way + protocol + " transport"), 0u) << way << protocol;
    }
  }
  for (const char* tunnel : {"in esp tunnel", "in ah tunnel"}) EXPECT_GT(sum(report->extras, tunnel), 0u) << tunnel;
  for (const char* most : {"40 bytes in ipv4", "48 bytes in ipv6", "four headers in ipv6"}) {
    EXPECT_GT(report->extras[most], 0u) << most;
  }
  for (const char* tags : {"tag_ok", "tag_unknown", "tag_forged"}) EXPECT_GT(report->tags[tags], 0u) << tags;
}

TEST(Compare, TheSeedDecidesEveryByte) {
  CompareOptions options;
  options.packets = 300;
  const auto first = compare_cards(options);
  const auto second = compare_cards(options);
  options.seed = 20260102;
  const auto other = compare_cards(options);
  ASSERT_TRUE(first && second && other);
  EXPECT_EQ(first->fingerprint, second->fingerprint);
  EXPECT_NE(first->fingerprint, other->fingerprint);
}

}  // namespace
}  // namespace sallyport::sim
