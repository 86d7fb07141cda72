// SPDX-License-Identifier: Apache-2.0
// Security levels: what high, middle, low and none mean, as ordered lists of proposals for CHILD SAs, which an
// administrator may write otherwise.
#pragma once

#include <array>
#include <optional>

#include "host/ipsec/proposal.hpp"

namespace sallyport {

enum class Level : std::uint8_t { kNone, kLow, kMiddle, kHigh };

[[nodiscard]] std::string_view to_string(Level level);
[[nodiscard]] std::optional<Level> parse_level(std::string_view word);

class Levels {
 public:
  Levels();  // as they are unless somebody says otherwise

  // The candidates, the best first; none for kNone, which means "without IPsec".
  [[nodiscard]] const Proposals& esp_proposals(Level level) const { return lists_[static_cast<std::size_t>(level)]; }
  // kInvalid: kNone has no candidates, every other level at least one.
  Result<void> set(Level level, Proposals proposals);

  friend bool operator==(const Levels&, const Levels&) = default;

 private:
  std::array<Proposals, 4> lists_;
};

// The levels in the order people think of them: the strongest first.
inline constexpr Level kLevels[] = {Level::kHigh, Level::kMiddle, Level::kLow, Level::kNone};

// What IKE itself offers unless a connection says otherwise.
[[nodiscard]] Proposals default_ike_proposals();

}  // namespace sallyport
