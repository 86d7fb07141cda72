// SPDX-License-Identifier: Apache-2.0
// Security levels: what high, middle, low and none mean, as ordered lists of proposals for CHILD SAs.
#pragma once

#include <optional>

#include "host/ipsec/proposal.hpp"

namespace sallyport {

enum class Level : std::uint8_t { kNone, kLow, kMiddle, kHigh };

[[nodiscard]] std::string_view to_string(Level level);
[[nodiscard]] std::optional<Level> parse_level(std::string_view word);

// The candidates, the best first; none for kNone, which means "without IPsec".
[[nodiscard]] Proposals esp_proposals(Level level);

// What IKE itself offers unless a connection says otherwise.
[[nodiscard]] Proposals default_ike_proposals();

}  // namespace sallyport
