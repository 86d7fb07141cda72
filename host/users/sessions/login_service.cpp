// SPDX-License-Identifier: Apache-2.0
#include "host/users/sessions/login_service.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "host/api/wiped.hpp"

namespace sallyport::users {
namespace {

namespace json = boost::json;

// What an answer may hold, whatever the method.
constexpr std::size_t kMostWords = 8;
constexpr std::size_t kLongestWord = 32;
constexpr std::size_t kLongestValue = 4096;  // an RSA signature of 16384 bits in hexadecimal digits
constexpr std::size_t kLongestText = 256;

Error wrong(const std::string& sentence) { return {Errc::kInvalid, sentence}; }

Result<std::string> text(const json::value& body, std::string_view key) {
  const auto* object = body.if_object();
  const auto* value = object == nullptr ? nullptr : object->if_contains(key);
  if (value == nullptr || !value->is_string() || value->get_string().size() > kLongestText) {
    return wrong("'" + std::string(key) + "' must be a text of at most " + std::to_string(kLongestText) +
                 " characters");
  }
  return std::string(value->get_string());
}

Result<std::uint32_t> uid(const json::value& body) {
  const auto* object = body.if_object();
  const auto* value = object == nullptr ? nullptr : object->if_contains("uid");
  boost::system::error_code failure;
  const auto number = value == nullptr || !value->is_number() ? 0 : value->to_number<std::uint32_t>(failure);
  if (value == nullptr || !value->is_number() || failure) return wrong("'uid' must be a number of 32 bits");
  return number;
}

// "marking": "tag"; without it the session is its computer's address.
Result<bool> tagged(const json::value& body) {
  const auto* object = body.if_object();
  const auto* value = object == nullptr ? nullptr : object->if_contains("marking");
  if (value == nullptr) return false;
  if (*value != "tag") return wrong("'marking' must be tag, or not be there");
  return true;
}

// {"answer": {"password": "...", ...}}; none when it is not there.
Result<std::optional<Answer>> answer_in(const json::value& body) {
  const auto* object = body.if_object();
  const auto* value = object == nullptr ? nullptr : object->if_contains("answer");
  if (value == nullptr) return std::optional<Answer>();
  const auto* words = value->if_object();
  if (words == nullptr || words->size() > kMostWords) {
    return wrong("'answer' must be an object of at most " + std::to_string(kMostWords) + " texts");
  }
  Answer answer;
  for (const auto& [word, content] : *words) {
    if (word.size() > kLongestWord || !content.is_string() || content.get_string().size() > kLongestValue) {
      return wrong("'answer' must hold texts of at most " + std::to_string(kLongestValue) + " characters");
    }
    const auto& characters = content.get_string();
    answer.set(std::string(word), Secret(as_bytes({characters.data(), characters.size()})));
  }
  return std::optional(std::move(answer));
}

json::object words_of(const Challenge& challenge) {
  json::object out;
  for (const auto& [word, value] : challenge) out[word] = value;
  return out;
}

std::int64_t seconds_until(Session::Time then, Session::Time now) {
  return std::max<std::int64_t>(0, std::chrono::round<std::chrono::seconds>(then - now).count());
}

json::array texts(const std::vector<IpAddress>& addresses) {
  json::array out;
  for (const IpAddress& address : addresses) out.emplace_back(address.to_string());
  return out;
}

json::object description(const Tag& tag) {
  json::object out(api::wiped_storage());
  std::string key = to_hex(tag.key.reveal());
  out["handle"] = tag.handle;
  out["key"] = key;
  out["plain"] = tag.plain;
  wipe({reinterpret_cast<std::uint8_t*>(key.data()), key.size()});
  return out;
}

json::object description(const Session& session, Session::Time now) {
  json::array groups(session.groups.begin(), session.groups.end());
  return {{"session", session.id},
          {"user", session.user},
          {"groups", std::move(groups)},
          {"method", session.method},
          {"address", session.address.to_string()},
          {"also_at", texts(session.other_addresses())},
          {"uid", session.uid},
          {"begun_s", seconds_until(now, session.begun)},
          {"lifetime_s", seconds_until(session.ends, now)},
          {"renewal_s", seconds_until(session.renew_by, now)}};
}

}  // namespace

bool LoginService::call_questions(const api::Request& request, const IpAddress& from, const api::Respond& respond) {
  const bool of_one = request.path.size() == 2;
  const std::string what = request.path.empty() ? "" : request.path[0];
  const bool lists = request.method == "GET" && request.path.size() == 1 && (what == "questions" || what == "answers");
  const bool changes = of_one && what == "answers" && (request.method == "POST" || request.method == "DELETE");
  if (!lists && !changes) return false;
  const auto session = desk_.status(request.token, from);
  if (!session) {
    respond(session.error());
    return true;
  }
  if (lists) {
    json::array all =
        what == "questions" ? questions_.open_questions(session->user) : questions_.answers_of(session->user);
    respond(json::value(json::object{{what, std::move(all)}}));
    return true;
  }
  const bool takes_back = request.method == "DELETE";
  const auto done = [this, respond, takes_back, user = session->user](const Result<std::string>& answered) {
    if (!answered) return respond(answered.error());
    desk_.record(user, takes_back ? "answer.deleted" : "answer.given", *answered);
    respond(json::value(json::object{}));
  };
  if (takes_back) {
    questions_.forget(session->user, request.path[1], done);
    return true;
  }
  const auto choice = text(request.body, "choice");
  const auto remember = text(request.body, "remember");
  if (!choice || !remember) {
    respond(choice ? remember.error() : choice.error());
  } else {
    questions_.answer(*session, request.path[1], *choice, *remember, done);
  }
  return true;
}

void LoginService::call(const api::Request& request, api::Respond respond) {
  const auto from = IpAddress::parse(request.from);
  if (!from) return respond(wrong("a request from nowhere"));
  if (call_questions(request, *from, respond)) return;
  const auto asks = [&](std::string_view method, std::initializer_list<std::string_view> path) {
    return request.method == method && std::equal(path.begin(), path.end(), request.path.begin(), request.path.end(),
                                                  [](std::string_view wanted, const std::string& given) {
                                                    return wanted == "*" || wanted == given;
                                                  });
  };

  if (asks("GET", {"methods"})) {
    json::array methods;
    for (const auto& m : desk_.methods()) {
      methods.push_back(json::object{{"name", m.name}, {"proves_presence", m.proves_presence}});
    }
    return respond(json::value(json::object{{"methods", std::move(methods)}}));
  }

  if (asks("POST", {"logins"})) {
    const auto method = text(request.body, "method");
    if (!method) return respond(method.error());
    const auto user = text(request.body, "user");
    if (!user) return respond(user.error());
    const auto number = uid(request.body);
    if (!number) return respond(number.error());
    const auto marked = tagged(request.body);
    if (!marked) return respond(marked.error());
    return desk_.start(*method, *user, *from, *number, *marked, [respond](const Result<LoginDesk::Started>& started) {
      if (!started) return respond(started.error());
      respond(json::value(json::object{{"login", started->login}, {"challenge", words_of(started->challenge)}}));
    });
  }

  auto answer = answer_in(request.body);
  if (!answer) return respond(answer.error());

  if (asks("POST", {"logins", "*"})) {
    if (!*answer) return respond(wrong("'answer' is missing"));
    return desk_.answer(request.path[1], *from, std::move(**answer),
                        [this, respond](const Result<Sessions::Begun>& begun) {
                          if (!begun) return respond(begun.error());
                          json::object out(api::wiped_storage());
                          out = description(begun->session, desk_.now());
                          const Bytes token = begun->token.reveal();
                          out["token"] = json::string_view(reinterpret_cast<const char*>(token.data()), token.size());
                          if (begun->tag) {
                            out["tag"] = description(*begun->tag);
                            out["gateway_addresses"] = texts(desk_.addresses());
                          }
                          respond(json::value(std::move(out)));
                        });
  }
  if (asks("GET", {"session"})) {
    const auto session = desk_.status(request.token, *from);
    if (!session) return respond(session.error());
    return respond(json::value(description(*session, desk_.now())));
  }
  if (asks("POST", {"session", "renew"})) {
    return desk_.renew(request.token, *from, std::move(*answer), [respond](const Result<LoginDesk::Renewal>& renewal) {
      if (!renewal) return respond(renewal.error());
      json::object out{{"renewal_s", renewal->within.count()}};
      if (renewal->challenge) out["challenge"] = words_of(*renewal->challenge);
      respond(json::value(std::move(out)));
    });
  }
  if (asks("POST", {"session", "addresses"})) {
    const auto within = desk_.join(request.token, *from);
    if (!within) return respond(within.error());
    return respond(json::value(json::object{{"renewal_s", within->count()}}));
  }
  if (asks("POST", {"session", "logout"})) {
    const auto reason = text(request.body, "reason");
    if (!reason) return respond(reason.error());
    if (*reason != "logout" && *reason != "card_removed") {
      return respond(wrong("'reason' must be logout or card_removed"));
    }
    return desk_.log_out(request.token, *from, *reason == "logout" ? EndReason::kLogout : EndReason::kCardRemoved,
                         [respond](const Result<void>& done) {
                           if (!done) return respond(done.error());
                           respond(json::value(json::object{}));
                         });
  }
  respond(Error{Errc::kNotFound, "there is no such request; see /v1/methods"});
}

Result<void> LoginService::listen(const api::Request& request, std::shared_ptr<api::EventStream> stream) {
  const auto from = IpAddress::parse(request.from);
  if (!from) return wrong("a request from nowhere");
  if (request.method != "GET" || request.path != std::vector<std::string>{"events"}) {
    return Error{Errc::kNotFound, "there are no such events"};
  }
  return desk_.listen(request.token, *from, std::move(stream));
}

}  // namespace sallyport::users
