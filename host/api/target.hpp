// SPDX-License-Identifier: Apache-2.0
// What a request names.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::api {

struct Target {
  std::vector<std::string> path;
  std::string after;  // of a list: the page behind this name
};

// "/v1/groups/b%2Fnet?after=bob" -> {"groups", "b/net"}, "bob"; nothing for another version, a broken escape, what
// is not UTF-8 or holds a NUL, or other words behind the question mark.
[[nodiscard]] std::optional<Target> parse_target(std::string_view target);

}  // namespace sallyport::api
