// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/configurations.hpp"

#include <algorithm>

#include "host/base/log.hpp"
#include "host/gateway/policy_json.hpp"
#include "host/store/checked_value.hpp"

namespace sallyport::gateway {
namespace {

namespace json = boost::json;

std::string digest_of(const json::value& value) { return to_hex(store::sha256(as_bytes(json::serialize(value)))); }

// Beside the words of a pending policy: what its level stood for.
constexpr const char* kLevelProposals = "level_proposals";

json::object pending_object(const policy::Policy& policy) {
  json::object out = words_of(policy);
  if (policy.level) out[kLevelProposals] = to_string(policy.level_proposals);
  return out;
}

// One of a version that did not store it has what its level stands for now.
Result<policy::Policy> pending_in(const json::value& value, const Levels& now) {
  const auto* object = value.if_object();
  if (object == nullptr) return Error{Errc::kCorrupt, "the store holds a pending policy that is no JSON object"};
  json::object words = *object;
  std::string proposals;
  if (const auto* text = words.if_contains(kLevelProposals); text != nullptr && text->is_string()) {
    proposals = std::string(text->get_string());
  }
  words.erase(kLevelProposals);
  auto policies = gateway::policies_of(json::array{words});
  if (!policies) return policies.error();
  policy::Policy& policy = policies->front();
  if (!policy.level) return policy;
  policy.level_proposals = now.esp_proposals(*policy.level);
  if (proposals.empty()) return policy;
  auto stood_for = parse_proposals(Protocol::kEsp, proposals);
  if (!stood_for) return stood_for.error();
  policy.level_proposals = std::move(*stood_for);
  return policy;
}

}  // namespace

Result<Configurations> Configurations::begin(const std::optional<store::StoredPolicies>& stored,
                                             const policy::Configuration& of_file) {
  Configurations all;
  all.of_file_ = of_file;
  const std::string of_file_now = digest_of(object_of(of_file));
  if (stored && !stored->configurations.empty()) {
    if (auto taken = all.take(*stored); !taken) return taken.error();
  }
  // Older versions knew of the file's policies alone.
  if (all.origin_ == digest_of(array_of(of_file.policies))) all.origin_ = of_file_now;
  if (all.origin_ != of_file_now) {
    const bool first = all.history_.empty();
    const auto what = first ? "" : policy::summary(all.configuration_, of_file);
    all.append(of_file, "configuration file", first ? "" : "the file was edited", what);
    all.fallback_ = 0;
    all.pending_.clear();
    all.origin_ = of_file_now;
  } else if (all.fallback_ != 0) {
    auto old = all.of(all.fallback_);
    if (!old) return old.error();
    const auto what = policy::summary(all.configuration_, *old);
    const std::string number = std::to_string(all.newest().number);
    all.append(std::move(*old), "sallyportd", number + " was not confirmed before the daemon ended", what);
    all.fallback_ = 0;
    all.came_back_ = true;
    all.keep_pending_that_differ();
  }
  // Who knew which connections are new is gone.
  std::erase_if(all.pending_, [&](const auto& entry) {
    const policy::Policy* now = policy::find_policy(all.policies_, entry.first);
    return now != nullptr && now->change == policy::TakeOver::kSyn;
  });
  return all;
}

Result<void> Configurations::take(const store::StoredPolicies& stored) {
  history_ = stored.configurations;
  origin_ = stored.state.origin;
  fallback_ = stored.state.fallback;
  auto newest = read(history_.back().words);
  if (!newest) return newest.error();
  set_newest(std::move(*newest));
  if (!stored.state.pending.empty()) {
    auto pending = parse_stored(stored.state.pending);
    if (!pending) return pending.error();
    if (!pending->is_array()) return Error{Errc::kCorrupt, "the store holds pending policies that are no JSON array"};
    for (const auto& one : pending->get_array()) {
      auto policy = pending_in(one, configuration_.levels);
      if (!policy) return policy.error();
      const std::string name = policy->name;
      pending_[name] = std::move(*policy);
    }
  }
  if (!stored.state.candidate.empty()) {
    auto value = parse_stored(stored.state.candidate);
    if (!value) return value.error();
    const auto* base = value->is_object() ? value->get_object().if_contains("base") : nullptr;
    if (base == nullptr || !base->is_int64()) return Error{Errc::kCorrupt, "the store holds a candidate without base"};
    auto configuration = configuration_of(*value, of_file_);
    if (!configuration) return configuration.error();
    candidate_ = Candidate{static_cast<std::uint32_t>(base->get_int64()), std::move(*configuration)};
  }
  return {};
}

Result<policy::Configuration> Configurations::read(const std::string& words) const {
  auto value = parse_stored(words);
  if (!value) return value.error();
  return configuration_of(*value, of_file_);
}

void Configurations::set_newest(policy::Configuration configuration) {
  configuration_ = std::move(configuration);
  policies_ = policy::in_full(configuration_);
}

void Configurations::keep_pending_that_differ() {
  std::erase_if(pending_, [&](const auto& entry) {
    const policy::Policy* now = policy::find_policy(policies_, entry.first);
    return now == nullptr || now->change == policy::TakeOver::kNow || policy::same(*now, entry.second);
  });
}

Result<policy::Configuration> Configurations::of(std::uint32_t number) const {
  const auto found = std::find_if(history_.begin(), history_.end(), [&](const auto& c) { return c.number == number; });
  if (found == history_.end()) {
    return Error{Errc::kNotFound, "there is no configuration " + std::to_string(number) + "; there are " +
                                      std::to_string(history_.front().number) + " to " +
                                      std::to_string(history_.back().number)};
  }
  return read(found->words);
}

policy::Policies Configurations::with_old_words(policy::Policies policies, const Pending& pending) {
  for (auto& p : policies) {
    if (const auto old = pending.find(p.name); old != pending.end()) p = old->second;
  }
  return policies;
}

void Configurations::append(policy::Configuration configuration, const std::string& who, const std::string& comment,
                            const std::string& summary) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::uint32_t number = history_.empty() ? 1 : newest().number + 1;
  history_.push_back({number, std::chrono::duration_cast<std::chrono::seconds>(now).count(), who, comment, summary,
                      json::serialize(object_of(configuration))});
  if (history_.size() > store::PolicyStore::kMost) history_.erase(history_.begin());
  set_newest(std::move(configuration));
}

store::StoredState Configurations::state() const {
  store::StoredState state{origin_, fallback_, {}, {}};
  if (!pending_.empty()) {
    json::array old;
    for (const auto& [name, policy] : pending_) old.push_back(pending_object(policy));
    state.pending = json::serialize(old);
  }
  if (candidate_) {
    json::object candidate = object_of(candidate_->configuration);
    candidate["base"] = candidate_->base;
    state.candidate = json::serialize(candidate);
  }
  return state;
}

}  // namespace sallyport::gateway
