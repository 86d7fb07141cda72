// SPDX-License-Identifier: Apache-2.0
#include "host/api/target.hpp"

#include <algorithm>
#include <charconv>

#include "host/base/text.hpp"

namespace sallyport::api {
namespace {

// RFC 3986 2.1: "%2F" is a slash that separates nothing. Names end up in JSON and databases: nothing for what is no
// text.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    unsigned char value = 0;
    const std::string_view digits = text.substr(at + 1, 2);
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (failure != std::errc{} || digits.size() != 2 || end != digits.data() + 2) return std::nullopt;
    out += static_cast<char>(value);
    at += 2;
  }
  return is_text(out) ? std::optional(out) : std::nullopt;
}

}  // namespace

std::optional<Target> parse_target(std::string_view target) {
  constexpr std::string_view kVersion = "/v1/";
  constexpr std::string_view kAfter = "?after=";
  if (!target.starts_with(kVersion)) return std::nullopt;
  target.remove_prefix(kVersion.size());
  Target parsed;
  if (const std::size_t query = target.find('?'); query != std::string_view::npos) {
    if (!target.substr(query).starts_with(kAfter)) return std::nullopt;
    auto after = percent_decoded(target.substr(query + kAfter.size()));
    if (!after) return std::nullopt;
    parsed.after = std::move(*after);
    target = target.substr(0, query);
  }
  for (std::size_t at = 0; at <= target.size();) {
    const std::size_t slash = std::min(target.find('/', at), target.size());
    auto part = percent_decoded(target.substr(at, slash - at));
    if (!part) return std::nullopt;
    parsed.path.push_back(std::move(*part));
    at = slash + 1;
  }
  return parsed;
}

}  // namespace sallyport::api
