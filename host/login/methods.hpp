// SPDX-License-Identifier: Apache-2.0
// The ways to log in that this program has: the list to which a new one is added (host/users/README.md).
#pragma once

#include "host/login/method.hpp"

namespace sallyport::login {

[[nodiscard]] Methods methods();

}  // namespace sallyport::login
