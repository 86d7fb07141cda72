// SPDX-License-Identifier: Apache-2.0
// What the gateway keeps over a restart, in one SQLite file that only its owner can read.
//
// Written through (WAL): what a call stored is there after kill -9. Policies are also synced to the disk, since they
// must survive a power failure; what describes the card need not, because the card forgets then too.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.hpp"

struct sqlite3;

namespace sallyport::store {

// Policies that were changed live, as JSON texts in their order, and which policies of the file they began from.
struct StoredPolicies {
  std::vector<std::string> policies;
  std::string origin;
};

// The content of one bank of the card's tables, for the generation it is (or was to be) opened with.
struct StoredImage {
  std::uint32_t generation = 0;
  Buffer image;
};

struct StoredSnapshot {
  Secret snapshot;
  std::chrono::system_clock::time_point taken;
};

class Store {
 public:
  // Makes the folder, the file and the key that seals snapshots when they are not there. kCorrupt: no store of ours, or
  // of a later version.
  static Result<Store> open(const std::filesystem::path& folder);
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  Result<void> save_policies(const StoredPolicies& policies);
  Result<std::optional<StoredPolicies>> policies();
  Result<void> forget_policies();

  // A new life of the card: everything known of the one before is forgotten.
  Result<void> begin_card(Bytes cookie);
  Result<Buffer> card_cookie();  // empty: none
  // Keeps the newest two: the one in force and the one about to be.
  Result<void> save_image(const StoredImage& image);
  Result<std::vector<StoredImage>> images();
  Result<void> save_policy_ids(const std::map<std::string, std::uint16_t>& ids);
  Result<std::map<std::string, std::uint16_t>> policy_ids();
  Result<void> save_sa(std::uint32_t spi_in, const std::string& json);  // no keys: those are on the card
  Result<void> remove_sa(std::uint32_t spi_in);
  Result<std::vector<std::string>> sas();

  // Sealed with AES-256-GCM under the key file.
  Result<void> save_snapshot(const Secret& snapshot, std::chrono::system_clock::time_point taken);
  Result<std::optional<StoredSnapshot>> snapshot();

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  Store(std::unique_ptr<sqlite3, Close> database, Secret key) : database_(std::move(database)), key_(std::move(key)) {}

  std::unique_ptr<sqlite3, Close> database_;
  Secret key_;
};

}  // namespace sallyport::store
