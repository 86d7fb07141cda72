// SPDX-License-Identifier: Apache-2.0
// Throughput and latency by frame size (RFC 2544 26.1 and 26.2): the highest rate at which not one frame is lost.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "sim/bench/bench_card.hpp"
#include "sim/platform/platform.hpp"

namespace sallyport::bench {

enum class Way { kOut, kIn, kBoth };

// A frame size as RFC 2544 counts it (with FCS), or a mix of sizes.
struct FrameMix {
  std::string name;                  // "64", "imix"
  std::vector<std::size_t> lengths;  // without FCS, in the order in which they repeat
};

// "64", .., "9018"; "imix" is 64, 570 and 1518 bytes 7:4:1; "esp-min" the shortest packet there is, an ESP frame of 94
// bytes.
Result<FrameMix> parse_mix(const std::string& word);

struct Rfc2544Options {
  Way way = Way::kBoth;
  sim::Clock clocks = 40'000;  // simulated length of a trial
  std::uint64_t seed = 1;
};

// One row of the report. The rate is a fraction of what a full WAN carries; it counts only where nothing was lost.
Result<boost::json::value> measure(BenchCard& card, sim::Platform& platform, const FrameMix& mix,
                                   const Rfc2544Options& options);

}  // namespace sallyport::bench
