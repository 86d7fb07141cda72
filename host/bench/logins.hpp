// SPDX-License-Identifier: Apache-2.0
// How long a user waits from login to the first packet at the other end, and how long an order to end a session takes.
#pragma once

#include <boost/json/object.hpp>

#include "base/result.hpp"

namespace sallyport::bench {

struct LoginsOptions {
  std::uint64_t users = 100;  // in the directory
  unsigned logins = 200;
  unsigned on_line = 20;  // others who are logged in meanwhile, each with an SA of their own
};

// Two gateways over software cards, and a directory in SQLite that a CSV file fills. Who logs in is believed: what a
// password's hash costs is told apart. Root only.
[[nodiscard]] Result<boost::json::object> measure_logins(const LoginsOptions& options);

}  // namespace sallyport::bench
