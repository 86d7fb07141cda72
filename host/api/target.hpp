// SPDX-License-Identifier: Apache-2.0
// What a request names.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::api {

// "/v1/policies/b%2Fnet" -> {"policies", "b/net"}; nothing for another version, or a broken escape.
[[nodiscard]] std::optional<std::vector<std::string>> parse_target(std::string_view target);

}  // namespace sallyport::api
