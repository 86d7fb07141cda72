// SPDX-License-Identifier: Apache-2.0
// For tests: an owner of sessions that notes what it is told, and lets go at once or when it is told to.
#pragma once

#include "host/users/sessions/sessions.hpp"

namespace sallyport::users {

class RecordingOwner : public SessionOwner {
 public:
  Result<std::optional<Tag>> on_begin(const Session& session) override {
    if (session.user == refuses) return Error{Errc::kExists, "somebody is there"};
    events.push_back("begin " + session.user);
    if (!session.tagged || !gives_tags) return std::optional<Tag>();
    return std::optional(Tag{0x89abcdef, Secret(Buffer(16, 0xa5))});
  }
  void on_end(const Session& session, EndReason reason, std::function<void()> done) override {
    events.push_back("end " + session.user + " " + std::string(to_string(reason)));
    if (at_once) return done();
    held_.push_back(std::move(done));
  }
  Result<void> on_joined(const Session& session) override {
    if (!joins) return Error{Errc::kFull, "no place"};
    events.push_back("joined " + session.user + " " + std::to_string(session.also_at.size()));
    return {};
  }
  void on_left(const Session& session) override {
    events.push_back("left " + session.user + " " + std::to_string(session.also_at.size()));
  }
  void on_renewed(const Session& session) override { renewed.push_back(session.user); }
  void settle() override { ++settled; }
  // Of all that ended so far.
  void let_go() {
    for (const auto& done : std::exchange(held_, {})) done();
  }

  unsigned settled = 0;
  bool at_once = true;
  bool gives_tags = true;
  bool joins = true;
  std::string refuses;  // a user
  std::vector<std::string> events;
  std::vector<std::string> renewed;  // users

 private:
  std::vector<std::function<void()>> held_;
};

}  // namespace sallyport::users
