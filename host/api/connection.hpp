// SPDX-License-Identifier: Apache-2.0
// One connection of a server: one request and its answer, or a stream of events. Of the servers alone.
//
// A Transport has a type Stream, open(stream, handler) and end(stream, handler), which do whatever comes before the
// first byte of HTTP and after the last.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>
#include <deque>
#include <memory>
#include <string>

#include "host/api/service.hpp"
#include "host/api/target.hpp"
#include "host/api/wiped.hpp"

namespace sallyport::api {

struct ConnectionLimits {
  std::uint64_t largest_body = 1 << 20;     // ours: a policy is hundreds of bytes
  std::uint32_t largest_header = 8 * 1024;  // Beast's own
};

constexpr auto kPatience = std::chrono::seconds(10);   // for a client to send its request and to take what it is sent
constexpr auto kHeartbeat = std::chrono::seconds(15);  // of a stream in which nothing happens
constexpr std::size_t kMostUnsent = 64 * 1024;         // bytes of events

template <class Transport>
class Connection : public EventStream, public std::enable_shared_from_this<Connection<Transport>> {
 public:
  using Stream = typename Transport::Stream;

  // Whose `service` is gone answers nobody: a connection may outlive its server.
  // `ticket` lives as long as the connection, or until it is a stream of events.
  Connection(Stream stream, std::string from, std::weak_ptr<Service*> service, const ConnectionLimits& limits,
             std::shared_ptr<void> ticket, std::optional<std::uint32_t> uid = {})
      : stream_(std::move(stream)),
        heartbeat_(stream_.get_executor()),
        from_(std::move(from)),
        uid_(uid),
        service_(std::move(service)),
        ticket_(std::move(ticket)) {
    parser_.body_limit(limits.largest_body);
    parser_.header_limit(limits.largest_header);
  }

  void run() {
    lowest().expires_after(kPatience);
    Transport::open(stream_, [self = this->shared_from_this()](boost::beast::error_code error) {
      if (!error) self->read();
    });
  }

  // ---- EventStream

  void send(std::string_view event, const boost::json::value& data) override {
    push("event: " + std::string(event) + "\ndata: " + boost::json::serialize(data) + "\n\n");
  }
  void close() override {
    closing_ = true;
    if (listening_ && !writing_) finish();
  }
  [[nodiscard]] bool open() const override { return streaming_ && !closing_; }

 private:
  using Error_code = boost::beast::error_code;

  auto& lowest() { return boost::beast::get_lowest_layer(stream_); }

  void read() {
    namespace http = boost::beast::http;
    http::async_read(stream_, buffer_, parser_, [self = this->shared_from_this()](Error_code error, std::size_t) {
      if (error == http::error::body_limit) {
        return self->refuse({Errc::kInvalid, "the request is longer than it may be"});
      }
      if (!error) self->dispatch();
    });
  }

  void dispatch() {
    const auto& message = parser_.get();
    Request request;
    request.method = std::string(message.method_string());
    request.from = from_;
    request.uid = uid_;
    auto target = parse_target(std::string_view(message.target().data(), message.target().size()));
    if (!target) return refuse({Errc::kNotFound, "no such resource: they all begin with /v1/"});
    request.path = std::move(target->path);
    request.after = std::move(target->after);
    const auto authorization = message[boost::beast::http::field::authorization];
    if (constexpr std::string_view kBearer = "Bearer "; authorization.starts_with(kBearer.data())) {  // RFC 6750 2.1
      request.token =
          Secret(as_bytes(std::string_view(authorization.data(), authorization.size()).substr(kBearer.size())));
    }
    if (!message.body().empty()) {
      Error_code error;
      request.body = boost::json::parse({message.body().data(), message.body().size()}, error, wiped_storage());
      if (error) return refuse({Errc::kInvalid, "the body is not JSON: " + error.message()});
    }
    lowest().expires_never();  // who answers has deadlines of its own
    const auto service = service_.lock();
    if (!service) return lowest().close();
    if (message[boost::beast::http::field::accept] == "text/event-stream") return listen(**service, request);
    (*service)->call(request, [self = this->shared_from_this()](Result<boost::json::value> result) {
      if (result) {
        self->answer(200, *result);
      } else {
        self->refuse(result.error());
      }
    });
  }

  // ---- an answer

  void refuse(const Error& error) {
    answer(http_status(error.code), boost::json::object{{"error", to_string(error.code)}, {"detail", error.detail}});
  }

  void answer(unsigned status, const boost::json::value& body) {
    namespace http = boost::beast::http;
    response_.result(status);
    response_.version(11);
    response_.set(http::field::content_type, "application/json");
    response_.set(http::field::cache_control, "no-store");
    response_.keep_alive(false);
    std::string text = boost::json::serialize(body);
    response_.body().assign(text.begin(), text.end());
    wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    response_.prepare_payload();
    lowest().expires_after(kPatience);
    http::async_write(stream_, response_,
                      [self = this->shared_from_this()](Error_code, std::size_t) { self->finish(); });
  }

  void finish() {
    streaming_ = false;
    heartbeat_.cancel();
    lowest().expires_after(kPatience);
    Transport::end(stream_, [self = this->shared_from_this()](Error_code) {
      Error_code ignored;
      self->lowest().socket().shutdown(boost::asio::socket_base::shutdown_send, ignored);
      self->drain();
    });
  }

  // To close while something is unread would take the answer away from a client that is still sending (RFC 9112 9.6).
  void drain() {
    lowest().async_read_some(boost::asio::buffer(ignored_),
                             [self = this->shared_from_this()](Error_code error, std::size_t) {
                               if (!error) self->drain();
                             });
  }

  // ---- a stream of events (HTML Living Standard 9.2), which ends with the connection

  void listen(Service& service, const Request& request) {
    streaming_ = true;
    push("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n");
    if (auto taken = service.listen(request, this->shared_from_this()); !taken) {
      streaming_ = false;
      unsent_.clear();
      return refuse(taken.error());
    }
    ticket_.reset();  // whoever took the stream bounds how many there are; requests come beside it
    wait_for_the_end();
    beat();
    write();
  }

  void push(std::string text) {
    if (!open()) return;
    unsent_size_ += text.size();
    unsent_.push_back(std::move(text));
    // Cut off, rather than waited for.
    if (unsent_size_ > kMostUnsent) return lowest().close();
    if (listening_ && !writing_) write();
  }

  void write() {
    listening_ = true;
    if (unsent_.empty()) {
      if (closing_) finish();
      return;
    }
    writing_ = true;
    boost::asio::async_write(stream_, boost::asio::buffer(unsent_.front()),
                             [self = this->shared_from_this()](Error_code error, std::size_t size) {
                               self->writing_ = false;
                               if (error) return self->cut_off();
                               self->unsent_size_ -= size;
                               self->unsent_.pop_front();
                               self->write();
                             });
  }

  // A client says nothing more; what comes is its end.
  void wait_for_the_end() {
    stream_.async_read_some(boost::asio::buffer(ignored_),
                            [self = this->shared_from_this()](Error_code, std::size_t) { self->cut_off(); });
  }

  void beat() {
    heartbeat_.expires_after(kHeartbeat);
    heartbeat_.async_wait([self = this->shared_from_this()](Error_code error) {
      if (error || !self->open()) return;
      if (self->writing_) return self->cut_off();
      self->push(":\n\n");
      self->beat();
    });
  }

  void cut_off() {
    streaming_ = false;
    heartbeat_.cancel();
    lowest().close();
  }

  Stream stream_;
  boost::asio::steady_timer heartbeat_;
  std::string from_;
  std::optional<std::uint32_t> uid_;
  std::weak_ptr<Service*> service_;
  std::shared_ptr<void> ticket_;
  boost::beast::basic_flat_buffer<WipingAllocator<char>> buffer_;
  using Body = boost::beast::http::basic_string_body<char, std::char_traits<char>, WipingAllocator<char>>;
  boost::beast::http::request_parser<Body, WipingAllocator<char>> parser_;
  boost::beast::http::response<Body> response_;  // it may carry a token
  std::deque<std::string> unsent_;
  std::size_t unsent_size_ = 0;
  std::array<char, 256> ignored_{};
  bool streaming_ = false;
  bool listening_ = false;  // the service has taken the stream
  bool writing_ = false;
  bool closing_ = false;
};

}  // namespace sallyport::api
