// SPDX-License-Identifier: Apache-2.0
// "radius": servers elsewhere decide (RFC 2865), by user and password. Answer: `password`. Each Filter-Id of an
// Access-Accept is a group, its Session-Timeout the session's lifetime.
#pragma once

#include "host/users/authenticators/method.hpp"

namespace sallyport::users {

struct RadiusServer {
  Endpoint endpoint;
  Secret secret;
};

struct RadiusSettings {
  std::vector<RadiusServer> servers;         // asked in their order, the next when one is silent
  std::string nas_identifier;                // how the gateway calls itself
  std::chrono::milliseconds patience{2000};  // for one answer
  unsigned tries = 3;                        // of each server
};

class RadiusAuthenticator : public Authenticator {
 public:
  static constexpr std::string_view kName = "radius";
  // `radius_servers`, `nas_identifier`, and `radius_orders_port`, which is good without the method, too: who has logged
  // in otherwise can be logged out by such a server.
  static MethodSettings read(TomlSection& users, bool chosen);

  explicit RadiusAuthenticator(RadiusSettings settings) : settings_(std::move(settings)) {}

  [[nodiscard]] std::string_view name() const override { return kName; }
  [[nodiscard]] Result<Challenge> begin(const Claim&) override { return Challenge{}; }
  [[nodiscard]] Result<Identity> finish(const Claim& claim, const Challenge& challenge, const Answer& answer) override;
  [[nodiscard]] bool brings_its_users() const override { return true; }
  [[nodiscard]] bool brings_groups() const override { return true; }

 private:
  RadiusSettings settings_;
};

}  // namespace sallyport::users
