// SPDX-License-Identifier: Apache-2.0
// "pam": whatever this machine's PAM service says of user and password: LDAP, Kerberos, /etc/shadow. Answer:
// `password`.
#pragma once

#include <filesystem>

#include "host/users/authenticators/method.hpp"

namespace sallyport::users {

class PamAuthenticator : public Authenticator {
 public:
  static constexpr std::string_view kName = "pam";
  static MethodSettings read(TomlSection& users, bool chosen);  // `pam_service`

  // A service of /etc/pam.d, or of another folder.
  explicit PamAuthenticator(std::string service, std::filesystem::path folder = {})
      : service_(std::move(service)), folder_(std::move(folder)) {}

  [[nodiscard]] std::string_view name() const override { return kName; }
  [[nodiscard]] Result<Challenge> begin(const Claim&) override { return Challenge{}; }
  [[nodiscard]] Result<Identity> finish(const Claim& claim, const Challenge& challenge, const Answer& answer) override;
  [[nodiscard]] bool brings_its_users() const override { return true; }

 private:
  std::string service_;
  std::filesystem::path folder_;
};

}  // namespace sallyport::users
