// SPDX-License-Identifier: Apache-2.0
#include "host/policy/findings.hpp"

#include <algorithm>

#include "driver/ip/ip.hpp"
#include "host/policy/space.hpp"

namespace sallyport::policy {
namespace {

constexpr std::string_view kKinds[] = {"hidden", "overlap", "unchecked"};

// Ours: for the whole list, a fraction of a second.
constexpr std::size_t kMostSteps = 400'000;

std::string quoted(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += i == 0 ? "" : i + 1 == names.size() ? " and " : ", ";
    text += "'" + names[i] + "'";
  }
  return text;
}

// What becomes of its packets.
std::string fate(const Policy& p) {
  std::string text(to_string(p.does()));
  if (p.does() == Action::kProtect) text += " by '" + p.target() + "'";
  return text;
}

class Examiner {
 public:
  Examiner(const std::vector<Policy>& policies, const People& people) : policies_(policies), space_(policies, people) {
    for (const Policy& p : policies) covered_.push_back(space_.of(p));
  }

  [[nodiscard]] bool meet(std::size_t a, std::size_t b) const { return covered_[a].meets(covered_[b]); }

  void look_at(std::size_t i, std::vector<Finding>& findings) {
    const Policy& policy = policies_[i];
    if (covered_[i].empty()) {
      return findings.push_back({Finding::Kind::kHidden,
                                 policy.name,
                                 {},
                                 "policy '" + policy.name + "' never decides: no packet has what it asks for"});
    }
    PacketSet left = covered_[i];
    std::vector<std::size_t> takers;
    std::vector<Finding> overlaps;
    for (std::size_t j = 0; j < i; ++j) {
      if (!meet(i, j) || !left.meets(covered_[j])) continue;
      if (fate(policies_[j]) != fate(policy)) note_overlap(i, j, left, overlaps);
      takers.push_back(j);
      if (!left.remove(covered_[j], steps_)) return findings.push_back(unchecked(policy));
      if (left.empty()) return findings.push_back(hidden(i, takers));
    }
    std::move(overlaps.begin(), overlaps.end(), std::back_inserter(findings));
  }

 private:
  static Finding unchecked(const Policy& policy) {
    return {Finding::Kind::kUnchecked,
            policy.name,
            {},
            "policy '" + policy.name + "' was not compared with all before it: there are too many of them"};
  }

  // True as well when it cannot be found out.
  bool is_part_of(std::size_t part, std::size_t whole) {
    PacketSet rest = covered_[part];
    return !rest.remove(covered_[whole], steps_) || rest.empty();
  }

  // `left` is what policy j finds of policy i.
  void note_overlap(std::size_t i, std::size_t j, const PacketSet& left, std::vector<Finding>& overlaps) {
    if (is_part_of(j, i)) return;
    const Policy& policy = policies_[i];
    const Policy& other = policies_[j];
    overlaps.push_back({Finding::Kind::kOverlap,
                        policy.name,
                        {other.name},
                        "policies '" + other.name + "' (" + fate(other) + ") and '" + policy.name + "' (" +
                            fate(policy) + ") share packets, such as " +
                            space_.example(left.intersect(covered_[j]).boxes().front()) + "; '" + other.name +
                            "' stands before and decides"});
  }

  Finding hidden(std::size_t i, std::vector<std::size_t> takers) {
    const Policy& policy = policies_[i];
    // One that does it alone is the answer; else those without whom something would be left.
    const auto alone = std::find_if(takers.begin(), takers.end(), [&](std::size_t j) {
      PacketSet rest = covered_[i];
      return rest.remove(covered_[j], steps_) && rest.empty();
    });
    if (alone != takers.end()) {
      takers = {*alone};
    } else {
      for (std::size_t k = takers.size(); k-- > 0;) {
        auto others = takers;
        others.erase(others.begin() + static_cast<std::ptrdiff_t>(k));
        PacketSet rest = covered_[i];
        const bool checked =
            std::all_of(others.begin(), others.end(), [&](std::size_t j) { return rest.remove(covered_[j], steps_); });
        if (checked && rest.empty()) takers = std::move(others);
      }
    }
    Finding found{Finding::Kind::kHidden, policy.name, {}, {}};
    bool same = true;
    std::string because;
    for (const std::size_t j : takers) {
      found.by.push_back(policies_[j].name);
      same = same && fate(policies_[j]) == fate(policy);
      if (const auto why = people_between(policy, policies_[j]); !why.empty()) {
        because += (because.empty() ? " (" : "; ") + why;
      }
    }
    if (!because.empty()) because += ")";
    found.sentence = "policy '" + policy.name + "' never decides: " + quoted(found.by) + " before it " +
                     (takers.size() == 1 ? "takes" : "take") + " every packet of it" + because +
                     (same ? ", and " + std::string(takers.size() == 1 ? "does" : "do") + " the same; take it out"
                           : "; put it in front, or take it out");
    return found;
  }

  // Why those of whom `policy` speaks are among those of whom `before` does, when it is not said by the two themselves.
  static std::string people_between(const Policy& policy, const Policy& before) {
    if (!policy.user.empty() && !before.group.empty()) {
      return "'" + policy.user + "' is in group '" + before.group + "'";
    }
    if (!policy.group.empty() && !before.user.empty()) {
      return "'" + before.user + "' is in group '" + policy.group + "'";
    }
    if (!policy.group.empty() && !before.group.empty() && policy.group != before.group) {
      return "members of group '" + policy.group + "' are in group '" + before.group + "'";
    }
    return {};
  }

  const std::vector<Policy>& policies_;
  PacketSpace space_;
  std::vector<PacketSet> covered_;
  std::size_t steps_ = kMostSteps;
};

}  // namespace

std::string_view to_string(Finding::Kind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

std::vector<Finding> examine(const std::vector<Policy>& policies, const People& people) {
  std::vector<Finding> findings;
  Examiner examiner(policies, people);
  for (std::size_t i = 0; i < policies.size(); ++i) examiner.look_at(i, findings);
  return findings;
}

std::vector<Finding> examine(const std::vector<Policy>& policies, const People& people, const std::string& about) {
  std::vector<Finding> findings;
  const auto found = std::find_if(policies.begin(), policies.end(), [&](const Policy& p) { return p.name == about; });
  const auto subject = static_cast<std::size_t>(found - policies.begin());
  Examiner examiner(policies, people);
  for (std::size_t i = subject; i < policies.size(); ++i) {
    if (i == subject || examiner.meet(i, subject)) examiner.look_at(i, findings);
  }
  std::erase_if(findings, [&](const Finding& f) {
    return f.policy != about && std::find(f.by.begin(), f.by.end(), about) == f.by.end();
  });
  return findings;
}

}  // namespace sallyport::policy
