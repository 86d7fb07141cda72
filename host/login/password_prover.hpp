// SPDX-License-Identifier: Apache-2.0
// A password that the user types, and with it a one-time code where the method wants one.
#pragma once

#include "host/login/method.hpp"

namespace sallyport::login {

MakeProver read_password(TomlSection& configuration, bool chosen);
MakeProver read_password_and_code(TomlSection& configuration, bool chosen);

}  // namespace sallyport::login
