// SPDX-License-Identifier: Apache-2.0
// The API's client, for the command line.
#pragma once

#include <boost/json/value.hpp>
#include <chrono>
#include <string>

#include "base/result.hpp"

namespace sallyport::api {

struct ClientRequest {
  std::string method;
  std::string target;  // "/v1/status"
  boost::json::value body;
};

// Waits for the answer, at most `patience`. kDisconnected when no daemon listens, kTimeout, or what the daemon
// answered.
Result<boost::json::value> call(const std::string& socket, const ClientRequest& request, std::chrono::seconds patience);

}  // namespace sallyport::api
