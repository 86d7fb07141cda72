// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/edits.hpp"

#include <algorithm>

namespace sallyport::gateway {
namespace {

using policy::Configuration;
using policy::Policy;
using policy::TakeOver;

// What became of the one policy that was edited.
OnCommit about(const Policy& policy, OnOutcome done) {
  return [policy, done = std::move(done)](const Result<CommitReport>& report) {
    if (!report) return done(report.error());
    const auto found = std::find_if(report->policies.begin(), report->policies.end(),
                                    [&](const PolicyReport& one) { return one.difference.name == policy.name; });
    const PolicyReport one = found == report->policies.end() ? PolicyReport{} : *found;
    if (!report->committed) {
      return done(Error{one.failed.value_or(Errc::kUnsupported),
                        "policy '" + policy.name + "' stays as it was: the new words do not connect: " + one.sentence});
    }
    const std::string name = "policy '" + policy.name + "'";
    if (one.takes_over != TakeOver::kNow) {
      const std::string syn = one.takes_over == TakeOver::kSyn ? "with new TCP connections, and for the rest " : "";
      return done(Outcome{true, name + " takes over " + syn + "when the old SA is idle: " + one.sentence});
    }
    const std::string in_force = name + " is in force";
    if (one.connected) return done(Outcome{true, in_force + (one.sentence.empty() ? "" : ": " + one.sentence)});
    if (!one.failed) return done(Outcome{false, in_force + "; " + one.sentence});
    done(Outcome{false, in_force + ", but '" + policy.target() + "' does not connect: " + one.sentence});
  };
}

}  // namespace

void add_policy(Gateway& gateway, Policy policy, const std::string& before, const std::string& who, OnOutcome done) {
  const auto edit = [policy, before](Configuration& c) { return policy::insert_policy(c.policies, policy, before); };
  gateway.commits().commit_edit(edit, {who, {}, Order::kAtOnce, {}}, about(policy, std::move(done)));
}

void replace_policy(Gateway& gateway, Policy policy, const std::string& who, OnOutcome done) {
  const auto edit = [policy](Configuration& c) { return policy::replace_policy(c.policies, policy); };
  gateway.commits().commit_edit(edit, {who, {}, Order::kConnected, {}}, about(policy, std::move(done)));
}

void delete_policy(Gateway& gateway, const std::string& name, const std::string& who, OnOutcome done) {
  const auto edit = [name](Configuration& c) { return policy::erase_policy(c.policies, name); };
  const auto told = [name, done = std::move(done)](const Result<CommitReport>& report) {
    if (!report) return done(report.error());
    done(Outcome{true, "policy '" + name + "' is deleted"});
  };
  gateway.commits().commit_edit(edit, {who, {}, Order::kAtOnce, {}}, told);
}

}  // namespace sallyport::gateway
