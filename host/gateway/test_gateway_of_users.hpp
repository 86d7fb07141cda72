// SPDX-License-Identifier: Apache-2.0
// For tests: a gateway at which users log in.
#pragma once

#include "driver/user_tag/user_tag.hpp"
#include "host/gateway/login.hpp"
#include "host/gateway/test_gateway.hpp"

namespace sallyport::gateway {

// Two users, who reach the same network by SAs of different ciphers, and nobody, who does not.
inline constexpr const char* kTwoSas = R"(user = "alice"
[[sas]]
name = "n"
local_address = "192.0.2.1"
remote_address = "192.0.2.2"
spi_in = 0x1002
spi_out = 0x2002
algorithm = "aes256gcm16"
key_in = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223"
key_out = "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f40414243"
[[policies]]
name = "bobs"
user = "bob"
source = "10.1.0.0/16"
destination = "10.2.0.0/16"
action = "protect"
sa = "n"
[[policies]]
name = "nobodys"
action = "discard"
[users]
)";

class GatewayOfUsersTest : public GatewayTest {
 protected:
  void start_with_users(driver::Card& card, const std::string& configuration = kConfiguration + kTwoSas) {
    start(card, configuration);
    ASSERT_TRUE(peer_is_known());
    open_login();
    for (const char* user : {"alice", "bob"}) {
      ASSERT_TRUE(administrate("POST", {"users"}, {{"name", user}, {"password", kPassword}}).is_object());
    }
  }
  void open_login(std::optional<std::chrono::seconds> renewal = {}, std::uint16_t any_port = 0) {
    UsersConfig users = gateway_->config().users.value();
    EXPECT_EQ(users.listen_addresses.at(0).to_string(), "10.1.0.1");
    users.listen_port = any_port;
    users.session_renewal = renewal.value_or(users.session_renewal);
    auto opened = Login::open(io_, users, folder_ / "state", gateway_->principals(), gateway_->dialogue());
    ASSERT_TRUE(opened) << opened.error().detail;
    login_ = std::move(*opened);
  }
  // What is due in the loop knows the login, too.
  void kill() {
    io_.poll();
    io_.restart();
    login_.reset();
    GatewayTest::kill();
  }
  void TearDown() override {
    login_.reset();
    GatewayTest::TearDown();
  }

  // An error is its detail, as a text.
  static api::Respond into(const Answer& answer) {
    return [answer](Result<json::value> r) { *answer = r ? std::move(*r) : json::value(r.error().detail); };
  }
  json::value wait_for(const Answer& answer) {
    (void)run_until([&] { return answer->has_value(); });
    return answer->value_or("no answer");
  }
  json::value administrate(const std::string& method, const std::vector<std::string>& path,
                           json::value body = nullptr) {
    const Answer answer = std::make_shared<std::optional<json::value>>();
    GatewayService(*gateway_, login_.get()).call({method, path, std::move(body)}, into(answer));
    return wait_for(answer);
  }
  // A request of the users' own, from a computer.
  json::value request(const std::string& method, const std::vector<std::string>& path, json::value body,
                      std::uint32_t from = kHost, std::string_view token = "") {
    const Answer answer = std::make_shared<std::optional<json::value>>();
    login_->desk().call({method, path, std::move(body), IpAddress::from_v4(from).to_string(), Secret(as_bytes(token))},
                        into(answer));
    return wait_for(answer);
  }
  json::value log_in(const std::string& user, std::uint32_t uid = 1000, bool tagged = false,
                     std::uint32_t from = kHost) {
    json::object wanted{{"method", "password"}, {"user", user}, {"uid", uid}};
    if (tagged) wanted["marking"] = "tag";
    const auto started = request("POST", {"logins"}, wanted, from);
    if (!started.is_object()) return started;
    return request("POST", {"logins", std::string(started.at("login").as_string())},
                   {{"answer", {{"password", kPassword}}}}, from);
  }
  void log_out(const json::value& session, std::uint32_t from = kHost) {
    const auto answer =
        request("POST", {"session", "logout"}, {{"reason", "logout"}}, from, session.at("token").as_string());
    EXPECT_TRUE(answer.is_object()) << answer;
  }
  static driver::UserTag tag_of(const json::value& session, std::uint32_t source = kHost) {
    const json::value& tag = session.at("tag");
    const auto handle = tag.at("handle").to_number<std::uint32_t>();
    const Buffer key = from_hex(tag.at("key").get_string()).value();
    return {handle, driver::tag_check(key, handle, Address::from_v4(source), Address::from_v4(kRemote))};
  }
  // The SPI of the SA by which a packet of the computer leaves; none: it was dropped as nobody's.
  std::optional<std::uint32_t> leaves_by(std::optional<driver::UserTag> tag = {}, std::uint32_t source = kHost) {
    const auto before = drops(layout::Drop::kSpdDiscard);
    wan_.clear();
    Buffer packet = driver::testing::udp_packet(source, kRemote, 100);
    if (tag) packet = driver::put_user_tag(packet, *tag).value();
    send(packet);
    if (wan_.empty()) {
      EXPECT_EQ(drops(layout::Drop::kSpdDiscard), before + 1);
      return std::nullopt;
    }
    return u32(wan_.at(0), 34);
  }

  static constexpr const char* kPassword = "correct horse";
  std::unique_ptr<Login> login_;
};

}  // namespace sallyport::gateway
