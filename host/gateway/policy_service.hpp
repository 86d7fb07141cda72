// SPDX-License-Identifier: Apache-2.0
// The API's requests about policies: edits, the candidate, commits and their history (host/api/README.md).
#pragma once

#include "host/api/service.hpp"
#include "host/gateway/gateway.hpp"

namespace sallyport::gateway {

class PolicyService final : public api::Service {
 public:
  explicit PolicyService(Gateway& gateway) : gateway_(gateway) {}

  [[nodiscard]] static bool answers(const std::string& what);
  void call(const api::Request& request, api::Respond respond) override;

 private:
  void policies(const api::Request& request, api::Respond respond);
  void candidate(const api::Request& request, const api::Respond& respond);
  void history(const api::Request& request, const api::Respond& respond);
  void commit(const api::Request& request, const api::Respond& respond);

  Gateway& gateway_;
};

}  // namespace sallyport::gateway
