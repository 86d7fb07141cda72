// SPDX-License-Identifier: Apache-2.0
// The API's requests (host/api/README.md), answered by a gateway.
#pragma once

#include "host/api/service.hpp"
#include "host/gateway/gateway.hpp"
#include "host/gateway/login.hpp"

namespace sallyport::gateway {

class GatewayService final : public api::Service {
 public:
  // `login` is null where nobody can log in.
  GatewayService(Gateway& gateway, Login* login) : gateway_(gateway), login_(login) {}

  void call(const api::Request& request, api::Respond respond) override;

 private:
  void call_of_users(const api::Request& request, api::Respond respond);

  Gateway& gateway_;
  Login* login_;
};

}  // namespace sallyport::gateway
