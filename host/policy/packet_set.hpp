// SPDX-License-Identifier: Apache-2.0
// Sets of packets, exactly: what a policy speaks of, and what is left of that behind other policies.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "driver/tables/spd_compiler.hpp"

namespace sallyport::policy {

// A set of numbers. Addresses are the card's; everything smaller is in the low bits.
class NumberSet {
 public:
  using Number = layout::Address;
  using Range = driver::Range<Number>;

  NumberSet() = default;
  NumberSet(const Number& first, const Number& last) : ranges_{{first, last}} {}
  static NumberSet of(std::uint64_t first, std::uint64_t last) { return {Number{0, first}, Number{0, last}}; }

  void add(const NumberSet& other);
  [[nodiscard]] NumberSet intersect(const NumberSet& other) const;
  [[nodiscard]] NumberSet without(const NumberSet& other) const;
  [[nodiscard]] bool meets(const NumberSet& other) const;
  [[nodiscard]] bool empty() const { return ranges_.empty(); }
  [[nodiscard]] const std::vector<Range>& ranges() const { return ranges_; }  // ascending, a gap between any two

 private:
  std::vector<Range> ranges_;
};

// What tells packets apart.
enum Dimension : std::size_t {
  kSource,
  kDestination,
  kProtocol,
  kSourcePort,
  kDestinationPort,
  kSender,
  kTime,
  kDimensions,
};

// Packets that have one of some numbers in each dimension.
using Box = std::array<NumberSet, kDimensions>;
[[nodiscard]] bool is_empty(const Box& box);

class PacketSet {
 public:
  void add(Box box);  // an empty one is nothing
  [[nodiscard]] bool empty() const { return boxes_.empty(); }
  [[nodiscard]] bool meets(const PacketSet& other) const;
  [[nodiscard]] PacketSet intersect(const PacketSet& other) const;
  // Takes `other` out. Each comparison of two boxes is a step; false: `steps` has run out, and the set is good for
  // nothing.
  [[nodiscard]] bool remove(const PacketSet& other, std::size_t& steps);
  [[nodiscard]] const std::vector<Box>& boxes() const { return boxes_; }

 private:
  std::vector<Box> boxes_;  // none is empty
};

}  // namespace sallyport::policy
