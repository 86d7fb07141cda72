// SPDX-License-Identifier: Apache-2.0
// The API's requests about configurations: edits, the candidate, commits and their history (host/api/README.md).
#pragma once

#include "host/api/service.hpp"
#include "host/gateway/gateway.hpp"
#include "host/gateway/login.hpp"

namespace sallyport::gateway {

class PolicyService final : public api::Service {
 public:
  // `login` is null where nobody can log in.
  PolicyService(Gateway& gateway, Login* login) : gateway_(gateway), login_(login) {}

  [[nodiscard]] static bool answers(const std::string& what);
  void call(const api::Request& request, api::Respond respond) override;

 private:
  void levels(const api::Request& request, api::Respond respond);
  void expectations(const api::Request& request, api::Respond respond);
  void policies(const api::Request& request, api::Respond respond);
  void candidate(const api::Request& request, const api::Respond& respond);
  void commit_candidate(CommitOptions options, const api::Respond& respond);
  void history(const api::Request& request, const api::Respond& respond);
  void commit(const api::Request& request, const api::Respond& respond);

  Gateway& gateway_;
  Login* login_;
};

}  // namespace sallyport::gateway
