// SPDX-License-Identifier: Apache-2.0
// Users as a table of text (RFC 4180): one line a user, a first line that names the columns.
//
//   name,full_name,role,enabled,groups,password_hash
//   alice,Alice Adams,administer,yes,staff;night,$argon2id$v=19$m=65536,t=3,p=4$...
//
// `name` is there; of the others those that a file names, in any order. What it does not name stays as it is, and so
// does a password whose field is empty. Groups are parted by semicolons.
#pragma once

#include <string_view>

#include "host/users/directory.hpp"

namespace sallyport::users {

// The text in parts, one after the other; an empty one is the end.
using TextSource = std::function<Result<std::string>()>;

// All users of the text, or nothing. Errors: kInvalid, naming line and column, and those of `more`.
[[nodiscard]] Result<Directory::ImportCount> import_csv(Directory& directory, const std::string& actor,
                                                        const TextSource& more);
[[nodiscard]] Result<Directory::ImportCount> import_csv(Directory& directory, const std::string& actor,
                                                        std::string_view text);

struct CsvPage {
  std::string csv;
  std::string after;  // the last user in it; empty: there are no more
};
// At most 1000 users behind `after`, in the order of names; the first page names the columns. With `hashes`, password
// hashes too, as somebody needs them who moves to another gateway.
[[nodiscard]] Result<CsvPage> export_csv(Directory& directory, bool hashes, const std::string& after);

}  // namespace sallyport::users
