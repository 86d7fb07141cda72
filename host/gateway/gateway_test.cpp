// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/gateway.hpp"

#include "driver/testing/flaky_card.hpp"
#include "host/gateway/test_gateway.hpp"

namespace sallyport::gateway {
namespace {

using driver::testing::FlakyCard;
using ::testing::HasSubstr;

TEST_F(GatewayTest, ProtectsByAManualSa) {
  start();
  ASSERT_TRUE(peer_is_known());
  send(kHost, kRemote);
  ASSERT_EQ(wan_.size(), 1U);
  EXPECT_EQ(wan_[0][23], 50);  // ESP
  EXPECT_EQ(u32(wan_[0], 30), kPeer);
  EXPECT_EQ(u32(wan_[0], 34), 0x2001U);
  // No policy covers this one.
  send(kHost, 0xc6336401);
  EXPECT_EQ(wan_.size(), 1U);
}

TEST_F(GatewayTest, APacketWaitsForItsNeighbour) {
  start();
  ASSERT_TRUE(ask("POST", {"policies"}, {{"name", "out"}, {"action", "bypass"}}).as_object().contains("generation"));
  send(kHost, 0xc0000263);  // 192.0.2.99, not known yet
  EXPECT_TRUE(wan_.empty());
  ASSERT_TRUE(run_until([&] { return !wan_.empty(); }));
  EXPECT_EQ(u32(wan_[0], 30), 0xc0000263U);
  EXPECT_EQ(wan_[0][22], 63);  // TTL
  EXPECT_EQ(gateway_->exception_counters().reinjected, 1U);
}

// The kernel tells of a neighbour once. Where the card does not take it then, nobody would tell again.
TEST_F(GatewayTest, ANeighbourThatTheCardDidNotTakeAtFirstGetsItsPacket) {
  FlakyCard flaky(card_);
  start(flaky);
  ASSERT_TRUE(peer_is_known());
  ASSERT_TRUE(ask("POST", {"policies"}, {{"name", "out"}, {"action", "bypass"}}).as_object().contains("generation"));
  send(kHost, 0xc0000263);  // 192.0.2.99, not known yet
  const auto asked = neighbours_asked_;
  while (neighbours_asked_ == asked) io_.run_one();
  flaky.fail_from(0, FlakyCard::Loss::kRequest);
  const Hop hop{layout::Port::kWan, Address::from_v4(0xc0000263)};
  ASSERT_TRUE(run_until([&] { return gateway_->keeper().forwarding().has_row(hop); }));
  flaky.heal();
  EXPECT_EQ(gateway_->exception_counters().reinjected, 0U);
  EXPECT_TRUE(run_until([&] { return wan_.size() == 1; }));
  EXPECT_EQ(gateway_->exception_counters().reinjected, 1U);
  gateway_.reset();  // before its card
}

// RFC 4301 8.2, RFC 1191: what does not fit with ESP around it.
TEST_F(GatewayTest, APacketTooBigForTheTunnelIsAnsweredOrCut) {
  start();
  ASSERT_TRUE(peer_is_known());
  send(kHost, kRemote, 1472, true);
  ASSERT_TRUE(run_until([&] { return !lan_.empty(); }));
  EXPECT_EQ(lan_[0][23], 1);            // ICMP
  EXPECT_EQ(u16(lan_[0], 34), 0x0304);  // fragmentation needed
  const std::uint16_t mtu = u16(lan_[0], 40);
  // The MTU that we tell is the largest that fits.
  send(kHost, kRemote, mtu - 28U, true);
  ASSERT_EQ(wan_.size(), 1U);
  EXPECT_LE(wan_[0].size(), 1514U);
  send(kHost, kRemote, mtu - 27U, true);
  EXPECT_EQ(wan_.size(), 1U);
  // One that may be cut is.
  wan_.clear();
  send(kHost, kRemote, 1472);
  ASSERT_TRUE(run_until([&] { return wan_.size() == 2; }));
}

// The SA's policy is for this port alone; everything else goes in the clear.
std::string configuration_of_a_port(const std::string& protocol) {
  return kConfiguration + "protocol = \"" + protocol +
         "\"\ndestination_port = \"2000\"\n[[policies]]\nname = \"rest\"\naction = \"bypass\"\n";
}

// RFC 4301 5.1, 7: without ports, what is cut off would be the policy's behind.
TEST_F(GatewayTest, APacketTooBigThatIsProtectedForItsPortsIsProtectedWhole) {
  start(card_, configuration_of_a_port("udp"));
  ASSERT_TRUE(peer_is_known());
  send(kHost, kRemote, 1472);
  ASSERT_TRUE(run_until([&] { return wan_.size() == 2; }));
  const auto first = ip_packet(wan_[0]), second = ip_packet(wan_[1]);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->protocol, driver::kProtocolEsp);
  EXPECT_TRUE(first->more_fragments);
  EXPECT_EQ(second->protocol, driver::kProtocolEsp);
  EXPECT_NE(second->fragment_offset, 0U);
  EXPECT_EQ(gateway_->exception_counters().refused, 0U);
}

TEST_F(GatewayTest, APacketTooBigIsNotCutWhereAnotherPolicyWouldHaveItsEnd) {
  start(card_, configuration_of_a_port("tcp"));
  ASSERT_TRUE(peer_is_known());
  driver::IpHeader header;
  header.ttl = 64;
  header.source = Address::from_v4(kHost);
  header.destination = Address::from_v4(kRemote);
  const Buffer segment = ByteWriter().u16(1000).u16(2000).zeros(1476).take();
  send(driver::write_ip(header, driver::kProtocolTcp, segment));
  ASSERT_TRUE(run_until([&] { return gateway_->exception_counters().refused == 1; }));
  EXPECT_EQ(gateway_->exception_counters().too_big, 1U);
  // The card has taken nothing in: what is sent now is the first that leaves.
  send(kHost, kPeer);
  ASSERT_TRUE(run_until([&] { return !wan_.empty(); }));
  EXPECT_EQ(ip_packet(wan_[0])->destination, Address::from_v4(kPeer));
  EXPECT_EQ(ip_packet(wan_[0])->protocol, driver::kProtocolUdp);
}

TEST_F(GatewayTest, ShowsItsSasWithoutTheirKeys) {
  start();
  ASSERT_TRUE(peer_is_known());
  send(kHost, kRemote);
  const auto sas = ask("GET", {"sas"});
  const auto& sa = sas.at("sas").as_array().at(0);
  EXPECT_EQ(sa.at("target").as_string(), "sa/m");
  EXPECT_EQ(sa.at("spi_out").as_string(), "0x00002001");
  EXPECT_EQ(sa.at("packets_out").to_number<int>(), 1);
  EXPECT_EQ(sa.at("replay_window").to_number<int>(), 1024);
  EXPECT_EQ(json::serialize(sas).find("2021222324"), std::string::npos);
  EXPECT_EQ(ask("GET", {"counters"}).at("counters").at("esp_out").to_number<int>(), 1);
  EXPECT_TRUE(ask("GET", {"card"}).at("enabled").as_bool());
  EXPECT_THAT(std::string(ask("POST", {"initiate"}, {{"connection", "x"}, {"child", "y"}}).at("error").as_string()),
              HasSubstr("x"));
  EXPECT_TRUE(ask("GET", {"nothing"}).as_object().contains("error"));
}

}  // namespace
}  // namespace sallyport::gateway
