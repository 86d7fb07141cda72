// SPDX-License-Identifier: Apache-2.0
// The card's lookups, literally over the rows that the host has loaded, so that a wrong tree is found here too.
#pragma once

#include <optional>

#include "driver/ip/ip.hpp"
#include "driver/software/tables.hpp"

namespace sallyport::driver::software {

struct SpdRule {
  layout::Action action = layout::Action::kDiscard;
  bool syn_to_host = false;
  std::uint16_t policy_id = 0;
  std::uint16_t sa_index = 0;
};

struct LookupResult {
  std::uint16_t principal = 0;
  std::optional<SpdRule> rule;  // the first that matches
  layout::Route route = layout::Route::kNone;
  unsigned next_hop = 0;  // row, when the route says send
};

// Which bank of the tables, which SPD, and how principals are hashed.
struct LookupView {
  const Tables& tables;
  unsigned bank;
  layout::TableId spd;  // kSpdOut or kSpdIn
  std::uint32_t hash_seed;
};

// The principal is `sender`, or whose the source address is.
LookupResult lookup(const LookupView& view, const PacketKey& key, std::optional<std::uint16_t> sender);

}  // namespace sallyport::driver::software
