// SPDX-License-Identifier: Apache-2.0
// A smart card, which signs what the gateway asks (host/users/authenticators/card_proof.hpp), once at the login and at
// each renewal.
#pragma once

#include "host/login/method.hpp"

namespace sallyport::login {

// `module`, a PKCS#11 module; `token`, the card's label.
MakeProver read_card(TomlSection& configuration, bool chosen);

}  // namespace sallyport::login
