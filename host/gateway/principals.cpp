// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/principals.hpp"

#include <algorithm>

#include "host/base/log.hpp"

namespace sallyport::gateway {

Result<std::optional<users::Tag>> Principals::on_begin(const users::Session& session) {
  if (session.tagged) return Error{Errc::kUnsupported, "this gateway takes no tags; log in without marking"};
  for (const auto& [id, other] : sessions_) {
    if (other.address.number() == session.address.number() && other.user != session.user) {
      return Error{Errc::kExists,
                   "another user is logged in at this computer, and the gateway tells users apart by their computers' "
                   "addresses; the other has to log out first"};
    }
  }
  if (const auto number = number_of(session); !number) return number.error();
  sessions_.emplace(session.id, session);
  if (auto put = put_in_force(); !put) {
    sessions_.erase(session.id);
    retry();  // the card may have taken it in the moment in which it failed
    log::error("principal.not_set", {{"user", session.user}, {"why", put.error().detail}});
    return Error{put.error().code, "the card does not take another user: " + put.error().detail};
  }
  log::info("principal.set", {{"user", session.user},
                              {"address", session.address.to_string()},
                              {"principal", numbers_.at(session.user)},
                              {"generation", keeper_.generation()}});
  if (changed_) changed_(session.user);
  return std::optional<users::Tag>();
}

void Principals::on_end(const users::Session& session, users::EndReason reason, std::function<void()> done) {
  sessions_.erase(session.id);
  log::info("session.ended", {{"user", session.user},
                              {"address", session.address.to_string()},
                              {"reason", std::string(users::to_string(reason))}});
  ended_.push_back({session.user, std::move(done)});
  behind_ = true;
  retry();
}

void Principals::retry() {
  if (!behind_) return;
  auto put = put_in_force();
  if (put) put = keeper_.drain();
  if (!put) {
    behind_ = true;
    return log::error("principals.not_in_force", {{"why", put.error().detail}});
  }
  for (const End& end : std::exchange(ended_, {})) {
    if (changed_) changed_(end.user);
    end.done();  // may begin another session
  }
}

policy::UsersOnLine Principals::on_line() const {
  policy::UsersOnLine users;
  for (const auto& [id, session] : sessions_) {
    policy::OnLine& one = users[session.user];
    one.principal = numbers_.at(session.user);
    one.addresses.push_back(session.address);
    // A method may know of groups: somebody's are those of all their sessions.
    one.groups.insert(one.groups.end(), session.groups.begin(), session.groups.end());
  }
  return users;
}

Result<void> Principals::put_in_force() {
  const policy::UsersOnLine users = on_line();
  keeper_.set_users(users);
  const auto committed = keeper_.commit();
  behind_ = !committed || !ended_.empty();
  if (committed) forget_numbers_but_of(users);
  return committed;
}

void Principals::forget_numbers_but_of(const policy::UsersOnLine& users) {
  std::erase_if(numbers_, [&](const auto& entry) {
    if (users.contains(entry.first)) return false;
    free_numbers_.give_back(entry.second);
    return true;
  });
}

Result<std::uint16_t> Principals::number_of(const users::Session& session) {
  if (const auto found = numbers_.find(session.user); found != numbers_.end()) return found->second;
  const auto number = free_numbers_.take({session.groups.begin(), session.groups.end()});
  if (!number) return Error{Errc::kFull, "there are as many users as the card has numbers for"};
  return numbers_[session.user] = *number;
}

}  // namespace sallyport::gateway
