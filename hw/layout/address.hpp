// SPDX-License-Identifier: Apache-2.0
// IP addresses as the card knows them: IPv4 and IPv6 in one space of 128 bits, an IPv4 address as ::ffff:a.b.c.d (RFC
// 4291 2.5.5.2). No packet of IPv6 that carries one of those passes (hw/README.md, step 5), so the two never meet.
#pragma once

#include <cstdint>

namespace sallyport {
namespace layout {

constexpr unsigned kAddressBits = 128;

// A number of 128 bits; the address's first byte is the most significant of `high`.
struct Address {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  constexpr Address() = default;
  constexpr Address(std::uint64_t high_half, std::uint64_t low_half) : high(high_half), low(low_half) {}

  static constexpr Address from_v4(std::uint32_t address) { return {0, kMapped | address}; }
  constexpr bool is_v4() const { return high == 0 && low >> 32 == kMapped >> 32; }
  constexpr std::uint32_t v4() const { return static_cast<std::uint32_t>(low); }  // of one that is_v4()

  // The address behind this one; of the last one the first.
  constexpr Address next() const { return {low == ~std::uint64_t{0} ? high + 1 : high, low + 1}; }

  friend constexpr bool operator==(const Address& a, const Address& b) { return a.high == b.high && a.low == b.low; }
  friend constexpr bool operator!=(const Address& a, const Address& b) { return !(a == b); }
  friend constexpr bool operator<(const Address& a, const Address& b) {
    return a.high != b.high ? a.high < b.high : a.low < b.low;
  }
  friend constexpr bool operator>(const Address& a, const Address& b) { return b < a; }
  friend constexpr bool operator<=(const Address& a, const Address& b) { return !(b < a); }
  friend constexpr bool operator>=(const Address& a, const Address& b) { return !(a < b); }

 private:
  static constexpr std::uint64_t kMapped = 0xffff'0000'0000;
};

constexpr Address kLastAddress{~std::uint64_t{0}, ~std::uint64_t{0}};

}  // namespace layout
}  // namespace sallyport
