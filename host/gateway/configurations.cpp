// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/configurations.hpp"

#include <openssl/sha.h>

#include <algorithm>

#include "host/base/log.hpp"
#include "host/gateway/policy_json.hpp"

namespace sallyport::gateway {
namespace {

namespace json = boost::json;

std::string digest_of(const policy::Policies& policies) {
  const std::string all = json::serialize(array_of(policies));
  std::uint8_t digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const std::uint8_t*>(all.data()), all.size(), digest);
  return to_hex(digest);
}

Result<policy::Policies> policies_in(const std::string& text) {
  auto value = parse_stored(text);
  if (!value) return value.error();
  const auto* array = value->if_array();
  if (array == nullptr) return Error{Errc::kCorrupt, "the store holds policies that are no JSON array"};
  return gateway::policies_of(*array);
}

Result<Candidate> candidate_in(const std::string& text) {
  auto value = parse_stored(text);
  if (!value) return value.error();
  const auto* object = value->if_object();
  const auto* base = object == nullptr ? nullptr : object->if_contains("base");
  const auto* policies = object == nullptr ? nullptr : object->if_contains("policies");
  if (base == nullptr || !base->is_int64() || policies == nullptr || !policies->is_array()) {
    return Error{Errc::kCorrupt, "the store holds a candidate without base or policies"};
  }
  auto read = gateway::policies_of(policies->get_array());
  if (!read) return read.error();
  return Candidate{static_cast<std::uint32_t>(base->get_int64()), std::move(*read)};
}

}  // namespace

Result<Configurations> Configurations::begin(const std::optional<store::StoredPolicies>& stored,
                                             const policy::Policies& of_file) {
  Configurations all;
  const std::string of_file_now = digest_of(of_file);
  if (stored && !stored->configurations.empty()) {
    if (auto taken = all.take(*stored); !taken) return taken.error();
  }
  if (all.origin_ != of_file_now) {
    const bool first = all.history_.empty();
    const auto what = first ? "" : policy::summary(policy::differences(all.policies_, of_file));
    all.append(of_file, "configuration file", first ? "" : "the file was edited", what);
    all.fallback_ = 0;
    all.pending_.clear();
    all.origin_ = of_file_now;
  } else if (all.fallback_ != 0) {
    auto old = all.policies_of(all.fallback_);
    if (!old) return old.error();
    const auto what = policy::summary(policy::differences(all.policies_, *old));
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
  auto policies = policies_in(history_.back().policies);
  if (!policies) return policies.error();
  policies_ = std::move(*policies);
  if (!stored.state.pending.empty()) {
    auto pending = policies_in(stored.state.pending);
    if (!pending) return pending.error();
    for (auto& p : *pending) pending_[p.name] = std::move(p);
  }
  if (!stored.state.candidate.empty()) {
    auto candidate = candidate_in(stored.state.candidate);
    if (!candidate) return candidate.error();
    candidate_ = std::move(*candidate);
  }
  return {};
}

void Configurations::keep_pending_that_differ() {
  std::erase_if(pending_, [&](const auto& entry) {
    const policy::Policy* now = policy::find_policy(policies_, entry.first);
    return now == nullptr || now->change == policy::TakeOver::kNow || policy::same(*now, entry.second);
  });
}

Result<policy::Policies> Configurations::policies_of(std::uint32_t number) const {
  const auto found = std::find_if(history_.begin(), history_.end(), [&](const auto& c) { return c.number == number; });
  if (found == history_.end()) {
    return Error{Errc::kNotFound, "there is no configuration " + std::to_string(number) + "; there are " +
                                      std::to_string(history_.front().number) + " to " +
                                      std::to_string(history_.back().number)};
  }
  return policies_in(found->policies);
}

policy::Policies Configurations::with_old_words(policy::Policies policies, const Pending& pending) {
  for (auto& p : policies) {
    if (const auto old = pending.find(p.name); old != pending.end()) p = old->second;
  }
  return policies;
}

void Configurations::append(policy::Policies policies, const std::string& who, const std::string& comment,
                            const std::string& summary) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::uint32_t number = history_.empty() ? 1 : newest().number + 1;
  history_.push_back({number, std::chrono::duration_cast<std::chrono::seconds>(now).count(), who, comment, summary,
                      json::serialize(array_of(policies))});
  if (history_.size() > store::PolicyStore::kMost) history_.erase(history_.begin());
  policies_ = std::move(policies);
}

store::StoredState Configurations::state() const {
  store::StoredState state{origin_, fallback_, {}, {}};
  if (!pending_.empty()) {
    json::array old;
    for (const auto& [name, policy] : pending_) old.push_back(words_of(policy));
    state.pending = json::serialize(old);
  }
  if (candidate_) {
    state.candidate =
        json::serialize(json::object{{"base", candidate_->base}, {"policies", array_of(candidate_->policies)}});
  }
  return state;
}

}  // namespace sallyport::gateway
