// SPDX-License-Identifier: Apache-2.0
#include "host/store/used_keys.hpp"

#include <algorithm>

#include "host/store/checked_value.hpp"

namespace sallyport::store {
namespace {

constexpr Kind kKind{Durability::kPower,
                     "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;",
                     "no key of a manual SA counts as used: write new ones into the configurations of both gateways"};
constexpr const char* kKeys = "used_keys";
constexpr const char* kDamage = "its keys are not those that were stored";

}  // namespace

UsedKeys::Digest UsedKeys::digest_of(Bytes data) {
  Digest digest;
  std::ranges::copy(sha256(data), digest.begin());
  return digest;
}

Buffer UsedKeys::joined(const std::set<Digest>& keys) {
  Buffer all;
  for (const Digest& key : keys) all.insert(all.end(), key.begin(), key.end());
  return all;
}

Result<UsedKeys> UsedKeys::open(const std::filesystem::path& folder) {
  auto database = Database::open(folder / "used_keys.db", kKind);
  if (!database) return database.error();
  UsedKeys used(std::move(*database));
  // A key whose digest has changed would seem to be new.
  const auto stored = checked_value(used.database_, kKeys, kDamage);
  if (!stored) return stored.error();
  if (stored->size() % Digest().size() != 0) return used.database_.damaged(kDamage);
  for (ByteReader r(*stored); r.left() > 0;) {
    Digest key;
    std::ranges::copy(r.take(key.size()), key.begin());
    used.keys_.insert(key);
  }
  return used;
}

bool UsedKeys::contains(const Secret& key) const { return keys_.contains(digest_of(key.reveal())); }

Result<void> UsedKeys::add(const Secret& one, const Secret& other) {
  auto keys = keys_;
  keys.insert(digest_of(one.reveal()));
  keys.insert(digest_of(other.reveal()));
  const Buffer all = joined(keys);
  Transaction transaction(database_);
  set_checked_value(transaction, database_, kKeys, all);
  if (auto stored = transaction.commit(); !stored) return stored;
  keys_ = std::move(keys);
  return {};
}

}  // namespace sallyport::store
