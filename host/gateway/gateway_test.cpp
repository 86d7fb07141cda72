// SPDX-License-Identifier: Apache-2.0
// A whole gateway in this process, over a software card whose ports are this test, in a network namespace of its own.
#include "host/gateway/gateway.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <random>

#include "base/temporary_folder.hpp"
#include "driver/software/software_card.hpp"
#include "driver/testing/flaky_card.hpp"
#include "driver/testing/frames.hpp"
#include "host/gateway/neighbour_advertisement.hpp"
#include "host/gateway/service.hpp"
#include "host/gateway/test_disk.hpp"

// In place of the C library's.
extern "C" int fsync(int fd) { return sallyport::gateway::disk.sync(SYS_fsync, fd); }
extern "C" int fdatasync(int fd) { return sallyport::gateway::disk.sync(SYS_fdatasync, fd); }

namespace sallyport::gateway {
namespace {

namespace json = boost::json;
using driver::Address;
using driver::testing::FlakyCard;
using std::chrono::steady_clock;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

constexpr driver::MacAddress kHostMac = {2, 0, 0, 0, 1, 1};
constexpr driver::MacAddress kPeerMac = {2, 0, 0, 0, 2, 2};
constexpr std::uint32_t kHost = 0x0a01000a;    // 10.1.0.10
constexpr std::uint32_t kRemote = 0x0a02000a;  // 10.2.0.10
constexpr std::uint32_t kPeer = 0xc0000202;    // 192.0.2.2

// A manual SA to 192.0.2.2 for everything between 10.1/16 and 10.2/16.
constexpr const char* kConfiguration = R"([card]
backend = "software"
lan_interface = "none"
wan_interface = "none-either"
[gateway]
log_level = "warning"
[lan]
address = "10.1.0.1/24"
tap = "hd-lan"
mac = "02:00:00:00:01:00"
[wan]
address = "192.0.2.1/24"
tap = "hd-wan"
mac = "02:00:00:00:02:00"
[[sas]]
name = "m"
local_address = "192.0.2.1"
remote_address = "192.0.2.2"
spi_in = 0x1001
spi_out = 0x2001
key_in = "000102030405060708090a0b0c0d0e0f10111213"
key_out = "202122232425262728292a2b2c2d2e2f30313233"
replay_window = 1024
[[policies]]
name = "net"
source = "10.1.0.0/16"
destination = "10.2.0.0/16"
action = "protect"
sa = "m"
)";

// The same of IPv6, and what the two gateways say to each other in transport mode, by AH.
constexpr const char* kConfigurationOfIpv6 = R"([card]
backend = "software"
lan_interface = "none"
wan_interface = "none-either"
[gateway]
log_level = "warning"
[lan]
address = "2001:db8:1::1/64"
tap = "hd-lan"
mac = "02:00:00:00:01:00"
[wan]
address = ["2001:db8::1/64", "192.0.2.1/24"]
tap = "hd-wan"
mac = "02:00:00:00:02:00"
[[sas]]
name = "m"
local_address = "2001:db8::1"
remote_address = "2001:db8::2"
spi_in = 0x1001
spi_out = 0x2001
key_in = "000102030405060708090a0b0c0d0e0f10111213"
key_out = "202122232425262728292a2b2c2d2e2f30313233"
dscp = 46
[[sas]]
name = "own"
local_address = "192.0.2.1"
remote_address = "192.0.2.2"
protocol = "ah"
mode = "transport"
spi_in = 0x1002
spi_out = 0x2002
integrity_key_in = "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f"
integrity_key_out = "202122232425262728292a2b2c2d2e2f202122232425262728292a2b2c2d2e2f"
[[policies]]
name = "net"
source = "2001:db8:1::/64"
destination = "2001:db8:2::/64"
action = "protect"
sa = "m"
[[policies]]
name = "own"
source = "192.0.2.1"
destination = "192.0.2.2"
action = "protect"
sa = "own"
)";
constexpr Address kHost6{0x2001'0db8'0001'0000, 10};
constexpr Address kRemote6{0x2001'0db8'0002'0000, 10};
constexpr Address kPeer6{0x2001'0db8'0000'0000, 2};
constexpr Address kOurs = Address::from_v4(0xc0000201);  // 192.0.2.1

Buffer frame_to(const driver::MacAddress& to, const driver::MacAddress& from, Bytes packet) {
  const auto ethertype = packet[0] >> 4 == 6 ? driver::kEthertypeIpv6 : driver::kEthertypeIpv4;
  return driver::testing::ethernet_frame(to, from, ethertype, packet);
}

Buffer udp_packet(std::uint32_t source, std::uint32_t destination, std::size_t payload, bool df) {
  return driver::testing::ethernet_frame(driver::MacAddress{2, 0, 0, 0, 1, 0}, kHostMac, driver::kEthertypeIpv4,
                                         driver::testing::udp_packet(source, destination, payload, df));
}

std::uint16_t u16(Bytes b, std::size_t at) { return static_cast<std::uint16_t>(b[at] << 8 | b[at + 1]); }
std::uint32_t u32(Bytes b, std::size_t at) { return std::uint32_t{u16(b, at)} << 16 | u16(b, at + 2); }

class GatewayTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(::unshare(CLONE_NEWNET), 0) << "this test makes interfaces and must run as root"; }
  void TearDown() override { gateway_.reset(); }

  // While the loop goes on: what is due there still knows the gateway, so that comes first.
  void kill() {
    io_.poll();
    io_.restart();
    gateway_.reset();
  }
  void start() { start(card_); }
  void start(driver::Card& card, const char* configuration = kConfiguration) {
    Config config = parse_config(configuration, folder_ / "gw.toml").value();
    config.state_directory = folder_ / "state";
    config.socket = folder_ / "run" / "api.sock";
    auto started = Gateway::start(io_, std::move(config), card, [this] { return wall_clock_; });
    ASSERT_TRUE(started) << started.error().detail;
    gateway_ = std::move(*started);
  }

  // The wires: neighbours answer ARP and neighbour discovery, other packets that were forwarded or protected are kept.
  void transmit(layout::Port port, Bytes frame) {
    if (u16(frame, 12) == 0x0806) {
      if (u16(frame, 20) == 1) asked_.emplace_back(port, Buffer(frame.begin(), frame.end()));
      return;
    }
    if (const auto packet = ip_packet(frame);
        packet && (is_neighbour_discovery(*packet) || is_link_scope(packet->destination))) {
      asked_.emplace_back(port, Buffer(frame.begin(), frame.end()));
      return;
    }
    (port == layout::Port::kLan ? lan_ : wan_).emplace_back(frame.begin(), frame.end());
  }
  void answer_arp() {
    for (const auto& [port, request] : std::exchange(asked_, {})) {
      const Bytes r = request;
      const auto& mac = port == layout::Port::kLan ? kHostMac : kPeerMac;
      if (u16(r, 12) != 0x0806) {
        if (const auto told = neighbour_advertisement(r, mac); !told.empty()) card_.receive(port, told);
        continue;
      }
      card_.receive(port, driver::testing::arp_answer(r, mac));
    }
  }
  // Runs the loop until `holds`, or for a second.
  template <class Holds>
  bool run_until(Holds holds) {
    const auto end = steady_clock::now() + std::chrono::seconds(3);
    while (!holds() && steady_clock::now() < end) {
      io_.run_for(std::chrono::milliseconds(5));
      io_.restart();
      answer_arp();
    }
    return holds();
  }
  bool peer_is_known(const Address& peer = Address::from_v4(kPeer)) {
    return run_until([&] { return gateway_->keeper().forwarding().is_known({layout::Port::kWan, peer}); });
  }
  std::uint64_t drops(layout::Drop reason) { return driver::CardControl::open(card_)->counters()->of(reason); }
  using Answer = std::shared_ptr<std::optional<json::value>>;
  Answer begin_to_ask(const std::string& method, const std::vector<std::string>& path, json::value body = nullptr) {
    auto answer = std::make_shared<std::optional<json::value>>();
    GatewayService(*gateway_, nullptr).call({method, path, std::move(body)}, [answer](Result<json::value> r) {
      *answer = r ? std::move(*r) : json::value(json::object{{"error", r.error().detail}});
    });
    return answer;
  }
  json::value ask(const std::string& method, const std::vector<std::string>& path, json::value body = nullptr) {
    const auto answer = begin_to_ask(method, path, std::move(body));
    EXPECT_TRUE(run_until([&] { return answer->has_value(); }));
    return answer->value_or(nullptr);
  }

  TemporaryFolder temporary_;
  const std::filesystem::path& folder_ = temporary_.path();
  // A Monday, 12:00 UTC.
  std::chrono::system_clock::time_point wall_clock_ = std::chrono::sys_days(std::chrono::year(2026) / 1 / 5) + 12h;
  boost::asio::io_context io_;
  driver::SoftwareCard card_{[this](layout::Port port, Bytes frame) { transmit(port, frame); }};
  std::unique_ptr<Gateway> gateway_;
  std::vector<std::pair<layout::Port, Buffer>> asked_;
  std::vector<Buffer> lan_;
  std::vector<Buffer> wan_;
};

TEST_F(GatewayTest, ProtectsByAManualSa) {
  start();
  ASSERT_TRUE(peer_is_known());
  card_.receive(layout::Port::kLan, udp_packet(kHost, kRemote, 100, false));
  ASSERT_EQ(wan_.size(), 1U);
  EXPECT_EQ(wan_[0][23], 50);  // ESP
  EXPECT_EQ(u32(wan_[0], 30), kPeer);
  EXPECT_EQ(u32(wan_[0], 34), 0x2001U);
  // No policy covers this one.
  card_.receive(layout::Port::kLan, udp_packet(kHost, 0xc6336401, 100, false));
  EXPECT_EQ(wan_.size(), 1U);
}

// A policy that can never decide is taken, as its order may be the next thing to be changed, and named.
TEST_F(GatewayTest, SaysWhenAPolicyThatComesInNeverDecides) {
  start();
  const auto added =
      ask("POST", {"policies"},
          {{"name", "part"}, {"destination", "10.2.0.0/24"}, {"source", "10.1.0.0/24"}, {"action", "discard"}});
  ASSERT_EQ(added.at("findings").as_array().size(), 1U) << json::serialize(added);
  EXPECT_EQ(added.at("findings").at(0).at("kind"), "hidden");
  EXPECT_EQ(added.at("findings").at(0).at("by"), (json::array{"net"}));
  EXPECT_EQ(ask("GET", {"policies"}).at("findings"), added.at("findings"));
  const auto replaced = ask("PUT", {"policies", "part"}, {{"destination", "10.3.0.0/16"}, {"action", "discard"}});
  EXPECT_EQ(replaced.at("findings"), json::array());
  // Whoever comes in front is told of what is behind.
  const auto in_front = ask("POST", {"policies"}, {{"name", "all"}, {"action", "bypass"}, {"before", "part"}});
  ASSERT_EQ(in_front.at("findings").as_array().size(), 1U);
  EXPECT_EQ(in_front.at("findings").at(0).at("policy"), "part");
}

TEST_F(GatewayTest, APolicyHoldsInItsWindowWhateverTheClockIsPutTo) {
  ::setenv("TZ", "UTC0", 1);
  start();
  ASSERT_TRUE(peer_is_known());
  const auto protects = [&] {
    const auto before = wan_.size();
    card_.receive(layout::Port::kLan, udp_packet(kHost, kRemote, 100, false));
    return wan_.size() != before;
  };
  EXPECT_TRUE(protects());
  const auto replaced = ask("PUT", {"policies", "net"},
                            {{"source", "10.1.0.0/16"},
                             {"destination", "10.2.0.0/16"},
                             {"action", "protect"},
                             {"sa", "m"},
                             {"when", "mon 08:00-18:00"}});
  ASSERT_TRUE(replaced.as_object().contains("generation")) << json::serialize(replaced);
  EXPECT_TRUE(protects());
  EXPECT_EQ(ask("GET", {"policies"}).at("policies").at(0).at("changes_s"), 6 * 3600);
  const auto in_force = [&] { return gateway_->keeper().spd().outbound.size() == 1; };
  wall_clock_ += 6h;
  ASSERT_TRUE(run_until([&] { return !in_force(); }));
  EXPECT_FALSE(protects());
  EXPECT_EQ(ask("GET", {"policies"}).at("policies").at(0).at("holds"), false);
  wall_clock_ -= 1min;  // the clock is put back
  ASSERT_TRUE(run_until(in_force));
  EXPECT_TRUE(protects());
  wall_clock_ += 24h * 5;
  ASSERT_TRUE(run_until([&] { return !in_force(); }));
  wall_clock_ += 24h * 2 - 9h - 59min;  // Monday again
  ASSERT_TRUE(run_until(in_force));
  EXPECT_TRUE(protects());
  ::unsetenv("TZ");
}

TEST_F(GatewayTest, ExplainsWhatBecomesOfAPacket) {
  ::setenv("TZ", "UTC0", 1);
  start();
  ask("POST", {"policies"},
      {{"name", "printer"}, {"destination", "10.2.0.77"}, {"action", "bypass"}, {"before", "net"}});
  const auto protects = ask("POST", {"explain"}, {{"to", "10.2.0.1"}, {"port", "443"}});
  EXPECT_EQ(protects.at("packet"), "10.1.0.2 to 10.2.0.1, tcp port 443, mon 12:00");
  ASSERT_EQ(protects.at("answers").as_array().size(), 1U);
  const auto& now = protects.at("answers").at(0);
  EXPECT_EQ(now.at("sentence"),
            "policy 'net' decides: it is protected by 'sa/m', which is up with 192.0.2.2, by aes128gcm16");
  EXPECT_EQ(now.at("before"),
            (json::array{{{"policy", "printer"}, {"reasons", json::array{"its destination is 10.2.0.77"}}}}));
  EXPECT_EQ(now.at("sa").at("algorithm"), "aes128gcm16");
  const auto bypasses = ask("POST", {"explain"}, {{"to", "10.2.0.77"}, {"from", "10.9.0.1"}});
  EXPECT_EQ(bypasses.at("answers").at(0).at("sentence"), "policy 'printer' decides: it leaves in the clear");
  const auto matches_none = ask("POST", {"explain"}, {{"to", "10.3.0.1"}});
  EXPECT_EQ(matches_none.at("answers").at(0).at("sentence"), "no policy matches, so it is discarded");
  EXPECT_THAT(std::string(ask("POST", {"explain"}, {{"from", "10.1.0.7"}}).at("error").as_string()),
              HasSubstr("needs 'to'"));
  ::unsetenv("TZ");
}

TEST_F(GatewayTest, ExplainsAPacketOfSomebodyWhoIsNotLoggedInTwice) {
  start();
  gateway_->keeper().set_users({{"alice", {7, {"staff"}, {IpAddress::parse("10.1.0.7").value()}}}}, {});
  std::vector<policy::Policy> policies = gateway_->keeper().policies();
  policies.insert(policies.begin(), policy::Policy());
  policies[0].name = "own";
  policies[0].user = "bob";
  policies[0].action = policy::Action::kBypass;
  gateway_->keeper().set_policies(policies, {});
  const auto explained = ask("POST", {"explain"}, {{"user", "bob"}, {"to", "10.2.0.1"}});
  EXPECT_EQ(explained.at("notes").at(0), "'bob' is not logged in");
  ASSERT_EQ(explained.at("answers").as_array().size(), 2U);
  EXPECT_EQ(explained.at("answers").at(0).at("as"), "logged in");
  EXPECT_EQ(explained.at("answers").at(0).at("policy"), "own");
  EXPECT_EQ(explained.at("answers").at(1).at("policy"), "net");
  const auto of_alice = ask("POST", {"explain"}, {{"user", "alice"}, {"to", "10.2.0.1"}});
  EXPECT_THAT(std::string(of_alice.at("packet").as_string()), testing::StartsWith("10.1.0.7 to"));
  EXPECT_EQ(of_alice.at("answers").as_array().size(), 1U);
}

TEST_F(GatewayTest, SaysWhetherExpectationsHoldOfThePoliciesInForce) {
  const std::string more = "[[expectations]]\nname = \"other side\"\nto = \"10.2.0.1\"\npolicy = \"net\"\n";
  start(card_, (std::string(kConfiguration) + more).c_str());
  EXPECT_EQ(ask("GET", {"expectations"}).at("failed"), 0);
  ask("POST", {"policies"}, {{"name", "all"}, {"action", "bypass"}, {"before", "net"}});
  const auto verdicts = ask("GET", {"expectations"});
  EXPECT_EQ(verdicts.at("failed"), 1);
  EXPECT_EQ(verdicts.at("expectations").at(0).at("sentence"),
            "policy 'all' (bypass) decides about 10.1.0.2 to 10.2.0.1, icmp; expected was policy 'net'");
}

// The daemon dies and comes back: the card goes on in between, and its sequence numbers go on behind.
TEST_F(GatewayTest, AdoptsACardThatItKnows) {
  start();
  ASSERT_TRUE(peer_is_known());
  const auto send = [&] { card_.receive(layout::Port::kLan, udp_packet(kHost, kRemote, 100, false)); };
  send();
  kill();
  send();
  start();
  send();
  ASSERT_TRUE(peer_is_known());
  send();
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
  const auto send = [&] {
    card_.receive(layout::Port::kLan, udp_packet(kHost, 0xc0000263, 20, false));  // 192.0.2.99
    ++sent;
  };
  send();
  ASSERT_TRUE(run_until([&] { return wan_.size() == 1; }));  // its neighbour is known
  kill();
  send();
  FlakyCard busy(card_);
  busy.on_written(layout::reg::kFlip, [&](std::uint32_t) { send(); });
  start(busy);
  ASSERT_GT(sent, 2U);
  EXPECT_TRUE(run_until([&] { return wan_.size() == sent; })) << wan_.size() << " of " << sent;
  kill();  // before `busy`
}

// Sessions go with the daemon that knew them. The card goes on for users until the next daemon is there, and then
// nobody is logged in, from the first flip on.
TEST_F(GatewayTest, NobodyIsLoggedInAtACardThatIsAdopted) {
  const std::string configuration = std::string(kConfiguration) + "user = \"alice\"\n[users]\n";
  const auto send = [&] { card_.receive(layout::Port::kLan, udp_packet(kHost, kRemote, 100, false)); };
  start(card_, configuration.c_str());
  ASSERT_TRUE(peer_is_known());
  send();
  EXPECT_EQ(wan_.size(), 0U) << "no policy is for nobody";
  ASSERT_TRUE(gateway_->principals().on_begin(
      {"a", "alice", {}, "password", IpAddress::from_number(Address::from_v4(kHost)), 1000}));
  send();
  EXPECT_EQ(wan_.size(), 1U);
  kill();
  send();
  EXPECT_EQ(wan_.size(), 2U);
  unsigned flips = 0;
  FlakyCard busy(card_);
  busy.on_written(layout::reg::kFlip, [&](std::uint32_t) {
    ++flips;
    send();
  });
  start(busy, configuration.c_str());
  EXPECT_GT(flips, 0U);
  ASSERT_TRUE(peer_is_known());
  send();
  EXPECT_EQ(wan_.size(), 2U);
  EXPECT_GT(drops(layout::Drop::kSpdNoMatch), 0U);
  kill();  // before `busy`
}

// Two users, who reach the same network by SAs of different ciphers, and nobody, who does not.
constexpr const char* kTwoSas = R"(user = "alice"
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
  void start_with_users(driver::Card& card) { start_with_users(card, std::string(kConfiguration) + kTwoSas); }
  void start_with_users(driver::Card& card, const std::string& configuration) {
    start(card, configuration.c_str());
    ASSERT_TRUE(peer_is_known());
    UsersConfig users = gateway_->config().users.value();
    EXPECT_EQ(users.listen_addresses.at(0).to_string(), "10.1.0.1");
    users.listen_port = 0;  // any that is free
    auto opened = Login::open(io_, users, folder_ / "state", gateway_->principals(), gateway_->dialogue());
    ASSERT_TRUE(opened) << opened.error().detail;
    login_ = std::move(*opened);
    for (const char* user : {"alice", "bob"}) {
      ASSERT_TRUE(administrate("POST", {"users"}, {{"name", user}, {"password", kPassword}}).is_object());
    }
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
    // A password costs time on purpose.
    for (int i = 0; i < 20 && !run_until([&] { return answer->has_value(); }); ++i) continue;
    return answer->value_or("no answer");
  }
  json::value administrate(const std::string& method, const std::vector<std::string>& path,
                           json::value body = nullptr) {
    const Answer answer = std::make_shared<std::optional<json::value>>();
    GatewayService(*gateway_, login_.get()).call({method, path, std::move(body)}, into(answer));
    return wait_for(answer);
  }
  json::value ask_desk(const std::vector<std::string>& path, json::value body, Bytes token = {}) {
    const Answer answer = std::make_shared<std::optional<json::value>>();
    login_->desk().call({"POST", path, std::move(body), "10.1.0.10", Secret(token)}, into(answer));
    return wait_for(answer);
  }
  json::value log_in(const std::string& user, std::uint32_t uid = 1000, bool tagged = false) {
    json::object wanted{{"method", "password"}, {"user", user}, {"uid", uid}};
    if (tagged) wanted["marking"] = "tag";
    const auto started = ask_desk({"logins"}, wanted);
    if (!started.is_object()) return started;
    return ask_desk({"logins", std::string(started.at("login").as_string())}, {{"answer", {{"password", kPassword}}}});
  }
  void log_out(const json::value& session) {
    EXPECT_TRUE(
        ask_desk({"session", "logout"}, {{"reason", "logout"}}, as_bytes(session.at("token").as_string())).is_object());
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
    Buffer packet = driver::testing::udp_packet(source, kRemote, 100, false);
    if (tag) packet = driver::put_user_tag(packet, *tag).value();
    card_.receive(layout::Port::kLan, driver::testing::ethernet_frame(driver::MacAddress{2, 0, 0, 0, 1, 0}, kHostMac,
                                                                      driver::kEthertypeIpv4, packet));
    if (wan_.empty()) {
      EXPECT_EQ(drops(layout::Drop::kSpdDiscard), before + 1);
      return std::nullopt;
    }
    return u32(wan_.at(0), 34);
  }

  static constexpr const char* kPassword = "correct horse";
  std::unique_ptr<Login> login_;
};

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

  // Sessions go with the daemon that knew them.
  login_.reset();
  kill();
  EXPECT_EQ(leaves_by(tag_of(bob)), 0x2002U);
  start(card_, (std::string(kConfiguration) + kTwoSas).c_str());
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
  login_.reset();
  kill();  // before `busy`
}

// ---- policies that speak to users ----------------------------------------------------------------------------------

constexpr const char* kSpeaking = R"([[policies]]
name = "told"
destination = "192.0.2.96/28"
action = "bypass"
tell = "yes"
[[policies]]
name = "refused"
destination = "192.0.2.112/28"
action = "discard"
tell = "yes"
[[policies]]
name = "asked"
destination = "192.0.2.128/25"
action = "ask"
sa = "m"
[users]
)";
constexpr std::uint32_t kTold = 0xc0000261;     // 192.0.2.97
constexpr std::uint32_t kRefused = 0xc0000271;  // 192.0.2.113
constexpr std::uint32_t kAsked = 0xc0000281;    // 192.0.2.129
constexpr std::uint32_t kBobs = 0x0a01000b;     // 10.1.0.11, where bob sits

class Listener : public api::EventStream {
 public:
  void send(std::string_view event, const json::value& data) override { events.emplace_back(event, data); }
  void close() override { is_open = false; }
  [[nodiscard]] bool open() const override { return is_open; }
  [[nodiscard]] std::vector<json::value> all(const std::string& event) const {
    std::vector<json::value> out;
    for (const auto& [name, data] : events) {
      if (name == event) out.push_back(data);
    }
    return out;
  }
  std::vector<std::pair<std::string, json::value>> events;
  bool is_open = true;
};

class GatewayThatSpeaksTest : public GatewayOfUsersTest {
 protected:
  struct User {
    std::uint32_t address = 0;
    std::string token{};
    std::shared_ptr<Listener> ear = std::make_shared<Listener>();
  };
  void speak() {
    start_with_users(card_, std::string(kConfiguration) + kSpeaking);
    gateway_->dialogue().reach_by([this](const std::string& user, std::string_view event, const json::value& data) {
      return login_->tell(user, event, data);
    });
  }
  json::value request(const std::string& method, const std::vector<std::string>& path, json::value body,
                      std::uint32_t from, const std::string& token = "") {
    const Answer answer = std::make_shared<std::optional<json::value>>();
    login_->desk().call({method, path, std::move(body), IpAddress::from_v4(from).to_string(), Secret(as_bytes(token))},
                        into(answer));
    return wait_for(answer);
  }
  User enter(const std::string& name, std::uint32_t address, bool listens = true) {
    User user{address};
    const auto started = request("POST", {"logins"}, {{"method", "password"}, {"user", name}, {"uid", 1000}}, address);
    const auto session = request("POST", {"logins", std::string(started.at("login").as_string())},
                                 {{"answer", {{"password", kPassword}}}}, address);
    user.token = session.at("token").as_string();
    if (listens) {
      EXPECT_TRUE(login_->desk().listen(
          {"GET", {"events"}, nullptr, IpAddress::from_v4(address).to_string(), Secret(as_bytes(user.token))},
          user.ear));
    }
    return user;
  }
  void leave(const User& user) {
    EXPECT_TRUE(request("POST", {"session", "logout"}, {{"reason", "logout"}}, user.address, user.token).is_object());
  }
  json::value answer(const User& user, std::uint64_t id, const std::string& choice,
                     const std::string& remember = "flow") {
    return request("POST", {"answers", std::to_string(id)}, {{"choice", choice}, {"remember", remember}}, user.address,
                   user.token);
  }
  void send(std::uint32_t from, std::uint32_t to, std::size_t payload = 20) {
    card_.receive(layout::Port::kLan, udp_packet(from, to, payload, false));
  }
  // Waits until the host has seen everything.
  void settle() {
    (void)run_until([this] { return !driver::CardControl::open(card_)->status()->in_flight[0]; });
    for (int i = 0; i < 3; ++i) {
      gateway_->poll();
      io_.poll();
      io_.restart();
      answer_arp();
    }
  }
  // Those that left in the clear, to `to`; its neighbour answers.
  std::size_t clear(std::uint32_t to) {
    settle();
    return static_cast<std::size_t>(std::count_if(
        wan_.begin(), wan_.end(), [&](const Buffer& frame) { return frame[23] == 17 && u32(frame, 30) == to; }));
  }
  std::size_t protected_packets() {
    settle();
    return static_cast<std::size_t>(
        std::count_if(wan_.begin(), wan_.end(), [](const Buffer& frame) { return frame[23] == 50; }));
  }
  std::uint64_t asked(const User& user, std::size_t which = 0) {
    EXPECT_TRUE(run_until([&] { return user.ear->all("ask").size() > which; }));
    return user.ear->all("ask").at(which).at("id").to_number<std::uint64_t>();
  }
};

TEST_F(GatewayThatSpeaksTest, TellsThatPacketsGoInTheClearAndLetsTheCardGoOn) {
  speak();
  const User alice = enter("alice", kHost);
  send(kHost, kTold);
  ASSERT_TRUE(run_until([&] { return clear(kTold) == 1; }));
  const auto messages = alice.ear->all("message");
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_THAT(std::string(messages[0].at("text").as_string()), HasSubstr("to 192.0.2.97 are sent in the clear"));
  EXPECT_EQ(messages[0].at("news").as_string(), "sent_clear");
  EXPECT_EQ(messages[0].at("destination").as_string(), "192.0.2.97");
  for (int i = 0; i < 10; ++i) card_.receive(layout::Port::kLan, udp_packet(kHost, kTold, 20, false));
  EXPECT_EQ(std::count_if(wan_.begin(), wan_.end(), [](const Buffer& f) { return f[23] == 17; }), 11)
      << "without the host";
  EXPECT_EQ(alice.ear->all("message").size(), 1U);
  send(kBobs, kTold);
  ASSERT_TRUE(run_until([&] { return clear(kTold) == 12; })) << "nobody's packets are not held up";
}

TEST_F(GatewayThatSpeaksTest, TellsThatPacketsAreRefused) {
  speak();
  const User alice = enter("alice", kHost);
  send(kHost, kRefused);
  ASSERT_TRUE(run_until([&] { return !alice.ear->all("message").empty(); }));
  EXPECT_THAT(std::string(alice.ear->all("message")[0].at("text").as_string()), HasSubstr("192.0.2.113 are refused"));
  const auto before = drops(layout::Drop::kSpdDiscard);
  for (int i = 0; i < 10; ++i) send(kHost, kRefused);
  EXPECT_EQ(drops(layout::Drop::kSpdDiscard), before + 10) << "by the card";
  EXPECT_EQ(clear(kRefused), 0U);
}

TEST_F(GatewayThatSpeaksTest, AnAnswerLetsGoWhatWaitedAndWhatFollows) {
  speak();
  const User alice = enter("alice", kHost);
  send(kHost, kAsked);
  send(kHost, kAsked);
  const auto id = asked(alice);
  const auto question = alice.ear->all("ask").at(0);
  EXPECT_EQ(question.at("destination").as_string(), "192.0.2.129");
  EXPECT_EQ(question.at("protocol").as_string(), "udp");
  EXPECT_EQ(question.at("port").to_number<int>(), 2000);
  EXPECT_EQ(question.at("choices"), (json::array{"clear", "refuse", "protect"}));
  EXPECT_EQ(question.at("until_s").to_number<int>(), 30);
  EXPECT_EQ(clear(kAsked), 0U);
  EXPECT_EQ(request("GET", {"questions"}, nullptr, kHost, alice.token).at("questions").as_array().size(), 1U);

  EXPECT_TRUE(answer(alice, id, "clear").is_object());
  ASSERT_TRUE(run_until([&] { return clear(kAsked) == 2; }));
  send(kHost, kAsked);
  EXPECT_EQ(clear(kAsked), 3U);
  EXPECT_EQ(alice.ear->all("answered").at(0).at("id"), question.at("id"));
  EXPECT_TRUE(request("GET", {"questions"}, nullptr, kHost, alice.token).at("questions").as_array().empty());
  // What comes back to her is let in, and to nobody else.
  const auto back = [&](std::uint32_t to) {
    lan_.clear();
    driver::IpHeader header;
    header.ttl = 64;
    header.source = Address::from_v4(kAsked);
    header.destination = Address::from_v4(to);
    const Buffer udp = ByteWriter().u16(2000).u16(1000).u16(12).u16(0).zeros(4).take();
    card_.receive(layout::Port::kWan,
                  frame_to({2, 0, 0, 0, 2, 0}, kPeerMac, driver::write_ip(header, driver::kProtocolUdp, udp)));
    return run_until([&] { return !lan_.empty(); });
  };
  EXPECT_TRUE(back(kHost));
  EXPECT_FALSE(back(kBobs));
}

TEST_F(GatewayThatSpeaksTest, TheUserMayRefuseOrWantProtection) {
  speak();
  const User alice = enter("alice", kHost);
  send(kHost, kAsked);
  EXPECT_TRUE(answer(alice, asked(alice), "refuse", "session").is_object());
  send(kHost, kAsked);
  EXPECT_EQ(clear(kAsked), 0U);
  send(kHost, kAsked + 1);
  EXPECT_TRUE(answer(alice, asked(alice, 1), "protect", "session").is_object());
  ASSERT_TRUE(run_until([&] { return protected_packets() == 1; }));
  send(kHost, kAsked + 1);
  EXPECT_EQ(protected_packets(), 2U);
  EXPECT_EQ(clear(kAsked + 1), 0U);
}

TEST_F(GatewayThatSpeaksTest, NothingPassesWhereNobodyAnswersOrListens) {
  speak();
  send(kHost, kAsked);
  EXPECT_EQ(clear(kAsked), 0U) << "nobody's";
  const User deaf = enter("alice", kHost, false);
  send(kHost, kAsked);
  settle();
  EXPECT_EQ(clear(kAsked), 0U);
  const auto before = drops(layout::Drop::kSpdDiscard);
  send(kHost, kAsked);
  EXPECT_EQ(drops(layout::Drop::kSpdDiscard), before + 1) << "by the card";

  const User bob = enter("bob", kBobs);
  send(kBobs, kAsked);
  const auto id = asked(bob);
  gateway_->dialogue().tick(steady_clock::now() + std::chrono::seconds(31));
  EXPECT_EQ(bob.ear->all("answered").at(0).at("why").as_string(), "no_answer");
  EXPECT_THAT(std::string(bob.ear->all("message").at(0).at("text").as_string()), HasSubstr("have not answered"));
  EXPECT_THAT(json::serialize(answer(bob, id, "clear")), HasSubstr("there is no question"));
  EXPECT_EQ(clear(kAsked), 0U);
}

TEST_F(GatewayThatSpeaksTest, AnAnswerIsItsUsersAloneAndEndsWithTheSession) {
  speak();
  User alice = enter("alice", kHost);
  const User bob = enter("bob", kBobs);
  send(kHost, kAsked);
  const auto id = asked(alice);
  EXPECT_THAT(json::serialize(answer(bob, id, "clear")), HasSubstr("there is no question"));
  EXPECT_TRUE(bob.ear->all("ask").empty());
  EXPECT_TRUE(answer(alice, id, "clear", "session").is_object());
  ASSERT_TRUE(run_until([&] { return clear(kAsked) == 1; }));
  send(kBobs, kAsked);
  EXPECT_EQ(clear(kAsked), 1U) << "bob has been asked, and has not answered";
  leave(alice);
  send(kHost, kAsked);
  EXPECT_EQ(clear(kAsked), 1U) << "nobody's";
  alice = enter("alice", kHost);
  send(kHost, kAsked);
  (void)asked(alice);
  EXPECT_EQ(clear(kAsked), 1U);
}

TEST_F(GatewayThatSpeaksTest, AnAnswerForAlwaysOutlivesTheDaemonAndIsTakenBack) {
  speak();
  User alice = enter("alice", kHost);
  send(kHost, kAsked);
  EXPECT_TRUE(answer(alice, asked(alice), "clear", "always").is_object());
  ASSERT_TRUE(run_until([&] { return clear(kAsked) == 1; }));
  login_.reset();
  kill();
  wan_.clear();
  start(card_, (std::string(kConfiguration) + kSpeaking).c_str());
  ASSERT_TRUE(peer_is_known());
  UsersConfig users = gateway_->config().users.value();
  users.listen_port = 0;
  login_ = std::move(Login::open(io_, users, folder_ / "state", gateway_->principals(), gateway_->dialogue()).value());
  send(kHost, kAsked);
  EXPECT_EQ(clear(kAsked), 0U) << "she is not there";
  alice = enter("alice", kHost);
  send(kHost, kAsked);
  EXPECT_TRUE(run_until([&] { return clear(kAsked) == 1; }));
  const auto answers = ask("GET", {"answers"}).at("answers").as_array();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].at("user").as_string(), "alice");
  EXPECT_EQ(answers[0].at("remember").as_string(), "always");
  const std::string number = std::to_string(answers[0].at("id").to_number<std::uint64_t>());
  EXPECT_TRUE(ask("DELETE", {"answers", number}).as_object().empty());
  send(kHost, kAsked);
  EXPECT_EQ(clear(kAsked), 1U) << "she is to be asked again, and does not listen";
  EXPECT_TRUE(ask("GET", {"answers"}).at("answers").as_array().empty());
}

TEST_F(GatewayThatSpeaksTest, AnAnswerThatCannotBeStoredHoldsUntilTheLogout) {
  speak();
  const User alice = enter("alice", kHost);
  send(kHost, kAsked);
  const auto id = asked(alice);
  disk.set(Disk::State::kBroken);
  EXPECT_THAT(json::serialize(answer(alice, id, "clear", "always")), HasSubstr("until you log out"));
  disk.set(Disk::State::kFine);
  ASSERT_TRUE(run_until([&] { return clear(kAsked) == 1; }));
  leave(alice);
  const User again = enter("alice", kHost);
  send(kHost, kAsked);
  (void)asked(again);
  EXPECT_EQ(clear(kAsked), 1U);
}

TEST_F(GatewayThatSpeaksTest, TellsWhosePacketsCannotBeProtectedAndWhy) {
  speak();
  const User alice = enter("alice", kHost);
  const User bob = enter("bob", kBobs);
  const auto principal = gateway_->keeper().users().at("alice").principal;
  Dialogue& dialogue = gateway_->dialogue();
  dialogue.waits("b/net", principal, IpAddress::from_v4(kRemote));
  dialogue.not_connected("b/other", Errc::kTimeout, steady_clock::now());
  EXPECT_TRUE(alice.ear->all("message").empty());
  dialogue.not_connected("b/net", Errc::kTimeout, steady_clock::now());
  ASSERT_EQ(alice.ear->all("message").size(), 1U);
  EXPECT_EQ(alice.ear->all("message")[0].at("news").as_string(), "not_protected");
  EXPECT_THAT(std::string(alice.ear->all("message")[0].at("text").as_string()),
              HasSubstr("10.2.0.10 cannot be protected and are not sent, as the other gateway does not answer"));
  EXPECT_TRUE(bob.ear->all("message").empty());
}

// G1's message, once it is more than a packet that was late.
TEST_F(GatewayThatSpeaksTest, TellsThatAPeerProtectsByWhatIsNotKnownHere) {
  speak();
  const User alice = enter("alice", kHost);
  const auto unknown = [&](std::uint32_t from) {
    driver::IpHeader header;
    header.ttl = 64;
    header.source = Address::from_v4(from);
    header.destination = kOurs;
    const Buffer esp = ByteWriter().u32(0x7777).u32(1).zeros(64).take();
    const auto before = drops(layout::Drop::kSpiUnknown);
    card_.receive(layout::Port::kWan,
                  frame_to({2, 0, 0, 0, 2, 0}, kPeerMac, driver::write_ip(header, driver::kProtocolEsp, esp)));
    EXPECT_EQ(drops(layout::Drop::kSpiUnknown), before + 1);
    settle();
  };
  unknown(kTold);  // no peer of ours
  gateway_->dialogue().spi_unknown(IpAddress::from_v4(kTold), steady_clock::now() + std::chrono::seconds(5));
  unknown(kPeer);
  EXPECT_TRUE(alice.ear->all("message").empty());
  gateway_->dialogue().spi_unknown(IpAddress::from_v4(kPeer), steady_clock::now() + std::chrono::seconds(5));
  ASSERT_EQ(alice.ear->all("message").size(), 1U);
  EXPECT_EQ(alice.ear->all("message")[0].at("news").as_string(), "spi_unknown");
  EXPECT_EQ(alice.ear->all("message")[0].at("destination").as_string(), "192.0.2.2");
}

// A policy that asks may become another one while answers to it are there.
TEST_F(GatewayThatSpeaksTest, AnAnswerDoesNotOutliveItsQuestion) {
  speak();
  const User alice = enter("alice", kHost);
  send(kHost, kAsked);
  EXPECT_TRUE(answer(alice, asked(alice), "clear", "session").is_object());
  ASSERT_TRUE(run_until([&] { return clear(kAsked) == 1; }));
  ask("PUT", {"policies", "asked"}, {{"action", "discard"}, {"destination", "192.0.2.128/25"}});
  send(kHost, kAsked);
  EXPECT_EQ(clear(kAsked), 1U);
}

// Two users, their packets, questions, answers, logouts and silence in any order: what leaves in the clear was let go
// by its sender, who is there.
TEST_F(GatewayThatSpeaksTest, InAnyOrderNothingLeavesThatItsUserHasNotLetGo) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto any = [&](std::uint32_t n) { return std::uniform_int_distribution<std::uint32_t>(0, n - 1)(random); };
  speak();
  struct Person {
    std::string name;
    std::uint32_t address;
    std::optional<User> here;
    std::map<std::uint32_t, std::string> said;  // of a destination: the last answer
    std::size_t heard = 0;                      // questions
  };
  Person people[] = {{"alice", kHost, {}, {}}, {"bob", kBobs, {}, {}}};
  std::size_t left_in_the_clear = 0;
  for (int step = 0; step < 300; ++step) {
    Person& person = people[any(2)];
    wan_.clear();
    const std::uint32_t to = kAsked + any(3);
    switch (any(8)) {
      default:
        send(person.address, to);
        break;
      case 4:
      case 5:
        if (person.here) {
          const auto questions =
              request("GET", {"questions"}, nullptr, person.address, person.here->token).at("questions").as_array();
          ASSERT_LE(questions.size(), 3U) << "one of each destination";
          if (questions.empty()) break;
          const auto& question = questions[any(static_cast<std::uint32_t>(questions.size()))];
          const std::string choice = any(2) == 0 ? "clear" : "refuse";
          const auto about = IpAddress::parse(std::string(question.at("destination").as_string())).value().v4();
          person.said[about] = choice;
          ASSERT_TRUE(answer(*person.here, question.at("id").to_number<std::uint64_t>(), choice,
                             any(2) == 0 ? "flow" : "session")
                          .is_object());
        }
        break;
      case 6:
        if (person.here && any(3) == 0) {
          leave(*person.here);
          person.here.reset();
          person.said.clear();
        } else if (!person.here) {
          person.here = enter(person.name, person.address);
        }
        break;
      case 7:
        gateway_->dialogue().tick(steady_clock::now() + std::chrono::seconds(any(2) == 0 ? 31 : 200));
        break;
    }
    settle();
    for (const Buffer& frame : wan_) {
      if (frame[23] != 17) continue;
      ++left_in_the_clear;
      const std::uint32_t from = u32(frame, 26);
      const Person& sender = from == kHost ? people[0] : people[1];
      ASSERT_TRUE(sender.here) << "nobody's packet left, at step " << step;
      const auto said = sender.said.find(u32(frame, 30));
      ASSERT_TRUE(said != sender.said.end() && said->second == "clear") << "without leave, at step " << step;
    }
  }
  EXPECT_GT(left_in_the_clear, 5U) << "the test has tested something";
}

TEST_F(GatewayTest, APacketWaitsForItsNeighbour) {
  start();
  ASSERT_TRUE(ask("POST", {"policies"}, {{"name", "out"}, {"action", "bypass"}}).as_object().contains("generation"));
  const auto frame = udp_packet(kHost, 0xc0000263, 20, false);  // 192.0.2.99, not known yet
  card_.receive(layout::Port::kLan, frame);
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
  card_.receive(layout::Port::kLan, udp_packet(kHost, 0xc0000263, 20, false));  // 192.0.2.99, not known yet
  while (asked_.empty()) io_.run_one();
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
  card_.receive(layout::Port::kLan, udp_packet(kHost, kRemote, 1472, true));
  ASSERT_TRUE(run_until([&] { return !lan_.empty(); }));
  EXPECT_EQ(lan_[0][23], 1);            // ICMP
  EXPECT_EQ(u16(lan_[0], 34), 0x0304);  // fragmentation needed
  const std::uint16_t mtu = u16(lan_[0], 40);
  // The MTU that we tell is the largest that fits.
  card_.receive(layout::Port::kLan, udp_packet(kHost, kRemote, mtu - 28U, true));
  ASSERT_EQ(wan_.size(), 1U);
  EXPECT_LE(wan_[0].size(), 1514U);
  card_.receive(layout::Port::kLan, udp_packet(kHost, kRemote, mtu - 27U, true));
  EXPECT_EQ(wan_.size(), 1U);
  // One that may be cut is.
  wan_.clear();
  card_.receive(layout::Port::kLan, udp_packet(kHost, kRemote, 1472, false));
  ASSERT_TRUE(run_until([&] { return wan_.size() == 2; }));
}

// ---- IPv6, transport mode, fragments

class GatewayOfIpv6Test : public GatewayTest {
 protected:
  void start_both() {
    start(card_, kConfigurationOfIpv6);
    ASSERT_TRUE(peer_is_known(kPeer6));
    ASSERT_TRUE(peer_is_known());
    wan_.clear();
  }
  void send_from_host(std::size_t payload) {
    card_.receive(layout::Port::kLan,
                  frame_to({2, 0, 0, 0, 1, 0}, kHostMac, driver::testing::udp_packet(kHost6, kRemote6, payload)));
  }
  void arrives(Bytes packet) { card_.receive(layout::Port::kWan, frame_to({2, 0, 0, 0, 2, 0}, kPeerMac, packet)); }
  // A packet from the peer to us in two fragments.
  void arrives_in_fragments(std::uint8_t protocol, Bytes payload) {
    driver::IpHeader header;
    header.identification = 7;
    header.ttl = 64;
    header.source = Address::from_v4(kPeer);
    header.destination = kOurs;
    const auto whole = frame_to({2, 0, 0, 0, 2, 0}, kPeerMac, driver::write_ip(header, protocol, payload));
    const auto parts = fragments(whole, 600);
    ASSERT_EQ(parts.size(), 2U);
    for (const Buffer& part : parts) card_.receive(layout::Port::kWan, part);
  }
};

TEST_F(GatewayOfIpv6Test, ProtectsIpv6InATunnelOfIpv6) {
  start_both();
  send_from_host(100);
  ASSERT_EQ(wan_.size(), 1U);
  const auto outer = ip_packet(wan_[0]);
  ASSERT_TRUE(outer && outer->ipv6);
  EXPECT_EQ(outer->destination, kPeer6);
  EXPECT_EQ(outer->protocol, driver::kProtocolEsp);
  EXPECT_EQ(outer->tos >> 2, 46);
  EXPECT_EQ(ask("GET", {"sas"}).at("sas").as_array().at(0).at("mode").as_string(), "tunnel");
}

// RFC 4443 3.2, RFC 8201: the MTU that is told is the largest that fits, and nothing is cut.
TEST_F(GatewayOfIpv6Test, APacketTooBigForTheTunnelIsAnswered) {
  start_both();
  send_from_host(1452);
  ASSERT_TRUE(run_until([&] { return !lan_.empty(); }));
  const auto told = ip_packet(lan_[0]);
  ASSERT_TRUE(told && told->ipv6);
  EXPECT_EQ(told->destination, kHost6);
  EXPECT_EQ(u16(told->payload(), 0), 0x0200);
  const std::uint32_t mtu = u32(told->payload(), 4);
  EXPECT_TRUE(wan_.empty());
  send_from_host(mtu - 48U);
  ASSERT_EQ(wan_.size(), 1U);
  EXPECT_LE(wan_[0].size(), 1514U);
  send_from_host(mtu - 47U);
  EXPECT_EQ(wan_.size(), 1U);
}

TEST_F(GatewayOfIpv6Test, WhatItSaysItselfIsProtectedInTransportMode) {
  start_both();
  const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(7777);
  to.sin_addr.s_addr = htonl(kPeer);
  ASSERT_EQ(::sendto(socket.get(), "hello", 5, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to), 5);
  ASSERT_TRUE(run_until([&] { return !wan_.empty(); }));
  const auto packet = ip_packet(wan_[0]);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->protocol, driver::kProtocolAh);
  EXPECT_EQ(packet->source, kOurs);
  EXPECT_EQ(packet->destination, Address::from_v4(kPeer));
  EXPECT_EQ(u32(packet->payload(), 4), 0x2002U);
  // To somebody else it speaks in the clear: no policy says otherwise.
  wan_.clear();
  to.sin_addr.s_addr = htonl(kPeer + 1);
  ASSERT_EQ(::sendto(socket.get(), "hello", 5, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to), 5);
  ASSERT_TRUE(run_until([&] { return !wan_.empty(); }));
  EXPECT_EQ(ip_packet(wan_[0])->protocol, driver::kProtocolUdp);
}

// RFC 4301 5.2.
TEST_F(GatewayOfIpv6Test, WhatComesInTheClearAndShouldNotIsRefused) {
  start_both();
  const auto& counters = gateway_->exception_counters();
  arrives(driver::testing::udp_packet(Address::from_v4(kPeer), kOurs));
  ASSERT_TRUE(run_until([&] { return counters.refused == 1; }));
  const auto given = counters.to_kernel;
  arrives(driver::testing::udp_packet(Address::from_v4(kPeer + 1), kOurs));
  EXPECT_TRUE(run_until([&] { return counters.to_kernel == given + 1; }));
  EXPECT_EQ(counters.refused, 1U);
}

TEST_F(GatewayOfIpv6Test, EspAndAhInFragmentsReachTheCardAsAWhole) {
  start_both();
  const auto& counters = gateway_->exception_counters();
  std::uint64_t joined = 0;
  for (const std::uint8_t protocol : {driver::kProtocolEsp, driver::kProtocolAh}) {
    arrives_in_fragments(protocol, Buffer(900, 0x77));
    ++joined;
    ASSERT_TRUE(run_until([&] { return counters.joined == joined; })) << int{protocol};
    EXPECT_TRUE(run_until([&] { return drops(layout::Drop::kSpiUnknown) == joined; })) << int{protocol};
  }
}

TEST_F(GatewayOfIpv6Test, EspInUdpInFragmentsReachesTheCardAsAWholeAndIkeDoesNot) {
  start_both();
  const auto& counters = gateway_->exception_counters();
  const auto datagram = [](std::uint32_t first) {
    return ByteWriter().u16(4500).u16(4500).u16(908).u16(0).u32(first).zeros(896).take();
  };
  arrives_in_fragments(driver::kProtocolUdp, datagram(0));  // the marker of IKE
  arrives_in_fragments(driver::kProtocolUdp, datagram(0x77777777));
  ASSERT_TRUE(run_until([&] { return drops(layout::Drop::kSpiUnknown) == 1; }));
  EXPECT_EQ(counters.joined, 1U);
}

TEST_F(GatewayTest, PoliciesThatWereChangedLiveSurviveARestart) {
  start();
  const auto added = ask("POST", {"policies"},
                         {{"name", "printer"}, {"destination", "10.2.0.77"}, {"action", "bypass"}, {"before", "net"}});
  EXPECT_EQ(added.at("outcome").as_string(), "policy 'printer' is in force");
  EXPECT_THAT(
      std::string(ask("POST", {"policies"}, {{"name", "printer"}, {"action", "bypass"}}).at("error").as_string()),
      HasSubstr("there is a policy 'printer' already"));
  kill();
  start();
  const auto policies = ask("GET", {"policies"}).at("policies").as_array();
  ASSERT_EQ(policies.size(), 2U);
  EXPECT_EQ(policies[0].at("name").as_string(), "printer");
  ask("DELETE", {"policies", "printer"});
  EXPECT_EQ(ask("GET", {"policies"}).at("policies").as_array().size(), 1U);
}

TEST_F(GatewayTest, AChangeIsToldWhenTheDiskHasItAndNothingElseWaitsForTheDisk) {
  start();
  ASSERT_TRUE(peer_is_known());
  disk.set(Disk::State::kStuck);
  const auto first =
      begin_to_ask("POST", {"policies"}, {{"name", "printer"}, {"destination", "10.2.0.77"}, {"action", "discard"}});
  const auto second = begin_to_ask("DELETE", {"policies", "printer"});
  ASSERT_TRUE(run_until([] { return disk.somebody_waits(); }));
  // The loop and the card go on; a restart would not find the change yet, so nobody has been told of it.
  EXPECT_EQ(ask("GET", {"policies"}).at("policies").as_array().size(), 2U);
  card_.receive(layout::Port::kLan, udp_packet(kHost, kRemote, 100, false));
  EXPECT_EQ(wan_.size(), 1U);
  EXPECT_FALSE(*first);
  EXPECT_FALSE(*second);
  disk.set(Disk::State::kFine);
  ASSERT_TRUE(run_until([&] { return second->has_value(); }));
  EXPECT_EQ((*first)->at("outcome").as_string(), "policy 'printer' is in force");
  EXPECT_EQ((*second)->at("outcome").as_string(), "policy 'printer' is deleted");
}

TEST_F(GatewayTest, AChangeThatCannotBeStoredIsTakenBack) {
  start();
  ASSERT_TRUE(peer_is_known());
  disk.set(Disk::State::kBroken);
  const auto refused = ask("POST", {"policies"}, {{"name", "no"}, {"action", "discard"}, {"before", "net"}});
  EXPECT_THAT(std::string(refused.at("error").as_string()),
              AllOf(HasSubstr("stay as they were"), HasSubstr((folder_ / "state" / "policies.db").string())));
  EXPECT_EQ(ask("GET", {"policies"}).at("policies").as_array().size(), 1U);
  card_.receive(layout::Port::kLan, udp_packet(kHost, kRemote, 100, false));
  EXPECT_EQ(wan_.size(), 1U);
  disk.set(Disk::State::kFine);
  EXPECT_EQ(ask("POST", {"policies"}, {{"name", "no"}, {"action", "discard"}}).at("outcome").as_string(),
            "policy 'no' is in force");
}

TEST_F(GatewayTest, ShowsItsSasWithoutTheirKeys) {
  start();
  ASSERT_TRUE(peer_is_known());
  card_.receive(layout::Port::kLan, udp_packet(kHost, kRemote, 100, false));
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
