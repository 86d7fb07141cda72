// SPDX-License-Identifier: Apache-2.0
// A value beside its SHA-256: SQLite finds a damaged structure, not a changed letter.
#pragma once

#include "host/store/database.hpp"

namespace sallyport::store {

Buffer sha256(Bytes data);

// A named value in the table `meta`; empty: none. kCorrupt: not what was stored, which `damage` says of the file.
Result<Buffer> checked_value(Database& database, const std::string& name, const char* damage);
void set_checked_value(Transaction& transaction, Database& database, const std::string& name, Bytes value);

}  // namespace sallyport::store
