// SPDX-License-Identifier: Apache-2.0
#include "host/login/methods.hpp"

#include "host/login/card_prover.hpp"
#include "host/login/password_prover.hpp"

namespace sallyport::login {

Methods methods() {
  static constexpr Method kMethods[] = {
      {"password", read_password}, {"totp", read_password_and_code}, {"smart_card", read_card},
      {"radius", read_password},   {"pam", read_password},
  };
  return kMethods;
}

}  // namespace sallyport::login
