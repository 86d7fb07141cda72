// SPDX-License-Identifier: Apache-2.0
// A MAC address: as it stands in a frame, and as the number that registers and rows hold.
#pragma once

#include <array>
#include <cstdint>

namespace sallyport::driver {

using MacAddress = std::array<std::uint8_t, 6>;

constexpr std::uint64_t number_of(const MacAddress& mac) {
  std::uint64_t number = 0;
  for (const std::uint8_t byte : mac) number = number << 8 | byte;
  return number;
}

}  // namespace sallyport::driver
