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
  policy::Configuration configuration;
};

class Configurations {
 public:
  // By name: the words that go on holding, in full.
  using Pending = std::map<std::string, policy::Policy>;

  // As `stored`. What the file has, where that is not what the history began from, is a configuration of its own: who
  // edits the file means the file. What older versions have not stored is as in the file. One that was to be confirmed,
  // and was not before the daemon ended, is rolled back. A change that new connections follow is in force.
  static Result<Configurations> begin(const std::optional<store::StoredPolicies>& stored,
                                      const policy::Configuration& of_file);

  [[nodiscard]] const std::vector<store::StoredConfiguration>& history() const { return history_; }
  [[nodiscard]] const store::StoredConfiguration& newest() const { return history_.back(); }
  // kNotFound names those that there are.
  [[nodiscard]] Result<policy::Configuration> of(std::uint32_t number) const;
  [[nodiscard]] const policy::Configuration& configuration() const { return configuration_; }  // the newest
  [[nodiscard]] const policy::Policies& policies() const { return policies_; }                 // its own, in full
  // The same, where pending policies still have their old words.
  [[nodiscard]] policy::Policies in_force() const { return with_old_words(policies_, pending_); }
  [[nodiscard]] static policy::Policies with_old_words(policy::Policies policies, const Pending& pending);

  void append(policy::Configuration configuration, const std::string& who, const std::string& comment,
              const std::string& summary);

  [[nodiscard]] const Pending& pending() const { return pending_; }
  void set_pending(Pending pending) { pending_ = std::move(pending); }

  // The configuration that comes back unless the newest is confirmed; 0: it is.
  [[nodiscard]] std::uint32_t fallback() const { return fallback_; }
  void set_fallback(std::uint32_t number) { fallback_ = number; }
  // The newest came back at the start, in place of one that nobody had confirmed.
  [[nodiscard]] bool came_back() const { return came_back_; }

  [[nodiscard]] const std::optional<Candidate>& candidate() const { return candidate_; }
  // The candidate's; without one, what it would begin from.
  [[nodiscard]] const policy::Configuration& edited() const {
    return candidate_ ? candidate_->configuration : configuration_;
  }
  void set_candidate(std::optional<Candidate> candidate) { candidate_ = std::move(candidate); }

  [[nodiscard]] store::StoredState state() const;

 private:
  Result<void> take(const store::StoredPolicies& stored);
  [[nodiscard]] Result<policy::Configuration> read(const std::string& words) const;
  void set_newest(policy::Configuration configuration);
  void keep_pending_that_differ();

  policy::Configuration of_file_;
  std::vector<store::StoredConfiguration> history_;
  policy::Configuration configuration_;
  policy::Policies policies_;
  Pending pending_;
  std::uint32_t fallback_ = 0;
  bool came_back_ = false;
  std::optional<Candidate> candidate_;
  std::string origin_;
};

}  // namespace sallyport::gateway
