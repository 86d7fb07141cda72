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

std::set<std::string> Model::people(const Probe& probe) const {
  std::set<std::string> people;
  if (probe.mark) {
    const auto session = sessions.find(probe.mark->session);
    if (probe.mark->kind == Mark::Kind::kRight && session != sessions.end()) people.insert(session->second.user);
    return people;
  }
  for (const auto& [id, session] : sessions) {
    // The other gateway knows no tags: answers come back by the address.
    if (session.computer == probe.computer && !(probe.outbound && session.tagged)) people.insert(session.user);
  }
  return people;
}

Fate Model::fate(const Probe& probe) const {
  const auto who = people(probe);
  const auto is_meant = [&](const Policy& p) {
    if (p.user.empty() && p.group.empty()) return true;
    return std::any_of(who.begin(), who.end(), [&](const std::string& user) {
      const auto& theirs = groups.at(user);
      return p.group.empty() ? p.user == user : std::find(theirs.begin(), theirs.end(), p.group) != theirs.end();
    });
  };
  for (const Policy& p : policies) {
    if (!p.source.holds(probe.computer) || !p.destination.holds(probe.remote) || !is_meant(p)) continue;
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
