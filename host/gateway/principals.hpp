// SPDX-License-Identifier: Apache-2.0
// Sessions as the card knows them: the computer's address is the user's principal, from the moment in which the login
// is answered to the moment in which its end is.
//
// By their computers' addresses the card tells users apart only where a computer has one user at a time: whoever logs
// in beside another is refused. (The newer one must not take the place silently, and packets that may be either's must
// be neither's.) By tags in their packets it tells apart any number at one computer.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "host/gateway/card_keeper.hpp"
#include "host/gateway/principal_numbers.hpp"
#include "host/gateway/session_record.hpp"
#include "host/users/sessions/sessions.hpp"

namespace sallyport::gateway {

class Principals final : public users::SessionOwner {
 public:
  struct Callbacks {
    // A session has ended; `left`: none of its user's is there any more. Told before the card is.
    std::function<void(const users::Session& session, bool left)> on_gone;
    // The card has let go of a number, which may become somebody else's when this returns.
    std::function<void(std::uint16_t principal)> on_free;
    // The card has taken that a user came or went, or is of other groups.
    std::function<void(const std::string& user)> on_changed{};
  };
  // `journal` may be null: then no session survives.
  Principals(CardKeeper& keeper, UsersConfig::Tags tags, Callbacks callbacks, SessionJournal* journal = nullptr)
      : keeper_(keeper), tags_(tags), callbacks_(std::move(callbacks)), journal_(journal) {}

  // On an adopted card, before anything else: these sessions go on, with the numbers and tags that the card knows, and
  // all others are gone.
  Result<void> adopt(const std::vector<SessionRecord>& sessions);
  [[nodiscard]] std::vector<users::Session> adopted() override;

  // In force when it returns. Errors: kExists, another user is there; kFull; kUnsupported, no tags are accepted.
  Result<std::optional<users::Tag>> on_begin(const users::Session& session) override;
  // Answers come back to all addresses of a session.
  Result<void> on_joined(const users::Session& session) override;
  void on_left(const users::Session& session) override;
  void on_renewed(const users::Session& session) override;
  // `done` when the card has flipped and every packet of before has left, which settle() sees to; with a card that
  // fails, once retry() made it.
  void on_end(const users::Session& session, users::EndReason reason, std::function<void()> done) override;
  void settle() override { retry(); }
  // What the card did not take, again.
  void retry();

 private:
  [[nodiscard]] Result<void> admit(const users::Session& session) const;
  [[nodiscard]] policy::UsersOnLine on_line() const;
  [[nodiscard]] CardKeeper::Addresses addresses() const;
  Result<std::optional<users::Tag>> make_tag(const users::Session& session);
  Result<void> take_tags_away();
  Result<void> forget_ended();
  Result<void> remember(const users::Session& session);
  void note(const users::Session& session);
  Result<void> put_in_force();
  Result<std::uint16_t> number_of(const users::Session& session);
  void tell_who_is_gone();
  void forget_numbers_but_of(const policy::UsersOnLine& users);

  CardKeeper& keeper_;
  UsersConfig::Tags tags_;
  Callbacks callbacks_;
  SessionJournal* journal_;
  std::map<std::string, users::Session> sessions_;  // by id
  std::map<std::string, std::uint32_t> handles_;    // of tags, by session: as long as the card may know them
  // One each, however many sessions. A number is free again when the card has let go of it, so no packet inside ever
  // carries one that has become somebody else's.
  std::map<std::string, std::uint16_t> numbers_;
  PrincipalNumbers free_numbers_;
  struct End {
    users::Session session;
    std::function<void()> done;
  };
  std::vector<End> gone_;   // to be told of, and then
  std::vector<End> ended_;  // to be acknowledged
  bool behind_ = false;     // the card may hold something else
};

}  // namespace sallyport::gateway
