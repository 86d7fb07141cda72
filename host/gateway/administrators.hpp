// SPDX-License-Identifier: Apache-2.0
// Who may ask what over the UNIX socket: root and the daemon's own user everything; another user of this machine what
// the role allows that the directory has under the same name; nobody else anything.
#pragma once

#include <chrono>
#include <map>

#include "host/api/service.hpp"
#include "host/gateway/login.hpp"

namespace sallyport::gateway {

class Administrators final : public api::Service {
 public:
  // `behind` answers those who may ask, and finds their name in the request. `login` is null where there is no
  // directory: then only root and the daemon's user may ask.
  Administrators(api::Service& behind, Login* login) : behind_(behind), login_(login) {}

  void call(const api::Request& request, api::Respond respond) override;

  // The least that a request asks for.
  [[nodiscard]] static users::Role needed(const api::Request& request);

 private:
  void pass(const api::Request& request, api::Respond respond);
  // `who`: as far as it is known.
  void refuse(const std::string& who, const api::Request& request, const std::string& why, api::Respond respond);
  [[nodiscard]] bool is_news(const std::string& refusal);
  void record(const std::string& by, const std::string& action, const std::string& subject, const std::string& detail,
              std::function<void()> then);

  api::Service& behind_;
  Login* login_;
  std::map<std::string, std::chrono::steady_clock::time_point> refused_;  // until when they are no news
};

}  // namespace sallyport::gateway
