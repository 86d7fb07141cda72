// SPDX-License-Identifier: Apache-2.0
#include "host/policy/configuration.hpp"

#include <algorithm>
#include <set>

namespace sallyport::policy {
namespace {

constexpr std::string_view kChanges[] = {"unchanged", "added", "changed", "moved", "removed"};

Policies::iterator place_of(Policies& policies, const std::string& name) {
  return std::find_if(policies.begin(), policies.end(), [&](const Policy& p) { return p.name == name; });
}

Error no_policy(const std::string& name) { return {Errc::kNotFound, "there is no policy '" + name + "'"}; }

std::vector<WordChange> changed_words(const Policy& before, const Policy& after) {
  std::vector<WordChange> out;
  for (const auto word : policy_words()) {
    auto was = get_word(before, word);
    auto is = get_word(after, word);
    if (was != is) out.push_back({word, std::move(was), std::move(is)});
  }
  return out;
}

// The longest run of names in the order of `after` that is in the order of `before` too: who is in it has not moved.
std::set<std::string> in_place(const Policies& before, const Policies& after) {
  std::vector<std::pair<std::string, std::size_t>> common;  // in the order of `after`, with the place in `before`
  for (const Policy& p : after) {
    const auto found = std::find_if(before.begin(), before.end(), [&](const Policy& q) { return q.name == p.name; });
    if (found != before.end()) common.emplace_back(p.name, static_cast<std::size_t>(found - before.begin()));
  }
  std::vector<std::size_t> length(common.size(), 1), behind(common.size(), common.size());
  std::size_t last = common.size();
  for (std::size_t i = 0; i < common.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (common[j].second < common[i].second && length[j] + 1 > length[i]) {
        length[i] = length[j] + 1;
        behind[i] = j;
      }
    }
    if (last == common.size() || length[i] > length[last]) last = i;
  }
  std::set<std::string> out;
  for (; last < common.size(); last = behind[last]) out.insert(common[last].first);
  return out;
}

// The name in front of which `name` stands; empty: it is the last.
std::string successor(const Policies& policies, const std::string& name) {
  const auto found = std::find_if(policies.begin(), policies.end(), [&](const Policy& p) { return p.name == name; });
  return found == policies.end() || found + 1 == policies.end() ? std::string() : (found + 1)->name;
}

}  // namespace

bool same(const Policy& a, const Policy& b) { return changed_words(a, b).empty(); }

const Policy* find_policy(const Policies& policies, const std::string& name) {
  const auto found = std::find_if(policies.begin(), policies.end(), [&](const Policy& p) { return p.name == name; });
  return found == policies.end() ? nullptr : &*found;
}

// ---- edits ---------------------------------------------------------------------------------------------------------

Result<void> insert_policy(Policies& policies, Policy policy, const std::string& before) {
  if (place_of(policies, policy.name) != policies.end()) {
    return Error{Errc::kExists,
                 "there is a policy '" + policy.name + "' already; to change it: sallyport policy replace"};
  }
  const auto place = before.empty() ? policies.end() : place_of(policies, before);
  if (!before.empty() && place == policies.end()) return no_policy(before);
  policies.insert(place, std::move(policy));
  return {};
}

Result<void> replace_policy(Policies& policies, Policy policy) {
  const auto place = place_of(policies, policy.name);
  if (place == policies.end()) return no_policy(policy.name);
  *place = std::move(policy);
  return {};
}

Result<void> erase_policy(Policies& policies, const std::string& name) {
  const auto place = place_of(policies, name);
  if (place == policies.end()) return no_policy(name);
  policies.erase(place);
  return {};
}

Result<void> move_policy(Policies& policies, const std::string& name, const std::string& before) {
  const auto place = place_of(policies, name);
  if (place == policies.end()) return no_policy(name);
  if (name == before) return {};
  if (!before.empty() && place_of(policies, before) == policies.end()) return no_policy(before);
  Policy moved = std::move(*place);
  policies.erase(place);
  return insert_policy(policies, std::move(moved), before);
}

// ---- differences ---------------------------------------------------------------------------------------------------

std::string_view to_string(Change change) { return kChanges[static_cast<std::size_t>(change)]; }

std::vector<Difference> differences(const Policies& before, const Policies& after) {
  const auto stayed = in_place(before, after);
  std::vector<Difference> out;
  for (const Policy& p : after) {
    const Policy* was = find_policy(before, p.name);
    if (was == nullptr) {
      Policy nothing;
      nothing.name = p.name;
      out.push_back({p.name, Change::kAdded, changed_words(nothing, p)});
      continue;
    }
    Difference d{p.name, Change::kUnchanged, changed_words(*was, p), !stayed.contains(p.name)};
    if (d.moved) d.change = Change::kMoved;
    if (!d.words.empty()) d.change = Change::kChanged;
    out.push_back(std::move(d));
  }
  for (const Policy& p : before) {
    if (find_policy(after, p.name) == nullptr) out.push_back({p.name, Change::kRemoved});
  }
  return out;
}

std::string summary(const std::vector<Difference>& differences) {
  std::string out;
  for (const Difference& d : differences) {
    if (d.change == Change::kUnchanged) continue;
    out += (out.empty() ? "" : ", ") + d.policy + " " + std::string(to_string(d.change));
  }
  return out.empty() ? "nothing changed" : out;
}

Result<Policies> rebase(const Policies& base, const Policies& mine, const Policies& theirs) {
  Policies out = theirs;
  std::string disputed;
  const auto dispute = [&](const std::string& name) { disputed += (disputed.empty() ? "'" : ", '") + name + "'"; };
  const auto equal = [](const Policy* a, const Policy* b) {
    return a == nullptr || b == nullptr ? a == b : same(*a, *b);
  };
  auto all = differences(base, mine);
  std::reverse(all.begin(), all.end());  // so that the policy in front of which one stands is in its place already
  for (const Difference& d : all) {
    const Policy* was = find_policy(base, d.policy);
    const Policy* is = find_policy(mine, d.policy);
    const Policy* now = find_policy(out, d.policy);
    if (d.change == Change::kUnchanged) continue;
    const bool words_changed = !equal(was, is);
    if (words_changed && equal(now, is)) continue;  // they did the same
    if (!equal(now, was) && (words_changed || now == nullptr)) {
      dispute(d.policy);
      continue;
    }
    std::string before = successor(mine, d.policy);
    while (!before.empty() && find_policy(out, before) == nullptr) before = successor(mine, before);
    Result<void> done;
    if (d.change == Change::kRemoved) {
      done = erase_policy(out, d.policy);
    } else if (d.change == Change::kAdded) {
      done = insert_policy(out, *is, before);
    } else {
      if (words_changed) done = replace_policy(out, *is);
      if (done && d.moved) done = move_policy(out, d.policy, before);
    }
    if (!done) return done.error();
  }
  if (!disputed.empty()) {
    return Error{Errc::kExists, "others have changed " + disputed + " otherwise meanwhile"};
  }
  return out;
}

}  // namespace sallyport::policy
