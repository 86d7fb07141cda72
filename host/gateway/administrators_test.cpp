// SPDX-License-Identifier: Apache-2.0
// Real users of this machine at a real socket, of whom each is a process of its own.
#include "host/gateway/administrators.hpp"

#include <gmock/gmock.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <thread>

#include "host/api/client.hpp"
#include "host/api/server.hpp"
#include "host/store/test_folder.hpp"
#include "host/users/sessions/test_owner.hpp"
#include "host/users/sessions/test_questions.hpp"

namespace sallyport::gateway {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::HasSubstr;
using users::Role;

constexpr const char* kGroup = "games";  // may open the socket

// Does what it is asked and notes by whom.
class Behind : public api::Service {
 public:
  void call(const api::Request& request, api::Respond respond) override {
    asked.push_back(request.actor + " " + request.method + " " + request.path[0]);
    if (request.path.back() == "refused") return respond(Error{Errc::kNotFound, "there is none"});
    respond(json::value(json::object{{"done", true}}));
  }
  std::vector<std::string> asked;
};

class AdministratorsTest : public store::TestFolder {
 protected:
  void SetUp() override {
    ASSERT_EQ(::geteuid(), 0U) << "this test asks as other users and must run as root";
    ASSERT_EQ(::chmod(folder_.c_str(), 0711), 0);
    UsersConfig config;
    config.listen_addresses = {IpAddress::parse("127.0.0.1").value()};
    config.listen_port = 0;
    auto opened = Login::open(loop_, config, folder_, owner_, questions_);
    ASSERT_TRUE(opened) << opened.error().detail;
    login_ = std::move(*opened);
    // Users of Debian, one of each role.
    add("bin", "view");
    add("sys", "operate");
    add("sync", "administer");
    add("man", "");
    serve(login_.get());
  }

  void add(const char* name, const char* role) {
    const auto added = directly({"POST", {"users"}, {{"name", name}, {"role", role}}});
    ASSERT_TRUE(added) << added.error().detail;
  }
  void serve(Login* login) {
    server_.reset();
    administrators_ = std::make_unique<Administrators>(behind_, login);
    auto listening = api::Server::listen(loop_, socket_, *administrators_, kGroup);
    ASSERT_TRUE(listening) << listening.error().detail;
    server_ = std::move(*listening);
  }
  Result<json::value> directly(const api::Request& request) {
    std::optional<Result<json::value>> out;
    login_->administration().call(request, [&](Result<json::value> answer) { out = std::move(answer); });
    loop_.restart();
    while (!out) loop_.run_one();
    return std::move(out.value());
  }

  // What a user of this machine is answered, who is in the socket's group or not.
  std::string ask(const char* user, const std::string& method, const std::string& target, bool in_group = true) {
    const uid_t uid = ::getpwnam(user)->pw_uid;
    const gid_t group = ::getgrnam(kGroup)->gr_gid;
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      const bool became = ::setgroups(in_group ? 1 : 0, &group) == 0 && ::setgid(65534) == 0 && ::setuid(uid) == 0;
      const auto answer = api::call(socket_, {method, target, nullptr}, std::chrono::seconds(60));
      const std::string text = !became  ? "not them"
                               : answer ? "done"
                                        : std::string(to_string(answer.error().code)) + ": " + answer.error().detail;
      const bool written = ::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size());
      ::_exit(written ? 0 : 1);
    }
    ::close(ends[1]);
    std::string text;
    loop_.restart();  // before somebody stops it
    std::thread reader([&] {
      char part[256];
      for (ssize_t n = 0; (n = ::read(ends[0], part, sizeof part)) > 0;) text.append(part, static_cast<std::size_t>(n));
      loop_.stop();
    });
    loop_.run();
    reader.join();
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
    return text;
  }

  boost::asio::io_context loop_;
  users::RecordingOwner owner_;
  users::RecordingQuestions questions_;
  Behind behind_;
  const std::string socket_ = folder_ / "api.sock";
  std::unique_ptr<Login> login_;
  std::unique_ptr<Administrators> administrators_;
  std::unique_ptr<api::Server> server_;
};

TEST_F(AdministratorsTest, RootMayDoEverything) {
  EXPECT_EQ(ask("root", "DELETE", "/v1/policies/web", false), "done");
  EXPECT_THAT(behind_.asked, ElementsAre("root DELETE policies"));
}

TEST_F(AdministratorsTest, OthersMayDoWhatTheirRoleSays) {
  EXPECT_EQ(ask("bin", "GET", "/v1/status"), "done");
  EXPECT_EQ(ask("bin", "POST", "/v1/rekey"), "denied: this needs the role 'operate', and 'bin' has 'view'");
  EXPECT_EQ(ask("sys", "POST", "/v1/rekey"), "done");
  EXPECT_EQ(ask("sys", "DELETE", "/v1/policies/web"),
            "denied: this needs the role 'administer', and 'sys' has 'operate'");
  EXPECT_EQ(ask("sync", "DELETE", "/v1/policies/web"), "done");
  EXPECT_THAT(behind_.asked, ElementsAre("bin GET status", "sys POST rekey", "sync DELETE policies"));
}

TEST_F(AdministratorsTest, NobodyElseIsAnswered) {
  EXPECT_THAT(ask("man", "GET", "/v1/status"), HasSubstr("denied: 'man' is no administrator"));
  EXPECT_EQ(ask("lp", "GET", "/v1/status"), "denied: the gateway knows no 'lp'");
  EXPECT_THAT(ask("sync", "GET", "/v1/status", false), HasSubstr("denied: " + socket_)) << "not in the group";
  ASSERT_TRUE(directly({"PUT", {"users", "sync"}, {{"enabled", false}}}));
  EXPECT_EQ(ask("sync", "GET", "/v1/status"), "denied: 'sync' is disabled");
  serve(nullptr);
  EXPECT_THAT(ask("bin", "GET", "/v1/status"), HasSubstr("denied: only root may ask"));
  EXPECT_THAT(behind_.asked, ElementsAre());
}

TEST_F(AdministratorsTest, TheAuditLogSaysWhoChangedWhat) {
  ask("sync", "DELETE", "/v1/policies/web");
  ask("sync", "DELETE", "/v1/policies/refused");
  ask("root", "POST", "/v1/rekey");
  ask("bin", "GET", "/v1/status");
  const auto entries = directly({"GET", {"audit", "4"}, nullptr})->at("entries");  // behind the users of this test
  ASSERT_EQ(entries.as_array().size(), 2U) << json::serialize(entries);
  EXPECT_EQ(entries.at(0).at("actor"), "sync");
  EXPECT_EQ(entries.at(0).at("action"), "policy.delete");
  EXPECT_EQ(entries.at(0).at("subject"), "web");
  EXPECT_EQ(entries.at(1).at("actor"), "root");
  EXPECT_EQ(entries.at(1).at("action"), "rekey");
}

TEST_F(AdministratorsTest, TheAuditLogNamesEditsOfLevelsAndExpectations) {
  const std::tuple<const char*, const char*, const char*, const char*> kEdits[] = {
      {"PUT", "/v1/levels/middle", "level.set", "middle"},
      {"PUT", "/v1/candidate/levels/low", "candidate.level.set", "low"},
      {"POST", "/v1/expectations/closed", "expectation.add", "closed"},
      {"DELETE", "/v1/candidate/expectations/closed", "candidate.expectation.delete", "closed"},
      {"DELETE", "/v1/candidate/levels", "candidate.delete", "levels"},  // a policy's name
  };
  for (const auto& [method, path, action, subject] : kEdits) EXPECT_EQ(ask("sync", method, path), "done");
  const auto entries = directly({"GET", {"audit", "4"}, nullptr})->at("entries").as_array();
  ASSERT_EQ(entries.size(), std::size(kEdits)) << json::serialize(entries);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    EXPECT_EQ(entries[i].at("action"), std::get<2>(kEdits[i]));
    EXPECT_EQ(entries[i].at("subject"), std::get<3>(kEdits[i]));
  }
}

TEST_F(AdministratorsTest, TheAuditLogSaysWhoWasRefusedWhatAndSaysItOnce) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(ask("sys", "DELETE", "/v1/policies/web"),
              "denied: this needs the role 'administer', and 'sys' has 'operate'");
  }
  ask("lp", "GET", "/v1/status");
  const auto entries = directly({"GET", {"audit", "4"}, nullptr})->at("entries").as_array();
  ASSERT_EQ(entries.size(), 2U) << json::serialize(entries);
  EXPECT_EQ(entries[0].at("actor"), "sys");
  EXPECT_EQ(entries[0].at("action"), "request.denied");
  EXPECT_EQ(entries[0].at("subject"), "DELETE /v1/policies/web");
  EXPECT_EQ(entries[0].at("detail"), "this needs the role 'administer', and 'sys' has 'operate'");
  EXPECT_EQ(entries[1].at("actor").as_string(), "uid " + std::to_string(::getpwnam("lp")->pw_uid));
}

TEST_F(AdministratorsTest, RefusalsCannotFillTheAuditLog) {
  int refused = 0;
  for (int i = 0; i < 300; ++i) {
    administrators_->call({"GET", {"status", std::to_string(i)}, nullptr},
                          [&](const Result<json::value>& answer) { refused += answer ? 0 : 1; });
  }
  loop_.restart();
  while (refused < 300) loop_.run_one();
  EXPECT_EQ(directly({"GET", {"audit", "4"}, nullptr})->at("entries").as_array().size(), 100U);
}

TEST_F(AdministratorsTest, TheAuditLogSaysWhatTheGatewayDidByItself) {
  login_->note("rollback", "3", "2 was not confirmed in time: changed web");
  std::optional<json::array> entries;
  while (!entries || entries->empty()) entries = directly({"GET", {"audit", "4"}, nullptr})->at("entries").as_array();
  EXPECT_EQ(entries->at(0).at("actor"), "sallyportd");
  EXPECT_EQ(entries->at(0).at("action"), "rollback");
  EXPECT_EQ(entries->at(0).at("subject"), "3");
  EXPECT_EQ(entries->at(0).at("detail"), "2 was not confirmed in time: changed web");
}

TEST_F(AdministratorsTest, WhatHasNoUserOfThisMachineBehindItIsRefused) {
  std::string code;
  administrators_->call({"GET", {"status"}, nullptr}, [&](const Result<json::value>& answer) {
    code = answer ? "done" : std::string(to_string(answer.error().code));
  });
  loop_.restart();
  while (code.empty()) loop_.run_one();  // it is in the audit log first
  EXPECT_EQ(code, "denied");
}

TEST(AdministratorsRoles, EachRequestHasALeastRole) {
  const auto needed = [](const char* method, const std::vector<std::string>& path) {
    return Administrators::needed({method, path, nullptr});
  };
  EXPECT_EQ(needed("GET", {"policies"}), Role::kView);
  EXPECT_EQ(needed("POST", {"explain"}), Role::kView);
  EXPECT_EQ(needed("POST", {"audit", "verify"}), Role::kView);
  EXPECT_EQ(needed("GET", {"export"}), Role::kView);
  EXPECT_EQ(needed("GET", {"export", "hashes"}), Role::kAdminister) << "secrets";
  EXPECT_EQ(needed("DELETE", {"sessions", "1"}), Role::kOperate);
  EXPECT_EQ(needed("POST", {"initiate"}), Role::kOperate);
  EXPECT_EQ(needed("POST", {"policies"}), Role::kAdminister);
  EXPECT_EQ(needed("GET", {"expectations"}), Role::kView);
  EXPECT_EQ(needed("PUT", {"levels", "low"}), Role::kAdminister);
  EXPECT_EQ(needed("POST", {"candidate", "expectations", "e"}), Role::kAdminister);
  EXPECT_EQ(needed("PUT", {"users", "bin"}), Role::kAdminister);
  EXPECT_EQ(needed("POST", {"something new"}), Role::kAdminister);
}

}  // namespace
}  // namespace sallyport::gateway
