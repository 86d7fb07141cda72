// SPDX-License-Identifier: Apache-2.0
// How long something took, many times over.
#pragma once

#include <algorithm>
#include <boost/json/object.hpp>
#include <chrono>
#include <cmath>
#include <vector>

namespace sallyport::bench {

class Times {
 public:
  using Clock = std::chrono::steady_clock;

  void add(Clock::duration time) { times_.push_back(std::chrono::duration<double, std::milli>(time).count()); }
  // The smallest that so many of a hundred do not pass.
  [[nodiscard]] double percentile(double hundredth) const {
    if (times_.empty()) return 0;
    std::vector<double> sorted = times_;
    std::sort(sorted.begin(), sorted.end());
    const auto rank = static_cast<std::size_t>(std::ceil(hundredth / 100 * static_cast<double>(sorted.size())));
    return sorted[std::max<std::size_t>(rank, 1) - 1];
  }
  [[nodiscard]] boost::json::object json() const {
    const auto rounded = [&](double hundredth) { return std::round(percentile(hundredth) * 1000) / 1000; };
    return {{"count", times_.size()}, {"p50_ms", rounded(50)}, {"p99_ms", rounded(99)}};
  }

 private:
  std::vector<double> times_;
};

}  // namespace sallyport::bench
