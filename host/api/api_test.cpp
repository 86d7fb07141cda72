// SPDX-License-Identifier: Apache-2.0
// Server and client over a real socket, before a service that tells what it was asked.
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "host/api/client.hpp"
#include "host/api/server.hpp"

namespace sallyport::api {
namespace {

namespace json = boost::json;
constexpr std::chrono::seconds kPatience(60);  // the machine may be busy

class Echo : public Service {
 public:
  void call(const Request& request, Respond respond) override {
    if (request.path[0] == "missing") return respond(Error{Errc::kNotFound, "no such thing"});
    json::array path;
    for (const auto& part : request.path) path.emplace_back(part);
    respond(json::value(json::object{{"method", request.method}, {"path", path}, {"body", request.body}}));
  }
};

class ApiTest : public testing::Test {
 protected:
  void SetUp() override {
    auto listening = Server::listen(loop_, path_, echo_);
    ASSERT_TRUE(listening) << listening.error().message();
    server_ = std::move(listening).value();
    thread_ = std::thread([this] { loop_.run(); });
  }
  void TearDown() override {
    loop_.stop();
    if (thread_.joinable()) thread_.join();
    server_.reset();
    EXPECT_FALSE(std::filesystem::exists(path_));
  }

  // What the server answers to bytes that no client of ours sends.
  std::string raw(const std::string& bytes) const {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    ::shutdown(fd, SHUT_WR);
    std::string answer;
    char part[4096];
    for (ssize_t n = 0; (n = ::recv(fd, part, sizeof part, 0)) > 0;) answer.append(part, static_cast<std::size_t>(n));
    ::close(fd);
    return answer;
  }

  std::string path_ = "/tmp/sallyport-api-test-" + std::to_string(getpid()) + ".sock";
  boost::asio::io_context loop_;
  Echo echo_;
  std::unique_ptr<Server> server_;
  std::thread thread_;
};

TEST_F(ApiTest, CarriesMethodPathAndBodyAndTheAnswer) {
  const json::value body = {{"action", "bypass"}};
  auto answer = call(path_, {"PUT", "/v1/policies/office", body}, kPatience);
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->at("method").as_string(), "PUT");
  EXPECT_EQ(answer->at("path"), (json::array{"policies", "office"}));
  EXPECT_EQ(answer->at("body"), body);
}

TEST_F(ApiTest, CarriesEveryCharacterOfANameInAPath) {
  std::string name;
  for (int c = 1; c < 128; ++c) name += static_cast<char>(c);
  name += "\u00fc";
  EXPECT_EQ(path_segment("b/net 1"), "b%2Fnet%201");
  auto answer = call(path_, {"GET", "/v1/policies/" + path_segment(name), nullptr}, kPatience);
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->at("path").at(1).as_string(), name);
  for (const char* broken : {"/v1/policies/%", "/v1/policies/%2", "/v1/policies/%zz", "/v1/policies/%+1",
                             "/v1/policies/a%00b", "/v1/policies/%ff", "/v1/policies/b%C3", "/v1/policies?after=%00"}) {
    EXPECT_FALSE(call(path_, {"GET", broken, nullptr}, kPatience)) << broken;
  }
}

TEST_F(ApiTest, MakesTheFolderOfItsSocket) {
  const std::string folder = path_ + ".folder";
  const std::string path = folder + "/sub/api.sock";
  {
    auto server = Server::listen(loop_, path, echo_);
    ASSERT_TRUE(server) << server.error().message();
    EXPECT_TRUE(std::filesystem::is_socket(path));
  }
  std::filesystem::remove_all(folder);
}

TEST_F(ApiTest, TellsAnErrorOfTheWayFromOneThatTheDaemonAnswers) {
  const auto answer = exchange(path_, {"GET", "/v1/missing", nullptr}, kPatience);
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->status, 404u);
  EXPECT_FALSE(body_of(*answer));
  EXPECT_FALSE(exchange(path_ + ".nobody", {"GET", "/v1/missing", nullptr}, kPatience));
}

TEST_F(ApiTest, CarriesAnErrorWithItsCodeAndItsSentence) {
  auto answer = call(path_, {"GET", "/v1/missing", nullptr}, kPatience);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::kNotFound);
  EXPECT_EQ(answer.error().detail, "no such thing");
}

TEST_F(ApiTest, IsForItsOwnerAlone) {
  struct stat info {};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

// Idle ones are closed after a while, so these 33 are there together.
TEST_F(ApiTest, AUserOfItsGroupHasAPlaceForSoManyConnectionsAndNoMore) {
  ASSERT_EQ(::geteuid(), 0U) << "this test asks as another user and must run as root";
  const std::string path = path_ + ".group";
  boost::asio::io_context loop;
  auto server = Server::listen(loop, path, echo_, "games");
  ASSERT_TRUE(server) << server.error().detail;
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0660u);
  EXPECT_EQ(info.st_gid, ::getgrnam("games")->gr_gid);
  std::thread thread([&] { loop.run(); });
  const pid_t child = ::fork();
  if (child == 0) {
    const gid_t group = info.st_gid;
    if (::setgroups(1, &group) != 0 || ::setgid(65534) != 0 || ::setuid(1) != 0) ::_exit(10);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    int last = -1;
    for (int i = 0; i < 32; ++i) {
      last = ::socket(AF_UNIX, SOCK_STREAM, 0);
      if (::connect(last, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) ::_exit(11);
    }
    const ClientRequest request{"GET", "/v1/status", nullptr};
    if (exchange(path, request, kPatience)) ::_exit(12);
    ::close(last);
    // The place is free when the server has seen that.
    while (!exchange(path, request, kPatience)) ::usleep(1000);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_TRUE(call(path, {"GET", "/v1/status", nullptr}, kPatience)) << "ours are not counted";
  loop.stop();
  thread.join();
}

TEST_F(ApiTest, RefusesWhatIsNoRequestOfItsOwnAndGoesOn) {
  EXPECT_NE(raw("GET /v2/status HTTP/1.1\r\nHost: x\r\n\r\n").find(" 404 "), std::string::npos);
  EXPECT_NE(raw("POST /v1/policies HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n{\"a\":").find(" 400 "),
            std::string::npos);
  EXPECT_NE(raw("POST /v1/policies HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n").find(" 400 "),
            std::string::npos);
  (void)raw("\x01\x02\x03 not http at all\r\n\r\n");
  EXPECT_TRUE(call(path_, {"GET", "/v1/status", nullptr}, kPatience));
}

TEST_F(ApiTest, DoesNotTakeASocketThatSomebodyServesAndTakesOneThatNobodyDoes) {
  auto second = Server::listen(loop_, path_, echo_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::kExists);

  const std::string stale = path_ + ".stale";
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  stale.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ::close(fd);
  EXPECT_TRUE(Server::listen(loop_, stale, echo_));
}

TEST_F(ApiTest, LeavesAFileWhereItIs) {
  const std::string file = path_ + ".file";
  std::ofstream(file) << "somebody's";
  const auto refused = Server::listen(loop_, file, echo_);
  EXPECT_TRUE(std::filesystem::is_regular_file(file));
  std::filesystem::remove(file);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kInvalid);
}

TEST(ApiClient, SaysThatNoDaemonIsThere) {
  auto answer = call("/tmp/sallyport-nobody.sock", {"GET", "/v1/status", nullptr}, kPatience);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::kDisconnected);
  EXPECT_NE(answer.error().detail.find("is it running?"), std::string::npos);
}

TEST(ApiErrors, EveryCodeComesBackByItsName) {
  for (auto i = static_cast<int>(Errc::kInvalid); i <= static_cast<int>(Errc::kCorrupt); ++i) {
    EXPECT_EQ(code_named(to_string(static_cast<Errc>(i))), static_cast<Errc>(i));
  }
  EXPECT_EQ(code_named("nonsense"), Errc::kIo);
}

}  // namespace
}  // namespace sallyport::api
