// SPDX-License-Identifier: Apache-2.0
// What an administrator expects of the policies, and whether it is so: a function of policies and people, which needs
// no gateway.
#pragma once

#include <set>

#include "host/policy/people.hpp"
#include "host/policy/question.hpp"

namespace sallyport::policy {

struct Expectation {
  std::string name;
  Question question;             // its user is taken to be logged in
  std::set<std::string> groups;  // of the user, beside those that are known
  // What is expected of the policy that decides; what is empty is not asked.
  std::string policy;  // its name; "none": no policy matches
  std::string action;
  std::string level;
};

using Expectations = std::vector<Expectation>;

// name, groups (separated by commas), policy, action, level, and those of a question.
[[nodiscard]] std::span<const std::string_view> expectation_words();
[[nodiscard]] Result<void> set_word(Expectation& expectation, std::string_view word, std::string_view text);
// The text of a word; empty when it is not given.
[[nodiscard]] std::string get_word(const Expectation& expectation, std::string_view word);
[[nodiscard]] Result<void> validate(const Expectation& expectation);

struct Verdict {
  std::string expectation;
  bool holds = false;
  std::string sentence;  // what decides, and where it fails also what was expected and what was passed over
};

// For what an expectation leaves out.
struct Surroundings {
  std::vector<IpAddress> hosts;  // of the LAN, one of each IP version that it has
  WeekMinute now = 0;
};

[[nodiscard]] std::vector<Verdict> test(const std::vector<Policy>& policies, const People& people,
                                        const Expectations& expectations, const Surroundings& around);

// The one of the same version as `to`.
[[nodiscard]] std::optional<IpAddress> host_for(const IpAddress& to, const std::vector<IpAddress>& hosts);

}  // namespace sallyport::policy
