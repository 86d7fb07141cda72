// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/login.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <fstream>
#include <future>
#include <sstream>
#include <thread>

#include "host/api/tls_client.hpp"
#include "host/gateway/test_daemon.hpp"
#include "host/store/test_folder.hpp"
#include "host/users/sessions/test_owner.hpp"
#include "host/users/sessions/test_questions.hpp"
#include "host/users/test_directory.hpp"

namespace sallyport::gateway {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

class GatewayLoginTest : public store::TestFolder {
 protected:
  void open(const std::string& postgresql = "") {
    UsersConfig config = parse_config(interfaces("\"10.1.0.1/24\"", "\"192.0.2.1/24\"") +
                                          "[users]\nmethods = ['password', 'totp', 'smart_card']\n",
                                      folder_ / "gateway.toml")
                             ->users.value();
    config.postgresql = postgresql;
    config.listen_addresses = {IpAddress::parse("127.0.0.1").value()};
    config.listen_port = 0;  // any that is free
    auto opened = Login::open(loop_, config, folder_, owner_, questions_);
    ASSERT_TRUE(opened) << opened.error().detail;
    login_ = std::move(*opened);
  }
  Result<json::value> ask_service(api::Service& service, const api::Request& request) {
    std::optional<Result<json::value>> out;
    service.call(request, [&](Result<json::value> answer) { out = std::move(answer); });
    run_until([&] { return out.has_value(); });
    return std::move(out.value());
  }
  Result<json::value> ask(const std::string& method, const std::vector<std::string>& path,
                          const json::value& body = nullptr) {
    return ask_service(login_->administration(), {method, path, body});
  }
  Result<json::value> log_in(const std::string& user, const std::string& password, const std::string& from,
                             const std::string& method = "password", const std::string& code = "") {
    const auto started =
        ask_service(login_->desk(), {"POST", {"logins"}, {{"method", method}, {"user", user}, {"uid", 1000}}, from});
    if (!started) return started.error();
    json::object answer{{"password", password}};
    if (!code.empty()) answer["code"] = code;
    return ask_service(
        login_->desk(),
        {"POST", {"logins", std::string(started->at("login").as_string())}, {{"answer", std::move(answer)}}, from});
  }
  template <class Holds>
  void run_until(Holds holds) {
    loop_.restart();
    while (!holds()) loop_.run_one();
  }

  boost::asio::io_context loop_;
  users::RecordingOwner owner_;
  users::RecordingQuestions questions_;
  std::unique_ptr<Login> login_;
};

TEST_F(GatewayLoginTest, ComputersKnowTheGatewayByAKeyThatItKeeps) {
  open();
  const std::string pin = login_->key_digest();
  std::filesystem::remove(folder_ / "login.pem");  // the certificate, not the key
  login_.reset();
  open();
  EXPECT_EQ(login_->key_digest(), pin);
  auto answer = std::async(std::launch::async, [port = login_->port(), pin] {
    auto client = api::TlsClient::make({"127.0.0.1", port, pin});
    return client ? (*client)->exchange({"GET", "/v1/methods", nullptr}, std::chrono::seconds(30))
                  : Result<api::Answer>(client.error());
  });
  run_until([&] { return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
  const auto methods = answer.get();
  ASSERT_TRUE(methods) << methods.error().detail;
  EXPECT_EQ(methods->body.at("methods").as_array().size(), 3U);
}

TEST_F(GatewayLoginTest, AnAdministratorKeepsUsersAndGroups) {
  open();
  ASSERT_TRUE(ask("POST", {"groups"}, {{"name", "night"}}));
  const json::value alice{{"name", "alice"}, {"groups", {"night"}}, {"password", "correct horse"}};
  ASSERT_TRUE(ask("POST", {"users"}, alice));
  EXPECT_EQ(ask("POST", {"users"}, alice).error().code, Errc::kExists);
  EXPECT_EQ(ask("GET", {"groups"})->at("groups").at(0).at("members"), 1);
  EXPECT_EQ(ask("GET", {"groups", "night"})->at("members"), (json::array{"alice"}));
  ASSERT_TRUE(ask("PUT", {"users", "alice"}, {{"full_name", "Alice Adams"}, {"role", "view"}}));
  const json::value now = ask("GET", {"users", "alice"}).value();
  EXPECT_EQ(now.at("full_name"), "Alice Adams");
  EXPECT_EQ(now.at("groups"), (json::array{"night"})) << "what is not named stays";
  EXPECT_EQ(json::serialize(now).find("argon"), std::string::npos);
  EXPECT_EQ(ask("GET", {"users"})->at("users").as_array().size(), 1U);
  EXPECT_FALSE(ask("DELETE", {"groups", "night"})) << "it has members";
  ASSERT_TRUE(ask("POST", {"import"}, {{"csv", "name,groups\nbob,night\n"}}));
  EXPECT_THAT(std::string(ask("GET", {"export"})->at("csv").as_string()), HasSubstr("\"bob\","));
  EXPECT_GT(ask("POST", {"audit", "verify"})->at("number").to_number<std::uint64_t>(), 3U);
  EXPECT_EQ(ask("GET", {"audit", "0"})->at("entries").at(0).at("action"), "group.add");
}

TEST_F(GatewayLoginTest, AServerThatIsAwayAtTheStartKeepsOnlyUsersWaitingUntilItIsThere) {
  auto& server = users::PostgresqlServer::get();
  const std::string connection = server.connection();
  server.stop();
  open(connection);
  const json::value alice{{"name", "alice"}, {"password", "correct horse"}};
  const auto refused = ask("POST", {"users"}, alice);
  EXPECT_EQ(refused.error().code, Errc::kDisconnected);
  EXPECT_THAT(refused.error().detail, HasSubstr("is the database server running"));
  const auto unchecked = log_in("alice", "correct horse", "10.1.0.7");
  EXPECT_EQ(unchecked.error().code, Errc::kBusy);
  EXPECT_THAT(unchecked.error().detail, HasSubstr("cannot be checked now"));
  EXPECT_TRUE(ask("GET", {"sessions"})) << "what needs no directory";

  server.start();
  auto added = ask("POST", {"users"}, alice);
  for (int i = 0; i < 600 && !added && added.error().code == Errc::kDisconnected; ++i) {  // it is not asked at once
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    added = ask("POST", {"users"}, alice);
  }
  ASSERT_TRUE(added) << added.error().detail;
  EXPECT_TRUE(log_in("alice", "correct horse", "10.1.0.7"));
}

// oathtool, whom we did not write, reads what an authenticator application is given.
TEST_F(GatewayLoginTest, AnAdministratorGivesAUserASecretForOneTimeCodes) {
  open();
  ASSERT_TRUE(ask("POST", {"users"}, {{"name", "alice"}, {"password", "correct horse"}}));
  const std::string uri(ask("PUT", {"users", "alice", "totp"}, json::object{})->at("uri").as_string());
  ASSERT_THAT(uri, testing::StartsWith("otpauth://totp/Sallyport:alice?secret="));
  const auto begin = uri.find('=') + 1;
  std::ofstream(folder_ / "secret") << uri.substr(begin, uri.find('&') - begin);
  ASSERT_EQ(std::system(
                ("oathtool --totp -b @" + (folder_ / "secret").string() + " >" + (folder_ / "code").string()).c_str()),
            0);
  std::string code;
  std::ifstream(folder_ / "code") >> code;
  EXPECT_TRUE(log_in("alice", "correct horse", "10.1.0.7", "totp", code));
  ASSERT_TRUE(ask("DELETE", {"users", "alice", "totp"}));
  EXPECT_FALSE(log_in("alice", "correct horse", "10.1.0.8", "totp", code));
  EXPECT_EQ(ask("DELETE", {"users", "alice", "totp"}).error().code, Errc::kNotFound);
}

TEST_F(GatewayLoginTest, AnAdministratorGivesAUserACard) {
  open();
  ASSERT_TRUE(ask("POST", {"users"}, {{"name", "alice"}}));
  ASSERT_TRUE(ask("POST", {"users"}, {{"name", "bob"}}));
  const std::string file = (folder_ / "card").string();
  ASSERT_EQ(
      std::system(("openssl ecparam -name prime256v1 -genkey -noout | openssl ec -pubout -out " + file + " 2>/dev/null")
                      .c_str()),
      0);
  std::ostringstream pem;
  pem << std::ifstream(file).rdbuf();
  const json::value card{{"number", "4711"}, {"public_key", pem.str()}};
  ASSERT_TRUE(ask("PUT", {"users", "alice", "smart_card"}, card));
  EXPECT_EQ(ask("PUT", {"users", "bob", "smart_card"}, card).error().code, Errc::kExists) << "a card is one user's";
  EXPECT_EQ(ask("PUT", {"users", "bob", "smart_card"}, {{"number", "4712"}, {"public_key", "none"}}).error().code,
            Errc::kInvalid);
  EXPECT_THAT(ask("PUT", {"users", "bob", "smart_card"}, {{"number", "4712"}}).error().detail, HasSubstr("public_key"));
  ASSERT_TRUE(ask("DELETE", {"users", "alice", "smart_card"}));
  EXPECT_TRUE(ask("PUT", {"users", "bob", "smart_card"}, card)) << "and now it is nobody's";
  EXPECT_EQ(ask("PUT", {"users", "bob", "fingerprint"}, json::object{}).error().code, Errc::kNotFound);
}

TEST_F(GatewayLoginTest, TellsTheGroupsOfThoseWhomPoliciesName) {
  open();
  ASSERT_TRUE(ask("POST", {"import"}, {{"csv", "name,groups\nalice,night\nbob,night\ncarol,day\ndave,\n"}}));
  std::optional<policy::People> people;
  login_->administration().people({"carol", "mallory"}, {"night", "nobody's"},
                                  [&](Result<policy::People> found) { people = found.value(); });
  run_until([&] { return people.has_value(); });
  EXPECT_EQ(people->groups_of, (std::map<std::string, std::set<std::string>>{
                                   {"alice", {"night"}}, {"bob", {"night"}}, {"carol", {"day"}}}));
}

TEST_F(GatewayLoginTest, WhatIsWrongWithARequestIsTold) {
  open();
  EXPECT_THAT(ask("POST", {"users"}, {{"name", "bob"}, {"enabled", "yes"}}).error().detail, HasSubstr("true or false"));
  EXPECT_THAT(ask("POST", {"users"}, {{"name", "bob"}, {"colour", "red"}}).error().detail, HasSubstr("no 'colour'"));
  EXPECT_THAT(ask("POST", {"users"}, {{"name", "bob"}, {"password", "short"}}).error().detail, HasSubstr("at least 8"));
  EXPECT_FALSE(ask("GET", {"users", "bob"})) << "nothing was done";
  EXPECT_THAT(ask("PUT", {"users", "bob"}, {{"password", "long enough"}}).error().detail, HasSubstr("/password"));
  EXPECT_EQ(ask("DELETE", {"sessions", "0123456789abcdef"}).error().code, Errc::kNotFound);
  EXPECT_EQ(ask("GET", {"audit", "x"}).error().code, Errc::kInvalid);
  EXPECT_EQ(ask("PATCH", {"users"}).error().code, Errc::kNotFound);
}

TEST_F(GatewayLoginTest, AnOrderToEndASessionThatIsRepeatedWaitsLikeTheFirst) {
  open();
  ASSERT_TRUE(ask("POST", {"users"}, {{"name", "alice"}, {"password", "correct horse"}}));
  const std::string id(log_in("alice", "correct horse", "10.1.0.7")->at("session").as_string());
  owner_.at_once = false;
  std::vector<bool> answered;
  for (int i = 0; i < 2; ++i) {
    login_->administration().call({"DELETE", {"sessions", id}, nullptr},
                                  [&](const Result<json::value>& r) { answered.push_back(r.has_value()); });
  }
  EXPECT_THAT(answered, testing::IsEmpty());
  owner_.let_go();
  EXPECT_THAT(answered, testing::ElementsAre(true, true));
}

TEST_F(GatewayLoginTest, WhoIsDisabledIsLoggedOutBeforeThatIsAnswered) {
  open();
  ASSERT_TRUE(ask("POST", {"users"}, {{"name", "alice"}, {"password", "correct horse"}}));
  ASSERT_TRUE(log_in("alice", "correct horse", "10.1.0.7"));
  EXPECT_EQ(ask("GET", {"sessions"})->at("sessions").at(0).at("address"), "10.1.0.7");
  owner_.at_once = false;
  bool answered = false;
  login_->administration().call({"PUT", {"users", "alice"}, {{"enabled", false}}},
                                [&](const Result<json::value>& r) { answered = r.has_value(); });
  run_until([&] { return owner_.events.back() == "end alice administrator"; });
  bool again = false;
  login_->administration().call({"PUT", {"users", "alice"}, {{"enabled", false}}},
                                [&](const Result<json::value>& r) { again = r.has_value(); });
  EXPECT_TRUE(ask("GET", {"users", "alice"})) << "after what was asked before";
  EXPECT_FALSE(answered || again) << "the card has not let go";
  owner_.let_go();
  EXPECT_TRUE(answered && again);
  EXPECT_FALSE(log_in("alice", "correct horse", "10.1.0.7"));
}

}  // namespace
}  // namespace sallyport::gateway
