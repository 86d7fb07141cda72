// SPDX-License-Identifier: Apache-2.0
// For tests: what a gateway's API answers.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "host/gateway/service.hpp"
#include "host/gateway/test_daemon.hpp"

namespace sallyport::gateway {

using Answer = std::shared_ptr<std::optional<boost::json::value>>;  // nothing yet

// An error is {"error": its detail}.
inline Answer begin_to_ask(Gateway& gateway, const std::string& method, const std::vector<std::string>& path,
                           boost::json::value body = nullptr) {
  auto answer = std::make_shared<std::optional<boost::json::value>>();
  GatewayService(gateway, nullptr).call({method, path, std::move(body)}, [answer](Result<boost::json::value> r) {
    *answer = r ? std::move(*r) : boost::json::value(boost::json::object{{"error", r.error().detail}});
  });
  return answer;
}
inline boost::json::value ask(boost::asio::io_context& io, Gateway& gateway, const std::string& method,
                              const std::vector<std::string>& path, boost::json::value body = nullptr) {
  const Answer answer = begin_to_ask(gateway, method, path, std::move(body));
  EXPECT_TRUE(run_until(io, [&] { return answer->has_value(); }));
  return answer->value_or(nullptr);
}

}  // namespace sallyport::gateway
