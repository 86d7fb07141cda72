// SPDX-License-Identifier: Apache-2.0
// A table row or descriptor in host memory, read and written by field.
#pragma once

#include <array>
#include <cstdint>

#include "hw/layout/address.hpp"
#include "hw/layout/field.hpp"

namespace sallyport {
namespace layout {

class Row {
 public:
  // Fields up to 64 bits wide.
  void set(const Field& f, std::uint64_t value) {
    for (unsigned i = 0; i < f.width; ++i) set_bit(f.lsb + i, (value >> i & 1) != 0);
  }
  std::uint64_t get(const Field& f) const {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < f.width; ++i) value |= std::uint64_t{bit(f.lsb + i)} << i;
    return value;
  }
  // A field of kAddressBits.
  void set(const Field& f, const Address& address) {
    set(Field{f.name, f.lsb, 64, f.meaning}, address.low);
    set(Field{f.name, f.lsb + 64, 64, f.meaning}, address.high);
  }
  Address get_address(const Field& f) const {
    return {get(Field{f.name, f.lsb + 64, 64, f.meaning}), get(Field{f.name, f.lsb, 64, f.meaning})};
  }
  bool bit(unsigned i) const { return (bytes_[i / 8] >> (i % 8) & 1) != 0; }
  void set_bit(unsigned i, bool on) {
    const auto mask = static_cast<std::uint8_t>(1U << (i % 8));
    if (on) {
      bytes_[i / 8] = static_cast<std::uint8_t>(bytes_[i / 8] | mask);
    } else {
      bytes_[i / 8] = static_cast<std::uint8_t>(bytes_[i / 8] & ~mask);
    }
  }

  std::array<std::uint8_t, kRowBytes>& bytes() { return bytes_; }
  const std::array<std::uint8_t, kRowBytes>& bytes() const { return bytes_; }

  friend bool operator==(const Row& a, const Row& b) { return a.bytes_ == b.bytes_; }

 private:
  std::array<std::uint8_t, kRowBytes> bytes_{};
};

}  // namespace layout
}  // namespace sallyport
