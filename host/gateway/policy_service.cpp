// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/policy_service.hpp"

#include <algorithm>
#include <charconv>

#include "host/gateway/commit_screens.hpp"
#include "host/gateway/edits.hpp"
#include "host/gateway/explain_request.hpp"
#include "host/gateway/policy_advice.hpp"
#include "host/gateway/policy_json.hpp"
#include "host/gateway/screens.hpp"
#include "host/policy/json.hpp"

namespace sallyport::gateway {
namespace {

namespace json = boost::json;
using policy::Configuration;

constexpr const char* kAreas[] = {"policies", "levels",  "expectations", "candidate", "rebase",
                                  "commit",   "confirm", "history",      "rollback"};
constexpr std::int64_t kLongestConfirmation = 86400;  // ours, in seconds
constexpr std::size_t kLongestComment = 500;          // ours, in bytes

// Without roles: who may use the socket.
std::string who_of(const api::Request& request) { return request.actor.empty() ? "administrator" : request.actor; }

Error unknown(const api::Request& request) {
  return {Errc::kNotFound, "there is no request " + request.method + " /v1/" + request.path[0]};
}

const json::value* member(const json::value& body, std::string_view name) {
  const auto* object = body.if_object();
  return object == nullptr ? nullptr : object->if_contains(name);
}

// The text of a member of the body; empty when it is not there.
std::string text_of(const json::value& body, std::string_view name) {
  const auto* value = member(body, name);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

// A policy from the words of the body; `extra` is a word that is not the policy's own.
Result<policy::Policy> policy_in(const json::value& body, std::string_view extra) {
  const auto* object = body.if_object();
  if (object == nullptr) return Error{Errc::kInvalid, "the body must be a JSON object with the words of a policy"};
  json::object words = *object;
  words.erase(extra);
  return policy_of(words);
}

// What a level is to stand for: its name is the last of the path.
Result<Commits::Edit> level_edit(const api::Request& request) {
  const auto level = parse_level(request.path.back());
  if (!level) {
    return Error{Errc::kNotFound, "there is no level '" + request.path.back() + "'; there are high, middle and low"};
  }
  const auto* texts = member(request.body, "esp_proposals");
  auto proposals = esp_proposals_of(texts == nullptr ? json::value() : *texts);
  if (!proposals) return proposals.error();
  return Commits::Edit([level = *level, proposals = std::move(*proposals)](Configuration& configuration) {
    return configuration.levels.set(level, proposals);
  });
}

Result<Commits::Edit> expectation_edit(const api::Request& request) {
  const std::string& name = request.path.back();
  if (request.method == "DELETE") {
    return Commits::Edit(
        [name](Configuration& configuration) { return policy::erase_expectation(configuration.expectations, name); });
  }
  const auto* object = request.body.if_object();
  if (object == nullptr)
    return Error{Errc::kInvalid, "the body must be a JSON object with the words of an expectation"};
  json::object words = *object;
  words["name"] = name;
  auto expectation = expectation_of(words);
  if (!expectation) return Error{expectation.error().code, "the expectation " + expectation.error().detail};
  return Commits::Edit([expectation = std::move(*expectation)](Configuration& configuration) {
    return policy::add_expectation(configuration.expectations, expectation);
  });
}

// Of what the path ends with: "levels" or "expectations", and a name.
Result<Commits::Edit> edit_of_part(const api::Request& request) {
  const std::string& part = *(request.path.end() - 2);
  if (part == "levels" && request.method == "PUT") return level_edit(request);
  if (part == "expectations" && (request.method == "POST" || request.method == "DELETE")) {
    return expectation_edit(request);
  }
  return unknown(request);
}

Result<CommitOptions> options_in(const api::Request& request) {
  CommitOptions options{who_of(request), text_of(request.body, "comment"), Order::kConnected, {}};
  if (options.comment.size() > kLongestComment) {
    return Error{Errc::kInvalid, "a comment has at most " + std::to_string(kLongestComment) + " bytes"};
  }
  if (const auto* force = member(request.body, "force")) {
    if (!force->is_bool()) return Error{Errc::kInvalid, "'force' must be true or false"};
    if (force->get_bool()) options.order = Order::kTried;
  }
  if (const auto* confirm = member(request.body, "confirm_s")) {
    const std::int64_t seconds = confirm->is_int64() ? confirm->get_int64() : 0;
    if (seconds < 1 || seconds > kLongestConfirmation) {
      return Error{Errc::kInvalid,
                   "'confirm_s' must be a number of seconds from 1 to " + std::to_string(kLongestConfirmation)};
    }
    options.confirm = std::chrono::seconds(seconds);
  }
  return options;
}

Result<std::uint32_t> number_in(const std::string& text) {
  std::uint32_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed == std::errc{} && end == text.data() + text.size()) return number;
  return Error{Errc::kInvalid, "'" + text + "' is no number of a configuration; see: sallyport history"};
}

OnOutcome answer_with(Gateway& gateway, api::Respond respond) {
  return [&gateway, respond = std::move(respond)](const Result<Outcome>& outcome) {
    if (!outcome) return respond(outcome.error());
    respond(json::value(json::object{{"generation", gateway.keeper().generation()},
                                     {"number", gateway.commits().configurations().newest().number},
                                     {"connected", outcome->connected},
                                     {"outcome", outcome->sentence}}));
  };
}

// The same of a policy that came in, with what is to be said about it and its neighbours.
OnOutcome answer_about(Gateway& gateway, Login* login, const std::string& policy, api::Respond respond) {
  return [&gateway, login, policy, respond = std::move(respond)](const Result<Outcome>& outcome) {
    if (!outcome) return respond(outcome.error());
    const auto answer = [&gateway, outcome = *outcome, respond](const std::vector<policy::Finding>& findings) {
      answer_with(gateway, [findings, respond](Result<json::value> said) {
        if (said) said->as_object()["findings"] = policy::to_json(findings);
        respond(std::move(said));
      })(outcome);
    };
    with_findings(login, gateway.keeper().policies(), policy, answer);
  };
}

OnCommit report_to(Gateway& gateway, api::Respond respond) {
  return [&gateway, respond = std::move(respond)](const Result<CommitReport>& report) {
    if (!report) return respond(report.error());
    json::object screen = report_screen(*report);
    screen["generation"] = gateway.keeper().generation();
    if (const auto left = gateway.commits().confirm_within()) screen["confirm_s"] = left->count();
    respond(json::value(std::move(screen)));
  };
}

}  // namespace

bool PolicyService::answers(const std::string& what) {
  return std::find(std::begin(kAreas), std::end(kAreas), what) != std::end(kAreas);
}

void PolicyService::call(const api::Request& request, api::Respond respond) {
  const std::string& what = request.path[0];
  if (request.path.size() > (what == "candidate" ? 3 : 2)) return respond(unknown(request));
  if (what == "levels") return levels(request, std::move(respond));
  if (what == "expectations") return expectations(request, std::move(respond));
  if (what == "policies") return policies(request, std::move(respond));
  if (what == "candidate" || what == "rebase") return candidate(request, respond);
  if (what == "history" && request.method == "GET") return history(request, respond);
  if (request.method == "POST" && request.path.size() == 1) return commit(request, respond);
  respond(unknown(request));
}

void PolicyService::levels(const api::Request& request, api::Respond respond) {
  const bool of_one = request.path.size() == 2;
  if (request.method == "GET" && !of_one) return respond(levels_screen(gateway_));
  auto edit = of_one ? edit_of_part(request) : unknown(request);
  if (!edit) return respond(edit.error());
  auto options = options_in(request);
  if (!options) return respond(options.error());
  gateway_.commits().commit_edit(std::move(*edit), std::move(*options), report_to(gateway_, std::move(respond)));
}

// An edit is answered with what it comes to.
void PolicyService::expectations(const api::Request& request, api::Respond respond) {
  if (request.method == "GET" && request.path.size() == 1) {
    const auto& all = gateway_.commits().configurations().configuration().expectations;
    return with_verdicts(gateway_, login_, [all, respond](const std::vector<policy::Verdict>& verdicts) {
      respond(json::value(expectations_screen(all, verdicts)));
    });
  }
  auto edit = request.path.size() == 2 ? edit_of_part(request) : unknown(request);
  if (!edit) return respond(edit.error());
  const auto with_them = [&gateway = gateway_, login = login_, respond](Result<json::value> report) {
    if (!report) return respond(std::move(report));
    with_verdicts(gateway, login, [report = std::move(*report), respond](const auto& verdicts) {
      json::object answer = report.as_object();
      for (const auto& member : policy::to_json(verdicts)) answer[member.key()] = member.value();
      respond(json::value(std::move(answer)));
    });
  };
  gateway_.commits().commit_edit(std::move(*edit), {who_of(request)}, report_to(gateway_, with_them));
}

// One edit, in force when it is answered.
void PolicyService::policies(const api::Request& request, api::Respond respond) {
  const bool of_one = request.path.size() == 2;
  const std::string who = who_of(request);
  if (request.method == "GET" && !of_one) {
    return with_findings(login_, gateway_.keeper().policies(), {},
                         [&gateway = gateway_, respond](const std::vector<policy::Finding>& findings) {
                           json::object screen = policies_screen(gateway);
                           screen["findings"] = policy::to_json(findings);
                           respond(json::value(std::move(screen)));
                         });
  }
  if (request.method == "DELETE" && of_one) {
    return delete_policy(gateway_, request.path[1], who, answer_with(gateway_, std::move(respond)));
  }
  if ((request.method != "POST" || of_one) && (request.method != "PUT" || !of_one)) return respond(unknown(request));
  auto policy = policy_in(request.body, of_one ? "" : "before");
  if (!policy) return respond(policy.error());
  if (of_one) policy->name = request.path[1];
  const Levels& levels = gateway_.commits().configurations().configuration().levels;
  if (auto fine = gateway_.check(*policy, levels); !fine) return respond(fine.error());
  auto answer = answer_about(gateway_, login_, policy->name, std::move(respond));
  if (of_one) return replace_policy(gateway_, std::move(*policy), who, std::move(answer));
  add_policy(gateway_, std::move(*policy), text_of(request.body, "before"), who, std::move(answer));
}

// An edit of what is not in force.
void PolicyService::candidate(const api::Request& request, const api::Respond& respond) {
  Commits& commits = gateway_.commits();
  const bool of_one = request.path.size() == 2;
  const auto& method = request.method;
  const auto show = [&gateway = gateway_, login = login_, respond](const Result<void>& done) {
    if (!done) return respond(done.error());
    const auto& configurations = gateway.commits().configurations();
    with_findings(login, configurations.edited().policies, {},
                  [&configurations, respond](const std::vector<policy::Finding>& findings) {
                    json::object screen = candidate_screen(configurations);
                    screen["findings"] = policy::to_json(findings);
                    respond(json::value(std::move(screen)));
                  });
  };
  if (request.path[0] == "rebase") {
    if (method != "POST" || of_one) return respond(unknown(request));
    return commits.rebase_candidate(show);
  }
  if (request.path.size() == 3) {
    auto edit = edit_of_part(request);
    if (!edit) return respond(edit.error());
    return commits.edit_candidate(std::move(*edit), show);
  }
  if (!of_one && method == "GET") return show({});
  if (!of_one && method == "DELETE") return commits.discard_candidate(show);
  const std::string before = text_of(request.body, "before");
  if (of_one && method == "DELETE") {
    return commits.edit_candidate(
        [name = request.path[1]](Configuration& c) { return policy::erase_policy(c.policies, name); }, show);
  }
  if (of_one && method == "POST") {
    return commits.edit_candidate(
        [name = request.path[1], before](Configuration& c) { return policy::move_policy(c.policies, name, before); },
        show);
  }
  if (method != (of_one ? "PUT" : "POST")) return respond(unknown(request));
  auto policy = policy_in(request.body, of_one ? "" : "before");
  if (!policy) return respond(policy.error());
  if (of_one) policy->name = request.path[1];
  const Levels& levels = commits.configurations().edited().levels;
  if (auto fine = gateway_.check(*policy, levels); !fine) return respond(fine.error());
  commits.edit_candidate(
      [policy = *policy, before, of_one](Configuration& c) {
        return of_one ? policy::replace_policy(c.policies, policy) : policy::insert_policy(c.policies, policy, before);
      },
      show);
}

void PolicyService::history(const api::Request& request, const api::Respond& respond) {
  if (request.path.size() == 1) return respond(history_screen(gateway_.commits()));
  const auto number = number_in(request.path[1]);
  if (!number) return respond(number.error());
  respond(configuration_screen(gateway_.commits().configurations(), *number));
}

// What is to be said about the candidate is known before anything is done, and stands in the answer whatever becomes of
// it.
void PolicyService::commit_candidate(CommitOptions options, const api::Respond& respond) {
  const auto judge = [&gateway = gateway_, options = std::move(options), respond](const policy::People& people) {
    struct Advice {
      std::vector<policy::Finding> findings;
      std::vector<policy::Verdict> verdicts;
    };
    const auto advice = std::make_shared<Advice>();
    CommitOptions asking = options;
    asking.may_commit = [&gateway, people, advice, options](const Configuration& candidate) {
      advice->findings = policy::examine(candidate.policies, people);
      advice->verdicts = verdicts_by(gateway, candidate, people);
      const auto fails = std::find_if(advice->verdicts.begin(), advice->verdicts.end(),
                                      [](const policy::Verdict& verdict) { return !verdict.holds; });
      if (fails == advice->verdicts.end()) return true;
      log::warning("expectation.failed", {{"expectation", fails->expectation}, {"why", fails->sentence}});
      return options.order == Order::kTried;
    };
    const auto with_advice = [advice, respond](Result<json::value> report) {
      if (report) {
        auto& object = report->as_object();
        object["findings"] = policy::to_json(advice->findings);
        for (const auto& member : policy::to_json(advice->verdicts)) object[member.key()] = member.value();
      }
      respond(std::move(report));
    };
    gateway.commits().commit_candidate(std::move(asking), report_to(gateway, with_advice));
  };
  const auto& edited = gateway_.commits().configurations().edited();
  with_people(login_, edited.policies, users_in(edited.expectations), judge);
}

void PolicyService::commit(const api::Request& request, const api::Respond& respond) {
  Commits& commits = gateway_.commits();
  const std::string& what = request.path[0];
  if (what == "confirm") {
    return commits.confirm([&commits, respond](const Result<void>& done) {
      if (!done) return respond(done.error());
      const std::uint32_t number = commits.configurations().newest().number;
      respond(json::value(
          json::object{{"number", number}, {"outcome", "configuration " + std::to_string(number) + " is confirmed"}}));
    });
  }
  auto options = options_in(request);
  if (!options) return respond(options.error());
  if (what == "commit") return commit_candidate(std::move(*options), respond);
  if (what != "rollback") return respond(unknown(request));
  const auto* number = member(request.body, "number");
  if (number == nullptr || !number->is_int64() || number->get_int64() < 1 || number->get_int64() > UINT32_MAX) {
    return respond(Error{Errc::kInvalid, "'number' must be the number of a configuration; see: sallyport history"});
  }
  commits.roll_back(static_cast<std::uint32_t>(number->get_int64()), std::move(*options), report_to(gateway_, respond));
}

}  // namespace sallyport::gateway
