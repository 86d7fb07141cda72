// SPDX-License-Identifier: Apache-2.0
// The API's requests: which there are, and what they change.
#include "host/gateway/service.hpp"

#include "host/gateway/explain_request.hpp"
#include "host/gateway/policy_service.hpp"
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

OnOutcome answer_with(Gateway& gateway, api::Respond respond) {
  return [&gateway, respond = std::move(respond)](Result<Outcome> outcome) {
    if (!outcome) return respond(outcome.error());
    respond(json::value(json::object{{"generation", gateway.keeper().generation()},
                                     {"connected", outcome->connected},
                                     {"outcome", outcome->sentence}}));
  };
}

}  // namespace

void GatewayService::call(const api::Request& request, api::Respond respond) {
  const std::string what = request.path.empty() ? "" : request.path[0];
  if (UserService::answers(what)) {
    if (login_ != nullptr) return login_->administration().call(request, std::move(respond));
    return respond(Error{Errc::kNotFound, "nobody can log in at this gateway; write a section [users]"});
  }
  if (PolicyService::answers(what)) return PolicyService(gateway_, login_).call(request, std::move(respond));
  const auto& body = request.body;
  const Error unknown{Errc::kNotFound, "there is no request " + request.method + " /v1/" + what};
  if (request.path.size() != 1) return respond(unknown);

  if (request.method == "GET") {
    if (what == "status") return respond(status_screen(gateway_));
    if (what == "sas") return respond(sas_screen(gateway_));
    if (what == "expectations") {
      return with_verdicts(gateway_, login_, [respond](const std::vector<policy::Verdict>& verdicts) {
        respond(json::value(policy::to_json(verdicts)));
      });
    }
    if (what == "levels") return respond(levels_screen(gateway_));
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
