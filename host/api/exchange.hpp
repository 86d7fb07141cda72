// SPDX-License-Identifier: Apache-2.0
// A request and its answer over a stream that is connected. Of the clients alone.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>

#include "host/api/client.hpp"
#include "host/api/wiped.hpp"

namespace sallyport::api {

// A request may carry a password and an answer a token: their memory is wiped.
using WipedBody = boost::beast::http::basic_string_body<char, std::char_traits<char>, WipingAllocator<char>>;
using WipedFields = boost::beast::http::basic_fields<WipingAllocator<char>>;
using HttpRequest = boost::beast::http::request<WipedBody, WipedFields>;

inline HttpRequest http_request(const ClientRequest& request, const std::string& host) {
  namespace http = boost::beast::http;
  HttpRequest message;
  message.method_string(request.method);
  message.target(request.target);
  message.version(11);
  message.set(http::field::host, host);
  if (!request.token.empty()) {
    const Bytes token = request.token.reveal();
    std::basic_string<char, std::char_traits<char>, WipingAllocator<char>> value = "Bearer ";
    value.append(token.begin(), token.end());
    message.set(http::field::authorization, value);
  }
  if (!request.body.is_null()) {
    message.set(http::field::content_type, "application/json");
    std::string text = boost::json::serialize(request.body);
    message.body().assign(text.begin(), text.end());
    wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  }
  message.prepare_payload();
  return message;
}

// Ours: every session or SA of a crowd in one answer. Beast's own is 8 MiB.
constexpr std::uint64_t kLargestAnswer = 256 << 20;

// Runs `loop`, which is the stream's own, until it is done. The details of errors go on behind the other side's name.
template <class Stream>
Result<Answer> exchange_over(boost::asio::io_context& loop, Stream& stream, const ClientRequest& request,
                             const std::string& host = "sallyport") {
  namespace http = boost::beast::http;
  boost::beast::error_code failure;
  const auto run = [&loop] {
    loop.restart();
    loop.run();
  };
  const HttpRequest message = http_request(request, host);
  http::async_write(stream, message, [&](boost::beast::error_code error, std::size_t) { failure = error; });
  run();
  http::response_parser<WipedBody, WipingAllocator<char>> parser;
  parser.body_limit(kLargestAnswer);
  boost::beast::basic_flat_buffer<WipingAllocator<char>> buffer;
  if (!failure) {
    http::async_read(stream, buffer, parser, [&](boost::beast::error_code error, std::size_t) { failure = error; });
    run();
  }
  if (failure == boost::beast::error::timeout) return Error{Errc::kTimeout, "did not answer in time"};
  if (failure) return Error{Errc::kDisconnected, "went away: " + failure.message()};
  const auto& response = parser.get();
  boost::json::value body =
      boost::json::parse({response.body().data(), response.body().size()}, failure, wiped_storage());
  if (failure) return Error{Errc::kCorrupt, "answers what is not JSON"};
  return Answer{response.result_int(), std::move(body)};
}

}  // namespace sallyport::api
