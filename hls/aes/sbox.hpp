// SPDX-License-Identifier: Apache-2.0
// The AES S-box, worked out from its definition.
#pragma once

#include <cstdint>

namespace sallyport::hls {

// FIPS 197 4.2.1: multiplication of a field element by x, that is {02}.
constexpr std::uint8_t xtime(std::uint8_t a) {
  return static_cast<std::uint8_t>(a << 1 ^ ((a & 0x80) != 0 ? 0x1b : 0));
}

constexpr std::uint8_t field_product(std::uint8_t a, std::uint8_t b) {
  std::uint8_t r = 0;
  for (; b != 0; b >>= 1, a = xtime(a)) r = static_cast<std::uint8_t>(r ^ ((b & 1) != 0 ? a : 0));
  return r;
}

// FIPS 197 5.1.1: the multiplicative inverse ({00} to itself), then the affine transformation.
constexpr std::uint8_t sub_byte(std::uint8_t a) {
  std::uint8_t inverse = 1;  // a^254
  for (int i = 0; i < 254; ++i) inverse = field_product(inverse, a);
  const auto rotated = [&](int n) { return static_cast<std::uint8_t>(inverse << n | inverse >> (8 - n)); };
  return static_cast<std::uint8_t>(inverse ^ rotated(1) ^ rotated(2) ^ rotated(3) ^ rotated(4) ^ 0x63);
}

}  // namespace sallyport::hls
