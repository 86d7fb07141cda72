// SPDX-License-Identifier: Apache-2.0
// What a login costs the card's tables, by how many are logged in already.
#pragma once

#include <boost/json/object.hpp>

#include "base/result.hpp"

namespace sallyport::bench {

struct OnLineOptions {
  unsigned sessions = 1000;  // on line, in `groups` groups with a policy each
  unsigned groups = 4;
  unsigned logins = 50;
};

// From Principals::on_begin to the flip, over a software card: the compiler and the driver, without a card's DMA.
[[nodiscard]] Result<boost::json::object> measure_on_line(const OnLineOptions& options);

// How many users fit on line, in so many groups with a policy each, logging in in a random order.
[[nodiscard]] Result<boost::json::object> measure_room(unsigned groups);

}  // namespace sallyport::bench
