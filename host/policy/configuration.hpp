// SPDX-License-Identifier: Apache-2.0
// A whole configuration: the policies in the order in which they decide. How one is edited, and what two have
// different.
#pragma once

#include "host/policy/policy.hpp"

namespace sallyport::policy {

using Policies = std::vector<Policy>;

// All words the same.
[[nodiscard]] bool same(const Policy& a, const Policy& b);

// Null: there is none of that name.
[[nodiscard]] const Policy* find_policy(const Policies& policies, const std::string& name);

// ---- edits. Errors, after which nothing has changed: kExists, kNotFound.
// In front of the policy named `before`; behind all others when that is empty.
Result<void> insert_policy(Policies& policies, Policy policy, const std::string& before);
Result<void> replace_policy(Policies& policies, Policy policy);  // where it stands
Result<void> erase_policy(Policies& policies, const std::string& name);
Result<void> move_policy(Policies& policies, const std::string& name, const std::string& before);

// ---- differences

enum class Change : std::uint8_t { kUnchanged, kAdded, kChanged, kMoved, kRemoved };
[[nodiscard]] std::string_view to_string(Change change);

struct WordChange {
  std::string_view word;
  std::string before;  // empty: not given, or "any"
  std::string after;
};
struct Difference {
  std::string policy;
  Change change = Change::kUnchanged;
  std::vector<WordChange> words{};  // of one that is changed, or added
  bool moved = false;               // among those that both have; also of one that is changed
};
// Every policy: those of `after` in their order, then those that were removed. As few are moved as can be.
[[nodiscard]] std::vector<Difference> differences(const Policies& before, const Policies& after);
// "printer added, office changed"; "nothing changed".
[[nodiscard]] std::string summary(const std::vector<Difference>& differences);

// What was done to `base` to make `mine`, done to `theirs`. kExists names the policies of which both made something
// else.
[[nodiscard]] Result<Policies> rebase(const Policies& base, const Policies& mine, const Policies& theirs);

}  // namespace sallyport::policy
