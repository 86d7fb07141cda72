// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.hpp"

#include <algorithm>
#include <cstdlib>

namespace sallyport {

Bytes ByteReader::take(std::size_t n) {
  if (n > left()) {
    ok_ = false;
    at_ = data_.size();
    return {};
  }
  Bytes part = data_.subspan(at_, n);
  at_ += n;
  return part;
}

std::uint64_t ByteReader::big_endian(std::size_t n) {
  std::uint64_t v = 0;
  for (std::uint8_t byte : take(n)) v = v << 8 | byte;
  return v;
}

ByteWriter& ByteWriter::big_endian(std::uint64_t v, std::size_t n) {
  for (std::size_t i = n; i-- > 0;) out_.push_back(static_cast<std::uint8_t>(v >> (8 * i)));
  return *this;
}

ByteWriter& ByteWriter::bytes(Bytes b) {
  out_.insert(out_.end(), b.begin(), b.end());
  return *this;
}

ByteWriter& ByteWriter::zeros(std::size_t n) {
  out_.resize(out_.size() + n);
  return *this;
}

void ByteWriter::patch_u16(std::size_t at, std::uint16_t v) {
  if (at + 2 > out_.size()) std::abort();
  out_[at] = static_cast<std::uint8_t>(v >> 8);
  out_[at + 1] = static_cast<std::uint8_t>(v);
}

void ByteWriter::patch_u32(std::size_t at, std::uint32_t v) {
  patch_u16(at, static_cast<std::uint16_t>(v >> 16));
  patch_u16(at + 2, static_cast<std::uint16_t>(v));
}

Bytes as_bytes(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

std::string to_hex(Bytes data) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * data.size());
  for (std::uint8_t byte : data) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

Result<Buffer> from_hex(std::string_view text) {
  if (text.starts_with("0x")) text.remove_prefix(2);
  if (text.size() % 2 != 0) return Error{Errc::kInvalid, "hex: an odd number of digits"};
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  Buffer out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int hi = digit(text[i]);
    const int lo = digit(text[i + 1]);
    if (hi < 0 || lo < 0) return Error{Errc::kInvalid, "hex: a character that is no hex digit"};
    out.push_back(static_cast<std::uint8_t>(hi << 4 | lo));
  }
  return out;
}

bool equal(Bytes a, Bytes b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

}  // namespace sallyport
