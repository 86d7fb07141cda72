// SPDX-License-Identifier: Apache-2.0
// The API's client, for the command line.
#pragma once

#include <boost/json/value.hpp>
#include <chrono>
#include <string>
#include <string_view>

#include "base/secret.hpp"

namespace sallyport::api {

struct ClientRequest {
  std::string method;
  std::string target;  // "/v1/status"
  boost::json::value body;
  Secret token{};  // of a session, for a server that asks for one
};

struct Answer {
  unsigned status = 0;  // of HTTP
  boost::json::value body;
};

// Waits for the answer, at most `patience`. Errors are those of the way to the daemon: kDisconnected when none listens,
// kTimeout, kDenied when the socket is not ours to open, kInvalid when it cannot be one, kCorrupt.
Result<Answer> exchange(const std::string& socket, const ClientRequest& request, std::chrono::seconds patience);
// The body, or the error that it is.
Result<boost::json::value> body_of(const Answer& answer);

// Both in one.
Result<boost::json::value> call(const std::string& socket, const ClientRequest& request, std::chrono::seconds patience);

// A name as it stands in a target: "b/net" -> "b%2Fnet" (RFC 3986 2.1).
[[nodiscard]] std::string path_segment(std::string_view name);

}  // namespace sallyport::api
