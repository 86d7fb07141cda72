// SPDX-License-Identifier: Apache-2.0
#include "host/cli/units.hpp"

#include <array>
#include <cstdio>

namespace sallyport::cli {

std::string human_count(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (auto at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  }
  return digits;
}

std::string human_bytes(std::uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  constexpr std::array kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  // 1023.995 would be written as 1024.00.
  for (; value >= 1023.995 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  std::array<char, 16> written{};
  std::snprintf(written.data(), written.size(), "%.2f %s", value, kUnits[unit]);
  return written.data();
}

std::string human_time(std::uint64_t seconds) {
  struct Unit {
    std::uint64_t seconds;
    const char* name;
  };
  constexpr std::array kUnits = {Unit{86400, " d"}, Unit{3600, " h"}, Unit{60, " min"}, Unit{1, " s"}};
  // The largest unit and the next: nobody needs the seconds of a day.
  std::size_t first = 0;
  while (first + 1 < kUnits.size() && seconds < kUnits[first].seconds) ++first;
  std::string out = std::to_string(seconds / kUnits[first].seconds) + kUnits[first].name;
  if (first + 1 < kUnits.size()) {
    const auto rest = seconds % kUnits[first].seconds / kUnits[first + 1].seconds;
    if (rest != 0) out += " " + std::to_string(rest) + kUnits[first + 1].name;
  }
  return out;
}

std::string human_packets(std::uint64_t count) { return human_count(count) + (count == 1 ? " packet" : " packets"); }

}  // namespace sallyport::cli
