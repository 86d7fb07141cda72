// SPDX-License-Identifier: Apache-2.0
// How a register, a table row or a descriptor is written down: a list of fields that tiles its width exactly.
//
// Plain C++14, because kernel compilers lag. Bit 0 is the least significant bit; a row travels in memory as
// little-endian bytes, so bit 8*i is bit 0 of byte i. Values inside a field (SPIs, ports, addresses) are plain numbers.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sallyport {
namespace layout {

struct Field {
  const char* name;
  unsigned lsb;
  unsigned width;
  const char* meaning;
};

constexpr unsigned kRowBits = 512;  // every table row and every descriptor is one beat of the card's datapath
constexpr unsigned kRowBytes = kRowBits / 8;

// Whether the fields cover bits 0 .. width-1 in order, without gap or overlap.
template <std::size_t N>
constexpr bool tiles(const Field (&fields)[N], unsigned width) {
  unsigned next = 0;
  for (std::size_t i = 0; i < N; ++i) {
    if (fields[i].lsb != next || fields[i].width == 0) return false;
    next += fields[i].width;
  }
  return next == width;
}

}  // namespace layout
}  // namespace sallyport
