// SPDX-License-Identifier: Apache-2.0
// The desk at which users log in: a plug-in decides who somebody is, the directory whether they may, the meters how
// often they may try. Every outcome is in the audit log before it is told, and what is told does not say whether a user
// exists.
//
// Everything is called from the loop's thread and answers there; what takes time is done by threads beside it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <map>
#include <memory>

#include "host/api/service.hpp"
#include "host/users/authenticators/authenticator.hpp"
#include "host/users/sessions/attempt_limiter.hpp"
#include "host/users/sessions/sessions.hpp"
#include "host/users/shared_directory.hpp"

namespace sallyport::users {

struct DeskSettings {
  std::string gateway_key;             // digest of the public key by which computers know the gateway
  std::vector<IpAddress> addresses{};  // the gateway's, at which its port for users' computers is
  AttemptRate of_user{5, std::chrono::seconds(60)};
  AttemptRate of_address{20, std::chrono::seconds(6)};
  std::chrono::seconds patience{60};  // for the answer to a challenge
  std::size_t most_begun = 1024;      // logins without an answer
  std::size_t most_begun_of_address = 32;
  std::size_t most_at_work = 64;  // of the threads, waiting included
  unsigned threads = 2;
  SessionLimits sessions{};
  std::function<Session::Time()> now = std::chrono::steady_clock::now;
};

class LoginDesk : private SessionOwner {
 public:
  using Authenticators = std::vector<std::unique_ptr<Authenticator>>;

  // `directory`, `owner` and `loop` outlive it.
  LoginDesk(boost::asio::io_context& loop, SharedDirectory& directory, Authenticators authenticators,
            SessionOwner& owner, DeskSettings settings);
  ~LoginDesk() override;  // waits for what is at work

  struct Method {
    std::string name;
    bool proves_presence = false;
  };
  [[nodiscard]] std::vector<Method> methods() const;
  // Whether users may have groups that the directory does not know.
  [[nodiscard]] bool brings_groups() const;

  // ---- logging in: first what is asked, then the answer. An answer is good for one try.
  struct Started {
    std::string login;  // names it in the answer; a proof is bound to it
    Challenge challenge;
  };
  // `tagged`: the computer will put a tag into the session's packets.
  void start(const std::string& method, const std::string& user, const IpAddress& from, std::uint32_t uid, bool tagged,
             std::function<void(Result<Started>)> respond);
  void answer(const std::string& login, const IpAddress& from, Answer answer,
              std::function<void(Result<Sessions::Begun>)> respond);

  // ---- a session, by whoever holds its token. kDenied without one.
  struct Renewal {
    std::chrono::seconds within{};         // to be renewed again
    std::optional<Challenge> challenge{};  // or this has to be answered first
  };
  void renew(const Secret& token, const IpAddress& from, std::optional<Answer> answer,
             std::function<void(Result<Renewal>)> respond);
  // From another address of the computer, which is the session's, too, for the time that is answered.
  Result<std::chrono::seconds> join(const Secret& token, const IpAddress& from);
  void log_out(const Secret& token, const IpAddress& from, EndReason reason, std::function<void(Result<void>)> respond);
  [[nodiscard]] Result<Session> status(const Secret& token, const IpAddress& from) const;
  Result<void> listen(const Secret& token, const IpAddress& from, std::shared_ptr<api::EventStream> stream);

  // ---- for the gateway
  [[nodiscard]] Sessions& sessions() { return sessions_; }  // to look at, and to end
  // An event for the user, as "message"; false, and lost, when nobody listens.
  bool tell(const std::string& session, std::string_view event, const boost::json::value& data);
  bool tell_user(const std::string& user, std::string_view event, const boost::json::value& data);  // in all sessions
  // An entry of the audit log about a user.
  void record(std::string subject, std::string action, std::string detail);
  // A packet from there had a tag of no session, or a wrong one: noted once in a while.
  void on_tag_rejected(const IpAddress& from);
  // Once a second: ends what is over.
  void tick();
  [[nodiscard]] Session::Time now() const { return settings_.now(); }
  // Who it is with the directory's groups, if they may be here: known to it and not disabled; or, where the method has
  // users of its own, nobody whom it knows by another spelling.
  [[nodiscard]] static Result<Identity> known(SharedDirectory& directory, const Authenticator& method, Identity who);
  [[nodiscard]] const std::vector<IpAddress>& addresses() const { return settings_.addresses; }

 private:
  struct Begun {
    std::shared_ptr<Authenticator> method;
    Claim claim;
    Challenge challenge;
    Session::Time until{};
    bool tagged = false;
  };
  static constexpr std::size_t kMostListeners = 4;  // of a session

  Result<std::optional<Tag>> on_begin(const Session& session) override { return owner_.on_begin(session); }
  Result<void> on_joined(const Session& session) override { return owner_.on_joined(session); }
  void on_left(const Session& session) override;
  void on_renewed(const Session& session) override { owner_.on_renewed(session); }
  void on_end(const Session& session, EndReason reason, std::function<void()> done) override;

  // The owner settles in the loop's next turn what ends in this one.
  void settle_soon();
  // Does `work` beside the loop and then `then` with what it came to. kBusy when there is too much of it.
  template <class Work, class Then>
  Result<void> beside(Work work, Then then);
  [[nodiscard]] std::shared_ptr<Authenticator> method(const std::string& name) const;
  [[nodiscard]] Result<void> admit(const Claim& claim, const std::string& user);
  // What an address does too often, and until when it is not noted again.
  using Noted = std::map<std::string, Session::Time>;
  [[nodiscard]] bool worth_noting(Noted& noted, const IpAddress& address) const;
  Result<Identity> decide(const Begun& attempt, const Answer& answer);
  void forget_what_is_late();

  boost::asio::io_context& loop_;
  SharedDirectory& directory_;
  std::vector<std::shared_ptr<Authenticator>> methods_;
  SessionOwner& owner_;
  DeskSettings settings_;
  Sessions sessions_;
  AttemptLimiter of_user_;
  AttemptLimiter of_address_;
  std::map<std::string, Begun> begun_;                                               // by login
  std::map<std::string, Begun> renewals_;                                            // by session
  std::map<std::string, std::vector<std::shared_ptr<api::EventStream>>> listeners_;  // by session
  Noted attempts_noted_;
  Noted tags_noted_;
  std::size_t at_work_ = 0;
  bool settles_ = false;  // soon
  std::shared_ptr<LoginDesk*> self_ = std::make_shared<LoginDesk*>(this);
  boost::asio::thread_pool pool_;  // its threads use the rest, until the destructor has joined them
  boost::asio::strand<boost::asio::thread_pool::executor_type> notes_;  // the audit log has them in their order
};

}  // namespace sallyport::users
