// SPDX-License-Identifier: Apache-2.0
// Throughput and latency by frame size (RFC 2544 26.1 and 26.2).
#pragma once

#include <boost/json/value.hpp>

#include "sim/bench/trial.hpp"

namespace sallyport::bench {

// The highest rate at which not one frame is lost, and the latency there: one row of the report. Rates are fractions of
// what a full WAN carries, to a hundredth of themselves; they count only where nothing was lost.
Result<boost::json::value> find_rate(BenchCard& card, sim::Platform& platform, const FrameMix& mix,
                                     const TrialOptions& options);

// One trial at `share` of what a full WAN carries.
Result<boost::json::value> measure_at(BenchCard& card, sim::Platform& platform, const FrameMix& mix,
                                      const TrialOptions& options, double share);

}  // namespace sallyport::bench
