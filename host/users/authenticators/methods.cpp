// SPDX-License-Identifier: Apache-2.0
#include "host/users/authenticators/methods.hpp"

#include "host/users/authenticators/pam_authenticator.hpp"
#include "host/users/authenticators/password_authenticator.hpp"
#include "host/users/authenticators/radius_authenticator.hpp"
#include "host/users/authenticators/smart_card_authenticator.hpp"
#include "host/users/authenticators/totp_authenticator.hpp"

namespace sallyport::users {

Methods methods() {
  static constexpr Method kMethods[] = {
      {PasswordAuthenticator::kName, PasswordAuthenticator::read, PasswordAuthenticator::enrol},
      {TotpAuthenticator::kName, TotpAuthenticator::read, TotpAuthenticator::enrol},
      {SmartCardAuthenticator::kName, SmartCardAuthenticator::read, SmartCardAuthenticator::enrol},
      {PamAuthenticator::kName, PamAuthenticator::read},
      {RadiusAuthenticator::kName, RadiusAuthenticator::read},
  };
  return kMethods;
}

}  // namespace sallyport::users
