// SPDX-License-Identifier: Apache-2.0
// Which keys a card has been given that must never be given to one again, in FOLDER/used_keys.db: their SHA-256, never
// a key. What a call has stored survives the loss of power, so a call waits for the disk.
#pragma once

#include <array>
#include <set>

#include "base/secret.hpp"
#include "host/store/database.hpp"

namespace sallyport::store {

class UsedKeys {
 public:
  static Result<UsedKeys> open(const std::filesystem::path& folder);

  [[nodiscard]] bool contains(const Secret& key) const;
  Result<void> add(const Secret& one, const Secret& other);  // both, or none

 private:
  using Digest = std::array<std::uint8_t, 32>;

  explicit UsedKeys(Database database) : database_(std::move(database)) {}
  static Digest digest_of(Bytes data);
  static Buffer joined(const std::set<Digest>& keys);

  Database database_;
  std::set<Digest> keys_;  // that are on the disk
};

}  // namespace sallyport::store
