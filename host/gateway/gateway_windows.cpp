// SPDX-License-Identifier: Apache-2.0
// Policies come into their windows of time, and leave them.
#include <algorithm>

#include "host/gateway/gateway.hpp"

namespace sallyport::gateway {

policy::WeekMinute Gateway::week_minute() const { return policy::week_minute(clock_()); }

// The clock is looked at again and again, rather than waited for: it may be put, and its zone changed.
void Gateway::follow_clock() {
  const policy::WeekMinute before = keeper_->week_minute();
  const policy::WeekMinute now = week_minute();
  std::vector<std::string> begun;
  bool ended = false;
  for (const auto& p : keeper_->policies()) {
    const bool held = p.when.contains(before);
    const bool holds = p.when.contains(now);
    if (holds && !held) begun.push_back(p.name);
    ended = ended || (held && !holds);
  }
  keeper_->set_week_minute(now);
  if (begun.empty() && !ended) return tell_of_windows();
  if (const auto committed = keeper_->commit(); !committed) {
    keeper_->set_week_minute(before);  // to be tried again
    return log::error("windows.not_in_force", {{"why", committed.error().detail}});
  }
  log::info("windows.in_force", {{"at", policy::to_string(now)}, {"generation", keeper_->generation()}});
  windows_changed_ = true;
  windows_begun_.insert(begun.begin(), begun.end());
  tell_of_windows();
}

// What IKE has to do with it. A change that is under way has told the engine what it needs, and comes first.
void Gateway::tell_of_windows() {
  if (!windows_changed_ || commits_->busy()) return;
  windows_changed_ = false;
  if (const auto told = tell_engine(commits_->configurations().policies(), keeper_->policies()); !told) {
    log::error("windows.not_told", {{"why", told.error().detail}});
  }
  end_orphans();
  const auto begun = std::exchange(windows_begun_, {});
  for (const auto& p : std::vector(keeper_->policies())) {
    if (!begun.contains(p.name) || !keeper_->holds(p) || start_action(p) != StartAction::kStart) continue;
    if (p.sa_per_user()) {
      start_children_of_users(p);
    } else {
      start_child(p.target());
    }
  }
}

}  // namespace sallyport::gateway
