// SPDX-License-Identifier: Apache-2.0
// The directory's commands with more users than a request or an answer holds: the command line before a real server.
#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <fstream>
#include <iomanip>
#include <sstream>
#include <thread>

#include "host/api/client.hpp"
#include "host/api/server.hpp"
#include "host/cli/command_line.hpp"
#include "host/gateway/administrators.hpp"
#include "host/store/test_folder.hpp"
#include "host/users/sessions/test_owner.hpp"
#include "host/users/sessions/test_questions.hpp"

namespace sallyport::gateway {
namespace {

namespace json = boost::json;
using cli::Exit;
using testing::HasSubstr;

class ManyUsersTest : public store::TestFolder {
 protected:
  void SetUp() override {
    UsersConfig config;
    config.listen_addresses = {IpAddress::parse("127.0.0.1").value()};
    config.listen_port = 0;
    auto opened = Login::open(loop_, config, folder_, owner_, questions_);
    ASSERT_TRUE(opened) << opened.error().detail;
    login_ = std::move(*opened);
    administrators_ = std::make_unique<Administrators>(login_->administration(), login_.get());
    auto listening = api::Server::listen(loop_, socket_, *administrators_);
    ASSERT_TRUE(listening) << listening.error().detail;
    server_ = std::move(*listening);
    thread_ = std::thread([this] { loop_.run(); });
  }
  void TearDown() override {
    loop_.stop();
    if (thread_.joinable()) thread_.join();
  }

  struct Ran {
    Exit exit;
    std::string out;
    std::string err;
  };
  Ran sallyport(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--socket", socket_});
    std::ostringstream out, err;
    const Exit exit = cli::run(arguments, out, err);
    return {exit, out.str(), err.str()};
  }
  Result<json::value> ask(const std::string& method, const std::string& target, const json::value& body = nullptr) {
    return api::call(socket_, {method, target, body}, std::chrono::seconds(60));
  }
  std::string file_with(const std::string& content) {
    const auto file = folder_ / "users.csv";
    std::ofstream(file) << content;
    return file;
  }

  boost::asio::io_context loop_;
  users::RecordingOwner owner_;
  users::RecordingQuestions questions_;
  const std::string socket_ = folder_ / "api.sock";
  std::unique_ptr<Login> login_;
  std::unique_ptr<Administrators> administrators_;
  std::unique_ptr<api::Server> server_;
  std::thread thread_;
};

constexpr int kUsers = 100'500;  // the last page is not full

std::string name_of(int n) {
  std::ostringstream name;
  name << "user" << std::setw(6) << std::setfill('0') << n;
  return name.str();
}

// As an export writes it. `wrong`: that user's line has a role that is none.
std::string file_of_users(int wrong = -1) {
  std::string csv = "name,full_name,role,enabled,groups\n";
  for (int i = 0; i < kUsers; ++i) {
    csv += "\"" + name_of(i) + "\",\"Person, number " + std::to_string(i) + " of a large organization\"," +
           (i == wrong ? "king" : "") + ",yes,\"staff\"\n";
  }
  return csv;
}

TEST_F(ManyUsersTest, AreImportedListedAndExportedByTheCommandsAndComeBackAsTheyWere) {
  const std::string csv = file_of_users();
  const std::string file = file_with(csv);
  Ran ran = sallyport({"user", "import", file});
  EXPECT_EQ(ran.out, std::to_string(kUsers) + " added, 0 changed\n") << ran.err;

  ran = sallyport({"user", "export"});
  ASSERT_EQ(ran.exit, Exit::kDone) << ran.err;
  EXPECT_TRUE(ran.out == csv) << "of " << csv.size() << " bytes came " << ran.out.size();

  ran = sallyport({"user", "list", "--json"});
  ASSERT_EQ(ran.exit, Exit::kDone) << ran.err;
  const json::value listed = json::parse(ran.out);
  const auto& users = listed.at("users").as_array();
  ASSERT_EQ(users.size(), static_cast<std::size_t>(kUsers));
  EXPECT_EQ(std::string(users.back().at("name").as_string()), name_of(kUsers - 1));
  EXPECT_FALSE(listed.as_object().contains("after"));
  EXPECT_THAT(sallyport({"group", "list"}).out, HasSubstr(std::to_string(kUsers)));
  std::string names;
  for (int i = 0; i < kUsers; ++i) names += name_of(i) + "\n";
  EXPECT_TRUE(sallyport({"group", "show", "staff"}).out == names);

  // A line in the middle is wrong.
  const int wrong = kUsers / 2;
  ran = sallyport({"user", "import", file_with(file_of_users(wrong))});
  EXPECT_EQ(ran.exit, Exit::kFailed);
  EXPECT_THAT(ran.err, HasSubstr("line " + std::to_string(wrong + 2) + ": no such role 'king'"));
  EXPECT_TRUE(sallyport({"user", "export"}).out == csv) << "nothing of it was imported";
}

TEST_F(ManyUsersTest, AnImportInPartsIsOfThemAllOrOfNone) {
  const std::string id(ask("POST", "/v1/import", {{"csv", "name\nali"}, {"more", true}})->at("import").as_string());
  ASSERT_TRUE(ask("POST", "/v1/import", {{"csv", "ce\nb"}, {"import", id}, {"more", true}}));
  EXPECT_EQ(ask("GET", "/v1/import/" + id)->at("percent").to_number<int>(), 0);
  EXPECT_TRUE(ask("GET", "/v1/users")->at("users").as_array().empty()) << "it may still be given up";
  EXPECT_EQ(ask("POST", "/v1/import", {{"csv", "ob\n"}, {"import", id}})->at("added").to_number<int>(), 2);
  EXPECT_TRUE(ask("GET", "/v1/users/alice"));
  EXPECT_TRUE(ask("GET", "/v1/users/bob"));
  EXPECT_EQ(ask("POST", "/v1/import", {{"csv", "x\n"}, {"import", id}}).error().code, Errc::kNotFound) << "it is over";
}

TEST_F(ManyUsersTest, AnImportThatIsBegunTakesThePlaceOfOneThatWasNeverFinished) {
  const std::string left(
      ask("POST", "/v1/import", {{"csv", "name\nalice\n"}, {"more", true}})->at("import").as_string());
  ASSERT_TRUE(ask("POST", "/v1/import", {{"csv", "name\ncarol\n"}})) << "one in one part is no matter of it";
  const std::string id(ask("POST", "/v1/import", {{"csv", "name\nbob\n"}, {"more", true}})->at("import").as_string());
  EXPECT_THAT(ask("POST", "/v1/import", {{"csv", ""}, {"import", left}}).error().detail, HasSubstr("begin it anew"));
  EXPECT_TRUE(ask("POST", "/v1/import", {{"csv", ""}, {"import", id}}));
  EXPECT_FALSE(ask("GET", "/v1/users/alice"));
  EXPECT_TRUE(ask("GET", "/v1/users/bob"));
}

TEST_F(ManyUsersTest, AListIsOfferedPageByPage) {
  ASSERT_TRUE(ask("POST", "/v1/import", {{"csv", "name,groups\na,g\nb,g\nc,h\n"}}));
  EXPECT_EQ(ask("GET", "/v1/users?after=a")->at("users").as_array().size(), 2U);
  EXPECT_EQ(ask("GET", "/v1/groups?after=g")->at("groups").at(0).at("name"), "h");
  EXPECT_EQ(ask("GET", "/v1/groups/g?after=a")->at("members"), (json::array{"b"}));
  EXPECT_EQ(ask("GET", "/v1/export?after=b")->at("csv"), "\"c\",\"\",,yes,\"h\"\n");
  EXPECT_EQ(ask("GET", "/v1/groups/nobody").error().code, Errc::kNotFound);
  EXPECT_EQ(ask("GET", "/v1/users?before=a").error().code, Errc::kNotFound) << "no such word";
}

}  // namespace
}  // namespace sallyport::gateway
