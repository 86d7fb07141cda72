// SPDX-License-Identifier: Apache-2.0
// Who is logged in, where, and for how long. What a session brings, as a principal in the card, belongs to its owner;
// an end is done, and told to who asked for it, when the owner has taken that away.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "host/ipsec/address.hpp"

namespace sallyport::users {

enum class EndReason : std::uint8_t {
  kLogout,         // the user wanted it
  kCardRemoved,    // the smart card was pulled
  kExpired,        // its lifetime is over
  kNotRenewed,     // nothing was heard of the computer, or a proof was missing
  kReplaced,       // somebody logged in at the same place
  kAdministrator,  // an order
  kRadius,         // an order by RADIUS (RFC 5176)
};
[[nodiscard]] std::string_view to_string(EndReason reason);

struct Session {
  using Time = std::chrono::steady_clock::time_point;

  std::string id;  // 16 hexadecimal digits, no secret
  std::string user;
  std::vector<std::string> groups{};
  std::string method;     // an authenticator's name
  IpAddress address{};    // of the computer
  std::uint32_t uid = 0;  // of the user on it: several may share a computer
  bool tagged = false;    // its packets say whose they are, by a tag; else those of the address are its user's
  Time begun{};
  Time ends{};      // at the latest
  Time renew_by{};  // or earlier, unless it is renewed
  // Of a tagged one: the computer's other addresses, as of the other IP version, each until it is told again.
  std::map<IpAddress, Time> also_at{};
  std::array<std::uint8_t, 32> token_hash{};  // by which whoever has the token is known

  [[nodiscard]] bool at(const IpAddress& where) const { return where == address || also_at.contains(where); }
  [[nodiscard]] std::vector<IpAddress> other_addresses() const;
};

// What a computer puts into the packets of a session (hw/README.md, "the user's tag").
struct Tag {
  std::uint32_t handle = 0;
  Secret key{};
  bool plain = false;  // without a check
};

// Told in the order of events, from the loop's thread: begin and end of one place never overlap.
class SessionOwner {
 public:
  virtual ~SessionOwner() = default;
  // An error refuses the login: its detail is told to the user. A tagged session gets its tag, which is accepted by
  // now.
  virtual Result<std::optional<Tag>> on_begin(const Session& session) = 0;
  // It has one more of `also_at`. An error: it has not.
  virtual Result<void> on_joined(const Session& session) = 0;
  // It has fewer.
  virtual void on_left(const Session& session) = 0;
  // It lasts longer, unless it is over before.
  virtual void on_renewed(const Session&) {}
  // `done` is called once, now or later, when nothing of the session is left.
  virtual void on_end(const Session& session, EndReason reason, std::function<void()> done) = 0;
  // No more on_end and on_left for now: what costs the same for one and for many is done for all of them.
  virtual void settle() {}
  // Those that began in a life before and go on in the owner's hands: asked for once, before anything else.
  [[nodiscard]] virtual std::vector<Session> adopted() { return {}; }
};

struct SessionLimits {
  std::chrono::seconds lifetime = std::chrono::hours(10);
  std::chrono::seconds renewal = std::chrono::minutes(2);  // a computer that is silent so long is gone
  std::size_t most = 4096;
  std::size_t most_at_one_address = 64;
  std::size_t most_of_one_user = 16;
  std::size_t most_also_at = 4;  // of one session
};

class Sessions {
 public:
  using Time = Session::Time;

  Sessions(SessionLimits limits, SessionOwner& owner) : limits_(limits), owner_(owner) {}

  struct Begun {
    Session session;
    Secret token;  // "id.secret", the secret of 256 random bits: whoever has it has the session. Only its hash is kept.
    std::optional<Tag> tag{};
  };
  using Fits = std::function<bool(const Session&)>;
  // What end_those() is told from the moment in which it is made: between whether somebody may be here and the session,
  // an order may come that means them.
  using Orders = std::shared_ptr<std::vector<Fits>>;
  [[nodiscard]] Orders orders_from_now();
  // `who` without id, times and token. Whoever was logged in at the same address and uid is logged out first. kDenied
  // if one of `orders` means them, kFull, and the owner's errors.
  void begin(Session who, std::optional<std::chrono::seconds> lifetime, Time now,
             std::function<void(Result<Begun>)> begun, Orders orders = std::make_shared<std::vector<Fits>>());

  // Sessions that their owner has already. Nobody could renew them meanwhile, so each has the time of a renewal from
  // now on, and so have their other addresses.
  void adopt(std::vector<Session> sessions, Time now);

  // `from` is the computer's, too, until a renewal's time from now. kDenied for a token that is wrong or of a session
  // that ends; kUnsupported without tags, by which alone packets from there are known; kFull, and the owner's errors.
  // Whether it was not before.
  Result<bool> join(const Secret& token, const IpAddress& from, Time now);

  // None for a token that is wrong, of a session that ends, or from another address than the session's.
  [[nodiscard]] const Session* of_token(const Secret& token, const IpAddress& from) const;
  [[nodiscard]] const Session* find(const std::string& id) const;  // while it lasts
  [[nodiscard]] std::vector<Session> all() const;

  void renew(const std::string& id, Time now);
  // `done` when the owner has let go; at once for one that is not there.
  void end(const std::string& id, EndReason reason, std::function<void()> done);
  // An order: `done` when the owner has let go of all that fit, those included that end already. False if there is
  // none.
  [[nodiscard]] bool end_those(const Fits& fit, EndReason reason, const std::function<void()>& done);
  // Ends those whose time is over, and takes other addresses from those that have not told of them again.
  void expire(Time now);

  [[nodiscard]] const SessionLimits& limits() const { return limits_; }

 private:
  struct Entry {
    Session session;
    bool ending = false;
    std::vector<std::function<void()>> waiting{};  // for its end
  };

  [[nodiscard]] const Entry* at(const IpAddress& address, std::uint32_t uid) const;
  [[nodiscard]] const Session* of_token(const Secret& token) const;
  void gone(const std::string& id);

  SessionLimits limits_;
  SessionOwner& owner_;
  std::map<std::string, Entry> entries_;                // by id
  std::vector<std::weak_ptr<std::vector<Fits>>> told_;  // of orders, while somebody waits for one of them to begin
  // An owner that is done after our end calls nobody.
  std::shared_ptr<Sessions*> self_ = std::make_shared<Sessions*>(this);
};

}  // namespace sallyport::users
