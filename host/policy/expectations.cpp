// SPDX-License-Identifier: Apache-2.0
#include "host/policy/expectations.hpp"

#include <algorithm>

#include "host/policy/explain.hpp"

namespace sallyport::policy {
namespace {

constexpr std::string_view kOwnWords[] = {"name", "groups", "policy", "action", "level"};
constexpr std::string_view kNone = "none";

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

// "policy 'net' (protect, level high)"
std::string described(const std::optional<Policy>& policy) {
  if (!policy) return "no policy, so it is discarded";
  std::string text = "policy " + quoted(policy->name) + " (" + std::string(to_string(policy->does()));
  if (policy->level) text += ", level " + std::string(sallyport::to_string(*policy->level));
  return text + ")";
}

std::string expected(const Expectation& e) {
  std::string text;
  const auto add = [&](std::string_view what, const std::string& value) {
    if (!value.empty()) text += (text.empty() ? "" : ", ") + std::string(what) + " " + quoted(value);
  };
  add("policy", e.policy);
  add("action", e.action);
  add("level", e.level);
  return text;
}

bool is_so(const Expectation& e, const std::optional<Policy>& policy) {
  // What no policy matches is discarded.
  const std::string name = policy ? policy->name : std::string(kNone);
  const auto action = to_string(policy ? policy->does() : Action::kDiscard);
  const std::string level = policy ? get_word(*policy, "level") : std::string();
  return (e.policy.empty() || e.policy == name) && (e.action.empty() || e.action == action) &&
         (e.level.empty() || e.level == level);
}

Verdict judge(const std::vector<NumberedPolicy>& policies, const Compile& compile, const People& people,
              const Expectation& e, const Surroundings& around) {
  Question question = e.question;
  if (!question.at) question.at = around.now;
  if (!question.from) question.from = host_for(question.to, around.hosts);
  if (!question.from) {
    return {e.name, false, "the LAN has no address of the IP version of 'to'; write 'from'"};
  }
  UsersOnLine users;
  if (!question.user.empty()) {
    std::set<std::string> groups = e.groups;
    if (const auto known = people.groups_of.find(question.user); known != people.groups_of.end()) {
      groups.insert(known->second.begin(), known->second.end());
    }
    users[question.user] = {1, {groups.begin(), groups.end()}, {*question.from}};
  }
  const auto found = explain(policies, compile, users, users.empty() ? 0 : 1, question);
  Verdict verdict{e.name, is_so(e, found.policy), described(found.policy) + " decides about " + question.to_string()};
  if (verdict.holds) return verdict;
  verdict.sentence += "; expected was " + expected(e);
  for (const auto& passed : found.before) {
    verdict.sentence += "; " + quoted(passed.policy) + " is passed over: ";
    for (std::size_t i = 0; i < passed.reasons.size(); ++i)
      verdict.sentence += (i == 0 ? "" : ", ") + passed.reasons[i];
  }
  return verdict;
}

}  // namespace

std::span<const std::string_view> expectation_words() {
  static const std::vector<std::string_view> kAll = [] {
    std::vector<std::string_view> all(std::begin(kOwnWords), std::end(kOwnWords));
    all.insert(all.end(), question_words().begin(), question_words().end());
    return all;
  }();
  return kAll;
}

Result<void> set_word(Expectation& expectation, std::string_view word, std::string_view text) {
  if (word == "name") {
    expectation.name = text;
  } else if (word == "policy") {
    expectation.policy = text;
  } else if (word == "action" || word == "level") {
    Policy words;
    if (auto set = set_word(words, word, text); !set) return set;
    (word == "action" ? expectation.action : expectation.level) = text;
  } else if (word == "groups") {
    for (std::size_t at = 0; at <= text.size();) {
      const std::size_t comma = std::min(text.find(',', at), text.size());
      std::string_view group = text.substr(at, comma - at);
      while (group.starts_with(' ')) group.remove_prefix(1);
      while (group.ends_with(' ')) group.remove_suffix(1);
      if (!group.empty()) expectation.groups.emplace(group);
      at = comma + 1;
    }
  } else {
    return set_word(expectation.question, word, text);
  }
  return {};
}

std::string get_word(const Expectation& expectation, std::string_view word) {
  if (word == "name") return expectation.name;
  if (word == "policy") return expectation.policy;
  if (word == "action") return expectation.action;
  if (word == "level") return expectation.level;
  if (word != "groups") return get_word(expectation.question, word);
  std::string all;
  for (const auto& group : expectation.groups) all += (all.empty() ? "" : ",") + group;
  return all;
}

Result<void> validate(const Expectation& expectation) {
  if (expectation.policy.empty() && expectation.action.empty() && expectation.level.empty()) {
    return Error{Errc::kInvalid, "expects nothing; write 'policy', 'action' or 'level'"};
  }
  if (!expectation.groups.empty() && expectation.question.user.empty()) {
    return Error{Errc::kInvalid, "has 'groups', which are those of a 'user'; write one"};
  }
  return validate(expectation.question);
}

std::vector<Verdict> test(const std::vector<Policy>& policies, const People& people, const Expectations& expectations,
                          const Surroundings& around) {
  // Numbers and SAs do not matter: every target can be asked for one.
  std::vector<NumberedPolicy> numbered;
  std::map<std::string, TargetState> targets;
  for (const Policy& p : policies) {
    numbered.push_back({p, 1});
    if (p.may_protect()) targets[p.target()] = {.policy_id = 1, .acquire = true};
  }
  const Compile compile_these = [&](const std::vector<NumberedPolicy>& some, const UsersOnLine& users) {
    return compile(some, targets, users);
  };
  std::vector<Verdict> verdicts;
  for (const Expectation& e : expectations) verdicts.push_back(judge(numbered, compile_these, people, e, around));
  return verdicts;
}

std::optional<IpAddress> host_for(const IpAddress& to, const std::vector<IpAddress>& hosts) {
  const auto found =
      std::find_if(hosts.begin(), hosts.end(), [&](const IpAddress& host) { return host.is_v4() == to.is_v4(); });
  return found == hosts.end() ? std::nullopt : std::optional(*found);
}

}  // namespace sallyport::policy
