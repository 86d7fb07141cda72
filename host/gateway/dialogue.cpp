// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/dialogue.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "host/gateway/ip_frames.hpp"

namespace sallyport::gateway {
namespace {

namespace json = boost::json;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr const char* kOwner = "users";     // of front rules
constexpr auto kPassing = seconds(3);       // unknown SPIs are no news before
constexpr auto kForgotten = seconds(60);    // and begin anew after a silence
constexpr std::size_t kMostWaiting = 1024;  // users that wait for an SA of one target

std::string protocol_name(std::uint8_t protocol) {
  policy::Policy any;
  any.source.protocol = protocol;
  return policy::get_word(any, "protocol");
}

// "10.2.0.9, tcp port 443"
std::string place(const Subject& subject) {
  const std::string port = subject.port == 0 ? "" : " port " + std::to_string(subject.port);
  return subject.destination.to_string() + ", " + protocol_name(subject.protocol) + port;
}

json::object object_of(const Subject& subject) {
  json::object out{{"destination", subject.destination.to_string()}, {"protocol", protocol_name(subject.protocol)}};
  if (subject.port != 0) out["port"] = subject.port;
  return out;
}

json::object object_of(const Consent::Question& question, steady_clock::time_point now) {
  json::object out = object_of(question.subject);
  out["id"] = question.id;
  out["choices"] = question.may_protect ? json::array{"clear", "refuse", "protect"} : json::array{"clear", "refuse"};
  out["until_s"] = std::max<std::int64_t>(0, std::chrono::ceil<seconds>(question.until - now).count());
  return out;
}

std::string_view word_of(Consent::Why why) {
  constexpr std::string_view kWords[] = {"answered", "no_answer", "nobody", "too_many", "left"};
  return kWords[static_cast<std::size_t>(why)];
}

Result<Consent::Id> parse_id(const std::string& text) {
  Consent::Id id = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (failure != std::errc{} || end != text.data() + text.size()) {
    return Error{Errc::kInvalid, "'" + text + "' is no number of a question; see: sallyport-login status"};
  }
  return id;
}

std::string sentence_of(Errc why) {
  switch (why) {
    case Errc::kTimeout:
    case Errc::kDisconnected:
      return "the other gateway does not answer";
    case Errc::kAuthFailed:
    case Errc::kDenied:
      return "the gateways do not accept each other";
    case Errc::kFull:
      return "this gateway has no room for another connection";
    default:
      return "the gateways do not agree on how to protect them";
  }
}

constexpr std::string_view kAskSomebody = " Ask your administrator if you need it otherwise.";

}  // namespace

Result<void> Dialogue::restore() {
  if (!memory_) return {};
  auto answers = memory_->answers();
  if (!answers) return answers.error();
  consent_.restore(std::move(*answers));
  keeper_.set_front_rules(kOwner, consent_.front_rules());  // in force with the first commit
  return {};
}

std::optional<std::string> Dialogue::user_of(std::uint16_t principal) const {
  const auto& users = keeper_.users();
  const auto found =
      std::find_if(users.begin(), users.end(), [&](const auto& entry) { return entry.second.principal == principal; });
  return found == users.end() ? std::nullopt : std::optional(found->first);
}

// ---- packets -------------------------------------------------------------------------------------------------------

void Dialogue::on_packet(driver::Message message, Time now) {
  const auto packet = ip_packet(message.frame);
  const policy::Policy* policy = keeper_.speaking(message.policy_id);
  const auto user = user_of(message.principal);
  Held held{message.frame, message.principal};
  // The policy is another now: so may the answer be.
  if (packet && policy == nullptr) return pass_on(std::move(held));
  if (!packet || !user) {
    ++counters_.refused;
    return;
  }
  const IpAddress destination = IpAddress::from_number(packet->destination);
  if (policy->tell) return tell_what_became_of_it(*policy, *user, destination, std::move(held), now);
  // A later fragment does not say what it belongs to.
  if (packet->fragment_offset != 0) {
    ++counters_.refused;
    return;
  }
  const auto key = driver::packet_key(*packet);
  take(consent_.on_packet({*user, policy->name, destination, key.protocol, key.destination_port},
                          {IpAddress::from_number(key.source), key.source_port}, policy->may_protect(), std::move(held),
                          now),
       now);
}

void Dialogue::tell_what_became_of_it(const policy::Policy& policy, const std::string& user,
                                      const IpAddress& destination, Held packet, Time now) {
  const bool clear = policy.does() == policy::Action::kBypass;
  const auto news = told_.on_packet(user, policy.name, destination, now);
  if (news != Told::News::kNone) {
    put_in_force();
    const std::string done = clear ? "sent in the clear, so whoever is on the way can read them" : "refused";
    const std::string rest =
        news == Told::News::kRest ? ", and those to further destinations likewise, of which you will not be told" : "";
    messages_.tell(
        user,
        {clear ? News::kSentClear : News::kRefused, destination.to_string(),
         "Your packets to " + destination.to_string() + " are " + done + rest + "." + std::string(kAskSomebody)},
        now);
  }
  if (clear) return pass_on(std::move(packet));
  ++counters_.refused;
}

// What is still decided by asking us would come back to us: it is refused.
void Dialogue::pass_on(Held packet) {
  const auto read = ip_packet(packet.frame);
  const auto* rule =
      read ? policy::first_match(keeper_.spd().outbound, driver::packet_key(*read), packet.principal) : nullptr;
  const bool would_return =
      rule != nullptr && rule->action == layout::Action::kHost && keeper_.speaking(rule->policy_id) != nullptr;
  if (rule == nullptr || would_return) {
    ++counters_.refused;
    return;
  }
  ++counters_.passed_on;
  pass_on_(std::move(packet));
}

// ---- questions -----------------------------------------------------------------------------------------------------

void Dialogue::take(Consent::Steps steps, Time now) {
  if (steps.rules) put_in_force();
  counters_.refused += steps.dropped;
  for (Held& packet : steps.go_on) pass_on(std::move(packet));
  for (const auto& [question, why] : steps.closed) {
    (void)messages_.send(question.subject.user, "answered", json::object{{"id", question.id}, {"why", word_of(why)}});
  }
  for (const auto& [subject, why] : steps.refused) {
    const std::string because = why == Consent::Why::kTooMany  ? "for a moment, as you have many questions to answer"
                                : why == Consent::Why::kNobody ? "as nobody could be asked"
                                                               : "as you have not answered the question about them";
    messages_.tell(subject.user,
                   {News::kRefused, subject.destination.to_string(),
                    "Your packets to " + place(subject) + " are refused, " + because +
                        "; when you try again later, you will be asked again."},
                   now);
  }
  for (const auto& question : steps.asked) {
    ++counters_.asked;
    if (!messages_.send(question.subject.user, "ask", object_of(question, now))) {
      take(consent_.nobody_there(question.id, now), now);
    }
  }
}

void Dialogue::put_in_force() {
  auto rules = told_.front_rules();
  auto answered = consent_.front_rules();
  std::move(answered.begin(), answered.end(), std::back_inserter(rules));
  keeper_.set_front_rules(kOwner, std::move(rules));
  keeper_.commit_or_log();
}

json::array Dialogue::open_questions(const std::string& user) const {
  json::array all;
  for (const auto& [id, question] : consent_.questions()) {
    if (question.subject.user == user) all.push_back(object_of(question, steady_clock::now()));
  }
  return all;
}

json::array Dialogue::answers_of(const std::string& user) const {
  json::array all;
  for (const auto& [id, answer] : consent_.answers()) {
    if (!user.empty() && answer.subject.user != user) continue;
    json::object out = object_of(answer.subject);
    out["id"] = id;
    out["choice"] = to_string(answer.choice);
    out["remember"] = to_string(answer.remember);
    if (user.empty()) {
      out["user"] = answer.subject.user;
      out["policy"] = answer.subject.policy;
    }
    all.push_back(std::move(out));
  }
  return all;
}

void Dialogue::answer(const users::Session& session, const std::string& question, const std::string& choice,
                      const std::string& remember, std::function<void(Result<std::string>)> respond) {
  const auto id = parse_id(question);
  if (!id) return respond(id.error());
  const auto chosen = parse_choice(choice);
  if (!chosen) return respond(Error{Errc::kInvalid, "'choice' must be clear, refuse or protect"});
  const auto kept = parse_remember(remember);
  if (!kept) return respond(Error{Errc::kInvalid, "'remember' must be flow, session or always"});
  const auto now = steady_clock::now();
  auto steps = consent_.answer(session.user, session.id, *id, *chosen, *kept, now);
  if (!steps) return respond(steps.error());
  const std::string what = choice + " for " + remember + ": " + place(consent_.answers().at(*id).subject);
  log::info("question.answered", {{"user", session.user}, {"answer", what}});
  const bool stored = steps->stored;
  take(std::move(*steps), now);
  if (!stored) return respond(what);
  save([this, id = *id, session = session.id, what, respond = std::move(respond)](Result<void> saved) {
    if (saved) return respond(what);
    consent_.keep_for_session(id, session);
    respond(Error{
        saved.error().code,
        "the answer holds until you log out, but not for always, as it cannot be stored: " + saved.error().detail});
  });
}

void Dialogue::forget(const std::string& user, const std::string& answer,
                      std::function<void(Result<std::string>)> respond) {
  const auto id = parse_id(answer);
  if (!id) return respond(id.error());
  const auto found = consent_.answers().find(*id);
  const std::string what = found == consent_.answers().end() ? "" : place(found->second.subject);
  auto steps = consent_.forget(user, *id);
  if (!steps) return respond(steps.error());
  log::info("answer.deleted", {{"user", user}, {"answer", what}});
  const bool stored = steps->stored;
  take(std::move(*steps), steady_clock::now());
  if (!stored) return respond(what);
  save([what, respond = std::move(respond)](Result<void> saved) {
    if (saved) return respond(what);
    respond(Error{
        saved.error().code,
        "the answer is deleted, but would be back after a restart, as that cannot be stored: " + saved.error().detail});
  });
}

void Dialogue::save(std::function<void(Result<void>)> done) {
  if (!memory_) return done({});
  memory_->save(consent_.durable(), [done = std::move(done)](Result<void> saved) {
    if (!saved) log::error("answers.not_stored", {{"why", saved.error().detail}});
    done(std::move(saved));
  });
}

// ---- SAs -----------------------------------------------------------------------------------------------------------

void Dialogue::waits(const std::string& target, std::uint16_t principal, const IpAddress& destination) {
  const auto user = user_of(principal);
  if (!user) return;
  auto& users = waiting_[target];
  if (users.size() < kMostWaiting) users.emplace(*user, destination);
}

void Dialogue::not_connected(const std::string& target, Errc why, Time now) {
  const auto concerned = waiting_.extract(target);
  if (concerned.empty()) return;
  for (const auto& [user, destination] : concerned.mapped()) {
    messages_.tell(user,
                   {News::kNotProtected, destination.to_string(),
                    "Your packets to " + destination.to_string() + " cannot be protected and are not sent, as " +
                        sentence_of(why) + ". It is tried again when you send more."},
                   now);
  }
}

// Whoever may be protected by an SA with this peer. What was on its way when an SA was replaced is nobody's concern, so
// it has to go on for a moment.
void Dialogue::spi_unknown(const IpAddress& peer, Time now) {
  std::set<std::string> concerned;
  for (const auto& sa : keeper_.sas()) {
    const auto [target, own] = policy::split_target(sa.target);
    for (const auto& policy : keeper_.policies()) {
      if (sa.remote != peer || !policy.may_protect() || policy.target() != target) continue;
      for (const auto& [name, user] : keeper_.users()) {
        if (policy::means(policy, name, user) && (own.empty() || own == name)) concerned.insert(name);
      }
    }
  }
  if (concerned.empty()) return;
  Heard& heard = unknown_spis_.try_emplace(peer, Heard{now, now}).first->second;
  if (heard.last + kForgotten <= now) heard.first = now;
  heard.last = now;
  if (heard.first + kPassing > now) return;
  for (const std::string& user : concerned) {
    messages_.tell(user,
                   {News::kSpiUnknown, peer.to_string(),
                    "The gateway " + peer.to_string() +
                        " sends what cannot be read here, so answers from behind it may be missing until the gateways "
                        "have agreed anew."},
                   now);
  }
}

// ---- ends ----------------------------------------------------------------------------------------------------------

void Dialogue::session_ended(const users::Session& session, bool left) {
  const auto now = steady_clock::now();
  auto steps = consent_.session_ended(session.id, session.user, left);
  if (left) {
    steps.rules = told_.forget(session.user) || steps.rules;
    for (auto& [target, users] : waiting_) users.erase(session.user);
  }
  take(std::move(steps), now);
  if (left) messages_.forget(session.user);
}

void Dialogue::user_deleted(const std::string& user) {
  auto steps = consent_.user_deleted(user);
  const bool stored = steps.stored;
  take(std::move(steps), steady_clock::now());
  if (stored) save([](const Result<void>&) {});
}

void Dialogue::tick(Time now) {
  auto steps = consent_.tick(now);
  steps.rules = told_.expire(now) || steps.rules;
  take(std::move(steps), now);
}

}  // namespace sallyport::gateway
