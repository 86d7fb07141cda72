// SPDX-License-Identifier: Apache-2.0
// A session as a daemon leaves it to the next one (why so: docs/decisions/sessions-go-on.md).
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "base/secret.hpp"
#include "host/users/sessions/sessions.hpp"

namespace sallyport::gateway {

// No key is in it, and no token: the key of its tag is on the card, and of the token it has the hash.
struct SessionRecord {
  users::Session session;
  std::uint16_t principal = 0;
  std::optional<std::uint32_t> tag{};  // its handle
  bool plain_tag = false;
};

// Stores sessions, within the call.
class SessionJournal {
 public:
  virtual ~SessionJournal() = default;
  virtual Result<void> session_changed(const SessionRecord& record) = 0;
  virtual Result<void> session_ended(const std::string& id) = 0;
};

// The time on the wall.
using WallClock = std::function<std::chrono::system_clock::time_point()>;

// One moment on both clocks: a session's times are of the one that ends with the machine, a record's of the other.
struct Moment {
  users::Session::Time steady;
  std::chrono::system_clock::time_point wall;
};

[[nodiscard]] Secret write_session(const SessionRecord& record, const Moment& now);
// kCorrupt; kInvalid when it was written later than now: the clock was put back, and nobody knows what is over. Other
// addresses that were to be told of again by now are left out.
[[nodiscard]] Result<SessionRecord> read_session(Bytes record, const Moment& now);

}  // namespace sallyport::gateway
