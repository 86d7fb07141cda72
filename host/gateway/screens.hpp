// SPDX-License-Identifier: Apache-2.0
// What the API shows of a gateway, as JSON; host/api/README.md names the members. No key, ever.
#pragma once

#include <boost/json/value.hpp>

#include "host/gateway/gateway.hpp"

namespace sallyport::gateway {

[[nodiscard]] Result<boost::json::value> status_screen(Gateway& gateway);
[[nodiscard]] Result<boost::json::value> sas_screen(Gateway& gateway);
[[nodiscard]] boost::json::object policies_screen(Gateway& gateway);
[[nodiscard]] boost::json::value levels_screen(Gateway& gateway);
// Each with its verdict, which are in the same order.
[[nodiscard]] boost::json::object expectations_screen(const policy::Expectations& expectations,
                                                      const std::vector<policy::Verdict>& verdicts);
[[nodiscard]] Result<boost::json::value> counters_screen(Gateway& gateway);
[[nodiscard]] Result<boost::json::value> card_screen(Gateway& gateway);

}  // namespace sallyport::gateway
