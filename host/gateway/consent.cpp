// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/consent.hpp"

#include <algorithm>
#include <tuple>

namespace sallyport::gateway {
namespace {

constexpr std::string_view kChoices[] = {"clear", "refuse", "protect"};
constexpr std::string_view kRemembers[] = {"flow", "session", "always"};

template <class E, std::size_t kCount>
std::optional<E> parse(const std::string_view (&words)[kCount], std::string_view word) {
  const auto* found = std::find(std::begin(words), std::end(words), word);
  if (found == std::end(words)) return std::nullopt;
  return static_cast<E>(found - std::begin(words));
}

policy::Action action_of(Choice choice) {
  switch (choice) {
    case Choice::kClear:
      return policy::Action::kBypass;
    case Choice::kProtect:
      return policy::Action::kProtect;
    case Choice::kRefuse:
      break;
  }
  return policy::Action::kDiscard;
}

policy::FrontRule rule_for(const Subject& subject, policy::Action action) {
  policy::FrontRule rule{subject.policy, subject.user};
  rule.source.protocol = subject.protocol;
  rule.destination = {subject.protocol, subject.port, subject.port, {subject.destination, subject.destination}};
  rule.action = action;
  return rule;
}

// What comes in is for a computer and may be for any of its users: what one of them lets in, another refuses for
// themselves alone.
unsigned place_of(policy::Action action) {
  switch (action) {
    case policy::Action::kBypass:
      return 0;
    case policy::Action::kProtect:
      return 1;
    default:
      return 2;
  }
}

// Those that differ in the address alone stand together, and share a rule of the card.
void put_behind(std::vector<policy::FrontRule>& rules, std::vector<policy::FrontRule> more) {
  using Key =
      std::tuple<const std::string&, unsigned, const std::string&, const TrafficSelector&, std::uint8_t, std::uint16_t>;
  const auto key = [](const policy::FrontRule& r) {
    return Key(r.policy, place_of(*r.action), r.user, r.source, r.destination.protocol, r.destination.first_port);
  };
  std::stable_sort(more.begin(), more.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  std::move(more.begin(), more.end(), std::back_inserter(rules));
}

}  // namespace

std::string_view to_string(Choice choice) { return kChoices[static_cast<std::size_t>(choice)]; }
std::optional<Choice> parse_choice(std::string_view word) { return parse<Choice>(kChoices, word); }
std::string_view to_string(Remember remember) { return kRemembers[static_cast<std::size_t>(remember)]; }
std::optional<Remember> parse_remember(std::string_view word) { return parse<Remember>(kRemembers, word); }

// ---- packets -------------------------------------------------------------------------------------------------------

Consent::Steps Consent::on_packet(const Subject& subject, const Flow& flow, bool may_protect, Held packet, Time now) {
  Steps steps;
  if (Answer* answer = answer_for(subject, flow)) {
    // It was on its way when the rule came; or the flow goes on, which was to be seen.
    steps.rules = std::exchange(answer->looking, false);
    answer->looked_at = now;
    if (answer->choice == Choice::kRefuse) {
      ++steps.dropped;
    } else {
      steps.go_on.push_back(std::move(packet));
    }
    return steps;
  }
  if (refused_.contains(subject) || too_many_.contains({subject.user, subject.policy})) {
    ++steps.dropped;
    return steps;
  }
  auto open = std::find_if(questions_.begin(), questions_.end(),
                           [&](const auto& entry) { return entry.second.subject == subject; });
  if (open == questions_.end()) {
    const auto of_user = std::count_if(questions_.begin(), questions_.end(),
                                       [&](const auto& entry) { return entry.second.subject.user == subject.user; });
    if (static_cast<std::size_t>(of_user) >= limits_.questions_of_user || questions_.size() >= limits_.questions) {
      too_many_[{subject.user, subject.policy}] = now + limits_.too_many;
      steps.rules = true;
      steps.refused.emplace_back(subject, Why::kTooMany);
      ++steps.dropped;
      return steps;
    }
    const Id id = ++last_id_;
    open = questions_.emplace(id, Question{id, subject, may_protect, now + limits_.held.time}).first;
    steps.asked.push_back(open->second);
  }
  Question& question = open->second;
  if (!question.full && held_.hold(question.id, std::move(packet), now)) {
    question.flows.insert(flow);
    return steps;
  }
  ++steps.dropped;
  steps.rules = !std::exchange(question.full, true);
  return steps;
}

Consent::Answer* Consent::answer_for(const Subject& subject, const Flow& flow) {
  for (auto& [id, answer] : answers_) {
    if (answer.subject != subject) continue;
    if (answer.remember != Remember::kFlow || answer.flows.contains(flow)) return &answer;
  }
  return nullptr;
}

void Consent::refuse(const Subject& subject, Time until, Steps& steps) {
  if (refused_.size() >= limits_.refusals) {
    refused_.erase(std::min_element(refused_.begin(), refused_.end(),
                                    [](const auto& a, const auto& b) { return a.second < b.second; }));
  }
  refused_[subject] = until;
  steps.rules = true;
}

void Consent::close(std::map<Id, Question>::iterator question, Why why, Steps& steps) {
  steps.dropped += held_.take(question->first).size();  // after an answer there is nothing left
  steps.rules = steps.rules || question->second.full;
  steps.closed.emplace_back(std::move(question->second), why);
  questions_.erase(question);
}

Consent::Steps Consent::nobody_there(Id question, Time now) {
  Steps steps;
  const auto found = questions_.find(question);
  if (found == questions_.end()) return steps;
  refuse(found->second.subject, now + limits_.nobody, steps);
  steps.refused.emplace_back(found->second.subject, Why::kNobody);
  close(found, Why::kNobody, steps);
  return steps;
}

// ---- answers -------------------------------------------------------------------------------------------------------

Result<Consent::Steps> Consent::answer(const std::string& user, const std::string& session, Id id, Choice choice,
                                       Remember remember, Time now) {
  const auto found = questions_.find(id);
  if (found == questions_.end() || found->second.subject.user != user) {
    return Error{Errc::kNotFound, "there is no question " + std::to_string(id) + ", or it is answered or too old"};
  }
  if (choice == Choice::kProtect && !found->second.may_protect) {
    return Error{Errc::kInvalid, "question " + std::to_string(id) + " cannot be answered by 'protect'"};
  }
  Steps steps;
  if (auto room = make_room(user, steps); !room) return room.error();
  const Question question = found->second;
  if (remember != Remember::kFlow) {
    std::erase_if(answers_, [&](const auto& entry) { return entry.second.subject == question.subject; });
  }
  Answer answer{id, question.subject, choice, remember, remember == Remember::kAlways ? "" : session, {}, now};
  if (remember == Remember::kFlow) answer.flows = question.flows;
  answers_.emplace(id, std::move(answer));
  steps.rules = true;
  steps.stored = remember == Remember::kAlways;
  if (choice != Choice::kRefuse) steps.go_on = held_.take(id);
  close(found, Why::kAnswered, steps);
  return steps;
}

// The oldest goes that does not hold for always: first one of the same user.
Result<void> Consent::make_room(const std::string& user, Steps& steps) {
  const auto make = [&](const std::string& whose, std::size_t most) -> Result<void> {
    const auto concerned = [&](const auto& entry) { return whose.empty() || entry.second.subject.user == whose; };
    const auto count = std::count_if(answers_.begin(), answers_.end(), concerned);
    if (static_cast<std::size_t>(count) < most) return {};
    const auto oldest = std::find_if(answers_.begin(), answers_.end(), [&](const auto& entry) {
      return concerned(entry) && entry.second.remember != Remember::kAlways;
    });
    if (oldest == answers_.end()) {
      return Error{Errc::kFull, "there are as many answers for always as there may be; delete some first"};
    }
    answers_.erase(oldest);
    steps.rules = true;
    return {};
  };
  if (auto of_user = make(user, limits_.answers_of_user); !of_user) return of_user;
  return make({}, limits_.answers);
}

void Consent::keep_for_session(Id id, const std::string& session) {
  const auto found = answers_.find(id);
  if (found == answers_.end()) return;
  found->second.remember = Remember::kSession;
  found->second.session = session;
}

Result<Consent::Steps> Consent::forget(const std::string& user, Id id) {
  const auto found = answers_.find(id);
  if (found == answers_.end() || (!user.empty() && found->second.subject.user != user)) {
    return Error{Errc::kNotFound, "there is no answer " + std::to_string(id)};
  }
  Steps steps;
  steps.rules = true;
  steps.stored = found->second.remember == Remember::kAlways;
  answers_.erase(found);
  return steps;
}

// ---- ends ----------------------------------------------------------------------------------------------------------

Consent::Steps Consent::session_ended(const std::string& session, const std::string& user, bool left) {
  Steps steps;
  steps.rules = std::erase_if(answers_, [&](const auto& entry) {
                  const Answer& a = entry.second;
                  return a.remember != Remember::kAlways && (a.session == session || (left && a.subject.user == user));
                }) > 0;
  if (!left) return steps;
  for (auto at = questions_.begin(); at != questions_.end();) {
    const auto question = at++;
    if (question->second.subject.user == user) close(question, Why::kLeft, steps);
  }
  const auto refused = std::erase_if(refused_, [&](const auto& entry) { return entry.first.user == user; });
  const auto too_many = std::erase_if(too_many_, [&](const auto& entry) { return entry.first.first == user; });
  steps.rules = steps.rules || refused + too_many > 0;
  return steps;
}

Consent::Steps Consent::user_deleted(const std::string& user) {
  Steps steps;
  steps.stored = std::erase_if(answers_, [&](const auto& entry) {
                   return entry.second.subject.user == user && entry.second.remember == Remember::kAlways;
                 }) > 0;
  steps.rules = steps.stored;
  return steps;
}

Consent::Steps Consent::tick(Time now) {
  Steps steps;
  for (auto at = questions_.begin(); at != questions_.end();) {
    const auto question = at++;
    if (question->second.until > now) continue;
    refuse(question->second.subject, now + limits_.silence, steps);
    steps.refused.emplace_back(question->second.subject, Why::kNoAnswer);
    close(question, Why::kNoAnswer, steps);
  }
  const auto over = [&](const auto& entry) { return entry.second <= now; };
  std::size_t changed = std::erase_if(refused_, over) + std::erase_if(too_many_, over);
  for (auto at = answers_.begin(); at != answers_.end();) {
    Answer& answer = at->second;
    const bool old = answer.remember == Remember::kFlow && answer.looked_at + limits_.flow <= now;
    if (old && answer.looking) {  // and nothing came
      at = answers_.erase(at);
      ++changed;
      continue;
    }
    if (old) {
      answer.looking = true;
      answer.looked_at = now;
      ++changed;
    }
    ++at;
  }
  steps.rules = steps.rules || changed > 0;
  return steps;
}

// ---- what there is -------------------------------------------------------------------------------------------------

void Consent::restore(std::vector<Answer> durable) {
  for (Answer& answer : durable) {
    answer.id = ++last_id_;
    answer.remember = Remember::kAlways;
    answers_.emplace(answer.id, std::move(answer));
  }
}

std::vector<Consent::Answer> Consent::durable() const {
  std::vector<Answer> out;
  for (const auto& [id, answer] : answers_) {
    if (answer.remember == Remember::kAlways) out.push_back(answer);
  }
  return out;
}

std::vector<policy::FrontRule> Consent::front_rules() const {
  std::vector<policy::FrontRule> of_flows;
  std::vector<policy::FrontRule> of_subjects;
  std::vector<policy::FrontRule> of_policies;
  for (const auto& [id, answer] : answers_) {
    const policy::FrontRule rule = rule_for(answer.subject, action_of(answer.choice));
    if (answer.remember != Remember::kFlow) of_subjects.push_back(rule);
    for (const Flow& flow : answer.flows) {
      of_flows.push_back(rule);
      of_flows.back().outbound = !answer.looking;
      of_flows.back().source = {answer.subject.protocol, flow.port, flow.port, {flow.source, flow.source}};
    }
  }
  for (const auto& [subject, until] : refused_) of_subjects.push_back(rule_for(subject, policy::Action::kDiscard));
  for (const auto& [id, question] : questions_) {
    if (question.full) of_subjects.push_back(rule_for(question.subject, policy::Action::kDiscard));
  }
  for (const auto& [whose, until] : too_many_) {
    policy::FrontRule rule{whose.second, whose.first};
    rule.action = policy::Action::kDiscard;
    of_policies.push_back(std::move(rule));
  }
  std::vector<policy::FrontRule> rules;
  put_behind(rules, std::move(of_flows));
  put_behind(rules, std::move(of_subjects));
  put_behind(rules, std::move(of_policies));
  return rules;
}

}  // namespace sallyport::gateway
