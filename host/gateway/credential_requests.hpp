// SPDX-License-Identifier: Apache-2.0
// The API's requests about what a user proves who they are with: PUT and DELETE of /v1/users/NAME/METHOD
// (host/api/README.md).
#pragma once

#include <string>

#include "host/users/authenticators/method.hpp"

namespace sallyport::gateway {

// What the request `verb` for the method of that name means. kNotFound: no such request.
[[nodiscard]] Result<users::DirectoryWork> credential_work(users::Methods methods, const std::string& verb,
                                                           const std::string& method, const users::Enrolment& asked);

}  // namespace sallyport::gateway
