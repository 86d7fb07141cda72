// SPDX-License-Identifier: Apache-2.0
// Which sessions of a daemon that died go on with the next. In doubt they do not: their users log in again.
#include <algorithm>

#include "host/gateway/gateway.hpp"

namespace sallyport::gateway {

// What does not go on is forgotten before anything is done, so that no later daemon goes on with it either.
Result<std::vector<SessionRecord>> Gateway::sessions_that_go_on(const Vouch& vouch) {
  auto stored = memory_->sessions();
  if (!stored) return stored.error();
  std::vector<SessionRecord> out;
  for (auto& [id, record] : *stored) {
    if (record && config_.users) {
      auto& session = record->session;  // the configuration may say less now
      session.ends = std::min(session.ends, session.begun + config_.users->session_lifetime);
    }
    const auto fine = record ? may_go_on(*record, vouch) : Result<void>(record.error());
    if (fine) {
      out.push_back(std::move(*record));
      continue;
    }
    log::warning("session.not_adopted", {{"session", id},
                                         {"user", record ? record->session.user : ""},
                                         {"address", record ? record->session.address.to_string() : ""},
                                         {"why", fine.error().detail}});
    if (auto forgotten = memory_->session_ended(id); !forgotten) return forgotten.error();
  }
  return out;
}

Result<void> Gateway::may_go_on(const SessionRecord& record, const Vouch& vouch) const {
  const auto now = std::chrono::steady_clock::now();
  const auto no = [](const char* why) { return Error{Errc::kDenied, why}; };
  if (record.session.ends <= now) return no("its lifetime is over");
  // Nobody has heard of its computer for so long, and who is at its address now nobody knows.
  if (record.session.renew_by <= now) return no("it was not renewed in time");
  if (record.tag && (tags() == UsersConfig::Tags::kOff || record.plain_tag != (tags() == UsersConfig::Tags::kPlain))) {
    return no("tags like its are not taken any more");
  }
  return vouch ? vouch(record.session) : no("nobody vouches for its user");
}

}  // namespace sallyport::gateway
