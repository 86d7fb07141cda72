// SPDX-License-Identifier: Apache-2.0
// The API's requests (host/api/README.md), answered by a gateway.
#pragma once

#include "host/api/service.hpp"
#include "host/gateway/gateway.hpp"

namespace sallyport::gateway {

class GatewayService final : public api::Service {
 public:
  explicit GatewayService(Gateway& gateway) : gateway_(gateway) {}

  void call(const api::Request& request, api::Respond respond) override;

 private:
  Gateway& gateway_;
};

}  // namespace sallyport::gateway
