// SPDX-License-Identifier: Apache-2.0
// Users as a table of text (RFC 4180): one line a user, a first line that names the columns.
//
//   name,full_name,role,enabled,groups,password_hash
//   alice,Alice Adams,administer,yes,staff;night,$argon2id$v=19$m=65536,t=3,p=4$...
//
// `name` is there; of the others those that a file names, in any order. Groups are parted by semicolons.
#pragma once

#include <string_view>

#include "host/users/directory.hpp"

namespace sallyport::users {

// All of `text`, or nothing. Errors: kInvalid, naming line and column.
[[nodiscard]] Result<Directory::ImportCount> import_csv(Directory& directory, const std::string& actor,
                                                        std::string_view text);

// Every user, in the order of names. With `hashes`, password hashes too, as somebody needs them who moves to another
// gateway.
[[nodiscard]] Result<std::string> export_csv(Directory& directory, bool hashes);

}  // namespace sallyport::users
