// SPDX-License-Identifier: Apache-2.0
// How often somebody may try: the leaky bucket as a meter (ITU-T I.371, GCRA), one number for each of a fixed count of
// buckets.
//
// A name falls into one of the buckets by a hash under a random key, so no flood of names makes the state grow, and
// none can be aimed at another's bucket. Two that share one wait for each other; that is all.
#pragma once

#include <array>
#include <chrono>
#include <string_view>
#include <vector>

namespace sallyport::users {

struct AttemptRate {
  unsigned burst = 1;               // as many at once
  std::chrono::seconds interval{};  // then one in so long
};

class AttemptLimiter {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::size_t kBuckets = 8192;

  explicit AttemptLimiter(AttemptRate rate);

  // Whether `name` may try now, which is counted. One who may not is not counted.
  [[nodiscard]] bool admit(std::string_view name, Time now);
  // Takes back what was counted: the attempt was a good one.
  void forgive(std::string_view name);
  // How long `name` has to wait.
  [[nodiscard]] std::chrono::seconds wait(std::string_view name, Time now) const;

 private:
  [[nodiscard]] std::size_t bucket(std::string_view name) const;

  AttemptRate rate_;
  std::array<std::uint8_t, 16> key_{};
  std::vector<Time> empty_at_;  // when a bucket has run out
};

}  // namespace sallyport::users
