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
#include "host/gateway/principal_numbers.hpp"
#include "host/users/sessions/sessions.hpp"

namespace sallyport::gateway {

class Principals final : public users::SessionOwner {
 public:
  // `changed` is told of a user when the card has taken that they came or went, or are of other groups.
  explicit Principals(CardKeeper& keeper, std::function<void(const std::string& user)> changed = {})
      : keeper_(keeper), changed_(std::move(changed)) {}

  // In force when it returns. Errors: kExists, another user is there; kFull.
  Result<std::optional<users::Tag>> on_begin(const users::Session& session) override;
  // `done` when the card has flipped and every packet of before has left; with a card that fails, once retry() made it.
  void on_end(const users::Session& session, users::EndReason reason, std::function<void()> done) override;
  // What the card did not take, again.
  void retry();

 private:
  [[nodiscard]] policy::UsersOnLine on_line() const;
  Result<void> put_in_force();
  Result<std::uint16_t> number_of(const users::Session& session);
  void forget_numbers_but_of(const policy::UsersOnLine& users);

  CardKeeper& keeper_;
  std::function<void(const std::string& user)> changed_;
  std::map<std::string, users::Session> sessions_;  // by id
  // One each, however many sessions. A number is free again when the card has let go of it, so no packet inside ever
  // carries one that has become somebody else's.
  std::map<std::string, std::uint16_t> numbers_;
  PrincipalNumbers free_numbers_;
  struct End {
    std::string user;
    std::function<void()> done;
  };
  std::vector<End> ended_;  // to be told
  bool behind_ = false;     // the card may hold something else
};

}  // namespace sallyport::gateway
