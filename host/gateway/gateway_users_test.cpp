// SPDX-License-Identifier: Apache-2.0
// What becomes of packets when their users log in and out.
#include "driver/testing/flaky_card.hpp"
#include "host/gateway/test_gateway_of_users.hpp"

namespace sallyport::gateway {
namespace {

using driver::testing::FlakyCard;
using ::testing::HasSubstr;

TEST_F(GatewayOfUsersTest, WhoLogsInGetsTheirSaWithTheNextPacketAndWhoLogsOutIsNobody) {
  start_with_users(card_);
  EXPECT_EQ(leaves_by(), std::nullopt);
  const auto alice = log_in("alice");
  ASSERT_TRUE(alice.is_object()) << alice;
  EXPECT_EQ(leaves_by(), 0x2001U);
  const auto beside = log_in("bob", 1001);
  EXPECT_THAT(json::serialize(beside), HasSubstr("has to log out first"));
  EXPECT_EQ(leaves_by(), 0x2001U);
  log_out(alice);
  EXPECT_EQ(leaves_by(), std::nullopt);
  const auto bob = log_in("bob");
  ASSERT_TRUE(bob.is_object()) << bob;
  EXPECT_EQ(leaves_by(), 0x2002U);
  EXPECT_EQ(gateway_->keeper().by_row(true, gateway_->keeper().sending_for("sa/n")->row, 0x2002)->algorithm,
            "aes256gcm16");
  log_out(bob);
  EXPECT_EQ(leaves_by(), std::nullopt);
}

TEST_F(GatewayOfUsersTest, TwoUsersOfOneComputerAreToldApartByTheirTags) {
  start_with_users(card_);
  std::vector<std::string> rejected;
  gateway_->set_on_tag_rejected([&](const IpAddress& from) { rejected.push_back(from.to_string()); });
  const auto count = [this](layout::Counter counter) {
    return driver::CardControl::open(card_)->counters()->of(counter);
  };
  const auto alice = log_in("alice", 1000, true);
  ASSERT_TRUE(alice.is_object()) << alice;
  const auto bob = log_in("bob", 1001, true);
  ASSERT_TRUE(bob.is_object()) << bob;
  EXPECT_EQ(leaves_by(tag_of(alice)), 0x2001U);
  EXPECT_EQ(leaves_by(tag_of(bob)), 0x2002U);
  EXPECT_EQ(wan_.at(0).size(), 14U + 20 + 8 + 8 + 28 + 100 + 2 + 2 + 16) << "ESP, without the tag";
  EXPECT_EQ(leaves_by(), std::nullopt) << "a third user of the computer";
  EXPECT_EQ(administrate("GET", {"sessions"}).at("sessions").at(0).at("tagged"), true);

  // A tag is good from its computer alone.
  EXPECT_EQ(leaves_by(tag_of(alice), kHost + 1), std::nullopt);
  EXPECT_EQ(count(layout::Counter::kTagForged), 1U);
  EXPECT_TRUE(run_until([&] { return rejected == std::vector<std::string>{"10.1.0.11"}; }));

  log_out(alice);
  EXPECT_EQ(leaves_by(tag_of(alice)), std::nullopt);
  EXPECT_EQ(count(layout::Counter::kTagUnknown), 1U);
  EXPECT_EQ(leaves_by(tag_of(bob)), 0x2002U);
  EXPECT_EQ(count(layout::Counter::kTagOk), 3U);

  // For whom nobody vouches, they are not logged in at the next daemon.
  kill();
  EXPECT_EQ(leaves_by(tag_of(bob)), 0x2002U);
  start(card_, kConfiguration + kTwoSas);
  ASSERT_TRUE(peer_is_known());
  EXPECT_EQ(leaves_by(tag_of(bob)), std::nullopt);
}

TEST_F(GatewayOfUsersTest, TheOrderToEndASessionIsAnsweredWhenTheCardHasLetGo) {
  bool watching = false;
  bool told = false;
  unsigned flips = 0;
  FlakyCard busy(card_);
  busy.on_written(layout::reg::kFlip, [&](std::uint32_t) {
    if (watching && !told) ++flips;
  });
  start_with_users(busy);
  const auto alice = log_in("alice");
  ASSERT_TRUE(alice.is_object()) << alice;
  const std::string id(administrate("GET", {"sessions"}).at("sessions").at(0).at("id").as_string());
  EXPECT_EQ(leaves_by(), 0x2001U);
  watching = true;
  GatewayService(*gateway_, login_.get())
      .call({"DELETE", {"sessions", id}, nullptr}, [&](const Result<json::value>& answer) {
        told = answer.has_value();
        EXPECT_EQ(leaves_by(), std::nullopt) << "when it is told, it is so";
      });
  EXPECT_TRUE(run_until([&] { return told; }));
  EXPECT_GT(flips, 0U);
  EXPECT_TRUE(administrate("GET", {"sessions"}).at("sessions").as_array().empty());
  kill();  // before `busy`
}

}  // namespace
}  // namespace sallyport::gateway
