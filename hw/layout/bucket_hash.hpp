// SPDX-License-Identifier: Apache-2.0
// Which two buckets of the principal table can hold an address. Host and software card compute it here; the card's
// kernel (hls/lookup) is the same function drawn as a circuit and is tested against this one.
#pragma once

#include <cstdint>

#include "hw/layout/tables.hpp"

namespace sallyport {
namespace layout {

struct BucketPair {
  unsigned first;   // row in the first half of the principal table
  unsigned second;  // row in its second half
};

constexpr std::uint32_t rotate_left(std::uint32_t x, unsigned n) { return x << n | x >> (32 - n); }

// A Feistel network of nine rounds takes in the address's high half, then its low half: a permutation each time, so two
// addresses that agree in the high half (as all of IPv4 do) never agree in both whole words. It spreads keys and does
// not hide them; `seed` (register hash_seed) is there so that an unlucky set can be hashed anew.
constexpr BucketPair principal_buckets(const Address& address, std::uint32_t seed) {
  // Fractional digits of pi, so that no seed leaves the rounds alike.
  constexpr std::uint32_t kRoundConstants[] = {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822,
                                               0x299f31d0, 0x082efa98, 0xec4e6c89, 0x452821e6};
  constexpr unsigned kHalf = kPrincipalBuckets / 2;
  std::uint32_t left = 0;
  std::uint32_t right = 0;
  for (const std::uint64_t half : {address.high, address.low}) {
    left ^= static_cast<std::uint32_t>(half >> 32);
    right ^= static_cast<std::uint32_t>(half);
    std::uint32_t round_seed = seed;
    for (const std::uint32_t constant : kRoundConstants) {
      const std::uint32_t f =
          (rotate_left(right, 1) & rotate_left(right, 8)) ^ rotate_left(right, 2) ^ rotate_left(right, 13);
      const std::uint32_t mixed = left ^ f ^ round_seed ^ constant;
      left = right;
      right = mixed;
      round_seed = rotate_left(round_seed, 5);
    }
  }
  return BucketPair{right % kHalf, kHalf + left % kHalf};
}

}  // namespace layout
}  // namespace sallyport
