// SPDX-License-Identifier: Apache-2.0
#include "host/store/policy_store.hpp"

#include <openssl/sha.h>

namespace sallyport::store {
namespace {

constexpr const char* kSchema =
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE policies (position INTEGER PRIMARY KEY, policy TEXT NOT NULL);";

constexpr const char* kOrigin = "policies_origin";
constexpr const char* kDigest = "policies_digest";

constexpr Kind kKind{Durability::kPower, kSchema, "the policies are those of the configuration file"};

// SQLite finds a damaged structure, not a changed letter; and a changed policy must not come into force.
Buffer digest_of(const StoredPolicies& stored) {
  ByteWriter all;
  all.u32(static_cast<std::uint32_t>(stored.origin.size())).bytes(as_bytes(stored.origin));
  for (const auto& p : stored.policies) all.u32(static_cast<std::uint32_t>(p.size())).bytes(as_bytes(p));
  Buffer digest(SHA256_DIGEST_LENGTH);
  SHA256(all.view().data(), all.size(), digest.data());
  return digest;
}

}  // namespace

Result<PolicyStore> PolicyStore::open(const std::filesystem::path& folder) {
  auto database = Database::open(folder / "policies.db", kKind);
  if (!database) return database.error();
  return PolicyStore(std::move(*database));
}

Result<void> PolicyStore::save(const StoredPolicies& stored) {
  Transaction transaction(database_);
  transaction.run("DELETE FROM policies");
  for (std::size_t i = 0; i < stored.policies.size(); ++i) {
    Statement statement(database_, "INSERT INTO policies VALUES (?, ?)");
    transaction.run(statement.bind(static_cast<std::int64_t>(i)).bind(stored.policies[i]));
  }
  set_meta(transaction, database_, kOrigin, as_bytes(stored.origin));
  set_meta(transaction, database_, kDigest, digest_of(stored));
  return transaction.commit();
}

Result<std::optional<StoredPolicies>> PolicyStore::policies() {
  auto origin = meta(database_, kOrigin);
  if (!origin) return origin.error();
  if (origin->empty()) return std::optional<StoredPolicies>();
  StoredPolicies stored;
  stored.origin.assign(origin->begin(), origin->end());
  Statement statement(database_, "SELECT policy FROM policies ORDER BY position");
  for (;;) {
    auto row = statement.step();
    if (!row) return row.error();
    if (!*row) break;
    stored.policies.push_back(statement.text(0));
  }
  auto digest = meta(database_, kDigest);
  if (!digest) return digest.error();
  if (*digest != digest_of(stored)) return database_.damaged("its policies are not those that were stored");
  return std::optional(std::move(stored));
}

}  // namespace sallyport::store
