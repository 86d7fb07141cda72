// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/principals.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>

#include "host/base/log.hpp"

namespace sallyport::gateway {

Result<void> Principals::admit(const users::Session& session) const {
  if (session.tagged && tags_ == UsersConfig::Tags::kOff) {
    return Error{Errc::kUnsupported, "this gateway takes no tags; log in without marking"};
  }
  for (const auto& [id, other] : sessions_) {
    if (!session.tagged && !other.tagged && other.address.number() == session.address.number() &&
        other.user != session.user) {
      return Error{Errc::kExists,
                   "another user is logged in at this computer, and the gateway tells users apart by their computers' "
                   "addresses; the other has to log out first, or both mark their packets"};
    }
  }
  return {};
}

Result<void> Principals::adopt(const std::vector<SessionRecord>& sessions) {
  std::vector<std::uint32_t> tags;
  for (const auto& [session, principal, tag, plain] : sessions) {
    sessions_.emplace(session.id, session);
    numbers_[session.user] = principal;
    free_numbers_.claim(principal, {session.groups.begin(), session.groups.end()});
    if (!tag) continue;
    handles_[session.id] = *tag;
    tags.push_back(*tag);
  }
  return keeper_.keep_users(on_line(), addresses(), tags);
}

std::vector<users::Session> Principals::adopted() {
  std::vector<users::Session> all;
  for (const auto& [id, session] : sessions_) all.push_back(session);
  return all;
}

Result<std::optional<users::Tag>> Principals::on_begin(const users::Session& session) {
  if (auto fine = admit(session); !fine) return fine.error();
  if (const auto number = number_of(session); !number) return number.error();
  // Before the session is: nobody knows the tag yet.
  auto tag = make_tag(session);
  if (tag) sessions_.emplace(session.id, session);
  auto put = tag ? put_in_force() : Result<void>(tag.error());
  if (put) put = remember(session);  // the card has it already: what is remembered is there
  if (!put) {
    sessions_.erase(session.id);
    behind_ = true;
    retry();  // the card may have taken it in the moment in which it failed
    log::error("principal.not_set", {{"user", session.user}, {"why", put.error().detail}});
    return Error{put.error().code, "the gateway does not take another user: " + put.error().detail};
  }
  log::info("principal.set", {{"user", session.user},
                              {"address", session.address.to_string()},
                              {"principal", numbers_.at(session.user)},
                              {"tagged", session.tagged},
                              {"generation", keeper_.generation()}});
  if (callbacks_.on_changed) callbacks_.on_changed(session.user);
  return tag;
}

Result<std::optional<users::Tag>> Principals::make_tag(const users::Session& session) {
  if (!session.tagged) return std::optional<users::Tag>();
  users::Tag tag{0, Secret(driver::TagKeys::kKeyBytes), tags_ == UsersConfig::Tags::kPlain};
  std::array<std::uint8_t, sizeof(std::uint32_t)> random{};
  if (RAND_bytes(random.data(), random.size()) != 1 ||
      RAND_bytes(tag.key.bytes().data(), static_cast<int>(tag.key.size())) != 1) {
    std::abort();
  }
  const auto handle = keeper_.tag_keys().install(ByteReader(random).u32(), numbers_.at(session.user), tag.key);
  if (!handle) return handle.error();
  handles_[session.id] = tag.handle = *handle;
  return std::optional(std::move(tag));
}

Result<void> Principals::remember(const users::Session& session) {
  if (journal_ == nullptr) return {};
  SessionRecord record{session, numbers_.at(session.user), {}, tags_ == UsersConfig::Tags::kPlain};
  if (session.tagged) record.tag = handles_.at(session.id);
  return journal_->session_changed(record);
}

// What is not stored now is with the next renewal, or the session ends with this daemon.
void Principals::note(const users::Session& session) {
  if (const auto kept = remember(session); !kept) {
    log::error("session.not_stored", {{"user", session.user}, {"why", kept.error().detail}});
  }
}

// Before the card lets go of them, where the disk lets us, and before anybody is told: no daemon goes on with what is
// over.
Result<void> Principals::forget_ended() {
  if (journal_ == nullptr) return {};
  for (const End& end : ended_) {
    if (auto forgotten = journal_->session_ended(end.session.id); !forgotten) return forgotten;
  }
  return {};
}

// Of the sessions that are over.
Result<void> Principals::take_tags_away() {
  for (auto handle = handles_.begin(); handle != handles_.end();) {
    if (sessions_.contains(handle->first)) {
      ++handle;
      continue;
    }
    if (auto removed = keeper_.tag_keys().remove(handle->second); !removed) return removed;
    handle = handles_.erase(handle);
  }
  return {};
}

Result<void> Principals::on_joined(const users::Session& session) {
  const users::Session before = std::exchange(sessions_.at(session.id), session);
  if (auto put = put_in_force(); !put) {
    sessions_.at(session.id) = before;
    behind_ = true;
    retry();
    log::error("principal.not_joined", {{"user", session.user}, {"why", put.error().detail}});
    return Error{put.error().code, "the card does not take another address: " + put.error().detail};
  }
  note(session);
  return {};
}

void Principals::on_renewed(const users::Session& session) {
  sessions_.at(session.id) = session;
  note(session);
}

void Principals::on_left(const users::Session& session) {
  sessions_.at(session.id) = session;
  note(session);
  behind_ = true;
}

void Principals::on_end(const users::Session& session, users::EndReason reason, std::function<void()> done) {
  sessions_.erase(session.id);
  log::info("session.ended", {{"user", session.user},
                              {"address", session.address.to_string()},
                              {"reason", std::string(users::to_string(reason))}});
  gone_.push_back({session, std::move(done)});
  behind_ = true;
}

void Principals::tell_who_is_gone() {
  if (gone_.empty()) return;
  const policy::UsersOnLine users = on_line();
  keeper_.set_users(users, addresses());
  for (End& end : std::exchange(gone_, {})) {
    callbacks_.on_gone(end.session, !users.contains(end.session.user));
    ended_.push_back(std::move(end));
  }
}

void Principals::retry() {
  if (!behind_) return;
  tell_who_is_gone();
  const auto forgotten = forget_ended();
  auto put = take_tags_away();
  if (put) put = put_in_force();
  // What a tag or an address made somebody's before is still inside.
  if (put) put = keeper_.flush();
  // A disk that refuses keeps the order from being acknowledged, not the card from letting go.
  if (put) put = forgotten;
  if (!put) {
    behind_ = true;
    return log::error("principals.not_in_force", {{"why", put.error().detail}});
  }
  forget_numbers_but_of(on_line());
  for (const End& end : std::exchange(ended_, {})) {
    if (callbacks_.on_changed) callbacks_.on_changed(end.session.user);
    end.done();  // may begin another session
  }
}

policy::UsersOnLine Principals::on_line() const {
  policy::UsersOnLine users;
  for (const auto& [id, session] : sessions_) {
    policy::OnLine& one = users[session.user];
    one.principal = numbers_.at(session.user);
    one.addresses.push_back(session.address);
    for (const IpAddress& other : session.other_addresses()) one.addresses.push_back(other);
    // A method may know of groups: somebody's are those of all their sessions.
    one.groups.insert(one.groups.end(), session.groups.begin(), session.groups.end());
  }
  return users;
}

CardKeeper::Addresses Principals::addresses() const {
  CardKeeper::Addresses out;
  for (const auto& [id, session] : sessions_) {
    if (!session.tagged) out[session.address.number()] = numbers_.at(session.user);
  }
  return out;
}

Result<void> Principals::put_in_force() {
  keeper_.set_users(on_line(), addresses());
  const auto committed = keeper_.commit();
  behind_ = !committed || !gone_.empty() || !ended_.empty();
  return committed;
}

void Principals::forget_numbers_but_of(const policy::UsersOnLine& users) {
  std::erase_if(numbers_, [&](const auto& entry) {
    if (users.contains(entry.first)) return false;
    callbacks_.on_free(entry.second);
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
