// SPDX-License-Identifier: Apache-2.0
// What the security levels stand for: their candidates, the best first.
#include <boost/json.hpp>

#include "host/cli/answer.hpp"
#include "host/cli/screens.hpp"
#include "host/cli/table.hpp"

namespace sallyport::cli {
namespace {

std::string string_of(const boost::json::value& value) {
  const auto* text = value.if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

}  // namespace

std::string levels_screen(const boost::json::value& levels) {
  Table table({"level", ">#", "esp proposal"});
  for (const auto& level : list(levels, "levels")) {
    const auto& proposals = list(level, "esp_proposals");
    if (proposals.empty()) table.add({text(level, "name"), "", "without IPsec"});
    for (std::size_t i = 0; i < proposals.size(); ++i) {
      table.add({i == 0 ? text(level, "name") : " ", std::to_string(i + 1), string_of(proposals[i])});
    }
  }
  return table.text();
}

}  // namespace sallyport::cli
