// SPDX-License-Identifier: Apache-2.0
// The desk as users' computers reach it: requests of JSON, which ../README.md lists.
#pragma once

#include "host/users/sessions/login_desk.hpp"

namespace sallyport::users {

class LoginService : public api::Service {
 public:
  explicit LoginService(LoginDesk& desk) : desk_(desk) {}

  void call(const api::Request& request, api::Respond respond) override;
  Result<void> listen(const api::Request& request, std::shared_ptr<api::EventStream> stream) override;

 private:
  LoginDesk& desk_;
};

}  // namespace sallyport::users
