// SPDX-License-Identifier: Apache-2.0
#include "hls/trace/bits.hpp"

#include <algorithm>

namespace sallyport::hls {

Bits::Bits(int width_in_bits, std::uint64_t value) : width(width_in_bits), words((width_in_bits + 63) / 64) {
  if (!words.empty()) words[0] = value;
  trim();
}

void Bits::trim() {
  if (width % 64 != 0) words.back() &= (std::uint64_t{1} << (width % 64)) - 1;
}

bool Bits::zero() const {
  return std::all_of(words.begin(), words.end(), [](std::uint64_t w) { return w == 0; });
}

bool Bits::ones() const {
  for (int i = 0; i < width; ++i) {
    if (!bit(i)) return false;
  }
  return true;
}

std::string Bits::hex() const {
  std::string out;
  for (int digit = (width + 3) / 4; digit-- > 0;) {
    const auto value = words[digit / 16] >> (digit % 16 * 4) & 15;
    if (value != 0 || !out.empty() || digit == 0) out += "0123456789abcdef"[value];
  }
  return out;
}

}  // namespace sallyport::hls
