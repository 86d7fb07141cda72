// SPDX-License-Identifier: Apache-2.0
// What the API asks of the gateway behind it. README.md lists the requests and what they answer.
#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.hpp"

namespace sallyport::api {

struct Request {
  std::string method;                  // GET, POST, PUT, DELETE
  std::vector<std::string> path;       // behind /v1/: {"policies", "office"}
  boost::json::value body;             // null when there was none; wiped when the call returns
  std::string from{};                  // the client's address, "10.0.0.5"; empty on a UNIX socket
  Secret token{};                      // "Authorization: Bearer" (RFC 6750 2.1)
  std::optional<std::uint32_t> uid{};  // of the process at the other end of a UNIX socket
  std::string after{};                 // of a list: the page behind this name
  std::string actor{};                 // the name of an administrator, found out by who lets the request in
};

using Respond = std::function<void(Result<boost::json::value>)>;

// Events for one client, for as long as it listens. Used from the loop's thread; whoever no longer holds it has not
// closed it.
class EventStream {
 public:
  virtual ~EventStream() = default;
  // A client that does not take what it is sent is cut off.
  virtual void send(std::string_view event, const boost::json::value& data) = 0;
  virtual void close() = 0;  // when what was sent has gone out
  [[nodiscard]] virtual bool open() const = 0;
};

class Service {
 public:
  virtual ~Service() = default;
  // Answers by calling `respond` once, now or later, from the loop's thread.
  virtual void call(const Request& request, Respond respond) = 0;
  // A request for events ("Accept: text/event-stream"). A stream that is taken stays; how many, the service decides.
  virtual Result<void> listen(const Request&, std::shared_ptr<EventStream>) {
    return Error{Errc::kNotFound, "there are no events here"};
  }
};

// The HTTP status of an error.
[[nodiscard]] unsigned http_status(Errc code);
// And back, for a client: the code that a body names, kIo for one we do not know.
[[nodiscard]] Errc code_named(std::string_view name);

}  // namespace sallyport::api
