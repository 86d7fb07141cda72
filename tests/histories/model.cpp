// SPDX-License-Identifier: Apache-2.0
#include "tests/histories/model.hpp"

#include <algorithm>
#include <boost/json.hpp>

namespace sallyport::histories {
namespace {

std::string dotted(std::uint32_t a) {
  return std::to_string(a >> 24) + "." + std::to_string(a >> 16 & 255) + "." + std::to_string(a >> 8 & 255) + "." +
         std::to_string(a & 255);
}

bool same_but_change(const Policy& a, Policy b) {
  b.change = a.change;
  return a.words() == b.words();
}

const Policy* find(const std::vector<Policy>& policies, const std::string& name) {
  const auto found = std::find_if(policies.begin(), policies.end(), [&](const Policy& p) { return p.name == name; });
  return found == policies.end() ? nullptr : &*found;
}

Model::Flow flow_of(const Probe& probe) { return {probe.computer, probe.remote, probe.tcp->port}; }

}  // namespace

bool same_sa(const Policy& a, const Policy& b) {
  return a.source.text() == b.source.text() && a.destination.text() == b.destination.text() &&
         a.proposal == b.proposal && a.sa_per_user() == b.sa_per_user();
}

bool is_by_ike(const Fate& fate) { return fate.starts_with("peer/"); }

std::string Range::text() const {
  if (first == 0 && last == 0xffffffff) return "";
  return first == last ? dotted(first) : dotted(first) + "-" + dotted(last);
}

boost::json::object Policy::words() const {
  boost::json::object out;
  const auto say = [&](const char* word, const std::string& text) {
    if (!text.empty()) out[word] = text;
  };
  say("name", name);
  say("source", source.text());
  say("destination", destination.text());
  say("user", user);
  say("group", group);
  say("action", action);
  say("sa", sa);
  say("connection", by_ike() ? "peer" : "");
  say("esp_proposals", proposal);
  say("shared", shared ? "yes" : "");
  say("change", change);
  say("when", when.words);
  say("idle", change.empty() ? "" : "3600");  // longer than anybody waits here
  return out;
}

Model::People Model::people(const Probe& probe) const {
  People people;
  if (probe.mark) {
    const auto session = sessions.find(probe.mark->session);
    if (probe.mark->kind == Mark::Kind::kRight && session != sessions.end()) people.insert(session->second.user);
    return people;
  }
  for (const auto& [id, session] : sessions) {
    // The other gateway knows no tags: answers come back by the address.
    if (session.computer == probe.computer && !(probe.outbound && session.tagged)) people.insert(session.user);
  }
  return people;
}

const Policy& Model::in_force(const Policy& policy) const {
  const auto old = pending.find(policy.name);
  return old == pending.end() ? policy : old->second;
}

std::vector<Policy> Model::in_force() const {
  std::vector<Policy> all;
  for (const Policy& p : policies) all.push_back(in_force(p));
  return all;
}

bool Model::names(const Policy& policy, const std::string& user) const {
  const auto& theirs = groups.at(user);
  return policy.group.empty() ? policy.user == user
                              : std::find(theirs.begin(), theirs.end(), policy.group) != theirs.end();
}

// What becomes of what a policy decides on.
Fate Model::by(const Policy& policy, const Probe& probe, const People& who) const {
  if (policy.action == "bypass") return "clear";
  if (policy.action == "ask") return as_answered(policy, probe, who);
  // In the clear, nothing comes in that a policy protects.
  if (policy.action != "protect" || !probe.outbound) return "dropped";
  if (!policy.by_ike()) return policy.sa;
  if (policy.proposal == kRefused) return "refused";
  return policy.target() + (policy.sa_per_user() ? "@" + *who.begin() : "") + " by " + policy.proposal;
}

Fate Model::as_answered(const Policy& policy, const Probe& probe, const People& who) const {
  // What one of a computer's users lets in, another refuses for themselves alone.
  Fate fate = probe.outbound && !who.empty() ? "asks" : "dropped";
  for (const auto& [question, answer] : answers) {
    const bool theirs = who.contains(answer.user) && (!policy.names_people() || names(policy, answer.user));
    const bool meant =
        answer.policy == policy.name && answer.remote == probe.remote && answer.tcp == probe.tcp.has_value();
    if (!theirs || !meant) continue;
    if (answer.choice == "clear") return "clear";
    if (answer.choice == "refuse" || !probe.outbound) fate = "dropped";
    if (answer.choice == "protect" && probe.outbound && !policy.sa.empty()) fate = policy.sa;
  }
  return fate;
}

const Policy* Model::decides(const Probe& probe, const People& who) const {
  const auto is_meant = [&](const Policy& p) {
    if (!p.when.holds[moment] || !p.source.holds(probe.computer) || !p.destination.holds(probe.remote)) return false;
    return !p.names_people() || std::any_of(who.begin(), who.end(), [&](const auto& user) { return names(p, user); });
  };
  const auto found =
      std::find_if(policies.begin(), policies.end(), [&](const Policy& p) { return is_meant(in_force(p)); });
  return found == policies.end() ? nullptr : &*found;
}

// Of a policy that is pending: whether it is one that connections which begin take at once, this one too.
bool Model::takes_new_connection(const Policy& policy, const Probe& probe) const {
  const auto old = pending.find(policy.name);
  return probe.tcp && old != pending.end() && policy.change == "syn" && old->second.target() == policy.target() &&
         policy.source.holds(probe.computer) && policy.destination.holds(probe.remote);
}

Fate Model::fate(const Probe& probe, const People& who) const {
  const Policy* policy = decides(probe, who);
  if (policy == nullptr) return "dropped";
  if (!takes_new_connection(*policy, probe)) return by(in_force(*policy), probe, who);
  const auto begun = opened.find(policy->name);
  const bool is_new = probe.tcp->opens || (begun != opened.end() && begun->second.contains(flow_of(probe)));
  return by(is_new ? *policy : in_force(*policy), probe, who);
}

void Model::open(const Probe& probe) {
  const Policy* policy = decides(probe, people(probe));
  if (policy == nullptr || !takes_new_connection(*policy, probe) || !probe.tcp->opens) return;
  opened[policy->name].insert(flow_of(probe));
}

void Model::end(SessionId session) {
  const auto ended = sessions.extract(session);
  const std::string& user = ended.mapped().user;
  const bool left =
      std::none_of(sessions.begin(), sessions.end(), [&](const auto& one) { return one.second.user == user; });
  std::erase_if(answers, [&](const auto& entry) {
    return entry.second.session == session || (left && entry.second.user == user);
  });
}

void Model::answer(std::uint64_t question, Answer answer) {
  std::erase_if(answers, [&](const auto& entry) {
    const Answer& old = entry.second;
    return old.user == answer.user && old.policy == answer.policy && old.remote == answer.remote &&
           old.tcp == answer.tcp;
  });
  answers[question] = std::move(answer);
}

bool Model::connects(const std::vector<Policy>& next) const {
  const auto before = in_force();
  return std::none_of(next.begin(), next.end(), [&](const Policy& p) {
    const Policy* was = find(before, p.name);
    const bool changed = was == nullptr || !same_but_change(*was, p);
    return changed && p.proposal == kRefused && !p.sa_per_user();
  });
}

void Model::commit(std::vector<Policy> next, const std::function<bool(const std::string& target)>& has_sa) {
  const auto before = in_force();
  const auto waiting_before = std::exchange(pending, {});
  const auto committed_before = std::exchange(policies, std::move(next));
  for (const Policy& p : policies) {
    const Policy* was = find(before, p.name);
    if (was == nullptr || was->action != "protect" || same_but_change(*was, p)) continue;
    const Policy* committed = find(committed_before, p.name);
    const bool waits_on = waiting_before.contains(p.name) && committed != nullptr && committed->words() == p.words();
    if (!p.change.empty() && !was->sa_per_user() && (waits_on || has_sa(was->target()))) pending[p.name] = *was;
  }
  std::erase_if(opened, [&](const auto& entry) { return !pending.contains(entry.first); });
}

void Model::come_back(std::vector<Policy> previous) {
  policies = std::move(previous);
  std::erase_if(pending, [&](const auto& entry) {
    const Policy* p = find(policies, entry.first);
    return p == nullptr || p->change.empty() || same_but_change(entry.second, *p);
  });
  std::erase_if(opened, [&](const auto& entry) { return !pending.contains(entry.first); });
}

void Model::take_over(const std::string& policy) {
  pending.erase(policy);
  opened.erase(policy);
}

void Model::restart(const std::optional<std::vector<Policy>>& fallback) {
  sessions.clear();
  answers.clear();
  opened.clear();
  if (fallback) policies = *fallback;
  std::erase_if(pending, [&](const auto& entry) {
    const Policy* p = find(policies, entry.first);
    // Who knew which connections are new is gone.
    return p == nullptr || p->change != "after-idle" || p->words() == entry.second.words();
  });
}

Model Model::with_nobody_known() const {
  constexpr SessionId kNobodys = SessionId{1} << 63;  // no packet has the tag
  Model model = *this;
  model.sessions.clear();
  for (const auto& [id, session] : sessions) model.sessions[id | kNobodys] = {session.computer, session.user, true};
  return model;
}

Model Model::with_users_sas_of(const Model& before) const {
  Model model = *this;
  const auto old = before.in_force();
  for (Policy& p : model.policies) {
    const Policy* was = find(old, p.name);
    if (was != nullptr && p.sa_per_user() && was->sa_per_user()) p.proposal = was->proposal;
  }
  return model;
}

boost::json::object told(const Model& model) {
  boost::json::object out{{"clock", kMoments[model.moment]}};
  boost::json::array policies;
  for (const Policy& p : model.policies) policies.push_back(p.words());
  out["policies"] = std::move(policies);
  boost::json::array pending;
  for (const auto& [name, old] : model.pending) pending.push_back(old.words());
  out["pending"] = std::move(pending);
  boost::json::array sessions;
  for (const auto& [id, session] : model.sessions) {
    sessions.push_back(
        {{"id", id}, {"user", session.user}, {"computer", dotted(session.computer)}, {"tagged", session.tagged}});
  }
  out["sessions"] = std::move(sessions);
  boost::json::array answers;
  for (const auto& [question, a] : model.answers) {
    answers.push_back({{"user", a.user},
                       {"policy", a.policy},
                       {"remote", dotted(a.remote)},
                       {"tcp", a.tcp},
                       {"choice", a.choice},
                       {"session", a.session}});
  }
  out["answers"] = std::move(answers);
  return out;
}

}  // namespace sallyport::histories
