// SPDX-License-Identifier: Apache-2.0
// The card that the daemon holds.
#include "host/cli/answer.hpp"
#include "host/cli/screens.hpp"
#include "host/cli/units.hpp"

namespace sallyport::cli {

std::string card_screen(const boost::json::value& card) {
  std::string out = "card: " + text(card, "description") + "\n";
  out += "layout version: " + std::to_string(number(card, "layout_version")) + "\n";
  out += "generation: " + std::to_string(number(card, "generation")) + "\n";
  if (has(card, "enabled")) out += flag(card, "enabled") ? "enabled: yes\n" : "enabled: no, it drops every packet\n";
  out += "packets inside: " + human_count(sum(card, "in_flight")) + "\n";
  return out;
}

}  // namespace sallyport::cli
