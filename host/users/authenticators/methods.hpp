// SPDX-License-Identifier: Apache-2.0
// The ways to log in that this gateway has: the list to which a new one is added (host/users/README.md).
#pragma once

#include "host/users/authenticators/method.hpp"

namespace sallyport::users {

[[nodiscard]] Methods methods();

}  // namespace sallyport::users
