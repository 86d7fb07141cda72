// SPDX-License-Identifier: Apache-2.0
#include "host/login/keeper.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>

#include "host/api/events.hpp"
#include "host/api/exchange.hpp"
#include "host/base/text.hpp"

namespace sallyport::login {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kPatience = seconds(10);         // for one answer
constexpr auto kPatienceOfOthers = seconds(3);  // where the gateway may not be reached
constexpr auto kLookAtCard = milliseconds(500);
constexpr auto kTryAgain = seconds(5);  // what did not reach the gateway
constexpr auto kSilence = seconds(60);  // of a stream of events, in which the gateway's heart beats

const json::value* member(const json::value& value, std::string_view key) {
  const auto* object = value.if_object();
  return object == nullptr ? nullptr : object->if_contains(key);
}

std::string text(const json::value& value, std::string_view key) {
  const auto* found = member(value, key);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::int64_t number(const json::value& value, std::string_view key) {
  const auto* found = member(value, key);
  boost::system::error_code failure;
  const auto out = found != nullptr && found->is_number() ? found->to_number<std::int64_t>(failure) : 0;
  return failure ? 0 : out;
}

bool is_ipv6(const std::string& address) { return address.find(':') != std::string::npos; }

Error strange() { return {Errc::kCorrupt, "the gateway answers what is no answer; is it of another version?"}; }

}  // namespace

Keeper::Keeper(asio::io_context& loop, std::unique_ptr<api::TlsClient> gateway, Prover& prover)
    : loop_(loop),
      gateway_(std::move(gateway)),
      prover_(prover),
      end_of_marking_(loop),
      renewal_(loop),
      watching_(loop) {}

Result<json::value> Keeper::ask(const std::string& method, const std::string& target, const json::value& body) {
  const auto answer = gateway_->exchange({method, target, body, token_}, kPatience);
  if (!answer) return answer.error();
  auto said = api::body_of(*answer);
  if (!said) return Error{said.error().code, on_one_line(said.error().detail)};
  return said;
}

Result<void> Keeper::log_in(const std::string& method, const std::string& user, std::uint32_t uid, bool marking) {
  json::object wanted{{"method", method}, {"user", user}, {"uid", uid}};
  if (marking) wanted["marking"] = "tag";
  const auto started = ask("POST", "/v1/logins", wanted);
  if (!started) return started.error();
  const std::string login = text(*started, "login");
  const auto* challenge = member(*started, "challenge");
  if (login.empty() || challenge == nullptr || !challenge->is_object()) return strange();
  auto proof = prover_.answer({login, gateway_->key_digest()}, challenge->get_object());
  if (!proof) return proof.error();
  json::object body(api::wiped_storage());
  body["answer"] = std::move(*proof);
  begun_ = Clock::now();
  auto session = ask("POST", "/v1/logins/" + api::path_segment(login), json::value(std::move(body)));
  if (!session) return session.error();
  const auto* token = session->is_object() ? session->get_object().if_contains("token") : nullptr;
  if (token == nullptr || !token->is_string() || token->get_string().empty() || number(*session, "renewal_s") <= 0) {
    return strange();
  }
  token_ = Secret(as_bytes(token->get_string()));
  auto taken = marking ? take_tag(*session) : Result<void>();
  // Before there is a copy: the answer's memory is wiped, and that of what is shown is not.
  session->get_object().erase("token");
  session->get_object().erase("tag");
  session_ = session->get_object();
  lost_at_ = begun_ + seconds(number(*session, "renewal_s"));
  if (!taken) (void)ask("POST", "/v1/session/logout", {{"reason", "logout"}});
  return taken;
}

Result<void> Keeper::take_tag(const json::value& session) {
  const auto* tag = session.as_object().if_contains("tag");
  const auto* plain = tag == nullptr || !tag->is_object() ? nullptr : tag->get_object().if_contains("plain");
  const auto* digits = plain == nullptr ? nullptr : tag->get_object().if_contains("key");
  if (digits == nullptr || !digits->is_string() || !plain->is_bool()) {
    return Error{Errc::kUnsupported, "the gateway gives no tag to mark packets with"};
  }
  auto key = from_hex(digits->get_string());
  if (!key) return strange();
  tag_.handle = static_cast<std::uint32_t>(number(*tag, "handle"));
  tag_.key = Secret::consume(*key);
  tag_.plain = plain->get_bool();
  gateways_.clear();
  if (const auto* all = session.as_object().if_contains("gateway_addresses"); all != nullptr && all->is_array()) {
    for (const json::value& one : all->get_array()) {
      if (one.is_string()) gateways_.emplace_back(one.get_string());
    }
  }
  const bool by_ipv6 = is_ipv6(text(session, "address"));
  tag_.ipv6 = by_ipv6 || std::any_of(gateways_.begin(), gateways_.end(), is_ipv6);
  tag_.ipv4 = !by_ipv6 || !std::all_of(gateways_.begin(), gateways_.end(), is_ipv6);
  return {};
}

Result<void> Keeper::mark(const std::vector<std::string>& protect) {
  tag_.protect = protect;
  auto marking = Marking::begin(tag_);
  tag_.key.wipe();
  if (!marking) return marking.error();
  marking_ = std::move(*marking);
  join();
  return {};
}

// Tells the gateway, from each address that marked packets come from, that it is the session's; and again in time.
void Keeper::join() {
  const auto said = marking_ ? marking_->counts() : Error{Errc::kNotFound, "nothing is marked"};
  const auto* sources = said ? said->if_contains("sources") : nullptr;
  if (sources == nullptr || !sources->is_array()) return;
  for (const json::value& source : sources->get_array()) {
    const std::string address = source.is_string() ? std::string(source.get_string()) : "";
    if (address.empty() || address == text(session_, "address")) continue;
    const auto joined = join_from(address);
    if (joined) {
      apart_.erase(address);
    } else if (apart_.insert(address).second) {
      const std::string sentence =
          inbox_.on_message({{"text", "answers do not come back to " + address + ": " + joined.error().detail}});
      if (on_message_) on_message_(sentence);
    }
  }
}

Result<void> Keeper::join_from(const std::string& address) {
  api::TlsPeer peer = gateway_->peer();
  const auto there = std::find_if(gateways_.begin(), gateways_.end(),
                                  [&](const std::string& gateway) { return is_ipv6(gateway) == is_ipv6(address); });
  if (there != gateways_.end()) peer.host = *there;
  peer.ca.reset();  // which knows it by its name: by now its key is known
  peer.from = address;
  const auto client = api::TlsClient::make(peer);
  if (!client) return client.error();
  const auto answer = (*client)->exchange({"POST", "/v1/session/addresses", nullptr, token_}, kPatienceOfOthers);
  if (!answer) return answer.error();
  if (auto joined = api::body_of(*answer); !joined) return joined.error();
  return {};
}

void Keeper::keep(OnMessage on_message, OnEnd on_end) {
  on_message_ = std::move(on_message);
  on_end_ = std::move(on_end);
  for (const json::value& sentence : inbox_.messages()) on_message_(std::string(sentence.as_string()));
  renewal_.expires_after((lost_at_ - begun_) / 2);
  renewal_.async_wait([this](boost::system::error_code error) {
    if (!error) renew();
  });
  asio::co_spawn(
      loop_, [this] { return follow_events(); }, asio::detached);
  watch();
  if (marking_) {
    end_of_marking_.assign(::dup(marking_->fd()));
    watch_marking();
  }
}

// ---- renewal -------------------------------------------------------------------------------------------------------

void Keeper::renew() {
  const auto asked = Clock::now();
  const auto within = renewed();
  if (within) lost_at_ = asked + *within;
  if (within) join();
  const bool over = !within && (within.error().code == Errc::kDenied || within.error().code == Errc::kAuthFailed);
  // The gateway has let it go, or will have by now.
  if (over) return end("not_renewed");
  if (Clock::now() >= lost_at_) return end("gateway_lost");
  if (within) {
    renewal_.expires_after((lost_at_ - asked) / 2);
  } else {
    renewal_.expires_after(kTryAgain);
  }
  renewal_.async_wait([this](boost::system::error_code error) {
    if (!error) renew();
  });
}

Result<seconds> Keeper::renewed() {
  auto answer = ask("POST", "/v1/session/renew");
  if (!answer) return answer.error();
  if (const auto* challenge = member(*answer, "challenge")) {
    if (!challenge->is_object()) return strange();
    auto proof = prover_.answer({text(session_, "session"), gateway_->key_digest()}, challenge->get_object());
    if (!proof) return proof.error();
    answer = ask("POST", "/v1/session/renew", {{"answer", std::move(*proof)}});
    if (!answer) return answer.error();
  }
  const auto within = number(*answer, "renewal_s");
  if (within <= 0) return strange();
  return seconds(within);
}

// ---- the card ------------------------------------------------------------------------------------------------------

void Keeper::watch() {
  if (!prover_.present()) return log_out("card_removed");
  watching_.expires_after(kLookAtCard);
  watching_.async_wait([this](boost::system::error_code error) {
    if (!error) watch();
  });
}

// ---- marking -------------------------------------------------------------------------------------------------------

void Keeper::watch_marking() {
  end_of_marking_.async_wait(asio::posix::stream_descriptor::wait_read, [this](boost::system::error_code error) {
    if (error || !marking_) return;
    if (marking_->ended()) return log_out("not_marked");
    watch_marking();
  });
}

// Before the gateway is told of the end: it refuses the tag from then on.
void Keeper::stop_marking() {
  end_of_marking_.close();
  marking_.reset();
}

// ---- events --------------------------------------------------------------------------------------------------------

// gcc 12 does not see that Asio allocates the frame of a coroutine as it frees it.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
asio::awaitable<void> Keeper::follow_events() {
  namespace http = boost::beast::http;
  constexpr auto kWait = asio::as_tuple(asio::use_awaitable);
  bool again = false;
  while (on_end_) {
    if (auto connected = co_await gateway_->connect(kPatience)) {
      events_ = std::move(*connected);
      // It may be another daemon's life, which ends what is not renewed, or does not know the session.
      if (std::exchange(again, true)) renew();
      if (!on_end_) break;
      auto request = api::http_request({"GET", "/v1/events", nullptr, token_}, gateway_->peer().host);
      request.set(http::field::accept, "text/event-stream");
      co_await http::async_write(*events_, request, kWait);
      boost::beast::flat_buffer buffer;
      http::response_parser<http::string_body> parser;
      parser.body_limit(boost::none);
      auto [failure, size] = co_await http::async_read_header(*events_, buffer, parser, kWait);
      api::EventParser events;
      bool sound = parser.get().result() == http::status::ok;
      if (!failure && sound) list_questions();
      while (on_end_ && !failure && sound && !parser.is_done()) {
        boost::beast::get_lowest_layer(*events_).expires_after(kSilence);
        std::tie(failure, size) = co_await http::async_read_some(*events_, buffer, parser, kWait);
        const auto complete = events.feed(std::exchange(parser.get().body(), {}));
        sound = complete.has_value();
        for (const auto& event : complete.value_or({})) on_event(event.name, event.data);
      }
    }
    asio::steady_timer pause(loop_, kTryAgain);
    if (on_end_) co_await pause.async_wait(kWait);
  }
}

#pragma GCC diagnostic pop

void Keeper::on_event(const std::string& name, const std::string& data) {
  boost::system::error_code failure;
  const json::value value = json::parse(data, failure);
  if (failure || !value.is_object()) return;
  const json::object& object = value.get_object();
  if (name == "end") return end(text_of(object, "reason"));
  if (name == "answered") return inbox_.on_answered(number_of(object, "id"));
  std::string sentence;
  if (name == "message") sentence = inbox_.on_message(object);
  if (name == "ask") sentence = inbox_.on_ask(object, Clock::now());
  if (on_message_ && !sentence.empty()) on_message_(sentence);
}

// What was asked before somebody listened.
void Keeper::list_questions() {
  const auto listed = ask("GET", "/v1/questions");
  const auto* object = listed ? listed->if_object() : nullptr;
  const auto* questions = object == nullptr ? nullptr : object->if_contains("questions");
  if (questions == nullptr || !questions->is_array()) return;
  for (const std::string& sentence : inbox_.on_list(questions->get_array(), Clock::now())) {
    if (on_message_) on_message_(sentence);
  }
}

void Keeper::answer(const api::Request& request, const api::Respond& respond) {
  std::string target = "/v1/answers";
  if (request.path.size() == 2) target += "/" + api::path_segment(request.path[1]);
  auto answered = ask(request.method, target, request.body);
  if (answered && request.method == "POST") list_questions();
  respond(std::move(answered));
}

// ---- the end -------------------------------------------------------------------------------------------------------

void Keeper::log_out(const std::string& reason) {
  stop_marking();
  // A gateway that is not reached ends it by itself.
  (void)ask("POST", "/v1/session/logout", {{"reason", reason == "card_removed" ? reason : "logout"}});
  end(reason);
}

void Keeper::end(const std::string& reason) {
  if (!on_end_) return;
  renewal_.cancel();
  watching_.cancel();
  stop_marking();
  token_.wipe();
  if (events_) boost::beast::get_lowest_layer(*events_).cancel();
  const OnEnd on_end = std::exchange(on_end_, nullptr);
  on_end(reason);
}

void Keeper::call(const api::Request& request, api::Respond respond) {
  const auto asks = [&](std::string_view method, std::string_view what) {
    return request.method == method && request.path == std::vector<std::string>{std::string(what)};
  };
  if (session_.empty()) return respond(Error{Errc::kBusy, "a login is under way"});
  if (asks("GET", "status")) return respond(json::value(status()));
  if (asks("POST", "logout")) {
    stop_marking();
    // Answered first: the end may end the process.
    if (on_end_) (void)ask("POST", "/v1/session/logout", {{"reason", "logout"}});
    respond(json::value(json::object{}));
    return asio::post(loop_, [this] { end("logout"); });
  }
  const bool answers = !request.path.empty() && request.path[0] == "answers";
  if (answers && ((request.method == "GET" && request.path.size() == 1) ||
                  ((request.method == "POST" || request.method == "DELETE") && request.path.size() == 2))) {
    return answer(request, respond);
  }
  respond(Error{Errc::kNotFound, "there is no such request"});
}

json::object Keeper::status() {
  const auto since = std::chrono::duration_cast<seconds>(Clock::now() - begun_).count();
  json::object out = session_;
  out["begun_s"] = since;
  out["lifetime_s"] = std::max<std::int64_t>(0, number(session_, "lifetime_s") - since);
  out["renewal_s"] = std::max<std::int64_t>(0, std::chrono::duration_cast<seconds>(lost_at_ - Clock::now()).count());
  out["gateway"] = gateway_->peer().host;
  if (marking_) {
    if (auto counts = marking_->counts()) out["marking"] = std::move(*counts);
  }
  out["messages"] = inbox_.messages();
  out["messages_forgotten"] = inbox_.forgotten();  // that stood before these
  out["questions"] = inbox_.questions(Clock::now());
  return out;
}

}  // namespace sallyport::login
