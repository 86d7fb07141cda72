// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/explain_request.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "host/gateway/policy_advice.hpp"
#include "host/policy/explain.hpp"

namespace sallyport::gateway {
namespace {

namespace json = boost::json;
using policy::Action;
using policy::Question;
using policy::UsersOnLine;

std::string in_quotes(const std::string& name) { return "'" + name + "'"; }

Result<Question> question_of(const json::value& body) {
  const auto* object = body.if_object();
  if (object == nullptr) return Error{Errc::kInvalid, "the body must be a JSON object with the words of a question"};
  Question question;
  for (const auto& member : *object) {
    const std::string word(member.key());
    const auto* text = member.value().if_string();
    if (text == nullptr) return Error{Errc::kInvalid, in_quotes(word) + " must be text"};
    if (auto set = policy::set_word(question, word, std::string(*text)); !set) {
      return Error{Errc::kInvalid, word + ": " + set.error().detail};
    }
  }
  if (auto valid = policy::validate(question); !valid) {
    return Error{Errc::kInvalid, "the question " + valid.error().detail};
  }
  return question;
}

// Whose packets those from this address are; 0: nobody's.
std::uint16_t principal_at(const UsersOnLine& users, const IpAddress& address) {
  for (const auto& [name, one] : users) {
    if (std::find(one.addresses.begin(), one.addresses.end(), address) != one.addresses.end()) return one.principal;
  }
  return 0;
}

std::uint16_t unused_principal(const UsersOnLine& users) {
  std::uint16_t number = 1;
  while (std::any_of(users.begin(), users.end(), [&](const auto& user) { return user.second.principal == number; })) {
    ++number;
  }
  return number;
}

// What the card does by a rule of this policy, and what becomes of a flow's first packet.
std::string fate(const policy::Explanation& found, const InstalledSa* sa) {
  if (!found.policy) return "no policy matches, so it is discarded";
  const policy::Policy& decides = *found.policy;
  const std::string by = "policy " + in_quotes(decides.name) + " decides: ";
  const std::string as_answered = decides.action == Action::kAsk ? ", as its user has answered" : "";
  switch (found.rule.action) {
    case layout::Action::kBypass:
      return by + "it leaves in the clear" + as_answered;
    case layout::Action::kProtect:
      if (sa == nullptr) return by + "it is protected";
      return by + "it is protected by " + in_quotes(sa->target) + ", which is up with " + sa->remote.to_string() +
             ", by " + sa->algorithm;
    case layout::Action::kHost:
      if (decides.action == Action::kAsk) return by + "the first packet is held while its user is asked";
      if (decides.tell)
        return by + "its user is told, and then it " +
               (decides.does() == Action::kBypass ? "leaves in the clear" : "is discarded");
      return by + in_quotes(decides.target()) + " is not up; the first packet is held while it connects";
    case layout::Action::kDiscard:
      break;
  }
  if (decides.does() != Action::kProtect) return by + "it is discarded";
  return by + in_quotes(decides.target()) +
         " does not carry it, as nobody brought it up or its peer wants less; it is discarded";
}

json::object answer_of(Gateway& gateway, std::string_view as, const UsersOnLine& users, std::uint16_t principal,
                       const Question& question) {
  CardKeeper& keeper = gateway.keeper();
  const policy::Compile compile = [&](const auto& policies, const auto& with) {
    return keeper.compile(policies, with);
  };
  const auto found = policy::explain(keeper.numbered(), compile, users, principal, question);
  json::array before;
  for (const auto& passed : found.before) {
    before.push_back(json::object{{"policy", passed.policy},
                                  {"reasons", json::array(passed.reasons.begin(), passed.reasons.end())}});
  }
  const auto sa = std::find_if(keeper.sas().begin(), keeper.sas().end(), [&](const InstalledSa& one) {
    return found.rule.action == layout::Action::kProtect && one.row == found.rule.sa_index;
  });
  const InstalledSa* by = sa == keeper.sas().end() ? nullptr : &*sa;
  json::object out{{"as", as},
                   {"policy", found.policy ? found.policy->name : ""},
                   {"action", policy::to_string(found.policy ? found.policy->does() : Action::kDiscard)},
                   {"sentence", fate(found, by)},
                   {"before", std::move(before)}};
  if (by != nullptr) {
    out["sa"] = json::object{{"target", by->target},
                             {"remote_address", by->remote.to_string()},
                             {"algorithm", by->algorithm},
                             {"spi_out", to_string(by->spi_out)}};
  }
  return out;
}

// What nobody is known to have: those of the LAN's networks behind the gateway's own.
std::vector<IpAddress> lan_hosts(const Gateway& gateway) {
  std::vector<IpAddress> hosts;
  for (const auto& a : gateway.config().lan.addresses) {
    hosts.push_back(IpAddress::from_number(a.address.number().next()));
  }
  return hosts;
}

json::value explained(Gateway& gateway, Question question, const policy::People& people) {
  UsersOnLine users = gateway.keeper().users();
  const auto on_line = users.find(question.user);
  json::array notes;
  if (!question.from && on_line != users.end() && !on_line->second.addresses.empty()) {
    for (const IpAddress& address : on_line->second.addresses) {
      if (address.is_v4() == question.to.is_v4()) question.from = address;
    }
  }
  if (!question.from) {
    question.from = policy::host_for(question.to, lan_hosts(gateway));
    if (!question.from) {
      notes.emplace_back("the LAN has no address of this IP version, so the packet is taken to come from none");
      question.from = question.to.is_v4() ? IpAddress() : IpAddress::from_number({});
    }
  }
  if (!question.at) question.at = gateway.week_minute();
  const std::uint16_t here = principal_at(users, *question.from);

  json::array answers;
  if (question.user.empty()) {
    answers.push_back(answer_of(gateway, "now", users, here, question));
  } else if (on_line != users.end()) {
    const auto& at = on_line->second.addresses;
    if (!at.empty() && std::find(at.begin(), at.end(), *question.from) == at.end()) {
      notes.emplace_back(in_quotes(question.user) + " is logged in elsewhere than at " + question.from->to_string() +
                         ": by its address alone the card would not know the packet as theirs");
    }
    answers.push_back(answer_of(gateway, "now", users, on_line->second.principal, question));
  } else {
    notes.emplace_back(in_quotes(question.user) + " is not logged in");
    const auto known = people.groups_of.find(question.user);
    if (known == people.groups_of.end()) {
      notes.emplace_back("the directory does not know " + in_quotes(question.user) +
                         ", so their groups are those that a RADIUS server may tell at the login");
    }
    UsersOnLine with_them = users;
    policy::OnLine& one = with_them[question.user];
    one.principal = unused_principal(users);
    if (known != people.groups_of.end()) one.groups.assign(known->second.begin(), known->second.end());
    one.addresses = {*question.from};
    answers.push_back(answer_of(gateway, "logged in", with_them, one.principal, question));
    answers.push_back(answer_of(gateway, "now", users, here, question));
  }
  std::string packet = question.to_string();
  if (!question.user.empty()) packet += ", of " + question.user;
  return json::object{{"packet", packet + ", " + policy::to_string(*question.at)},
                      {"notes", std::move(notes)},
                      {"answers", std::move(answers)}};
}

}  // namespace

void explain_packet(Gateway& gateway, Login* login, const json::value& body, api::Respond respond) {
  const auto question = question_of(body);
  if (!question) return respond(question.error());
  with_people(login, gateway.keeper().policies(), {question->user},
              [&gateway, question = *question, respond = std::move(respond)](const policy::People& people) {
                respond(explained(gateway, question, people));
              });
}

void with_verdicts(Gateway& gateway, Login* login, std::function<void(std::vector<policy::Verdict>)> then) {
  policy::Configuration in_force = gateway.commits().configurations().configuration();
  in_force.policies = gateway.keeper().policies();  // some may have their old words still
  const auto users = users_in(in_force.expectations);
  with_people(login, gateway.keeper().policies(), users,
              [&gateway, in_force = std::move(in_force), then = std::move(then)](const policy::People& people) {
                then(verdicts_by(gateway, in_force, people));
              });
}

std::vector<policy::Verdict> verdicts_by(const Gateway& gateway, const policy::Configuration& configuration,
                                         const policy::People& people) {
  return policy::test(configuration.policies, people, configuration.expectations,
                      {lan_hosts(gateway), gateway.week_minute()});
}

std::set<std::string> users_in(const policy::Expectations& expectations) {
  std::set<std::string> users;
  for (const auto& e : expectations) users.insert(e.question.user);
  return users;
}

}  // namespace sallyport::gateway
