// SPDX-License-Identifier: Apache-2.0
#include "host/users/sessions/sessions.hpp"

#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>

namespace sallyport::users {
namespace {

constexpr std::array<std::string_view, 7> kReasons = {"logout",   "card_removed",  "expired", "not_renewed",
                                                      "replaced", "administrator", "radius"};
constexpr std::size_t kIdBytes = 8;
constexpr std::size_t kTokenBytes = 32;

std::array<std::uint8_t, 32> hash_of(Bytes token) {
  std::array<std::uint8_t, 32> digest{};
  SHA256(token.data(), token.size(), digest.data());
  return digest;
}

std::string random_hex(std::size_t bytes) {
  Buffer random(bytes);
  if (RAND_bytes(random.data(), static_cast<int>(bytes)) != 1) std::abort();
  std::string text = to_hex(random);
  wipe(random);
  return text;
}

}  // namespace

std::string_view to_string(EndReason reason) { return kReasons[static_cast<std::size_t>(reason)]; }

std::vector<IpAddress> Session::other_addresses() const {
  std::vector<IpAddress> out;
  for (const auto& [where, until] : also_at) out.push_back(where);
  return out;
}

Sessions::Orders Sessions::orders_from_now() {
  std::erase_if(told_, [](const auto& told) { return told.expired(); });
  auto orders = std::make_shared<std::vector<Fits>>();
  told_.push_back(orders);
  return orders;
}

void Sessions::begin(Session who, std::optional<std::chrono::seconds> lifetime, Time now,
                     std::function<void(Result<Begun>)> begun, Orders orders) {
  // One place, one session; the older one is gone before the new one begins.
  if (const Entry* before = at(who.address, who.uid); before != nullptr) {
    const std::string id = before->session.id;
    return end(
        id, EndReason::kReplaced,
        [this, who = std::move(who), lifetime, now, begun = std::move(begun), orders = std::move(orders)]() mutable {
          begin(std::move(who), lifetime, now, std::move(begun), std::move(orders));
        });
  }
  const auto here = std::count_if(entries_.begin(), entries_.end(),
                                  [&](const auto& e) { return e.second.session.address == who.address; });
  if (entries_.size() >= limits_.most || static_cast<std::size_t>(here) >= limits_.most_at_one_address) {
    return begun(Error{Errc::kFull, "too many users are logged in"});
  }
  const auto theirs =
      std::count_if(entries_.begin(), entries_.end(), [&](const auto& e) { return e.second.session.user == who.user; });
  if (static_cast<std::size_t>(theirs) >= limits_.most_of_one_user) {
    return begun(Error{Errc::kFull, "the user is logged in as often as one may be; log out elsewhere first"});
  }
  who.id = random_hex(kIdBytes);
  if (std::any_of(orders->begin(), orders->end(), [&](const Fits& fit) { return fit(who); })) {
    return begun(Error{Errc::kDenied, "the user was logged out meanwhile"});
  }
  who.begun = now;
  who.ends = now + std::min(lifetime.value_or(limits_.lifetime), limits_.lifetime);
  who.renew_by = now + limits_.renewal;
  std::string text = who.id + "." + random_hex(kTokenBytes);
  Secret token{as_bytes(text)};
  wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  who.token_hash = hash_of(token.reveal());
  entries_.emplace(who.id, Entry{who});
  auto tag = owner_.on_begin(who);
  if (!tag) {
    entries_.erase(who.id);
    return begun(tag.error());
  }
  begun(Begun{std::move(who), std::move(token), std::move(*tag)});
}

void Sessions::adopt(std::vector<Session> sessions, Time now) {
  for (Session& session : sessions) {
    session.renew_by = now + limits_.renewal;
    for (auto& [where, until] : session.also_at) until = now + limits_.renewal;
    const std::string id = session.id;
    entries_.emplace(id, Entry{std::move(session)});
  }
}

Result<bool> Sessions::join(const Secret& token, const IpAddress& from, Time now) {
  const Session* session = of_token(token);
  if (session == nullptr) return Error{Errc::kDenied, "not logged in"};
  if (!session->tagged) {
    return Error{Errc::kUnsupported, "without marking a session is its computer's one address; log in from this one"};
  }
  if (session->address == from) return false;
  Session& joined = entries_.at(session->id).session;
  if (const auto known = joined.also_at.find(from); known != joined.also_at.end()) {
    known->second = now + limits_.renewal;
    return false;
  }
  if (joined.also_at.size() >= limits_.most_also_at) {
    return Error{Errc::kFull, "the session has as many addresses as one may have"};
  }
  joined.also_at.emplace(from, now + limits_.renewal);
  if (auto taken = owner_.on_joined(joined); !taken) {
    joined.also_at.erase(from);
    return taken.error();
  }
  return true;
}

const Session* Sessions::of_token(const Secret& token, const IpAddress& from) const {
  const Session* session = of_token(token);
  return session != nullptr && session->at(from) ? session : nullptr;
}

const Session* Sessions::of_token(const Secret& token) const {
  const Bytes text = token.reveal();
  if (text.size() != 2 * kIdBytes + 1 + 2 * kTokenBytes) return nullptr;
  const Bytes id = text.first(2 * kIdBytes);  // which is public
  const auto found = entries_.find(std::string(id.begin(), id.end()));
  if (found == entries_.end() || found->second.ending ||
      !equal_constant_time(hash_of(text), found->second.session.token_hash)) {
    return nullptr;
  }
  return &found->second.session;
}

const Session* Sessions::find(const std::string& id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() || found->second.ending ? nullptr : &found->second.session;
}

std::vector<Session> Sessions::all() const {
  std::vector<Session> out;
  for (const auto& [id, entry] : entries_) {
    if (!entry.ending) out.push_back(entry.session);
  }
  return out;
}

void Sessions::renew(const std::string& id, Time now) {
  const auto found = entries_.find(id);
  if (found == entries_.end() || found->second.ending) return;
  found->second.session.renew_by = now + limits_.renewal;
  owner_.on_renewed(found->second.session);
}

void Sessions::end(const std::string& id, EndReason reason, std::function<void()> done) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return done();
  Entry& entry = found->second;
  entry.waiting.push_back(std::move(done));
  if (entry.ending) return;
  entry.ending = true;
  owner_.on_end(Session(entry.session), reason, [self = std::weak_ptr(self_), id] {
    if (const auto alive = self.lock()) (*alive)->gone(id);
  });
}

bool Sessions::end_those(const Fits& fit, EndReason reason, const std::function<void()>& done) {
  for (const auto& told : told_) {
    if (const auto orders = told.lock()) orders->push_back(fit);
  }
  std::vector<std::string> meant;
  for (const auto& [id, entry] : entries_) {
    if (fit(entry.session)) meant.push_back(id);
  }
  const auto left = std::make_shared<std::size_t>(meant.size());
  for (const std::string& id : meant) {
    end(id, reason, [left, done] {
      if (--*left == 0) done();
    });
  }
  return !meant.empty();
}

void Sessions::expire(Time now) {
  std::vector<std::pair<std::string, EndReason>> over;
  for (auto& [id, entry] : entries_) {
    if (entry.ending) continue;
    if (entry.session.ends <= now) {
      over.emplace_back(id, EndReason::kExpired);
    } else if (entry.session.renew_by <= now) {
      over.emplace_back(id, EndReason::kNotRenewed);
    } else if (std::erase_if(entry.session.also_at, [now](const auto& also) { return also.second <= now; }) != 0) {
      owner_.on_left(entry.session);
    }
  }
  for (const auto& [id, reason] : over) end(id, reason, [] {});
}

const Sessions::Entry* Sessions::at(const IpAddress& address, std::uint32_t uid) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const auto& e) {
    return e.second.session.at(address) && e.second.session.uid == uid;
  });
  return found == entries_.end() ? nullptr : &found->second;
}

void Sessions::gone(const std::string& id) {
  auto entry = entries_.extract(id);
  if (entry.empty()) return;
  for (const auto& done : entry.mapped().waiting) done();
}

}  // namespace sallyport::users
