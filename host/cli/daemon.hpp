// SPDX-License-Identifier: Apache-2.0
// The daemon as the command line sees it: a request, and what is made of the answer.
#pragma once

#include <boost/json/value.hpp>
#include <chrono>
#include <functional>
#include <string>

#include "host/api/client.hpp"
#include "host/cli/outcome.hpp"

namespace sallyport::cli {

// Ours. What the daemon knows it tells at once, unless its machine is busy; what needs the peer (a policy's
// confirmation, an SA) ends when IKE gives up, and the daemon says so before this does.
constexpr std::chrono::seconds kAtOnce{30};
constexpr std::chrono::seconds kAfterThePeer{60};

using Use = std::function<Outcome(const boost::json::value& answer)>;

class Daemon {
 public:
  explicit Daemon(std::string socket) : socket_(std::move(socket)) {}

  // `use` when the daemon has done it; else why not, and whether a daemon was there at all.
  [[nodiscard]] Outcome ask(const api::ClientRequest& request, std::chrono::seconds patience, const Use& use) const;

 private:
  std::string socket_;
};

}  // namespace sallyport::cli
