// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/commit_screens.hpp"

#include <algorithm>

#include "host/gateway/policy_json.hpp"

namespace sallyport::gateway {
namespace {

namespace json = boost::json;

// `of`: "policy", or "expectation".
json::object object_of(const policy::Difference& difference, const char* of) {
  json::object out{{of, difference.name}, {"change", to_string(difference.change)}};
  if (difference.moved) out["moved"] = true;
  if (difference.words.empty()) return out;
  json::array words;
  for (const auto& word : difference.words) {
    words.push_back(json::object{{"word", word.word}, {"before", word.before}, {"after", word.after}});
  }
  out["words"] = std::move(words);
  return out;
}

// What a configuration has, after what comes before it.
void add_words(json::object& out, const policy::Configuration& configuration) {
  for (auto& member : gateway::object_of(configuration)) out[member.key()] = std::move(member.value());
}

void add_changes(json::object& out, const policy::Configuration& before, const policy::Configuration& after) {
  const auto changed = [](const std::vector<policy::Difference>& differences, const char* of) {
    json::array objects;
    for (const auto& d : differences) {
      if (d.change != policy::Change::kUnchanged) objects.push_back(object_of(d, of));
    }
    return objects;
  };
  json::array levels;
  for (const auto& d : policy::differences(before.levels, after.levels)) {
    levels.push_back(
        json::object{{"level", to_string(d.level)}, {"before", array_of(d.before)}, {"after", array_of(d.after)}});
  }
  out["changes"] = changed(policy::differences(policy::in_full(before), policy::in_full(after)), "policy");
  out["level_changes"] = std::move(levels);
  out["expectation_changes"] = changed(policy::differences(before.expectations, after.expectations), "expectation");
}

json::object object_of(const store::StoredConfiguration& configuration) {
  return {{"number", configuration.number},
          {"time", configuration.time_s},
          {"who", configuration.who},
          {"comment", configuration.comment},
          {"summary", configuration.summary}};
}

}  // namespace

json::object candidate_screen(const Configurations& configurations) {
  const std::uint32_t newest = configurations.newest().number;
  const auto& candidate = configurations.candidate();
  json::object out{
      {"exists", candidate.has_value()}, {"base", candidate ? candidate->base : newest}, {"newest", newest}};
  add_words(out, configurations.edited());
  add_changes(out, configurations.configuration(), configurations.edited());
  return out;
}

json::value history_screen(const Commits& commits) {
  json::array all;
  for (const auto& c : commits.configurations().history()) all.push_back(object_of(c));
  json::object out{{"configurations", std::move(all)}};
  if (const auto left = commits.confirm_within()) {
    out["confirm_s"] = left->count();
    out["fallback"] = commits.configurations().fallback();
  }
  return out;
}

Result<json::value> configuration_screen(const Configurations& configurations, std::uint32_t number) {
  auto configuration = configurations.of(number);
  if (!configuration) return configuration.error();
  const auto& history = configurations.history();
  const auto found = std::find_if(history.begin(), history.end(), [&](const auto& c) { return c.number == number; });
  json::object out = object_of(*found);
  add_words(out, *configuration);
  // The first is different from nothing.
  const auto before = number > 1 ? configurations.of(number - 1) : policy::Configuration{{}, configuration->levels, {}};
  if (before) add_changes(out, *before, *configuration);
  return json::value(std::move(out));
}

json::object report_screen(const CommitReport& report) {
  json::array policies;
  for (const auto& one : report.policies) {
    json::object object = object_of(one.difference, "policy");
    object["connected"] = one.connected;
    object["pending"] = one.takes_over != policy::TakeOver::kNow;
    if (one.takes_over != policy::TakeOver::kNow) object["takes_over"] = policy::to_string(one.takes_over);
    object["detail"] = one.sentence;
    policies.push_back(std::move(object));
  }
  return {{"committed", report.committed}, {"number", report.number}, {"policies", std::move(policies)}};
}

}  // namespace sallyport::gateway
