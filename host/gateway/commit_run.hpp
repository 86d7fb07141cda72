// SPDX-License-Identifier: Apache-2.0
// A change of configuration on its way, from when it is asked for until it is told.
#pragma once

#include <algorithm>

#include "host/gateway/commits.hpp"
#include "host/gateway/gateway.hpp"

namespace sallyport::gateway {

struct Commits::Run {
  policy::Configuration configuration;
  policy::Policies goal;  // its policies, in full
  CommitOptions options;
  OnCommit done;
  bool is_entry = true;  // of the history; else a pending policy takes over
  bool ends_candidate = false;
  bool rolls_back = false;
  bool comes_back = false;  // because nobody confirmed what is in force
  std::string takes_over;   // the policy that does not wait any longer

  policy::Policies committed_before;
  policy::Policies before;  // that were in force
  Configurations::Pending pending;
  std::map<std::string, Result<Outcome>> tried;  // by policy
  unsigned open = 0;                             // negotiations under way
  bool holds = false;                            // the goal is in force and stored
  // What sent before the prepared SA was put into use, by target; none: nothing did.
  std::map<std::string, std::optional<Spi>> sent_under;
  std::vector<InstalledSa> stopped;  // by old words; they end once the new ones hold

  [[nodiscard]] const policy::Policy* was(const policy::Policy& policy) const {
    return policy::find_policy(before, policy.name);
  }
  // But for the words that say when it takes over.
  [[nodiscard]] static bool same_but_change(const policy::Policy& a, policy::Policy b) {
    b.change = a.change;
    b.idle_s = a.idle_s;
    return policy::same(a, b);
  }
  [[nodiscard]] bool changes(const policy::Policy& policy) const {
    return was(policy) == nullptr || !same_but_change(*was(policy), policy);
  }
  // It waited before, and the change is not about it.
  [[nodiscard]] bool waits_on(const policy::Policy& policy, const Configurations::Pending& pending_before) const {
    const policy::Policy* committed = policy::find_policy(committed_before, policy.name);
    return pending_before.contains(policy.name) && takes_over != policy.name && committed != nullptr &&
           policy::same(*committed, policy);
  }
  [[nodiscard]] bool all_connected() const {
    return std::all_of(tried.begin(), tried.end(), [](const auto& one) { return one.second && one.second->connected; });
  }
};

}  // namespace sallyport::gateway
