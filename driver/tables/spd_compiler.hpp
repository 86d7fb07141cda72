// SPDX-License-Identifier: Apache-2.0
// From ordered rules to the tables the card searches: an interval tree and a bitmap per interval for each field.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "driver/tables/table_image.hpp"
#include "hw/layout/address.hpp"
#include "hw/layout/codes.hpp"

namespace sallyport::driver {

// Both ends belong to it.
template <class T>
struct Range {
  T first{};
  T last{};
  friend bool operator==(const Range&, const Range&) = default;
};
using AddressRange = Range<layout::Address>;  // of one version, or 0 to kLastAddress: any of both
using NumberRange = Range<std::uint16_t>;

// One row of an SPD (RFC 4301 4.4.1.1). A field without ranges is ANY. Ports match 0 where a packet has none
// (hw/README.md, Lookups).
struct SpdRule {
  std::vector<AddressRange> source;
  std::vector<AddressRange> destination;
  std::vector<NumberRange> source_port;
  std::vector<NumberRange> destination_port;
  std::vector<NumberRange> principal;
  std::optional<std::uint8_t> protocol;
  layout::Action action = layout::Action::kDiscard;
  std::uint16_t policy_id = 0;
  std::uint16_t sa_index = 0;  // outbound protect
  bool syn_to_host = false;    // outbound protect: what opens a TCP connection is the host's
  friend bool operator==(const SpdRule&, const SpdRule&) = default;
};

enum class Direction { kOutbound, kInbound };

// Writes the twelve tables of one direction; the first matching rule decides. On an error (kFull: more than
// layout::kSpdRules rules, or more distinct end points in one field than the card has intervals; kInvalid: a range that
// ends before it begins) the image is as before.
Result<void> compile_spd(Direction direction, const std::vector<SpdRule>& rules, TableImage& image);

}  // namespace sallyport::driver
