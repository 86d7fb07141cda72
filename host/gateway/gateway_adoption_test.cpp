// SPDX-License-Identifier: Apache-2.0
// A daemon dies and the next one takes over the card, which has gone on.
#include "driver/testing/flaky_card.hpp"
#include "host/gateway/test_gateway.hpp"

namespace sallyport::gateway {
namespace {

using driver::testing::FlakyCard;

// The daemon dies and comes back: the card goes on in between, and its sequence numbers go on behind.
TEST_F(GatewayTest, AdoptsACardThatItKnows) {
  start();
  ASSERT_TRUE(peer_is_known());
  send(kHost, kRemote);
  kill();
  send(kHost, kRemote);
  start();
  send(kHost, kRemote);
  ASSERT_TRUE(peer_is_known());
  send(kHost, kRemote);
  ASSERT_EQ(wan_.size(), 4U);
  for (std::uint32_t i = 0; i < 4; ++i) EXPECT_EQ(u32(wan_[i], 38), i + 1);  // RFC 4303 2.2: sequence number
  ASSERT_EQ(gateway_->keeper().sas().size(), 1U);
  EXPECT_EQ(gateway_->keeper().sas()[0].replay_window, 1024U);
}

// Some packets have a neighbour whom nobody knew before: they wait.
TEST_F(GatewayTest, NoPacketIsLostWhileACardIsAdopted) {
  start();
  ASSERT_TRUE(ask("POST", {"policies"}, {{"name", "out"}, {"action", "bypass"}}).as_object().contains("generation"));
  std::size_t sent = 0;
  const auto send_one = [&](std::uint32_t to = 0xc0000263) {  // 192.0.2.99
    send(kHost, to);
    ++sent;
  };
  send_one();
  ASSERT_TRUE(run_until([&] { return wan_.size() == 1; }));  // its neighbour is known
  kill();
  send_one();
  FlakyCard busy(card_);
  busy.on_written(layout::reg::kFlip, [&](std::uint32_t) {
    send_one();
    send_one(0xc0000262);
  });
  start(busy, with_another_address(kConfiguration));
  ASSERT_GT(sent, 3U);
  EXPECT_TRUE(run_until([&] { return wan_.size() == sent; })) << wan_.size() << " of " << sent;
  kill();  // before `busy`
}

// With the TAP devices the kernel has lost its neighbours, and they may be slow to answer.
TEST_F(GatewayTest, AnAdoptedCardHandsPacketsToItsNeighboursWithoutAskingForThemAnew) {
  start();
  ASSERT_TRUE(ask("POST", {"policies"}, {{"name", "out"}, {"action", "bypass"}}).as_object().contains("generation"));
  send(kHost, 0xc0000263);
  ASSERT_TRUE(run_until([&] { return wan_.size() == 1; }));
  kill();
  neighbours_answer_ = false;
  start();
  send(kHost, 0xc0000263);
  EXPECT_EQ(wan_.size(), 2U);
}

// The card goes on for users until the next daemon is there. For whom nobody vouches then, they are not logged in, from
// the first flip on.
TEST_F(GatewayTest, NobodyForWhomNobodyVouchesIsLoggedInAtACardThatIsAdopted) {
  const std::string configuration = kConfiguration + "user = \"alice\"\n[users]\n";
  start(card_, configuration);
  ASSERT_TRUE(peer_is_known());
  send(kHost, kRemote);
  EXPECT_EQ(wan_.size(), 0U) << "no policy is for nobody";
  ASSERT_TRUE(gateway_->principals().on_begin(
      {"a", "alice", {}, "password", IpAddress::from_number(Address::from_v4(kHost)), 1000}));
  send(kHost, kRemote);
  EXPECT_EQ(wan_.size(), 1U);
  kill();
  send(kHost, kRemote);
  EXPECT_EQ(wan_.size(), 2U);
  unsigned flips = 0;
  FlakyCard busy(card_);
  busy.on_written(layout::reg::kFlip, [&](std::uint32_t) {
    ++flips;
    send(kHost, kRemote);
  });
  start(busy, configuration);
  EXPECT_GT(flips, 0U);
  ASSERT_TRUE(peer_is_known());
  send(kHost, kRemote);
  EXPECT_EQ(wan_.size(), 2U);
  EXPECT_GT(drops(layout::Drop::kSpdNoMatch), 0U);
  kill();  // before `busy`
}

}  // namespace
}  // namespace sallyport::gateway
