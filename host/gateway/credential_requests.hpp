// SPDX-License-Identifier: Apache-2.0
// The API's requests about what a user proves who they are with: PUT and DELETE of /v1/users/NAME/password, /totp and
// /smart_card (host/api/README.md).
#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <string>

#include "host/users/directory.hpp"

namespace sallyport::gateway {

using DirectoryWork = std::function<Result<boost::json::value>(users::Directory& directory)>;

// What `method` of the credential called `kind` means. `seal_key` outlives the work. kNotFound: no such request.
[[nodiscard]] Result<DirectoryWork> credential_work(const std::string& actor, const std::string& method,
                                                    const std::string& user, const std::string& kind,
                                                    const boost::json::value& body, const Secret& seal_key);

}  // namespace sallyport::gateway
