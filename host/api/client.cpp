// SPDX-License-Identifier: Apache-2.0
#include "host/api/client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core.hpp>

#include "host/api/exchange.hpp"
#include "host/api/service.hpp"

namespace sallyport::api {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace json = boost::json;
using Local = asio::local::stream_protocol;

Error no_daemon(const std::string& socket, const beast::error_code& error) {
  if (error == boost::system::errc::permission_denied) {
    return Error{
        Errc::kDenied,
        socket + ": permission denied; run as root, or as a member of the group that the gateway's socket_group names"};
  }
  return Error{Errc::kDisconnected,
               "no sallyportd answers at " + socket + " (" + error.message() + "); is it running?"};
}

}  // namespace

Result<Answer> exchange(const std::string& socket, const ClientRequest& request, std::chrono::seconds patience) {
  asio::io_context loop;
  beast::basic_stream<Local> stream(loop);
  stream.expires_after(patience);
  beast::error_code failure;
  if (socket.size() >= sizeof(sockaddr_un::sun_path)) {
    return Error{Errc::kInvalid, socket + ": longer than a UNIX socket's path may be"};
  }
  stream.async_connect(Local::endpoint(socket), [&](beast::error_code error) { failure = error; });
  loop.run();
  if (failure) return no_daemon(socket, failure);

  auto answer = exchange_over(loop, stream, request);
  if (!answer && answer.error().code == Errc::kTimeout) {
    return Error{Errc::kTimeout, "the daemon did not answer within " + std::to_string(patience.count()) + " s"};
  }
  if (!answer) return Error{answer.error().code, "the daemon " + answer.error().detail};
  return answer;
}

Result<json::value> body_of(const Answer& answer) {
  if (answer.status == 200) return answer.body;
  const auto* object = answer.body.if_object();
  const auto text = [object](const char* key) {
    const auto* value = object == nullptr ? nullptr : object->if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
  };
  if (text("error").empty()) {
    return Error{Errc::kIo, "the daemon answered with status " + std::to_string(answer.status)};
  }
  return Error{code_named(text("error")), text("detail")};
}

Result<json::value> call(const std::string& socket, const ClientRequest& request, std::chrono::seconds patience) {
  const auto answer = exchange(socket, request, patience);
  return answer ? body_of(*answer) : answer.error();
}

std::string path_segment(std::string_view name) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const unsigned char c : name) {
    // RFC 3986 2.3: unreserved characters, for which no locale is asked.
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                            c == '.' || c == '_' || c == '~';
    if (unreserved) {
      out += static_cast<char>(c);
    } else {
      out += '%';
      out += kDigits[c >> 4];
      out += kDigits[c & 15];
    }
  }
  return out;
}

}  // namespace sallyport::api
