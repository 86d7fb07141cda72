// SPDX-License-Identifier: Apache-2.0
// A capture sent through the simulated card, and what came out of it.
#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "base/result.hpp"
#include "driver/card.hpp"
#include "hw/layout/codes.hpp"
#include "sim/platform/platform.hpp"

namespace sallyport::bench {

// Frames of `in_path` go to `input`, one behind the other at line rate; every frame the card sends, on either port, is
// written to `out_path` with its simulated time. Frames that the capture holds only in part are counted and not sent.
// The answer counts frames and every drop reason that occurred.
Result<boost::json::value> run_capture(driver::Card& card, sim::Platform& platform, layout::Port input,
                                       const std::string& in_path, const std::string& out_path);

}  // namespace sallyport::bench
