// SPDX-License-Identifier: Apache-2.0
#include "host/base/text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace sallyport {
namespace {

struct Character {
  char32_t code = 0;
  std::size_t length = 0;  // 0: it is none
};

// RFC 3629 3.
Character first_of(std::string_view bytes) {
  constexpr std::array<char32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  const auto lead = static_cast<unsigned char>(bytes.front());
  if (lead < 0x80) return {lead, 1};
  if (lead < 0xc0 || lead >= 0xf8) return {};
  const std::size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (bytes.size() < length) return {};
  char32_t code = lead & (0x7fU >> length);
  for (const char c : bytes.substr(1, length - 1)) {
    const auto next = static_cast<unsigned char>(c);
    if ((next & 0xc0U) != 0x80) return {};
    code = code << 6 | (next & 0x3fU);
  }
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  return code < kLeast[length] || code > 0x10ffff || surrogate ? Character{} : Character{code, length};
}

bool is_control(char32_t code) { return code < 0x20 || (code >= 0x7f && code < 0xa0); }

}  // namespace

bool is_text(std::string_view bytes) {
  while (!bytes.empty()) {
    const Character first = first_of(bytes);
    if (first.length == 0 || first.code == 0) return false;
    bytes.remove_prefix(first.length);
  }
  return true;
}

std::string on_one_line(std::string_view bytes) {
  std::string out;
  while (!bytes.empty()) {
    const Character first = first_of(bytes);
    const std::string_view taken = bytes.substr(0, std::max<std::size_t>(first.length, 1));
    bytes.remove_prefix(taken.size());
    if (first.length != 0 && !is_control(first.code)) {
      out += taken;
      continue;
    }
    for (const char c : taken) {
      std::array<char, 5> escaped{};
      std::snprintf(escaped.data(), escaped.size(), "\\x%02x", static_cast<unsigned char>(c));
      out += escaped.data();
    }
  }
  return out;
}

}  // namespace sallyport
