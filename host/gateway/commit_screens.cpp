// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/commit_screens.hpp"

#include <algorithm>

#include "host/gateway/policy_json.hpp"

namespace sallyport::gateway {
namespace {

namespace json = boost::json;

json::object object_of(const policy::Difference& difference) {
  json::object out{{"policy", difference.policy}, {"change", to_string(difference.change)}};
  if (difference.moved) out["moved"] = true;
  if (difference.words.empty()) return out;
  json::array words;
  for (const auto& word : difference.words) {
    words.push_back(json::object{{"word", word.word}, {"before", word.before}, {"after", word.after}});
  }
  out["words"] = std::move(words);
  return out;
}

json::array changes(const policy::Policies& before, const policy::Policies& after) {
  json::array out;
  for (const auto& difference : policy::differences(before, after)) {
    if (difference.change != policy::Change::kUnchanged) out.push_back(object_of(difference));
  }
  return out;
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
  const auto candidate = configurations.candidate().value_or(Candidate{newest, configurations.policies()});
  return {{"exists", configurations.candidate().has_value()},
          {"base", candidate.base},
          {"newest", newest},
          {"policies", array_of(candidate.policies)},
          {"changes", changes(configurations.policies(), candidate.policies)}};
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
  auto policies = configurations.policies_of(number);
  if (!policies) return policies.error();
  const auto& history = configurations.history();
  const auto found = std::find_if(history.begin(), history.end(), [&](const auto& c) { return c.number == number; });
  json::object out = object_of(*found);
  out["policies"] = array_of(*policies);
  const auto before = number > 1 ? configurations.policies_of(number - 1) : policy::Policies{};
  if (before) out["changes"] = changes(*before, *policies);
  return json::value(std::move(out));
}

json::object report_screen(const CommitReport& report) {
  json::array policies;
  for (const auto& one : report.policies) {
    json::object object = object_of(one.difference);
    object["connected"] = one.connected;
    object["pending"] = one.takes_over != policy::TakeOver::kNow;
    if (one.takes_over != policy::TakeOver::kNow) object["takes_over"] = policy::to_string(one.takes_over);
    object["detail"] = one.sentence;
    policies.push_back(std::move(object));
  }
  return {{"committed", report.committed}, {"number", report.number}, {"policies", std::move(policies)}};
}

}  // namespace sallyport::gateway
