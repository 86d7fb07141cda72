// SPDX-License-Identifier: Apache-2.0
#include "tests/histories/model.hpp"

#include <algorithm>
#include <boost/json.hpp>

namespace sallyport::histories {
namespace {

std::string dotted(std::uint32_t a) {
  return std::to_string(a >> 24) + "." + std::to_string(a >> 16 & 255) + "." + std::to_string(a >> 8 & 255) + "." +
         std::to_string(a & 255);
}

}  // namespace

std::string Range::text() const {
  if (first == 0 && last == 0xffffffff) return "";
  return first == last ? dotted(first) : dotted(first) + "-" + dotted(last);
}

boost::json::object Policy::words() const {
  boost::json::object out;
  const auto say = [&](const char* word, const std::string& text) {
    if (!text.empty()) out[word] = text;
  };
  say("name", name);
  say("source", source.text());
  say("destination", destination.text());
  say("user", user);
  say("group", group);
  say("action", action);
  say("sa", sa);
  return out;
}

Fate Model::fate(const Probe& probe) const {
  const auto who = on_line.find(probe.computer);
  for (const Policy& p : policies) {
    if (!p.source.holds(probe.computer) || !p.destination.holds(probe.remote)) continue;
    if (!p.user.empty() || !p.group.empty()) {
      if (who == on_line.end()) continue;
      const auto& theirs = groups.at(who->second);
      if (!p.user.empty() && p.user != who->second) continue;
      if (!p.group.empty() && std::find(theirs.begin(), theirs.end(), p.group) == theirs.end()) continue;
    }
    if (p.action == "bypass") return "clear";
    // In the clear, nothing comes in that a policy protects.
    return p.action == "protect" && probe.outbound ? p.sa : "dropped";
  }
  return "dropped";
}

std::vector<Policy>::iterator Model::find(const std::string& name) {
  return std::find_if(policies.begin(), policies.end(), [&](const Policy& p) { return p.name == name; });
}

}  // namespace sallyport::histories
