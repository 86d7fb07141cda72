// SPDX-License-Identifier: Apache-2.0
// What an administrator should know about the order of policies: which can never decide, and which disagree.
#pragma once

#include <string>
#include <vector>

#include "host/policy/people.hpp"

namespace sallyport::policy {

struct Finding {
  enum class Kind : std::uint8_t {
    kHidden,     // never decides: those before it take every packet of it, or it has none
    kOverlap,    // shares packets with one before it that does something else with them, and neither is a part of the
                 // other: an exception in front of a rule is usual, this may be an accident
    kUnchecked,  // too many pieces to look at
  };
  Kind kind = Kind::kHidden;
  std::string policy;           // the one behind
  std::vector<std::string> by;  // those before it, in their order
  std::string sentence;
};

[[nodiscard]] std::string_view to_string(Finding::Kind kind);

// Of all policies, in their order. Exact, but for users of whom `people` does not know.
[[nodiscard]] std::vector<Finding> examine(const std::vector<Policy>& policies, const People& people);
// Only those in which this policy takes part.
[[nodiscard]] std::vector<Finding> examine(const std::vector<Policy>& policies, const People& people,
                                           const std::string& about);

}  // namespace sallyport::policy
