// SPDX-License-Identifier: Apache-2.0
// "totp": the directory's password and a code of the moment, which is accepted once. Answer: `password`, `code`.
#pragma once

#include <chrono>
#include <functional>

#include "host/users/authenticators/method.hpp"
#include "host/users/authenticators/password_check.hpp"

namespace sallyport::users {

class TotpAuthenticator : public Authenticator {
 public:
  static constexpr std::string_view kName = CredentialKind::kTotp.name;
  static MethodSettings read(TomlSection& users, bool chosen);
  static Result<DirectoryWork> enrol(const Enrolment& asked);  // answered with a new secret, this once: `uri`

  using WallClock = std::function<std::chrono::system_clock::time_point()>;

  // `key` has sealed the secrets.
  TotpAuthenticator(SharedDirectory& directory, Secret key, WallClock now = std::chrono::system_clock::now);

  [[nodiscard]] std::string_view name() const override { return kName; }
  [[nodiscard]] Result<Challenge> begin(const Claim&) override { return Challenge{}; }
  [[nodiscard]] Result<Identity> finish(const Claim& claim, const Challenge& challenge, const Answer& answer) override;

 private:
  SharedDirectory& directory_;
  PasswordCheck check_;
  Secret key_;
  Secret nobodys_;  // for those who have none
  WallClock now_;
};

}  // namespace sallyport::users
