// SPDX-License-Identifier: Apache-2.0
#include "host/base/text.hpp"

#include <algorithm>
#include <array>
#include <boost/locale/utf.hpp>
#include <cstdio>

namespace sallyport {
namespace {

struct Character {
  char32_t code = 0;
  std::size_t length = 0;  // 0: it is none
};

// RFC 3629 3.
Character first_of(std::string_view bytes) {
  namespace utf = boost::locale::utf;
  const char* at = bytes.data();
  const utf::code_point code = utf::utf_traits<char>::decode(at, at + bytes.size());
  if (code == utf::illegal || code == utf::incomplete) return {};
  return {code, static_cast<std::size_t>(at - bytes.data())};
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
