// SPDX-License-Identifier: Apache-2.0
// The sizes that an anti-replay window may have, and what is said of any other.
#pragma once

#include <cstdint>

#include "base/result.hpp"

namespace sallyport::driver {

constexpr std::uint32_t kDefaultReplayWindow = 128;  // packets

// What sa_in says for a window of so many packets. kInvalid: the detail is to be put behind the name of what was asked
// for.
Result<unsigned> replay_window_code(std::uint64_t packets);

}  // namespace sallyport::driver
