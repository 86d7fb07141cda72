// SPDX-License-Identifier: Apache-2.0
#include "host/api/server.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>
#include <charconv>
#include <filesystem>
#include <optional>

namespace sallyport::api {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace json = boost::json;
using Local = asio::local::stream_protocol;
using Stream = beast::basic_stream<Local>;

constexpr std::size_t kLargestBody = 1 << 20;         // ours: a policy is hundreds of bytes
constexpr auto kPatience = std::chrono::seconds(10);  // for a client to send its request and to take the answer

// RFC 3986 2.1: "%2F" is a slash that separates nothing.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    unsigned char value = 0;
    const std::string_view digits = text.substr(at + 1, 2);
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (failure != std::errc{} || digits.size() != 2 || end != digits.data() + 2) return std::nullopt;
    out += static_cast<char>(value);
    at += 2;
  }
  return out;
}

// "/v1/policies/office" -> {"policies", "office"}; nothing for another version.
std::optional<std::vector<std::string>> parse_target(std::string_view target) {
  constexpr std::string_view kVersion = "/v1/";
  if (!target.starts_with(kVersion)) return std::nullopt;
  target.remove_prefix(kVersion.size());
  std::vector<std::string> path;
  for (std::size_t at = 0; at <= target.size();) {
    const std::size_t slash = std::min(target.find('/', at), target.size());
    auto part = percent_decoded(target.substr(at, slash - at));
    if (!part) return std::nullopt;
    path.push_back(std::move(*part));
    at = slash + 1;
  }
  return path;
}

// One connection: one request, one answer.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Local::socket socket, Service& service) : stream_(std::move(socket)), service_(service) {
    parser_.body_limit(kLargestBody);
  }

  void run() {
    stream_.expires_after(kPatience);
    http::async_read(stream_, buffer_, parser_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (error == http::error::body_limit) return self->refuse({Errc::kInvalid, "the request is longer than 1 MiB"});
      if (!error) self->dispatch();
    });
  }

 private:
  void dispatch() {
    const auto& message = parser_.get();
    Request request;
    request.method = std::string(message.method_string());
    const auto path = parse_target(std::string_view(message.target().data(), message.target().size()));
    if (!path) return refuse({Errc::kNotFound, "no such resource: they all begin with /v1/"});
    request.path = *path;
    if (!message.body().empty()) {
      beast::error_code error;
      request.body = json::parse(message.body(), error);
      if (error) return refuse({Errc::kInvalid, "the body is not JSON: " + error.message()});
    }
    stream_.expires_never();  // the gateway has deadlines of its own
    service_.call(request, [self = shared_from_this()](Result<json::value> result) {
      if (result) {
        self->answer(200, *result);
      } else {
        self->refuse(result.error());
      }
    });
  }

  void refuse(const Error& error) {
    answer(http_status(error.code), json::object{{"error", to_string(error.code)}, {"detail", error.detail}});
  }

  void answer(unsigned status, const json::value& body) {
    response_.result(status);
    response_.version(11);
    response_.set(http::field::content_type, "application/json");
    response_.keep_alive(false);
    response_.body() = json::serialize(body);
    response_.prepare_payload();
    stream_.expires_after(kPatience);
    http::async_write(stream_, response_, [self = shared_from_this()](beast::error_code, std::size_t) {
      beast::error_code ignored;
      self->stream_.socket().shutdown(Local::socket::shutdown_both, ignored);
    });
  }

  Stream stream_;
  Service& service_;
  beast::flat_buffer buffer_;
  http::request_parser<http::string_body> parser_;
  http::response<http::string_body> response_;
};

class Listener : public Server {
 public:
  Listener(asio::io_context& loop, std::string path, Service& service)
      : acceptor_(loop), path_(std::move(path)), service_(service) {}
  ~Listener() override {
    if (acceptor_.is_open()) ::unlink(path_.c_str());
  }

  Result<void> start() {
    if (path_.size() >= sizeof(sockaddr_un::sun_path)) {
      return Error{Errc::kInvalid, path_ + ": longer than a UNIX socket's path may be"};
    }
    beast::error_code error;
    Local::socket probe(acceptor_.get_executor());
    if (!probe.connect(Local::endpoint(path_), error)) {
      return Error{Errc::kExists, path_ + ": another sallyportd serves it"};
    }
    ::unlink(path_.c_str());
    const auto folder = std::filesystem::path(path_).parent_path();
    std::error_code unmade;
    if (!folder.empty()) std::filesystem::create_directories(folder, unmade);
    if (unmade) return Error{Errc::kIo, "make " + folder.string() + ": " + unmade.message()};
    acceptor_.open(Local(), error);
    // Created without rights for others, so that there is no moment in which they have them.
    const mode_t before = ::umask(0177);
    if (!error) acceptor_.bind(Local::endpoint(path_), error);
    ::umask(before);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      acceptor_.close();
      return Error{Errc::kIo, path_ + ": " + error.message()};
    }
    accept();
    return {};
  }

 private:
  void accept() {
    acceptor_.async_accept([this](beast::error_code error, Local::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (!error) std::make_shared<Session>(std::move(socket), service_)->run();
      accept();
    });
  }

  Local::acceptor acceptor_;
  std::string path_;
  Service& service_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::listen(asio::io_context& loop, const std::string& path, Service& service) {
  auto listener = std::make_unique<Listener>(loop, path, service);
  if (auto r = listener->start(); !r) return r.error();
  return std::unique_ptr<Server>(std::move(listener));
}

}  // namespace sallyport::api
