// SPDX-License-Identifier: Apache-2.0
// A RADIUS server's order to end a session (RFC 5176), from the datagram to the card.
#include "driver/testing/flaky_card.hpp"
#include "host/gateway/test_gateway_of_users.hpp"
#include "host/users/radius/radius_message.hpp"
#include "host/users/test_process.hpp"

namespace sallyport::gateway {
namespace {

using users::radius::Code;
using users::radius::Message;
using users::radius::Type;

constexpr std::uint32_t kServer = 0x0a010001;  // the gateway's own address: the server is at home there
constexpr const char* kRadius = R"(radius_orders_port = 3799
[[users.radius_servers]]
address = "10.1.0.1"
secret = "a-secret-of-the-test"
)";

class DisconnectOrderTest : public GatewayOfUsersTest {
 protected:
  void start_with_server(driver::Card& card) {
    ASSERT_EQ(std::system("ip link set lo up"), 0);
    start_with_users(card, kConfiguration + kTwoSas + kRadius);
    server_ = Descriptor(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(kServer);
    ASSERT_EQ(::bind(server_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    address.sin_port = htons(3799);
    ASSERT_EQ(::connect(server_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  void order(const std::string& user) {
    Message message{Code::kDisconnectRequest, 7};
    message.add(Type::kUserName, as_bytes(user));
    const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    message.add(Type::kEventTimestamp, static_cast<std::uint32_t>(now));
    const Buffer datagram = users::radius::sealed_request(message, secret_);
    authenticator_ = Message::parse(datagram).value().authenticator;
    ASSERT_EQ(::send(server_.get(), datagram.data(), datagram.size(), 0), static_cast<ssize_t>(datagram.size()));
  }
  // Whether it has been answered by now.
  bool is_answered() {
    std::array<std::uint8_t, 4096> datagram{};
    const ssize_t size = ::recv(server_.get(), datagram.data(), datagram.size(), MSG_DONTWAIT);
    if (size <= 0) return answer_.has_value();
    const Bytes received = Bytes(datagram).first(static_cast<std::size_t>(size));
    answer_ = users::radius::opened_reply(received, authenticator_, secret_)->code;
    return true;
  }

  const Secret secret_ = Secret(as_bytes("a-secret-of-the-test"));
  Descriptor server_;  // of the test's own namespace, which begins later than its object
  users::radius::Authenticator authenticator_{};
  std::optional<Code> answer_;
};

// Server -- Disconnect-Request --> gateway, which flips the card's tables, and then: server <-- Disconnect-ACK --
// gateway.
TEST_F(DisconnectOrderTest, IsAcknowledgedWhenTheCardHasLetGo) {
  driver::testing::FlakyCard card(card_);
  unsigned flips = 0;
  bool ordered = false;
  card.on_written(layout::reg::kFlip, [&](std::uint32_t) {
    if (!ordered) return;
    ++flips;
    EXPECT_FALSE(is_answered()) << "while the card was about to let go";
  });
  start_with_server(card);
  ASSERT_TRUE(log_in("alice").is_object());
  EXPECT_EQ(leaves_by(), 0x2001U);
  ordered = true;
  order("alice");
  EXPECT_TRUE(run_until([this] { return is_answered(); }));
  ordered = false;
  EXPECT_EQ(answer_, Code::kDisconnectAck);
  EXPECT_EQ(leaves_by(), std::nullopt) << "when it is acknowledged, it is so";
  EXPECT_GT(flips, 0U);
  EXPECT_TRUE(administrate("GET", {"sessions"}).at("sessions").as_array().empty());
  kill();  // before `card`
}

TEST_F(DisconnectOrderTest, OfSomebodyElseEndsNothing) {
  start_with_server(card_);
  ASSERT_TRUE(log_in("alice").is_object());
  order("bob");
  EXPECT_TRUE(run_until([this] { return is_answered(); }));
  EXPECT_EQ(answer_, Code::kDisconnectNak);
  EXPECT_EQ(leaves_by(), 0x2001U);
}

}  // namespace
}  // namespace sallyport::gateway
