// SPDX-License-Identifier: Apache-2.0
// A whole configuration: the policies in the order in which they decide, what their levels stand for, and what is
// expected of them. How one is edited, and what two have different.
#pragma once

#include "host/policy/expectations.hpp"
#include "host/policy/policy.hpp"

namespace sallyport::policy {

using Policies = std::vector<Policy>;

// What is edited, committed and rolled back as one.
struct Configuration {
  Policies policies;  // their words alone
  Levels levels;
  Expectations expectations;
};

// The policies as everybody goes by them: each with a level knows what that stands for.
[[nodiscard]] Policies in_full(const Configuration& configuration);

// All words the same, and what the level stands for.
[[nodiscard]] bool same(const Policy& a, const Policy& b);

// Null: there is none of that name.
[[nodiscard]] const Policy* find_policy(const Policies& policies, const std::string& name);

// ---- edits. Errors, after which nothing has changed: kExists, kNotFound.
// In front of the policy named `before`; behind all others when that is empty.
Result<void> insert_policy(Policies& policies, Policy policy, const std::string& before);
Result<void> replace_policy(Policies& policies, Policy policy);  // where it stands
Result<void> erase_policy(Policies& policies, const std::string& name);
Result<void> move_policy(Policies& policies, const std::string& name, const std::string& before);
Result<void> add_expectation(Expectations& expectations, Expectation expectation);
Result<void> erase_expectation(Expectations& expectations, const std::string& name);

// ---- differences

enum class Change : std::uint8_t { kUnchanged, kAdded, kChanged, kMoved, kRemoved };
[[nodiscard]] std::string_view to_string(Change change);

// A level that stays, and stands for something else, is a change of "esp_proposals".
struct WordChange {
  std::string_view word;
  std::string before;  // empty: not given, or "any"
  std::string after;
};
struct Difference {
  std::string name;
  Change change = Change::kUnchanged;
  std::vector<WordChange> words{};  // of one that is changed, or added
  bool moved = false;               // among those that both have; also of one that is changed
};
// Every policy: those of `after` in their order, then those that were removed. As few are moved as can be.
[[nodiscard]] std::vector<Difference> differences(const Policies& before, const Policies& after);
// Likewise, and none is moved: their order means nothing.
[[nodiscard]] std::vector<Difference> differences(const Expectations& before, const Expectations& after);

struct LevelDifference {
  Level level;
  Proposals before;
  Proposals after;
};
// The strongest first.
[[nodiscard]] std::vector<LevelDifference> differences(const Levels& before, const Levels& after);

[[nodiscard]] bool same(const Configuration& a, const Configuration& b);
// "level middle changed, printer added, office changed, expectation closed removed"; "nothing changed". A policy whose
// level alone stands for something else is not in it.
[[nodiscard]] std::string summary(const Configuration& before, const Configuration& after);

// What was done to `base` to make `mine`, done to `theirs`. kExists names what both made something else of.
[[nodiscard]] Result<Configuration> rebase(const Configuration& base, const Configuration& mine,
                                           const Configuration& theirs);

}  // namespace sallyport::policy
