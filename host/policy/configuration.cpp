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

template <class T>
std::vector<WordChange> changed(const T& before, const T& after, std::span<const std::string_view> words) {
  std::vector<WordChange> out;
  for (const auto word : words) {
    auto was = get_word(before, word);
    auto is = get_word(after, word);
    if (was != is) out.push_back({word, std::move(was), std::move(is)});
  }
  return out;
}

std::vector<WordChange> changed_words(const Policy& before, const Policy& after) {
  auto out = changed(before, after, policy_words());
  if (before.level == after.level && before.level_proposals != after.level_proposals) {
    out.push_back({"esp_proposals", to_string(before.level_proposals), to_string(after.level_proposals)});
  }
  return out;
}

std::vector<WordChange> changed_words(const Expectation& before, const Expectation& after) {
  return changed(before, after, expectation_words());
}

const Expectation* find_expectation(const Expectations& all, const std::string& name) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Expectation& e) { return e.name == name; });
  return found == all.end() ? nullptr : &*found;
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

Policies in_full(const Configuration& configuration) {
  Policies out = configuration.policies;
  for (Policy& p : out) {
    if (p.level) p.level_proposals = configuration.levels.esp_proposals(*p.level);
  }
  return out;
}

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

Result<void> add_expectation(Expectations& expectations, Expectation expectation) {
  if (find_expectation(expectations, expectation.name) != nullptr) {
    return Error{Errc::kExists, "there is an expectation '" + expectation.name +
                                    "' already; to take it away: sallyport expectation delete"};
  }
  expectations.push_back(std::move(expectation));
  return {};
}

Result<void> erase_expectation(Expectations& expectations, const std::string& name) {
  if (std::erase_if(expectations, [&](const Expectation& e) { return e.name == name; }) != 0) return {};
  return Error{Errc::kNotFound, "there is no expectation '" + name + "'"};
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

std::vector<Difference> differences(const Expectations& before, const Expectations& after) {
  std::vector<Difference> out;
  for (const Expectation& e : after) {
    const Expectation* was = find_expectation(before, e.name);
    Expectation nothing;
    nothing.name = e.name;
    auto words = changed_words(was == nullptr ? nothing : *was, e);
    const Change change = was == nullptr ? Change::kAdded : words.empty() ? Change::kUnchanged : Change::kChanged;
    out.push_back({e.name, change, std::move(words)});
  }
  for (const Expectation& e : before) {
    if (find_expectation(after, e.name) == nullptr) out.push_back({e.name, Change::kRemoved});
  }
  return out;
}

std::vector<LevelDifference> differences(const Levels& before, const Levels& after) {
  std::vector<LevelDifference> out;
  for (const Level level : kLevels) {
    const Proposals& was = before.esp_proposals(level);
    const Proposals& is = after.esp_proposals(level);
    if (was != is) out.push_back({level, was, is});
  }
  return out;
}

bool same(const Configuration& a, const Configuration& b) {
  const auto none = [](const std::vector<Difference>& all) {
    return std::all_of(all.begin(), all.end(), [](const Difference& d) { return d.change == Change::kUnchanged; });
  };
  return a.levels == b.levels && none(differences(a.policies, b.policies)) &&
         none(differences(a.expectations, b.expectations));
}

std::string summary(const Configuration& before, const Configuration& after) {
  std::string out;
  const auto add = [&](const std::string& what) { out += (out.empty() ? "" : ", ") + what; };
  for (const auto& d : differences(before.levels, after.levels)) {
    add("level " + std::string(sallyport::to_string(d.level)) + " changed");
  }
  for (const Difference& d : differences(before.policies, after.policies)) {
    if (d.change != Change::kUnchanged) add(d.name + " " + std::string(to_string(d.change)));
  }
  for (const Difference& d : differences(before.expectations, after.expectations)) {
    if (d.change != Change::kUnchanged) add("expectation " + d.name + " " + std::string(to_string(d.change)));
  }
  return out.empty() ? "nothing changed" : out;
}

// ---- rebase --------------------------------------------------------------------------------------------------------

namespace {

// What both made something else of.
class Disputes {
 public:
  void add(const std::string& what) { all_ += (all_.empty() ? "" : ", ") + what; }
  [[nodiscard]] Result<void> told() const {
    if (all_.empty()) return {};
    return Error{Errc::kExists, "others have changed " + all_ + " otherwise meanwhile"};
  }

 private:
  std::string all_;
};

Result<Policies> rebase(const Policies& base, const Policies& mine, const Policies& theirs, Disputes& disputes) {
  Policies out = theirs;
  const auto equal = [](const Policy* a, const Policy* b) {
    return a == nullptr || b == nullptr ? a == b : same(*a, *b);
  };
  auto all = differences(base, mine);
  std::reverse(all.begin(), all.end());  // so that the policy in front of which one stands is in its place already
  for (const Difference& d : all) {
    const Policy* was = find_policy(base, d.name);
    const Policy* is = find_policy(mine, d.name);
    const Policy* now = find_policy(out, d.name);
    if (d.change == Change::kUnchanged) continue;
    const bool words_changed = !equal(was, is);
    if (words_changed && equal(now, is)) continue;  // they did the same
    if (!equal(now, was) && (words_changed || now == nullptr)) {
      disputes.add("'" + d.name + "'");
      continue;
    }
    std::string before = successor(mine, d.name);
    while (!before.empty() && find_policy(out, before) == nullptr) before = successor(mine, before);
    Result<void> done;
    if (d.change == Change::kRemoved) {
      done = erase_policy(out, d.name);
    } else if (d.change == Change::kAdded) {
      done = insert_policy(out, *is, before);
    } else {
      if (words_changed) done = replace_policy(out, *is);
      if (done && d.moved) done = move_policy(out, d.name, before);
    }
    if (!done) return done.error();
  }
  return out;
}

Result<Levels> rebase(const Levels& base, const Levels& mine, const Levels& theirs, Disputes& disputes) {
  Levels out = theirs;
  for (const auto& d : differences(base, mine)) {
    const Proposals& now = theirs.esp_proposals(d.level);
    if (now != d.before && now != d.after) {
      disputes.add("level '" + std::string(sallyport::to_string(d.level)) + "'");
    } else if (auto set = out.set(d.level, d.after); !set) {
      return set.error();
    }
  }
  return out;
}

Expectations rebase(const Expectations& base, const Expectations& mine, const Expectations& theirs,
                    Disputes& disputes) {
  Expectations out = theirs;
  const auto equal = [](const Expectation* a, const Expectation* b) {
    return a == nullptr || b == nullptr ? a == b : changed_words(*a, *b).empty();
  };
  for (const Difference& d : differences(base, mine)) {
    const Expectation* is = find_expectation(mine, d.name);
    const Expectation* now = find_expectation(theirs, d.name);
    if (d.change == Change::kUnchanged || equal(now, is)) continue;
    if (!equal(now, find_expectation(base, d.name))) {
      disputes.add("expectation '" + d.name + "'");
      continue;
    }
    std::erase_if(out, [&](const Expectation& e) { return e.name == d.name; });
    if (is != nullptr) out.push_back(*is);
  }
  return out;
}

}  // namespace

Result<Configuration> rebase(const Configuration& base, const Configuration& mine, const Configuration& theirs) {
  Disputes disputes;
  auto policies = rebase(base.policies, mine.policies, theirs.policies, disputes);
  if (!policies) return policies.error();
  auto levels = rebase(base.levels, mine.levels, theirs.levels, disputes);
  if (!levels) return levels.error();
  auto expectations = rebase(base.expectations, mine.expectations, theirs.expectations, disputes);
  if (auto agreed = disputes.told(); !agreed) return agreed.error();
  return Configuration{std::move(*policies), std::move(*levels), std::move(expectations)};
}

}  // namespace sallyport::policy
