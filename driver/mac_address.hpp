// SPDX-License-Identifier: Apache-2.0
// A MAC address: as it stands in a frame, and as the number that registers and rows hold.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sallyport::driver {

using MacAddress = std::array<std::uint8_t, 6>;

constexpr std::uint64_t number_of(const MacAddress& mac) {
  std::uint64_t number = 0;
  for (const std::uint8_t byte : mac) number = number << 8 | byte;
  return number;
}

constexpr MacAddress mac_of(std::uint64_t number) {
  MacAddress mac{};
  for (std::size_t i = 0; i < mac.size(); ++i) mac[i] = static_cast<std::uint8_t>(number >> (40 - 8 * i));
  return mac;
}

// "02:00:00:00:00:01".
inline std::optional<MacAddress> parse_mac(std::string_view text) {
  MacAddress mac{};
  if (text.size() != 3 * mac.size() - 1) return std::nullopt;
  for (std::size_t i = 0; i < mac.size(); ++i) {
    const char* digits = text.data() + 3 * i;
    const auto [end, failed] = std::from_chars(digits, digits + 2, mac[i], 16);
    if (failed != std::errc() || end != digits + 2 || (i > 0 && digits[-1] != ':')) return std::nullopt;
  }
  return mac;
}

}  // namespace sallyport::driver
