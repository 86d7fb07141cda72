// SPDX-License-Identifier: Apache-2.0
// What the administrators have decided: the configurations that were committed, the newest last; which of its policies
// have not taken over yet; and the candidate that they are working on. A value: a change is made to a copy, which takes
// the place of the original once it is stored.
#pragma once

#include <chrono>
#include <map>

#include "host/policy/configuration.hpp"
#include "host/store/policy_store.hpp"

namespace sallyport::gateway {

// What one works on until it is committed.
struct Candidate {
  std::uint32_t base = 0;  // the configuration that it began from
  policy::Policies policies;
};

class Configurations {
 public:
  using Pending = std::map<std::string, policy::Policy>;  // by name: the words that go on holding

  // As `stored`. Policies of the file that are not those which the history began from are a configuration of their own:
  // who edits the file means the file. One that was to be confirmed, and was not before the daemon ended, is rolled
  // back. A change that new connections follow is in force.
  static Result<Configurations> begin(const std::optional<store::StoredPolicies>& stored,
                                      const policy::Policies& of_file);

  [[nodiscard]] const std::vector<store::StoredConfiguration>& history() const { return history_; }
  [[nodiscard]] const store::StoredConfiguration& newest() const { return history_.back(); }
  // kNotFound names those that there are.
  [[nodiscard]] Result<policy::Policies> policies_of(std::uint32_t number) const;
  [[nodiscard]] const policy::Policies& policies() const { return policies_; }  // of the newest
  // The same, where pending policies still have their old words.
  [[nodiscard]] policy::Policies in_force() const { return with_old_words(policies_, pending_); }
  [[nodiscard]] static policy::Policies with_old_words(policy::Policies policies, const Pending& pending);

  void append(policy::Policies policies, const std::string& who, const std::string& comment,
              const std::string& summary);

  [[nodiscard]] const Pending& pending() const { return pending_; }
  void set_pending(Pending pending) { pending_ = std::move(pending); }

  // The configuration that comes back unless the newest is confirmed; 0: it is.
  [[nodiscard]] std::uint32_t fallback() const { return fallback_; }
  void set_fallback(std::uint32_t number) { fallback_ = number; }
  // The newest came back at the start, in place of one that nobody had confirmed.
  [[nodiscard]] bool came_back() const { return came_back_; }

  [[nodiscard]] const std::optional<Candidate>& candidate() const { return candidate_; }
  // The candidate's; without one, those that it would begin from.
  [[nodiscard]] const policy::Policies& edited() const { return candidate_ ? candidate_->policies : policies_; }
  void set_candidate(std::optional<Candidate> candidate) { candidate_ = std::move(candidate); }

  [[nodiscard]] store::StoredState state() const;

 private:
  Result<void> take(const store::StoredPolicies& stored);
  void keep_pending_that_differ();

  std::vector<store::StoredConfiguration> history_;
  policy::Policies policies_;
  Pending pending_;
  std::uint32_t fallback_ = 0;
  bool came_back_ = false;
  std::optional<Candidate> candidate_;
  std::string origin_;
};

}  // namespace sallyport::gateway
