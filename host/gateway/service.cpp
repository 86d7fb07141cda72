// SPDX-License-Identifier: Apache-2.0
// The API's requests: which there are, and what they change.
#include "host/gateway/service.hpp"

#include "host/gateway/explain_request.hpp"
#include "host/gateway/policy_service.hpp"
#include "host/gateway/screens.hpp"

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

OnOutcome answer_with(Gateway& gateway, api::Respond respond) {
  return [&gateway, respond = std::move(respond)](Result<Outcome> outcome) {
    if (!outcome) return respond(outcome.error());
    respond(json::value(json::object{{"generation", gateway.keeper().generation()},
                                     {"connected", outcome->connected},
                                     {"outcome", outcome->sentence}}));
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
  if (PolicyService::answers(what)) return PolicyService(gateway_, login_).call(request, std::move(respond));
  const auto& body = request.body;
  const Error unknown{Errc::kNotFound, "there is no request " + request.method + " /v1/" + what};
  const bool of_one = request.path.size() == 2;
  if (request.path.empty() || request.path.size() > 2 || (of_one && what != "answers")) return respond(unknown);
  if (what == "answers" && request.method == "DELETE" && of_one) {
    return gateway_.dialogue().forget("", request.path[1], [respond](const Result<std::string>& forgotten) {
      forgotten ? respond(json::value(json::object{})) : respond(forgotten.error());
    });
  }

  if (request.method == "GET" && !of_one) {
    if (what == "status") return respond(status_screen(gateway_));
    if (what == "sas") return respond(sas_screen(gateway_));
    if (what == "answers") return respond(json::value(json::object{{"answers", gateway_.dialogue().answers_of("")}}));
    if (what == "counters") return respond(counters_screen(gateway_));
    if (what == "card") return respond(card_screen(gateway_));
    return respond(unknown);
  }
  if (what == "explain" && request.method == "POST") {
    return explain_packet(gateway_, login_, body, std::move(respond));
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
