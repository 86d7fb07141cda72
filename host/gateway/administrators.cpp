// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/administrators.hpp"

#include <unistd.h>

#include <boost/json.hpp>

#include "host/base/log.hpp"

namespace sallyport::gateway {
namespace {

namespace json = boost::json;
using std::chrono::steady_clock;
using users::Role;

// Ours: whoever may open the socket must not be able to fill the directory's disk. The journal has them all.
constexpr auto kNewsAgain = std::chrono::minutes(1);
constexpr std::size_t kMostRefusals = 100;

// One that outlives the call it came with; its body stays where it is wiped.
std::shared_ptr<api::Request> kept(const api::Request& request) {
  auto copy = std::make_shared<api::Request>();
  copy->method = request.method;
  copy->path = request.path;
  copy->after = request.after;
  copy->body = json::value(request.body, request.body.storage());
  copy->uid = request.uid;
  return copy;
}

std::string what(const api::Request& request) {
  std::string text = request.method + " /v1";
  for (const auto& part : request.path) text += "/" + part;
  return text;
}

// Of a part of the configuration, by its name.
std::string part_action(const std::string& part, const std::string& method) {
  if (part == "levels") return "level.set";
  return method == "DELETE" ? "expectation.delete" : "expectation.add";
}

// "policy.add": as the audit log names what was done. Empty: nothing that it must know, or that it is told of anyway.
std::string action(const api::Request& request) {
  const std::string area = request.path.empty() ? "" : request.path[0];
  if (request.method == "GET" || area == "explain" || UserService::answers(area)) return {};
  if (area == "answers") return "answer.delete";
  if (area == "levels" || area == "expectations") return part_action(area, request.method);
  if (area == "candidate" && request.path.size() > 2)
    return "candidate." + part_action(request.path[1], request.method);
  if (area != "policies" && area != "candidate") return area;
  const std::string of = area == "policies" ? "policy." : "candidate.";
  if (request.method == "DELETE") return of + "delete";
  if (request.method == "PUT") return of + "replace";
  return of + (request.path.size() > 1 ? "move" : "add");
}

// The policy, connection or whatever else it is about.
std::string subject(const api::Request& request) {
  if (request.path.size() > 1) return request.path.back();
  const auto* body = request.body.if_object();
  for (const char* word : {"name", "connection"}) {
    const auto* value = body == nullptr ? nullptr : body->if_contains(word);
    if (value != nullptr && value->is_string()) return std::string(value->get_string());
  }
  return {};
}

}  // namespace

Role Administrators::needed(const api::Request& request) {
  const std::string area = request.path.empty() ? "" : request.path[0];
  const std::string which = request.path.size() > 1 ? request.path[1] : "";
  if (request.method == "GET") return area == "export" && which == "hashes" ? Role::kAdminister : Role::kView;
  if (request.method == "POST") {
    if (area == "explain" || (area == "audit" && which == "verify")) return Role::kView;
    if (area == "initiate" || area == "terminate" || area == "rekey") return Role::kOperate;
  }
  if (request.method == "DELETE" && (area == "sessions" || area == "answers")) return Role::kOperate;
  return Role::kAdminister;
}

void Administrators::call(const api::Request& request, api::Respond respond) {
  const auto by_itself = [&](const std::string& name) {
    auto copy = kept(request);
    copy->actor = name;
    pass(*copy, std::move(respond));
  };
  if (!request.uid) return refuse("nobody", request, "nobody knows who asks", std::move(respond));
  const std::uint32_t uid = *request.uid;
  if (uid == 0) return by_itself("root");
  if (uid == ::geteuid()) return by_itself("the daemon's user");
  if (login_ == nullptr) {
    return refuse("uid " + std::to_string(uid), request,
                  "only root may ask: without a section [users] the gateway knows no other administrator",
                  std::move(respond));
  }
  login_->administration().of_uid(uid, [this, uid, request = kept(request),
                                        respond = std::move(respond)](const Result<UserService::Administrator>& found) {
    if (!found) return refuse("uid " + std::to_string(uid), *request, found.error().detail, respond);
    if (!found->role) {
      return refuse(found->name, *request,
                    "'" + found->name + "' is no administrator; to be made one by: sallyport user change " +
                        found->name + " --role view",
                    respond);
    }
    const Role least = needed(*request);
    if (*found->role < least) {
      return refuse(found->name, *request,
                    "this needs the role '" + std::string(users::to_string(least)) + "', and '" + found->name +
                        "' has '" + std::string(users::to_string(*found->role)) + "'",
                    respond);
    }
    request->actor = found->name;
    pass(*request, respond);
  });
}

void Administrators::refuse(const std::string& who, const api::Request& request, const std::string& why,
                            api::Respond respond) {
  const std::string refused = what(request);
  log::warning("request.denied", {{"who", who}, {"what", refused}, {"why", why}});
  const auto told = [why, respond = std::move(respond)] { respond(Error{Errc::kDenied, why}); };
  if (!is_news(who + " " + refused)) return told();
  record(who, "request.denied", refused, why, told);
}

bool Administrators::is_news(const std::string& refusal) {
  const auto now = steady_clock::now();
  std::erase_if(refused_, [now](const auto& known) { return known.second <= now; });
  return refused_.size() < kMostRefusals && refused_.emplace(refusal, now + kNewsAgain).second;
}

// Without a directory there is no audit log; the journal has what was done.
void Administrators::record(const std::string& by, const std::string& action, const std::string& subject,
                            const std::string& detail, std::function<void()> then) {
  if (login_ == nullptr) return then();
  login_->administration().record(by, action, subject, detail, [then = std::move(then)](const Result<void>& written) {
    if (!written) log::error("audit.not_written", {{"why", written.error().detail}});
    then();
  });
}

void Administrators::pass(const api::Request& request, api::Respond respond) {
  const std::string done = action(request);
  if (done.empty()) return behind_.call(request, std::move(respond));
  const auto told = [this, done, by = request.actor, about = subject(request), words = json::serialize(request.body),
                     respond = std::move(respond)](Result<json::value> answer) {
    if (!answer) return respond(std::move(answer));
    log::info("administrator.did", {{"by", by}, {"what", done}, {"subject", about}});
    // It is in force whether or not the log can be written; whoever asked is answered when it is.
    record(by, done, about, words == "null" ? "" : words, [answer, respond] { respond(answer); });
  };
  behind_.call(request, told);
}

}  // namespace sallyport::gateway
