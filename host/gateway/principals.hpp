// SPDX-License-Identifier: Apache-2.0
// Sessions as the card knows them: the computer's address is the user's principal, from the moment in which the login
// is answered to the moment in which its end is.
//
// The card tells users apart by their computers' addresses, so a computer has one user at a time: whoever logs in
// beside another is refused. (The newer one must not take the place silently, and packets that may be either's must be
// neither's.)
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "host/gateway/card_keeper.hpp"
#include "host/users/sessions/sessions.hpp"

namespace sallyport::gateway {

class Principals final : public users::SessionOwner {
 public:
  struct Callbacks {
    // A session ends; `left`: it was its user's last. Told before the card is.
    std::function<void(const users::Session& session, bool left)> on_gone;
    // The card has let go of a number, which may become somebody else's when this returns.
    std::function<void(std::uint16_t principal)> on_free;
  };
  Principals(CardKeeper& keeper, Callbacks callbacks) : keeper_(keeper), callbacks_(std::move(callbacks)) {}

  // In force when it returns. Errors: kExists, another user is there; kFull.
  Result<std::optional<users::Tag>> on_begin(const users::Session& session) override;
  // `done` when the card has flipped and every packet of before has left; with a card that fails, once retry() made it.
  void on_end(const users::Session& session, users::EndReason reason, std::function<void()> done) override;
  // What the card did not take, again.
  void retry();

 private:
  [[nodiscard]] policy::UsersOnLine on_line() const;
  Result<void> put_in_force();
  Result<std::uint16_t> number_of(const std::string& user);

  CardKeeper& keeper_;
  Callbacks callbacks_;
  std::map<std::string, users::Session> sessions_;  // by id
  // One each, however many sessions. A number is free again when the card has let go of it, so no packet inside ever
  // carries one that has become somebody else's.
  std::map<std::string, std::uint16_t> numbers_;
  std::vector<std::function<void()>> ended_;  // to be told
  bool behind_ = false;                       // the card may hold something else
};

}  // namespace sallyport::gateway
