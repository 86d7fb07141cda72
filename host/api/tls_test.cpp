// SPDX-License-Identifier: Apache-2.0
// Server and client of users' computers over real TLS, before a service that tells what it was asked.
#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/json.hpp>
#include <future>
#include <thread>

#include "base/temporary_folder.hpp"
#include "host/api/events.hpp"
#include "host/api/exchange.hpp"
#include "host/api/test_files.hpp"
#include "host/api/test_pki.hpp"
#include "host/api/tls_client.hpp"
#include "host/api/tls_server.hpp"

namespace sallyport::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
constexpr std::chrono::seconds kPatience(60);  // the machine may be busy
using testing::HasSubstr;

class Echo : public Service {
 public:
  void call(const Request& request, Respond respond) override {
    const Bytes token = request.token.reveal();
    respond(json::value(json::object{{"method", request.method},
                                     {"path", request.path[0]},
                                     {"body", request.body},
                                     {"from", request.from},
                                     {"token", std::string(token.begin(), token.end())}}));
  }
  Result<void> listen(const Request& request, std::shared_ptr<EventStream> stream) override {
    if (request.path[0] != "events") return Error{Errc::kNotFound, "no such stream"};
    stream->send("hello", json::object{{"from", request.from}});
    streams.push_back(std::move(stream));
    return {};
  }
  std::vector<std::shared_ptr<EventStream>> streams;
};

class TlsTest : public testing::Test {
 protected:
  ~TlsTest() override { stop(); }
  void start(const std::function<void(TlsServerSettings&)>& change = [](auto&) {}) {
    TlsServerSettings settings{{asio::ip::make_address("127.0.0.1"), 0}, pki_.issue("gateway")};
    change(settings);
    auto server = TlsServer::listen(loop_, settings, echo_);
    ASSERT_TRUE(server) << server.error().message();
    server_ = std::move(*server);
    thread_ = std::thread([this] { loop_.run(); });
  }
  void stop() {
    loop_.stop();
    if (thread_.joinable()) thread_.join();
  }
  // In the loop's thread.
  template <class Work>
  void in_loop(Work work) {
    std::promise<void> done;
    asio::post(loop_, [&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }
  [[nodiscard]] TlsPeer pinned() const { return {"127.0.0.1", server_->port(), server_->key_digest()}; }
  static Result<std::unique_ptr<TlsStream>> connect(asio::io_context& loop, TlsClient& client) {
    std::optional<Result<std::unique_ptr<TlsStream>>> stream;
    asio::co_spawn(
        loop, [&]() -> asio::awaitable<void> { stream = co_await client.connect(kPatience); }, asio::detached);
    loop.restart();
    loop.run();
    return std::move(*stream);
  }
  static Result<Answer> ask(const TlsPeer& peer, const ClientRequest& request = {"GET", "/v1/status", nullptr}) {
    auto client = TlsClient::make(peer);
    if (!client) return client.error();
    return (*client)->exchange(request, kPatience);
  }

  TemporaryFolder temporary_;
  const std::filesystem::path& folder_ = temporary_.path();
  TestPki pki_{folder_};
  asio::io_context loop_;
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(loop_);
  Echo echo_;
  std::unique_ptr<TlsServer> server_;
  std::thread thread_;
};

TEST_F(TlsTest, CarriesARequestItsTokenAndWhereItComesFrom) {
  start();
  const auto answer = ask(pinned(), {"POST", "/v1/logins", json::object{{"user", "alice"}}, Secret(as_bytes("t0ken"))});
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->status, 200U);
  EXPECT_EQ(answer->body, (json::object{{"method", "POST"},
                                        {"path", "logins"},
                                        {"body", {{"user", "alice"}}},
                                        {"from", "127.0.0.1"},
                                        {"token", "t0ken"}}));
}

TEST_F(TlsTest, IsKnownByItsKeyOrByItsCaAndNotTakenForAnother) {
  start();
  TlsPeer other = pinned();
  other.key_digest[0] = other.key_digest[0] == '0' ? '1' : '0';
  const auto refused = ask(other);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kDenied);
  EXPECT_THAT(refused.error().detail, HasSubstr(server_->key_digest())) << "for who wants to know it";

  TlsPeer by_ca{"127.0.0.1", server_->port(), {}, pki_.ca()};
  EXPECT_TRUE(ask(by_ca));
  by_ca.host = "localhost";  // which the certificate does not name
  EXPECT_EQ(ask(by_ca).error().code, Errc::kDenied);
  std::filesystem::create_directory(folder_ / "other");
  const TestPki other_pki(folder_ / "other");
  EXPECT_EQ(ask({"127.0.0.1", server_->port(), {}, other_pki.ca()}).error().code, Errc::kDenied);
  EXPECT_EQ(ask({"127.0.0.1", server_->port()}).error().code, Errc::kInvalid) << "never unknown";
}

TEST_F(TlsTest, LearnsTheKeyOfAServerThatItsCaKnows) {
  start();
  auto client = std::move(TlsClient::make({"127.0.0.1", server_->port(), {}, pki_.ca()}).value());
  EXPECT_EQ(client->key_digest(), "");
  ASSERT_TRUE(client->exchange({"GET", "/v1/status", nullptr}, kPatience));
  EXPECT_EQ(client->key_digest(), server_->key_digest());
}

TEST_F(TlsTest, HasTheDigestThatOpensslHas) {
  start();
  const std::string file = (folder_ / "digest").string();
  ASSERT_EQ(std::system(("openssl x509 -in " + (folder_ / "gateway.pem").string() +
                         " -noout -pubkey | openssl pkey -pubin -outform DER | openssl dgst -sha256 -r >" + file)
                            .c_str()),
            0);
  std::string digest(64, ' ');
  const std::unique_ptr<FILE, int (*)(FILE*)> in(std::fopen(file.c_str(), "r"), std::fclose);
  ASSERT_EQ(std::fread(digest.data(), 1, 64, in.get()), 64U);
  EXPECT_EQ(digest, server_->key_digest());
}

TEST_F(TlsTest, AsksComputersForACertificateWhereItIsToldTo) {
  start([this](TlsServerSettings& settings) { settings.client_ca = pki_.ca(); });
  EXPECT_FALSE(ask(pinned()));
  TlsPeer computer = pinned();
  computer.identity = pki_.issue("computer");
  EXPECT_TRUE(ask(computer));
  std::filesystem::create_directory(folder_ / "other");
  computer.identity = TestPki(folder_ / "other").issue("stranger");
  EXPECT_FALSE(ask(computer));
}

TEST_F(TlsTest, SpeaksNothingOlderThanTls13) {
  start();
  const std::string at = "127.0.0.1:" + std::to_string(server_->port());
  const auto connects = [&](const std::string& version) {
    return std::system(("openssl s_client -connect " + at + " " + version + " </dev/null >/dev/null 2>&1").c_str()) ==
           0;
  };
  EXPECT_TRUE(connects("-tls1_3"));
  EXPECT_FALSE(connects("-tls1_2"));
}

TEST_F(TlsTest, TakesNoKeyThatOthersCanRead) {
  const TlsIdentity identity = pki_.issue("open");
  ASSERT_EQ(::chmod(identity.key.c_str(), 0640), 0);
  const auto server = TlsServer::listen(loop_, {{asio::ip::make_address("127.0.0.1"), 0}, identity}, echo_);
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, Errc::kDenied);
}

TEST_F(TlsTest, RefusesARequestThatIsTooLong) {
  start();
  const auto answer = ask(pinned(), {"POST", "/v1/logins", json::string(40000, 'x')});
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->status, 400U);
}

TEST_F(TlsTest, HoldsSoManyConnectionsOfAnAddressAndTakesTheNextWhenOneIsGone) {
  start([](TlsServerSettings& settings) { settings.places = Places(512, 2); });
  const auto client = std::move(TlsClient::make(pinned()).value());
  asio::io_context loop;
  auto first = connect(loop, *client);
  auto second = connect(loop, *client);
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(connect(loop, *client));
  first->reset();
  bool taken = false;
  for (int i = 0; i < 100 && !taken; ++i) taken = connect(loop, *client).has_value();
  EXPECT_TRUE(taken);
}

TEST_F(TlsTest, CountsTheConnectionsOfServersThatShareTheirPlacesTogether) {
  std::unique_ptr<TlsServer> other;
  start([&](TlsServerSettings& settings) {
    settings.places = Places(512, 1);
    other = TlsServer::listen(loop_, settings, echo_).value();
  });
  const auto here = std::move(TlsClient::make(pinned()).value());
  const auto there = std::move(TlsClient::make({"127.0.0.1", other->port(), other->key_digest()}).value());
  asio::io_context loop;
  const auto first = connect(loop, *here);
  ASSERT_TRUE(first);
  EXPECT_FALSE(connect(loop, *there));
  stop();
}

TEST_F(TlsTest, AnswersNobodyWhenTheServerIsGone) {
  start();
  const auto client = std::move(TlsClient::make(pinned()).value());
  asio::io_context loop;
  auto stream = std::move(connect(loop, *client).value());
  in_loop([this] { server_.reset(); });
  boost::beast::http::write(*stream, http_request({"GET", "/v1/status", nullptr}, "gateway"));
  boost::beast::flat_buffer buffer;
  boost::beast::http::response<boost::beast::http::string_body> response;
  boost::beast::error_code failure;
  boost::beast::http::read(*stream, buffer, response, failure);
  EXPECT_TRUE(failure);
}

TEST_F(TlsTest, WaitsWithoutTurningWhileNoFileCanBeOpened) {
  start();
  stop();
  loop_.restart();
  asio::io_context clients;
  asio::ip::tcp::socket client(clients, asio::ip::tcp::v4());
  {
    const NoFileLeft none;
    client.connect({asio::ip::make_address("127.0.0.1"), server_->port()});
    EXPECT_LT(loop_.run_for(std::chrono::milliseconds(500)), 20U);
  }
  client.close();
  loop_.restart();
  thread_ = std::thread([this] { loop_.run(); });
  EXPECT_TRUE(ask(pinned())) << "when there are files again";
}

// A client that reads events, behind the head of their answer.
class Reader {
 public:
  Reader(asio::io_context& loop, TlsStream& stream) : loop_(loop), stream_(stream) {}

  // What comes until the end, or until there are so many.
  std::vector<Event> read(std::size_t most) {
    std::vector<Event> events;
    while (events.size() < most) {
      boost::beast::error_code failure;
      std::size_t size = 0;
      stream_.async_read_some(asio::buffer(part_), [&](boost::beast::error_code error, std::size_t n) {
        failure = error;
        size = n;
      });
      loop_.restart();
      loop_.run();
      if (failure) break;
      text_.append(part_.data(), size);
      if (!behind_the_head_) {
        const auto end = text_.find("\r\n\r\n");
        if (end == std::string::npos) continue;
        text_.erase(0, end + 4);
        behind_the_head_ = true;
      }
      const auto more = parser_.feed(std::exchange(text_, {})).value();
      events.insert(events.end(), more.begin(), more.end());
    }
    return events;
  }

 private:
  asio::io_context& loop_;
  TlsStream& stream_;
  std::array<char, 4096> part_{};
  std::string text_;
  bool behind_the_head_ = false;
  EventParser parser_;
};

class TlsEvents : public TlsTest {
 protected:
  void SetUp() override {
    start([](TlsServerSettings& settings) { settings.places = Places(512, 1); });
    client_ = std::move(TlsClient::make(pinned()).value());
    stream_ = std::move(connect(client_loop_, *client_).value());
    HttpRequest request = http_request({"GET", "/v1/events", nullptr}, "gateway");
    request.set(boost::beast::http::field::accept, "text/event-stream");
    boost::beast::http::write(*stream_, request);
    reader_.emplace(client_loop_, *stream_);
    const auto hello = reader_->read(1);
    ASSERT_EQ(hello.size(), 1U);
    EXPECT_EQ(hello[0], (Event{"hello", R"({"from":"127.0.0.1"})"}));
  }
  std::unique_ptr<TlsClient> client_;
  asio::io_context client_loop_;
  std::unique_ptr<TlsStream> stream_;
  std::optional<Reader> reader_;
};

TEST_F(TlsEvents, ComeInTheirOrderUntilTheStreamIsClosed) {
  in_loop([this] {
    for (int i = 0; i < 100; ++i) echo_.streams[0]->send("number", json::value(i));
    echo_.streams[0]->close();
    EXPECT_FALSE(echo_.streams[0]->open());
  });
  const auto events = reader_->read(1000);
  ASSERT_EQ(events.size(), 100U);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(events[static_cast<std::size_t>(i)].data, std::to_string(i));
}

TEST_F(TlsEvents, LeaveTheirPlaceToRequests) {
  EXPECT_TRUE(ask(pinned()));
  EXPECT_TRUE(echo_.streams[0]->open());
}

TEST_F(TlsEvents, KnowWhenNobodyListensAnyMore) {
  stream_.reset();
  bool open = true;
  for (int i = 0; i < 500 && open; ++i) {
    in_loop([&] { open = echo_.streams[0]->open(); });
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_FALSE(open);
}

TEST_F(TlsEvents, CutOffWhoDoesNotTakeThem) {
  const json::string big(30000, 'x');
  bool open = true;
  for (int i = 0; i < 5000 && open; ++i) {
    in_loop([&] {
      echo_.streams[0]->send("big", big);
      open = echo_.streams[0]->open();
    });
  }
  EXPECT_FALSE(open);
}

TEST_F(TlsEvents, AreRefusedWithAnAnswerWhereThereAreNone) {
  HttpRequest request = http_request({"GET", "/v1/elsewhere", nullptr}, "gateway");
  request.set(boost::beast::http::field::accept, "text/event-stream");
  asio::io_context loop;
  auto stream = std::move(connect(loop, *client_).value());
  boost::beast::http::write(*stream, request);
  boost::beast::flat_buffer buffer;
  boost::beast::http::response<boost::beast::http::string_body> response;
  boost::beast::http::read(*stream, buffer, response);
  EXPECT_EQ(response.result_int(), 404U);
  EXPECT_THAT(response.body(), HasSubstr("no such stream"));
}

}  // namespace
}  // namespace sallyport::api
