// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/opened_flows.hpp"

#include <gtest/gtest.h>

namespace sallyport::gateway {
namespace {

TcpFlow from_port(unsigned port) {
  return {IpAddress::parse("10.1.0.10").value(), static_cast<std::uint16_t>(port),
          IpAddress::parse("10.2.0.10").value(), 443};
}

TEST(OpenedFlows, EachHasARuleForItsPacketsAlone) {
  OpenedFlows flows;
  EXPECT_TRUE(flows.open("office", from_port(40000)));
  EXPECT_FALSE(flows.open("office", from_port(40000))) << "it asks again";
  EXPECT_TRUE(flows.open("office", from_port(40001)));
  EXPECT_EQ(flows.count("office"), 2U);
  const auto rules = flows.front_rules();
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_EQ(rules[0].policy, "office");
  EXPECT_TRUE(rules[0].by_successor);
  EXPECT_EQ(rules[0].source.to_string(), "10.1.0.10[tcp/40000]");
  EXPECT_EQ(rules[1].source.to_string(), "10.1.0.10[tcp/40001]");
  EXPECT_EQ(rules[1].destination.to_string(), "10.2.0.10[tcp/443]");
}

TEST(OpenedFlows, WhoFindsNoRoomIsToWaitNoLongerAndWhatEndsMakesRoom) {
  OpenedFlows flows;
  flows.open("voice", from_port(1));
  for (unsigned port = 1; port < OpenedFlows::kMost; ++port) EXPECT_TRUE(flows.open("office", from_port(port)));
  EXPECT_FALSE(flows.is_full("office"));
  EXPECT_FALSE(flows.open("office", from_port(1000)));
  EXPECT_TRUE(flows.is_full("office"));
  EXPECT_FALSE(flows.is_full("voice"));
  EXPECT_EQ(flows.front_rules().size(), OpenedFlows::kMost);
  flows.keep({"voice"});
  EXPECT_EQ(flows.count("office"), 0U);
  EXPECT_FALSE(flows.is_full("office"));
  EXPECT_EQ(flows.front_rules().size(), 1U);
  EXPECT_TRUE(flows.open("office", from_port(1000)));
}

}  // namespace
}  // namespace sallyport::gateway
