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

// With the TAP devices the kernel has lost its neighbours, and so does the card at the next daemon's first flip.
TEST_F(GatewayTest, NoPacketIsLostWhileACardIsAdopted) {
  start();
  ASSERT_TRUE(ask("POST", {"policies"}, {{"name", "out"}, {"action", "bypass"}}).as_object().contains("generation"));
  std::size_t sent = 0;
  const auto send_one = [&] {
    send(kHost, 0xc0000263);  // 192.0.2.99
    ++sent;
  };
  send_one();
  ASSERT_TRUE(run_until([&] { return wan_.size() == 1; }));  // its neighbour is known
  kill();
  send_one();
  FlakyCard busy(card_);
  busy.on_written(layout::reg::kFlip, [&](std::uint32_t) { send_one(); });
  start(busy);
  ASSERT_GT(sent, 2U);
  EXPECT_TRUE(run_until([&] { return wan_.size() == sent; })) << wan_.size() << " of " << sent;
  kill();  // before `busy`
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
