// SPDX-License-Identifier: Apache-2.0
// Reading and writing bytes in network order. A short read yields zeros and is remembered, so a parser checks once.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace sallyport {

using Bytes = std::span<const std::uint8_t>;
using Buffer = std::vector<std::uint8_t>;

// Big endian unless the name says otherwise.
class ByteReader {
 public:
  explicit ByteReader(Bytes data) : data_(data) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(big_endian(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(big_endian(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(big_endian(4)); }
  std::uint64_t u64() { return big_endian(8); }
  Bytes take(std::size_t n);  // n bytes, or an empty span when fewer are left
  void skip(std::size_t n) { (void)take(n); }
  Bytes rest() { return take(left()); }

  [[nodiscard]] bool ok() const { return ok_; }  // false once any read went past the end
  [[nodiscard]] std::size_t left() const { return data_.size() - at_; }
  [[nodiscard]] std::size_t offset() const { return at_; }

 private:
  std::uint64_t big_endian(std::size_t n);

  Bytes data_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

class ByteWriter {
 public:
  ByteWriter& u8(std::uint8_t v) { return big_endian(v, 1); }
  ByteWriter& u16(std::uint16_t v) { return big_endian(v, 2); }
  ByteWriter& u32(std::uint32_t v) { return big_endian(v, 4); }
  ByteWriter& u64(std::uint64_t v) { return big_endian(v, 8); }
  ByteWriter& bytes(Bytes b);
  ByteWriter& zeros(std::size_t n);
  void patch_u16(std::size_t at, std::uint16_t v);  // overwrite what was written, for a length known late
  void patch_u32(std::size_t at, std::uint32_t v);

  [[nodiscard]] std::size_t size() const { return out_.size(); }
  [[nodiscard]] const Buffer& view() const { return out_; }
  [[nodiscard]] Buffer take() { return std::move(out_); }

 private:
  ByteWriter& big_endian(std::uint64_t v, std::size_t n);

  Buffer out_;
};

[[nodiscard]] Bytes as_bytes(std::string_view text);
[[nodiscard]] std::string to_hex(Bytes data);                  // lower case, two digits a byte
[[nodiscard]] Result<Buffer> from_hex(std::string_view text);  // "0x" in front is allowed; nothing else but hex digits
[[nodiscard]] bool equal(Bytes a, Bytes b);                    // not constant time: for what is public

}  // namespace sallyport
