// SPDX-License-Identifier: Apache-2.0
#include "host/cli/daemon.hpp"

namespace sallyport::cli {
namespace {

std::string sentence(const Error& error) { return error.detail.empty() ? error.message() : error.detail; }

// A socket that we may not open, or that cannot exist, has nothing to do with whether a daemon runs.
Exit exit_of(Errc on_the_way) {
  const bool nobody = on_the_way == Errc::kDisconnected || on_the_way == Errc::kTimeout;
  return nobody ? Exit::kNoDaemon : Exit::kFailed;
}

}  // namespace

Outcome Daemon::ask(const api::ClientRequest& request, std::chrono::seconds patience, const Use& use) const {
  const auto answer = api::exchange(socket_, request, patience);
  if (!answer) return {exit_of(answer.error().code), sentence(answer.error())};
  const auto body = api::body_of(*answer);
  if (!body) return {Exit::kFailed, sentence(body.error())};
  return use(*body);
}

}  // namespace sallyport::cli
