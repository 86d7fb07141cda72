// SPDX-License-Identifier: Apache-2.0
// Verilator's port types and Bits: up to 64 bits a port is an integer, above that an array of 32-bit words.
#pragma once

#include <concepts>
#include <cstdint>

#include "hls/trace/bits.hpp"

namespace sallyport::hls {

template <std::unsigned_integral T>
void set_port(T& port, const Bits& value) {
  port = static_cast<T>(value.words[0]);
}
template <std::unsigned_integral T>
Bits get_port(const T& port, int width) {
  return Bits(width, port);
}

template <class T>
void set_port(T& port, const Bits& value) {
  for (int i = 0; i < (value.width + 31) / 32; ++i) {
    port[i] = static_cast<std::uint32_t>(value.words[i / 2] >> (i % 2 * 32));
  }
}
template <class T>
Bits get_port(const T& port, int width) {
  Bits value(width);
  for (int i = 0; i < (width + 31) / 32; ++i) value.words[i / 2] |= std::uint64_t{port[i]} << (i % 2 * 32);
  return value;
}

}  // namespace sallyport::hls
