// SPDX-License-Identifier: Apache-2.0
// The API's requests: which there are, and what they change.
#include "host/gateway/service.hpp"

#include "host/gateway/explain_request.hpp"
#include "host/gateway/policy_advice.hpp"
#include "host/gateway/screens.hpp"
#include "host/policy/json.hpp"

namespace sallyport::gateway {
namespace {

namespace json = boost::json;

// The text of a member of the body; empty when it is not there.
std::string text_of(const json::value& body, std::string_view name) {
  const auto* object = body.if_object();
  const auto* member = object == nullptr ? nullptr : object->if_contains(name);
  const auto* text = member == nullptr ? nullptr : member->if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

// A policy from the words of the body; `extra` is a word that is not the policy's own.
Result<policy::Policy> policy_of(const json::value& body, std::string_view extra) {
  const auto* object = body.if_object();
  if (object == nullptr) return Error{Errc::kInvalid, "the body must be a JSON object with the words of a policy"};
  policy::Policy out;
  for (const auto& member : *object) {
    const std::string word(member.key());
    if (word == extra) continue;
    const auto* text = member.value().if_string();
    if (text == nullptr) return Error{Errc::kInvalid, "'" + word + "' must be text"};
    if (auto set = policy::set_word(out, word, std::string(*text)); !set) {
      return Error{set.error().code == Errc::kNotFound ? Errc::kInvalid : set.error().code,
                   word + ": " + set.error().detail};
    }
  }
  return out;
}

OnOutcome answer_with(Gateway& gateway, api::Respond respond) {
  return [&gateway, respond = std::move(respond)](Result<Outcome> outcome) {
    if (!outcome) return respond(outcome.error());
    respond(json::value(json::object{{"generation", gateway.keeper().generation()},
                                     {"connected", outcome->connected},
                                     {"outcome", outcome->sentence}}));
  };
}

// The same of a policy that came in, with what is to be said about it and its neighbours.
OnOutcome answer_about(Gateway& gateway, Login* login, const std::string& policy, api::Respond respond) {
  return [&gateway, login, policy, respond = std::move(respond)](Result<Outcome> outcome) {
    if (!outcome) return respond(outcome.error());
    const auto answer = [&gateway, policy, outcome = *outcome, respond](const std::vector<policy::Finding>& findings) {
      answer_with(gateway, [findings, respond](Result<json::value> said) {
        if (said) said->as_object()["findings"] = policy::to_json(findings);
        respond(std::move(said));
      })(outcome);
    };
    with_findings(gateway, login, policy, answer);
  };
}

}  // namespace

// Whoever gets the name of a user who is deleted has not given their answers.
void GatewayService::call_of_users(const api::Request& request, api::Respond respond) {
  const bool deletes = request.method == "DELETE" && request.path.size() == 2 && request.path[0] == "users";
  if (!deletes) return login_->administration().call(request, std::move(respond));
  login_->administration().call(request,
                                [this, user = request.path[1], respond = std::move(respond)](Result<json::value> done) {
                                  if (done) gateway_.dialogue().user_deleted(user);
                                  respond(std::move(done));
                                });
}

void GatewayService::call(const api::Request& request, api::Respond respond) {
  const std::string what = request.path.empty() ? "" : request.path[0];
  if (UserService::answers(what)) {
    if (login_ != nullptr) return call_of_users(request, std::move(respond));
    return respond(Error{Errc::kNotFound, "nobody can log in at this gateway; write a section [users]"});
  }
  const bool of_one = request.path.size() == 2;
  const auto& body = request.body;
  const Error unknown{Errc::kNotFound, "there is no request " + request.method + " /v1/" + what};
  if (request.path.empty() || request.path.size() > 2 || (of_one && what != "policies" && what != "answers")) {
    return respond(unknown);
  }
  if (what == "answers" && request.method == "DELETE" && of_one) {
    return gateway_.dialogue().forget("", request.path[1], [respond](const Result<std::string>& forgotten) {
      forgotten ? respond(json::value(json::object{})) : respond(forgotten.error());
    });
  }

  if (request.method == "GET" && !of_one) {
    if (what == "status") return respond(status_screen(gateway_));
    if (what == "sas") return respond(sas_screen(gateway_));
    if (what == "policies") {
      return with_findings(gateway_, login_, {},
                           [&gateway = gateway_, respond](const std::vector<policy::Finding>& findings) {
                             json::object screen = policies_screen(gateway);
                             screen["findings"] = policy::to_json(findings);
                             respond(json::value(std::move(screen)));
                           });
    }
    if (what == "expectations") {
      return with_verdicts(gateway_, login_, [respond](const std::vector<policy::Verdict>& verdicts) {
        respond(json::value(policy::to_json(verdicts)));
      });
    }
    if (what == "levels") return respond(levels_screen(gateway_));
    if (what == "answers") return respond(json::value(json::object{{"answers", gateway_.dialogue().answers_of("")}}));
    if (what == "counters") return respond(counters_screen(gateway_));
    if (what == "card") return respond(card_screen(gateway_));
    return respond(unknown);
  }
  if (what == "explain" && request.method == "POST") {
    return explain_packet(gateway_, login_, body, std::move(respond));
  }
  if (what == "policies" && request.method == "DELETE" && of_one) {
    return gateway_.delete_policy(request.path[1], answer_with(gateway_, std::move(respond)));
  }
  if (what == "policies" && ((request.method == "POST" && !of_one) || (request.method == "PUT" && of_one))) {
    auto policy = policy_of(body, of_one ? "" : "before");
    if (!policy) return respond(policy.error());
    if (of_one) policy->name = request.path[1];
    auto answer = answer_about(gateway_, login_, policy->name, std::move(respond));
    if (of_one) return gateway_.replace_policy(std::move(*policy), std::move(answer));
    return gateway_.add_policy(std::move(*policy), text_of(body, "before"), std::move(answer));
  }
  if (request.method == "POST" && (what == "initiate" || what == "terminate" || what == "rekey")) {
    const std::string connection = text_of(body, "connection");
    const std::string child = text_of(body, "child");
    if (connection.empty()) return respond(Error{Errc::kInvalid, "'connection' is missing"});
    auto answer = answer_with(gateway_, std::move(respond));
    if (what == "terminate") return gateway_.terminate(connection, child, std::move(answer));
    if (what == "rekey") return gateway_.rekey(connection, child, std::move(answer));
    if (child.empty()) return answer(Error{Errc::kInvalid, "'child' is missing"});
    return gateway_.initiate(connection, child, std::move(answer));
  }
  respond(unknown);
}

}  // namespace sallyport::gateway
