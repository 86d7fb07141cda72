// SPDX-License-Identifier: Apache-2.0
#include "host/users/sessions/login_desk.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/json.hpp>

#include "host/base/log.hpp"

namespace sallyport::users {
namespace {

constexpr const char* kActor = "login";  // in the audit log
constexpr std::size_t kLoginBytes = 16;
// Who tries too often, or sends wrong tags, must not fill the audit log.
constexpr std::size_t kMostNoted = 64;
constexpr auto kNoted = std::chrono::minutes(1);

// The one sentence for everything that is not proved.
Error refused() { return {Errc::kAuthFailed, "this is not what is known of the user"}; }
Error not_logged_in() { return {Errc::kDenied, "not logged in here"}; }

std::string place(const Claim& claim) {
  return "from " + claim.address.to_string() + ", uid " + std::to_string(claim.uid);
}
std::string where(const Session& session) {
  return session.address.to_string() + ", uid " + std::to_string(session.uid);
}

std::string groups_of(const std::vector<std::string>& groups) {
  std::string text;
  for (const std::string& group : groups) text += (text.empty() ? "" : ", ") + group;
  return text.empty() ? "no group" : "groups " + text;
}

}  // namespace

LoginDesk::LoginDesk(boost::asio::io_context& loop, SharedDirectory& directory, Authenticators authenticators,
                     SessionOwner& owner, DeskSettings settings)
    : loop_(loop),
      directory_(directory),
      owner_(owner),
      settings_(std::move(settings)),
      sessions_(settings_.sessions, *this),
      of_user_(settings_.of_user),
      of_address_(settings_.of_address),
      pool_(settings_.threads),
      notes_(pool_.get_executor()) {
  for (auto& one : authenticators) methods_.push_back(std::move(one));
  sessions_.adopt(owner_.adopted(), now());
  for (const Session& session : sessions_.all()) record(session.user, "session.adopted", where(session));
}

LoginDesk::~LoginDesk() {
  self_.reset();  // what is under way comes back to nobody
  pool_.join();
}

std::vector<LoginDesk::Method> LoginDesk::methods() const {
  std::vector<Method> out;
  for (const auto& one : methods_) out.push_back({std::string(one->name()), one->proves_presence()});
  return out;
}

bool LoginDesk::brings_groups() const {
  return std::any_of(methods_.begin(), methods_.end(), [](const auto& m) { return m->brings_groups(); });
}

std::shared_ptr<Authenticator> LoginDesk::method(const std::string& name) const {
  const auto found = std::find_if(methods_.begin(), methods_.end(), [&](const auto& m) { return m->name() == name; });
  return found == methods_.end() ? nullptr : *found;
}

template <class Work, class Then>
Result<void> LoginDesk::beside(Work work, Then then) {
  if (at_work_ >= settings_.most_at_work) return Error{Errc::kBusy, "too much is asked at once; try again"};
  ++at_work_;
  boost::asio::post(
      pool_, [&loop = loop_, self = std::weak_ptr(self_), work = std::move(work), then = std::move(then)]() mutable {
        auto result = work();
        boost::asio::post(loop, [self, result = std::move(result), then = std::move(then)]() mutable {
          const auto alive = self.lock();
          if (!alive) return;
          --(*alive)->at_work_;
          then(std::move(result));
        });
      });
  return {};
}

// ---- logging in ----------------------------------------------------------------------------------------------------

void LoginDesk::start(const std::string& name, const std::string& user, const IpAddress& from, std::uint32_t uid,
                      bool tagged, std::function<void(Result<Started>)> respond) {
  auto chosen = method(name);
  if (chosen == nullptr) return respond(Error{Errc::kNotFound, "there is no such way to log in here"});
  if (!user.empty()) {
    if (auto fine = check_name(user); !fine) return respond(fine.error());
  }
  forget_what_is_late();
  const auto here =
      std::count_if(begun_.begin(), begun_.end(), [&](const auto& b) { return b.second.claim.address == from; });
  if (begun_.size() >= settings_.most_begun || static_cast<std::size_t>(here) >= settings_.most_begun_of_address) {
    return respond(Error{Errc::kBusy, "too many logins are under way; try again"});
  }
  std::array<std::uint8_t, kLoginBytes> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) std::abort();
  Begun begun{chosen, {user, from, uid, to_hex(random), settings_.gateway_key}, {}, now() + settings_.patience, tagged};
  auto queued = beside([chosen, claim = begun.claim] { return chosen->begin(claim); },
                       [this, begun, respond](Result<Challenge> challenge) mutable {
                         if (!challenge) return respond(challenge.error());
                         begun.challenge = *challenge;
                         const std::string login = begun.claim.attempt;
                         begun_.emplace(login, std::move(begun));
                         respond(Started{login, *challenge});
                       });
  if (!queued) respond(queued.error());
}

void LoginDesk::answer(const std::string& login, const IpAddress& from, Answer answer,
                       std::function<void(Result<Sessions::Begun>)> respond) {
  forget_what_is_late();
  const auto found = begun_.find(login);
  if (found == begun_.end() || found->second.claim.address != from) {
    return respond(Error{Errc::kNotFound, "there is no such login, or it took too long"});
  }
  const Begun attempt = std::move(found->second);
  begun_.erase(found);
  // A card stands for its user, and a name for all its spellings.
  const std::string user = attempt.claim.user.empty() ? "card " + answer.text("number") : folded(attempt.claim.user);
  if (auto fine = admit(attempt.claim, user); !fine) return respond(fine.error());
  auto queued =
      beside([this, attempt, answer = std::move(answer)] { return decide(attempt, answer); },
             [this, attempt, user, respond, orders = sessions_.orders_from_now()](Result<Identity> who) {
               if (!who) {
                 return respond(who.error().code == Errc::kAuthFailed
                                    ? refused()
                                    : Error{Errc::kBusy, "it cannot be checked now; try again later"});
               }
               of_user_.forgive(user);
               of_address_.forgive(attempt.claim.address.to_string());
               sessions_.begin(
                   {{},
                    who->user,
                    who->groups,
                    std::string(attempt.method->name()),
                    attempt.claim.address,
                    attempt.claim.uid,
                    attempt.tagged},
                   who->lifetime, now(),
                   [this, user = who->user, where = place(attempt.claim), respond](Result<Sessions::Begun> begun) {
                     if (!begun) record(user, "session.refused", where + ": " + begun.error().detail);
                     respond(std::move(begun));
                   },
                   orders);
             });
  if (!queued) respond(queued.error());
}

// What is asked too often is not done, and noted once in a while.
Result<void> LoginDesk::admit(const Claim& claim, const std::string& user) {
  const std::string address = claim.address.to_string();
  const auto wait = std::max(of_address_.wait(address, now()), of_user_.wait(user, now()));
  if (wait == std::chrono::seconds(0)) {
    (void)of_address_.admit(address, now());
    (void)of_user_.admit(user, now());
    return {};
  }
  if (worth_noting(attempts_noted_, claim.address)) record({}, "login.refused", "too many attempts " + place(claim));
  return Error{Errc::kBusy, "too many attempts; try again in " + std::to_string(wait.count()) + " s"};
}

bool LoginDesk::worth_noting(Noted& noted, const IpAddress& address) const {
  return noted.size() < kMostNoted && noted.emplace(address.to_string(), now() + kNoted).second;
}

// Beside the loop: who it is, whether they may, and the entry in the audit log.
Result<Identity> LoginDesk::decide(const Begun& attempt, const Answer& answer) {
  const std::string name(attempt.method->name());
  auto who = attempt.method->finish(attempt.claim, attempt.challenge, answer);
  if (who) who = known(directory_, *attempt.method, std::move(*who));
  const std::string where = name + " " + place(attempt.claim);
  if (who) {
    auto recorded = directory_.with([&](Directory& d) {
      return d.record(kActor, "login.accepted", who->user, where + ", " + groups_of(who->groups));
    });
    if (!recorded) {
      log::error("login.not_recorded", {{"user", who->user}, {"why", recorded.error().detail}});
      return recorded.error();
    }
    log::info("login.accepted", {{"user", who->user}, {"method", name}, {"from", attempt.claim.address.to_string()}});
    return who;
  }
  // A name that nobody has may be a password in the wrong place.
  const auto user = directory_.with([&](Directory& d) { return d.user(attempt.claim.user); });
  const std::string subject = user ? user->name : "";
  log::info(
      "login.refused",
      {{"user", subject}, {"method", name}, {"from", attempt.claim.address.to_string()}, {"why", who.error().detail}});
  const auto recorded = directory_.with(
      [&](Directory& d) { return d.record(kActor, "login.refused", subject, where + ": " + who.error().detail); });
  if (!recorded) log::error("login.not_recorded", {{"why", recorded.error().detail}});
  return who;
}

Result<Identity> LoginDesk::known(SharedDirectory& directory, const Authenticator& method, Identity who) {
  if (auto fine = check_name(who.user); !fine) return Error{Errc::kAuthFailed, "a user whose name cannot be one here"};
  const auto user = directory.with([&](Directory& d) { return d.user(who.user); });
  if (!user && user.error().code != Errc::kNotFound) return user.error();
  if (!user && !method.brings_its_users()) return Error{Errc::kAuthFailed, "a user whom the directory does not know"};
  if (!user) {
    // Many servers take no notice of case and realm. What the directory says of somebody must hold for them, however
    // they spell their name.
    const auto same = directory.with([&](Directory& d) { return d.spelt_otherwise(who.user); });
    if (!same) return same.error();
    if (*same) return Error{Errc::kAuthFailed, "another spelling of '" + **same + "', whom the directory knows"};
  }
  if (user && !user->enabled) return Error{Errc::kAuthFailed, "the user is disabled"};
  if (user) who.groups.insert(who.groups.end(), user->groups.begin(), user->groups.end());
  std::sort(who.groups.begin(), who.groups.end());
  who.groups.erase(std::unique(who.groups.begin(), who.groups.end()), who.groups.end());
  return who;
}

// ---- a session -----------------------------------------------------------------------------------------------------

void LoginDesk::renew(const Secret& token, const IpAddress& from, std::optional<Answer> answer,
                      std::function<void(Result<Renewal>)> respond) {
  const Session* session = sessions_.of_token(token, from);
  if (session == nullptr) return respond(not_logged_in());
  const std::string id = session->id;
  const auto chosen = method(session->method);
  Begun proof{chosen, {session->user, from, session->uid, id, settings_.gateway_key}, {}, now() + settings_.patience};

  if (chosen->proves_presence() && !answer) {
    auto queued = beside([chosen, claim = proof.claim] { return chosen->begin(claim); },
                         [this, id, proof, respond](Result<Challenge> challenge) mutable {
                           if (!challenge) return respond(challenge.error());
                           if (sessions_.find(id) == nullptr) return respond(not_logged_in());
                           proof.challenge = *challenge;
                           renewals_.insert_or_assign(id, std::move(proof));
                           respond(Renewal{sessions_.limits().renewal, *challenge});
                         });
    if (!queued) respond(queued.error());
    return;
  }

  if (chosen->proves_presence()) {
    const auto asked = renewals_.extract(id);
    if (asked.empty() || asked.mapped().until < now()) {
      return respond(Error{Errc::kNotFound, "nothing was asked, or it took too long"});
    }
    proof = asked.mapped();
  }
  // Whoever was disabled or deleted meanwhile is not renewed.
  auto queued = beside(
      [this, chosen, proof, answer = std::move(answer)]() -> Result<Identity> {
        Result<Identity> who = Identity{proof.claim.user};
        if (answer && chosen->proves_presence()) who = chosen->finish(proof.claim, proof.challenge, *answer);
        return who ? known(directory_, *chosen, std::move(*who)) : who;
      },
      [this, id, respond, proof](const Result<Identity>& who) {
        if (!who) {
          record(proof.claim.user, "session.not_renewed", place(proof.claim) + ": " + who.error().detail);
          return respond(who.error().code == Errc::kAuthFailed
                             ? refused()
                             : Error{Errc::kBusy, "it cannot be checked now; try again later"});
        }
        if (sessions_.find(id) == nullptr) return respond(not_logged_in());
        sessions_.renew(id, now());
        respond(Renewal{sessions_.limits().renewal, {}});
      });
  if (!queued) respond(queued.error());
}

Result<std::chrono::seconds> LoginDesk::join(const Secret& token, const IpAddress& from) {
  const auto joined = sessions_.join(token, from, now());
  if (!joined) return joined.error();
  if (*joined) {
    const Session* session = sessions_.of_token(token, from);
    record(session->user, "session.joined", from.to_string() + ", of the session from " + where(*session));
  }
  return sessions_.limits().renewal;
}

void LoginDesk::log_out(const Secret& token, const IpAddress& from, EndReason reason,
                        std::function<void(Result<void>)> respond) {
  const Session* session = sessions_.of_token(token, from);
  if (session == nullptr) return respond(not_logged_in());
  sessions_.end(std::string(session->id), reason, [respond = std::move(respond)] { respond({}); });
}

Result<Session> LoginDesk::status(const Secret& token, const IpAddress& from) const {
  const Session* session = sessions_.of_token(token, from);
  if (session == nullptr) return not_logged_in();
  return *session;
}

Result<void> LoginDesk::listen(const Secret& token, const IpAddress& from, std::shared_ptr<api::EventStream> stream) {
  const Session* session = sessions_.of_token(token, from);
  if (session == nullptr) return not_logged_in();
  auto& listeners = listeners_[session->id];
  std::erase_if(listeners, [](const auto& l) { return !l->open(); });
  if (listeners.size() >= kMostListeners) return Error{Errc::kBusy, "the session has enough listeners"};
  listeners.push_back(std::move(stream));
  return {};
}

void LoginDesk::on_end(const Session& session, EndReason reason, std::function<void()> done) {
  record(session.user, "session.end",
         std::string(to_string(reason)) + ", " + session.method + " from " + where(session));
  tell(session.id, "end", boost::json::object{{"reason", to_string(reason)}});
  if (const auto listeners = listeners_.extract(session.id); !listeners.empty()) {
    for (const auto& stream : listeners.mapped()) stream->close();
  }
  renewals_.erase(session.id);
  owner_.on_end(session, reason, std::move(done));
  settle_soon();
}

void LoginDesk::on_left(const Session& session) {
  owner_.on_left(session);
  settle_soon();
}

void LoginDesk::settle_soon() {
  if (std::exchange(settles_, true)) return;
  boost::asio::post(loop_, [self = std::weak_ptr(self_)] {
    const auto alive = self.lock();
    if (!alive) return;
    (*alive)->settles_ = false;
    (*alive)->owner_.settle();
  });
}

// ---- for the gateway -----------------------------------------------------------------------------------------------

bool LoginDesk::tell(const std::string& session, std::string_view event, const boost::json::value& data) {
  const auto found = listeners_.find(session);
  if (found == listeners_.end()) return false;
  std::erase_if(found->second, [](const auto& stream) { return !stream->open(); });
  for (const auto& stream : found->second) stream->send(event, data);
  return !found->second.empty();
}

bool LoginDesk::tell_user(const std::string& user, std::string_view event, const boost::json::value& data) {
  bool heard = false;
  for (const Session& session : sessions_.all()) {
    if (session.user == user) heard = tell(session.id, event, data) || heard;
  }
  return heard;
}

void LoginDesk::on_tag_rejected(const IpAddress& from) {
  if (!worth_noting(tags_noted_, from)) return;
  log::warning("user.tag_rejected", {{"source", from.to_string()}});
  record({}, "tag.rejected", "in a packet from " + from.to_string());
}

void LoginDesk::tick() {
  sessions_.expire(now());
  forget_what_is_late();
  for (Noted* noted : {&attempts_noted_, &tags_noted_}) {
    std::erase_if(*noted, [now = now()](const auto& n) { return n.second <= now; });
  }
}

void LoginDesk::forget_what_is_late() {
  std::erase_if(begun_, [now = now()](const auto& b) { return b.second.until <= now; });
}

void LoginDesk::record(std::string subject, std::string action, std::string detail) {
  boost::asio::post(
      notes_, [this, subject = std::move(subject), action = std::move(action), detail = std::move(detail)] {
        const auto recorded = directory_.with([&](Directory& d) { return d.record(kActor, action, subject, detail); });
        if (!recorded) log::error("login.not_recorded", {{"action", action}, {"why", recorded.error().detail}});
      });
}

}  // namespace sallyport::users
