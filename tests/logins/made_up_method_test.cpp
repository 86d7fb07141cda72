// SPDX-License-Identifier: Apache-2.0
// A way to log in that is written here alone: gestures, made on a pad at the computer. Two classes and a line in each
// of two lists are all of it, and with them a user logs in by the program's own code at the gateway's own desk.
#include <gmock/gmock.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/json.hpp>
#include <fstream>
#include <future>
#include <sstream>
#include <thread>

#include "host/base/toml_section.hpp"
#include "host/gateway/login.hpp"
#include "host/gateway/test_daemon.hpp"
#include "host/login/command_line.hpp"
#include "host/login/config.hpp"
#include "host/store/test_folder.hpp"
#include "host/users/sessions/test_owner.hpp"
#include "host/users/sessions/test_questions.hpp"
#include "host/users/test_process.hpp"

namespace sallyport {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// ---- the gateway's half: it asks for a gesture of the hand that the configuration names
// ------------------------------

class GestureAuthenticator : public users::Authenticator {
 public:
  static constexpr users::CredentialKind kKind{"gesture"};

  static users::MethodSettings read(TomlSection& users, bool chosen) {
    const auto hand = users.text("gesture_hand");
    if (chosen && !hand) users.problem("needs 'gesture_hand' for the method \"gesture\"");
    return {[hand = hand.value_or("")](const users::Surroundings& gateway) {
      return std::make_unique<GestureAuthenticator>(gateway.directory, hand);
    }};
  }
  static Result<users::DirectoryWork> enrol(const users::Enrolment& asked) {
    const auto shape = asked.text("shape");
    if (!shape) return shape.error();
    return users::DirectoryWork([actor = asked.actor, user = asked.user,
                                 shape = std::string(*shape)](users::Directory& d) -> Result<boost::json::value> {
      if (auto set = d.set_credential(actor, user, kKind, shape); !set) return set.error();
      return boost::json::value(boost::json::object{});
    });
  }
  GestureAuthenticator(users::SharedDirectory& directory, std::string hand)
      : directory_(directory), hand_(std::move(hand)) {}

  [[nodiscard]] std::string_view name() const override { return kKind.name; }
  [[nodiscard]] Result<users::Challenge> begin(const users::Claim&) override {
    return users::Challenge{{"hand", hand_}};
  }
  [[nodiscard]] Result<users::Identity> finish(const users::Claim& claim, const users::Challenge& asked,
                                               const users::Answer& answer) override {
    const auto shape = directory_.with([&](users::Directory& d) { return d.credential(claim.user, kKind); });
    if (!shape) return shape.error();
    if (!*shape || answer.text("gesture") != asked.at("hand") + " " + **shape) {
      return Error{Errc::kAuthFailed, "it is another gesture"};
    }
    return users::Identity{claim.user};
  }
  [[nodiscard]] bool proves_presence() const override { return true; }

 private:
  users::SharedDirectory& directory_;
  std::string hand_;
};

constexpr users::Method kAtGateway[] = {
    {GestureAuthenticator::kKind.name, GestureAuthenticator::read, GestureAuthenticator::enrol}};

// ---- the computer's: what was drawn on the pad, a file, for as long as it is there ----------------------------------

class GestureProver : public login::Prover {
 public:
  static login::MakeProver read(TomlSection& configuration, bool chosen) {
    const auto pad = configuration.path("pad");
    if (chosen && !pad) configuration.problem("needs 'pad', a file, for the method gesture");
    return [pad] { return std::unique_ptr<login::Prover>(std::make_unique<GestureProver>(*pad)); };
  }
  explicit GestureProver(std::filesystem::path pad) : pad_(std::move(pad)) {}

  [[nodiscard]] Result<void> prepare(login::Asker&) override {
    if (!present()) return Error{Errc::kNotFound, "there is no pad"};
    return {};
  }
  [[nodiscard]] Result<boost::json::object> answer(const login::Attempt&, const boost::json::object& asked) override {
    return boost::json::object{{"gesture", std::string(asked.at("hand").as_string()) + " " + content_of(pad_)}};
  }
  [[nodiscard]] bool present() override { return std::filesystem::exists(pad_); }

 private:
  std::filesystem::path pad_;
};

constexpr login::Method kAtComputer[] = {{"gesture", GestureProver::read}};

// ---- that they meet -------------------------------------------------------------------------------------------------

std::string gateway_configuration(const std::string& users) {
  return gateway::interfaces("\"10.1.0.1/24\"", "\"192.0.2.1/24\"") + "[users]\n" + users;
}

class MadeUpMethodTest : public store::TestFolder {
 protected:
  void SetUp() override {
    const auto config =
        gateway::parse_config(gateway_configuration("listen_address = '127.0.0.1'\nmethods = ['gesture']\n"
                                                    "gesture_hand = 'left'\n"),
                              folder_ / "gateway.toml", kAtGateway);
    ASSERT_TRUE(config) << config.error().detail;
    gateway::UsersConfig users = *config->users;
    users.listen_port = 0;  // any that is free
    auto opened = gateway::Login::open(loop_, users, folder_, owner_, questions_);
    ASSERT_TRUE(opened) << opened.error().detail;
    login_ = std::move(*opened);
    write_file(folder_ / "login.toml", "gateway = '127.0.0.1'\nport = " + std::to_string(login_->port()) + "\nkey = '" +
                                           login_->key_digest() +
                                           "'\nuser = 'alice'\nmethod = 'gesture'\npad = 'pad'\n");
    thread_ = std::thread([this] { loop_.run(); });
    ASSERT_TRUE(administrate("POST", {"users"}, {{"name", "alice"}}));
    EXPECT_THAT(administrate("PUT", {"users", "alice", "gesture"}, {{"form", "circle"}}).error().detail,
                HasSubstr("'shape' must be there"));
    ASSERT_TRUE(administrate("PUT", {"users", "alice", "gesture"}, {{"shape", "circle"}}));
  }
  void TearDown() override {
    (void)run({"logout"});
    loop_.stop();
    if (thread_.joinable()) thread_.join();
    login_.reset();
  }

  Result<boost::json::value> administrate(const std::string& method, const std::vector<std::string>& path,
                                          const boost::json::value& body = nullptr) {
    std::promise<Result<boost::json::value>> answer;
    boost::asio::post(loop_, [&] {
      login_->administration().call({method, path, body}, [&](auto result) { answer.set_value(std::move(result)); });
    });
    return answer.get_future().get();
  }

  struct Ran {
    login::Exit exit;
    std::string out;
    std::string err;
  };
  Ran run(std::vector<std::string> arguments) {
    arguments.push_back("--socket=" + (folder_ / "session.sock").string());
    std::ostringstream out, err;
    const auto exit = login::run(arguments, out, err, kAtComputer);
    return {exit, out.str(), err.str()};
  }
  std::future<Ran> log_in() {
    return std::async(std::launch::async, [this] {
      return run({"login", "--foreground", "--config=" + (folder_ / "login.toml").string()});
    });
  }
  // As somebody draws on the pad.
  void draw(std::string_view shape) { write_file(folder_ / "pad", shape); }
  std::vector<std::string> events() {
    std::promise<std::vector<std::string>> asked;
    boost::asio::post(loop_, [&] { asked.set_value(owner_.events); });
    return asked.get_future().get();
  }
  template <class Condition>
  static bool eventually(Condition condition) {
    for (int i = 0; i < 600 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return condition();
  }

  boost::asio::io_context loop_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_ = boost::asio::make_work_guard(loop_);
  users::RecordingOwner owner_;
  users::RecordingQuestions questions_;
  std::unique_ptr<gateway::Login> login_;
  std::thread thread_;
};

TEST_F(MadeUpMethodTest, LogsItsUserInUntilWhatProvesItIsGone) {
  draw("circle");
  auto session = log_in();
  ASSERT_TRUE(eventually([this] { return run({"status"}).exit == login::Exit::kDone; }));
  EXPECT_THAT(run({"status"}).out, testing::AllOf(HasSubstr("as alice"), HasSubstr("by gesture")));
  EXPECT_THAT(events(), ElementsAre("begin alice"));
  std::filesystem::remove(folder_ / "pad");
  const Ran ended = session.get();
  EXPECT_EQ(ended.exit, login::Exit::kDone) << ended.err;
  EXPECT_THAT(events(), ElementsAre("begin alice", "end alice card_removed"));
}

TEST_F(MadeUpMethodTest, RefusesWhatProvesNothing) {
  draw("square");
  const Ran refused = log_in().get();
  EXPECT_EQ(refused.exit, login::Exit::kFailed);
  EXPECT_THAT(refused.err, HasSubstr("the gateway refuses"));
  std::filesystem::remove(folder_ / "pad");
  EXPECT_THAT(log_in().get().err, HasSubstr("there is no pad"));
  draw("circle");
  ASSERT_TRUE(administrate("DELETE", {"users", "alice", "gesture"}));
  EXPECT_EQ(log_in().get().exit, login::Exit::kFailed) << "what is not kept any more";
  EXPECT_THAT(events(), ElementsAre());
}

TEST(MadeUpMethod, ReadsItsOwnWordsOfBothConfigurations) {
  const auto at_gateway = [](const std::string& users) {
    return gateway::parse_config(gateway_configuration(users), "/etc/gw.toml", kAtGateway).error().detail;
  };
  EXPECT_THAT(at_gateway("methods = ['gesture']\n"), HasSubstr("needs 'gesture_hand'"));
  EXPECT_THAT(at_gateway("methods = ['password']\n"), HasSubstr("'password' is none of 'gesture'"));
  EXPECT_THAT(login::parse_config("gateway = 'g'\nca = 'c'\nmethod = 'gesture'\n", "/etc/login.toml", kAtComputer)
                  .error()
                  .detail,
              HasSubstr("needs 'pad'"));
}

// Nobody has it but those who have listed it.
TEST(MadeUpMethod, IsUnknownWhereItIsNotListed) {
  EXPECT_THAT(gateway::parse_config(gateway_configuration("methods = ['gesture']\n"), "/etc/gw.toml").error().detail,
              HasSubstr("'gesture' is none of 'password', 'totp', 'smart_card', 'pam', 'radius'"));
  EXPECT_THAT(login::parse_config("gateway = 'g'\nca = 'c'\nmethod = 'gesture'\n", "/etc/login.toml").error().detail,
              HasSubstr("'gesture' is none of"));
}

}  // namespace
}  // namespace sallyport
