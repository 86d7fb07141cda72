// SPDX-License-Identifier: Apache-2.0
// A capture sent through the simulated card, and what came out of it.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "driver/card.hpp"
#include "driver/linux_port/packet_port.hpp"
#include "hw/layout/codes.hpp"
#include "sim/platform/platform.hpp"

namespace sallyport::bench {

struct CaptureRun {
  std::string in_path;
  std::string out_path;
  layout::Port input = layout::Port::kLan;
  // Every frame to a single station is sent to this one instead: for captures taken elsewhere.
  std::optional<driver::MacAddress> station;
};

// The frames of `in_path` go to `input`, one behind the other at line rate; every frame the card sends, on either port,
// is written to `out_path`. Times there are simulated and begin with that of the capture's first frame. Frames that the
// capture holds only in part, or that are empty, are counted and not sent. The answer accounts for every other one: it
// was sent, given to the host (by upcall), or dropped (by reason); `unaccounted` is what is missing.
Result<boost::json::value> run_capture(driver::Card& card, sim::Platform& platform, const CaptureRun& run);

}  // namespace sallyport::bench
