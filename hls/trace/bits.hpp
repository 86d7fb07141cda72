// SPDX-License-Identifier: Apache-2.0
// A word whose width is known only when the program runs: what the graph holds as constants and the interpreter
// computes.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace sallyport::hls {

// Bits above the width are always zero; words[0] holds the least significant 64.
struct Bits {
  int width = 0;
  std::vector<std::uint64_t> words;

  explicit Bits(int width_in_bits = 0, std::uint64_t value = 0);

  [[nodiscard]] bool bit(int i) const { return (words[i / 64] >> (i % 64) & 1) != 0; }
  void set(int i) { words[i / 64] |= std::uint64_t{1} << (i % 64); }
  void trim();  // clears what stands above the width
  [[nodiscard]] bool zero() const;
  [[nodiscard]] bool ones() const;
  [[nodiscard]] std::string hex() const;  // without leading zeros

  friend bool operator==(const Bits&, const Bits&) = default;
  friend auto operator<=>(const Bits&, const Bits&) = default;
};

}  // namespace sallyport::hls
