// SPDX-License-Identifier: Apache-2.0
#include "host/store/checked_value.hpp"

#include <openssl/sha.h>

namespace sallyport::store {
namespace {

std::string digest_of(const std::string& name) { return name + "_digest"; }

}  // namespace

Buffer sha256(Bytes data) {
  Buffer digest(SHA256_DIGEST_LENGTH);
  SHA256(data.data(), data.size(), digest.data());
  return digest;
}

Result<Buffer> checked_value(Database& database, const std::string& name, const char* damage) {
  auto stored = meta(database, name);
  if (!stored) return stored;
  const auto digest = meta(database, digest_of(name));
  if (!digest) return digest.error();
  if (stored->empty() && digest->empty()) return stored;
  if (*digest != sha256(*stored)) return database.damaged(damage);
  return stored;
}

void set_checked_value(Transaction& transaction, Database& database, const std::string& name, Bytes value) {
  set_meta(transaction, database, name, value);
  set_meta(transaction, database, digest_of(name), sha256(value));
}

}  // namespace sallyport::store
