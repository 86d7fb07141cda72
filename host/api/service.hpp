// SPDX-License-Identifier: Apache-2.0
// What the API asks of the gateway behind it. README.md lists the requests and what they answer.
#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace sallyport::api {

struct Request {
  std::string method;             // GET, POST, PUT, DELETE
  std::vector<std::string> path;  // behind /v1/: {"policies", "office"}
  boost::json::value body;        // null when there was none
};

using Respond = std::function<void(Result<boost::json::value>)>;

class Service {
 public:
  virtual ~Service() = default;
  // Answers by calling `respond` once, now or later, from the loop's thread.
  virtual void call(const Request& request, Respond respond) = 0;
};

// The HTTP status of an error.
[[nodiscard]] unsigned http_status(Errc code);
// And back, for a client: the code that a body names, kIo for one we do not know.
[[nodiscard]] Errc code_named(std::string_view name);

}  // namespace sallyport::api
