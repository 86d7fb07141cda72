// SPDX-License-Identifier: Apache-2.0
// A daemon dies while users are logged in, and the next one goes on with their sessions.
#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <cstdlib>
#include <future>
#include <thread>

#include "driver/testing/flaky_card.hpp"
#include "host/gateway/test_gateway_of_users.hpp"
#include "host/login/keeper.hpp"

namespace sallyport::gateway {
namespace {

using driver::testing::FlakyCard;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr std::uint32_t kBobs = kHost + 1;  // his computer

class GatewaySessionsTest : public GatewayOfUsersTest {
 protected:
  static std::string configuration(const std::string& users = "") { return kConfiguration + kTwoSas + users; }

  // Alice by her computer's address, and Bob by a tag.
  void start_and_log_in(const std::string& users = "") {
    start_with_users(card_, configuration(users));
    alice_ = log_in("alice");
    ASSERT_TRUE(alice_.is_object()) << alice_;
    bob_ = log_in("bob", 1001, true, kBobs);
    ASSERT_TRUE(bob_.is_object()) << bob_;
  }
  // As the program does it; its port for computers opens when open_login() is called.
  void start_again(driver::Card& card, const std::string& users = "") { start_with(card, configuration(users)); }
  void start_with(driver::Card& card, const std::string& configuration) {
    const auto config = parse_config(configuration, folder_ / "gateway.toml");
    ASSERT_TRUE(config) << config.error().detail;
    auto started = gateway::start(
        io_, configuration, folder_, card, [this] { return wall_clock_; },
        Login::vouch(*config->users, folder_ / "state"));
    ASSERT_TRUE(started) << started.error().detail;
    gateway_ = std::move(*started);
  }
  void come_back(const std::string& users = "") {
    start_again(card_, users);
    ASSERT_TRUE(peer_is_known());
    open_login();
  }
  void come_back_after(std::chrono::system_clock::duration away, const std::string& users = "") {
    kill();
    wall_clock_ += away;
    come_back(users);
  }
  // What only the administrator of another gateway, or of the server, can do while this one is dead.
  void in_the_directory(const std::function<Result<void>(users::Directory&)>& change) {
    auto directory = users::Directory::open_file(folder_ / "state" / "users.db");
    ASSERT_TRUE(directory) << directory.error().detail;
    const auto changed = change(*directory);
    ASSERT_TRUE(changed) << changed.error().detail;
  }
  json::value renew_by(std::string_view token, std::uint32_t from) {
    return request("POST", {"session", "renew"}, nullptr, from, token);
  }
  json::value renew(const json::value& session, std::uint32_t from) {
    return renew_by(session.at("token").as_string(), from);
  }
  json::array sessions() { return administrate("GET", {"sessions"}).at("sessions").as_array(); }
  std::optional<std::uint32_t> alice_leaves_by() { return leaves_by(); }
  std::optional<std::uint32_t> bob_leaves_by() { return leaves_by(tag_of(bob_, kBobs), kBobs); }
  bool both_are_on() { return alice_leaves_by() == 0x2001U && bob_leaves_by() == 0x2002U; }
  bool both_are_gone() { return sessions().empty() && !alice_leaves_by() && !bob_leaves_by(); }

  json::value alice_;
  json::value bob_;
};

TEST_F(GatewaySessionsTest, UsersOfADaemonThatWasKilledGoOnWithoutALogin) {
  start_and_log_in();
  ASSERT_TRUE(both_are_on());
  const std::uint32_t number = u32(wan_.at(0), 38);
  kill();
  ASSERT_TRUE(both_are_on());
  come_back();
  EXPECT_TRUE(both_are_on());
  EXPECT_EQ(u32(wan_.at(0), 38), number + 2) << "of the same SA";

  const json::value renewed = renew(alice_, kHost);
  EXPECT_EQ(renewed.at("renewal_s"), 120) << renewed;
  EXPECT_TRUE(renew(bob_, kBobs).is_object());
  EXPECT_EQ(request("GET", {"session"}, nullptr, kHost, alice_.at("token").as_string()).at("session"),
            alice_.at("session"));

  log_out(alice_);
  EXPECT_FALSE(alice_leaves_by());
  EXPECT_EQ(bob_leaves_by(), 0x2002U);
  log_out(bob_, kBobs);
  EXPECT_TRUE(both_are_gone());
}

TEST_F(GatewaySessionsTest, NoPacketOfAUserIsLostWhileTheSessionIsAdopted) {
  start_and_log_in();
  kill();
  wan_.clear();
  std::size_t sent = 0;
  FlakyCard busy(card_);
  busy.on_written(layout::reg::kFlip, [&](std::uint32_t) {
    send(driver::testing::udp_packet(kHost, kRemote, 100));
    send(driver::put_user_tag(driver::testing::udp_packet(kBobs, kRemote, 100), tag_of(bob_, kBobs)).value());
    sent += 2;
  });
  start_with(busy, with_another_address(configuration()));
  ASSERT_GT(sent, 0U);
  EXPECT_TRUE(run_until([&] { return wan_.size() == sent; })) << wan_.size() << " of " << sent;
  kill();  // before `busy`
}

TEST_F(GatewaySessionsTest, WhoLoggedOutBeforeTheDeathDoesNotComeBack) {
  start_and_log_in();
  log_out(alice_);
  kill();
  come_back();
  EXPECT_FALSE(alice_leaves_by());
  EXPECT_EQ(bob_leaves_by(), 0x2002U);
  EXPECT_EQ(sessions().size(), 1U);
}

// Bob's number, and the row of his tag, are his still.
TEST_F(GatewaySessionsTest, WhoLogsInAfterwardsIsSomebodyElse) {
  start_and_log_in();
  log_out(alice_);
  kill();
  come_back();
  const json::value alice = log_in("alice", 1000, true);
  ASSERT_TRUE(alice.is_object()) << alice;
  EXPECT_EQ(leaves_by(tag_of(alice)), 0x2001U);
  EXPECT_EQ(bob_leaves_by(), 0x2002U);
  log_out(bob_, kBobs);
  EXPECT_FALSE(bob_leaves_by());
  EXPECT_EQ(leaves_by(tag_of(alice)), 0x2001U);
}

TEST_F(GatewaySessionsTest, AForgedTokenResumesNothing) {
  start_and_log_in();
  kill();
  come_back();
  const std::string token(alice_.at("token").as_string());
  const std::string bobs(bob_.at("token").as_string());
  std::string other = token;
  other.back() = other.back() == '0' ? '1' : '0';
  const std::string bobs_secret = token.substr(0, token.find('.')) + bobs.substr(bobs.find('.'));
  for (const std::string& forged : {other, bobs_secret, token.substr(0, token.find('.')), std::string()}) {
    EXPECT_THAT(json::serialize(renew_by(forged, kHost)), HasSubstr("not logged in")) << forged;
  }
  EXPECT_THAT(json::serialize(renew_by(token, kBobs)), HasSubstr("not logged in")) << "from another computer";
  EXPECT_TRUE(renew_by(token, kHost).is_object());
}

TEST_F(GatewaySessionsTest, WhoWasLockedOrDeletedMeanwhileIsGoneFromTheFirstFlipOn) {
  start_and_log_in();
  kill();
  in_the_directory([](users::Directory& d) {
    auto alice = d.user("alice").value();
    alice.enabled = false;
    auto locked = d.change_user("root", alice);
    return locked ? d.delete_user("root", "bob") : locked;
  });
  unsigned flips = 0;
  FlakyCard busy(card_);
  busy.on_written(layout::reg::kFlip, [&](std::uint32_t) {
    ++flips;
    EXPECT_FALSE(alice_leaves_by());
    EXPECT_FALSE(bob_leaves_by());
  });
  start_again(busy);
  EXPECT_GT(flips, 0U);
  kill();

  // And does not come back with a later daemon.
  in_the_directory([](users::Directory& d) {
    auto alice = d.user("alice").value();
    alice.enabled = true;
    return d.change_user("root", alice);
  });
  come_back();
  EXPECT_TRUE(both_are_gone());
  EXPECT_THAT(json::serialize(renew(alice_, kHost)), HasSubstr("not logged in"));
}

TEST_F(GatewaySessionsTest, NobodyIsAdoptedWhenTheDirectoryCannotBeAsked) {
  start_and_log_in();
  kill();
  std::filesystem::rename(folder_ / "state" / "users.db", folder_ / "users.db");
  std::filesystem::create_directory(folder_ / "state" / "users.db");
  start_again(card_);
  EXPECT_FALSE(alice_leaves_by());
  EXPECT_FALSE(bob_leaves_by());
}

TEST_F(GatewaySessionsTest, WhoDoesNotComeBackInTimeIsLoggedOut) {
  start_and_log_in();
  kill();
  start_again(card_);
  ASSERT_TRUE(peer_is_known());
  ASSERT_TRUE(both_are_on());
  open_login(seconds(1));
  ASSERT_TRUE(run_until([&] { return gateway_->keeper().users().empty(); }));
  EXPECT_TRUE(both_are_gone());
  const auto is_noted = [&] {
    return json::serialize(administrate("GET", {"audit", "0"})).find("not_renewed") != std::string::npos;
  };
  EXPECT_TRUE(run_until(is_noted));
}

// Whose computer was silent for the time of a renewal may be gone, and another may be at its address.
TEST_F(GatewaySessionsTest, ADaemonThatComesBackTooLateKnowsNobody) {
  start_and_log_in();
  come_back_after(minutes(1));
  EXPECT_TRUE(both_are_on());
  come_back_after(minutes(2));
  EXPECT_TRUE(both_are_gone());
}

TEST_F(GatewaySessionsTest, ASessionLivesNoLongerThanItsLifetimeWhateverDaemonKeepsIt) {
  start_and_log_in("session_renewal = \"9h\"\n");
  come_back_after(hours(6), "session_renewal = \"9h\"\n");
  EXPECT_TRUE(both_are_on());
  const json::value status = request("GET", {"session"}, nullptr, kHost, alice_.at("token").as_string());
  EXPECT_LE(status.at("lifetime_s").to_number<int>(), 4 * 3600);
  EXPECT_GE(status.at("begun_s").to_number<int>(), 6 * 3600);
  EXPECT_TRUE(renew(alice_, kHost).is_object() && renew(bob_, kBobs).is_object());
  come_back_after(hours(4), "session_renewal = \"9h\"\n");
  EXPECT_TRUE(both_are_gone());
}

TEST_F(GatewaySessionsTest, AShorterLifetimeInTheConfigurationHoldsForThoseWhoAreThere) {
  start_and_log_in();
  come_back_after(seconds(60), "session_lifetime = \"30s\"\n");
  EXPECT_TRUE(both_are_gone());
}

TEST_F(GatewaySessionsTest, NobodyIsAdoptedOnAClockThatWasPutBack) {
  start_and_log_in();
  come_back_after(-seconds(1));
  EXPECT_TRUE(both_are_gone());
}

TEST_F(GatewaySessionsTest, WhatTheConfigurationDoesNotTakeAnyMoreIsNotAdopted) {
  start_and_log_in();
  come_back_after(seconds(1), "tags = \"plain\"\n");
  EXPECT_EQ(alice_leaves_by(), 0x2001U);
  EXPECT_FALSE(bob_leaves_by()) << "his tags had a check";
  come_back_after(seconds(1), "methods = [\"smart_card\"]\n");
  EXPECT_FALSE(alice_leaves_by()) << "she came by password";
}

TEST_F(GatewaySessionsTest, ACardThatForgotKnowsNobody) {
  start_and_log_in();
  kill();
  ASSERT_TRUE(driver::CardControl::open(card_)->set_cookie({}));
  for (const char* daemon : {"the next", "a later one"}) {
    start_again(card_);
    open_login();
    EXPECT_TRUE(both_are_gone()) << daemon;
    kill();
  }
}

TEST_F(GatewaySessionsTest, SessionsThatCannotBeOpenedEndAndNothingElseDoes) {
  start_and_log_in();
  kill();
  std::filesystem::remove(folder_ / "state" / "seal.key");
  come_back();
  EXPECT_TRUE(both_are_gone());
  EXPECT_TRUE(log_in("alice").is_object());
  EXPECT_EQ(alice_leaves_by(), 0x2001U);
}

TEST_F(GatewaySessionsTest, OtherAddressesOfATaggedSessionGoOnWithIt) {
  start_and_log_in();
  const std::string token(bob_.at("token").as_string());
  ASSERT_TRUE(request("POST", {"session", "addresses"}, nullptr, kBobs + 1, token).is_object());
  kill();
  come_back();
  const json::value session = request("GET", {"session"}, nullptr, kBobs + 1, token);
  ASSERT_TRUE(session.is_object()) << session;
  EXPECT_EQ(session.at("also_at"), json::array({"10.1.0.12"}));
  EXPECT_EQ(gateway_->keeper().users().at("bob").addresses.size(), 2U);
}

// As the kernel does for a process that dies.
void close_connections_at(std::uint16_t port) {
  for (int fd = 0; fd < 1024; ++fd) {
    sockaddr_in here{};
    socklen_t size = sizeof here;
    const bool ours = ::getsockname(fd, reinterpret_cast<sockaddr*>(&here), &size) == 0 && here.sin_family == AF_INET &&
                      ntohs(here.sin_port) == port;
    if (ours) ::shutdown(fd, SHUT_RDWR);
  }
}

// Knows the password without asking.
class Typist : public login::Prover {
 public:
  explicit Typist(std::string password) : password_(std::move(password)) {}
  [[nodiscard]] Result<void> prepare(login::Asker&) override { return {}; }
  [[nodiscard]] Result<json::object> answer(const login::Attempt&, const json::object&) override {
    ++asked;
    return json::object{{"password", password_}};
  }
  std::atomic<unsigned> asked = 0;

 private:
  std::string password_;
};

// The program's part that keeps the session, on a computer of its own: the gateway's.
TEST_F(GatewaySessionsTest, TheLoginProgramKeepsItsSession) {
  ASSERT_EQ(std::system("ip link set lo up"), 0);
  start_with_users(card_, configuration());
  const api::TlsPeer peer{"10.1.0.1", login_->port(), login_->key_digest()};
  constexpr std::uint32_t kHere = 0x0a010001;
  boost::asio::io_context loop;
  Typist typist(kPassword);
  login::Keeper keeper(loop, std::move(api::TlsClient::make(peer).value()), typist);
  std::promise<Result<void>> logged_in;
  std::promise<std::string> ended;
  std::thread program([&] {
    auto done = keeper.log_in("password", "alice", 1000, false);
    const bool fine = done.has_value();
    logged_in.set_value(std::move(done));
    if (!fine) return;
    keeper.keep([](const std::string&) {}, [&](const std::string& reason) { ended.set_value(reason); });
    loop.run();
  });
  auto here = logged_in.get_future();
  const auto is_there = [](const auto& future) { return future.wait_for(seconds(0)) == std::future_status::ready; };
  ASSERT_TRUE(run_until([&] { return is_there(here); }));
  const auto begun = here.get();
  EXPECT_TRUE(begun) << begun.error().detail;
  EXPECT_EQ(leaves_by({}, kHere), 0x2001U);
  const std::string id(sessions().at(0).at("id").as_string());
  const auto listens = [&] { return login_->tell("alice", "message", json::object{{"text", "hello"}}); };
  EXPECT_TRUE(run_until(listens));

  kill();
  close_connections_at(peer.port);
  start_again(card_);
  ASSERT_TRUE(peer_is_known());
  open_login({}, peer.port);
  const auto renewed = [&, opened = std::chrono::steady_clock::now()] {
    const auto* session = login_->sessions().find(id);
    return session != nullptr && session->renew_by > opened + minutes(2);
  };
  EXPECT_TRUE(run_until(renewed)) << "it comes by itself";
  EXPECT_EQ(typist.asked, 1U) << "and nobody is asked again";
  EXPECT_EQ(leaves_by({}, kHere), 0x2001U);

  boost::asio::post(loop, [&] { keeper.log_out("logout"); });
  auto end = ended.get_future();
  EXPECT_TRUE(run_until([&] { return is_there(end); }));
  EXPECT_EQ(end.get(), "logout");
  loop.stop();
  program.join();
  EXPECT_FALSE(leaves_by({}, kHere));
}

}  // namespace
}  // namespace sallyport::gateway
