// SPDX-License-Identifier: Apache-2.0
// The desk as users' computers reach it: requests of JSON, which ../README.md lists.
#pragma once

#include "host/users/sessions/login_desk.hpp"
#include "host/users/sessions/questions.hpp"

namespace sallyport::users {

class LoginService : public api::Service {
 public:
  LoginService(LoginDesk& desk, Questions& questions) : desk_(desk), questions_(questions) {}

  void call(const api::Request& request, api::Respond respond) override;
  Result<void> listen(const api::Request& request, std::shared_ptr<api::EventStream> stream) override;

 private:
  // Requests about questions and answers; false: it is none.
  bool call_questions(const api::Request& request, const IpAddress& from, const api::Respond& respond);

  LoginDesk& desk_;
  Questions& questions_;
};

}  // namespace sallyport::users
