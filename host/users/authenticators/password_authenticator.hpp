// SPDX-License-Identifier: Apache-2.0
// "password": the directory's, hashed by argon2id. Answer: `password`.
#pragma once

#include "host/users/authenticators/method.hpp"
#include "host/users/authenticators/password_check.hpp"

namespace sallyport::users {

class PasswordAuthenticator : public Authenticator {
 public:
  static constexpr std::string_view kName = CredentialKind::kPassword.name;
  static MethodSettings read(TomlSection& users, bool chosen);
  static Result<DirectoryWork> enrol(const Enrolment& asked);  // `password`

  explicit PasswordAuthenticator(SharedDirectory& directory) : check_(directory) {}

  [[nodiscard]] std::string_view name() const override { return kName; }
  [[nodiscard]] Result<Challenge> begin(const Claim&) override { return Challenge{}; }
  [[nodiscard]] Result<Identity> finish(const Claim& claim, const Challenge&, const Answer& answer) override {
    const auto holds = check_.holds(claim.user, answer.secret("password"));
    if (!holds) return holds.error();
    if (!*holds) return Error{Errc::kAuthFailed, "the password is wrong"};
    return Identity{claim.user};
  }

 private:
  PasswordCheck check_;
};

}  // namespace sallyport::users
