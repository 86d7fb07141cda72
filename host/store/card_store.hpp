// SPDX-License-Identifier: Apache-2.0
// What a daemon needs to go on with a running card, in FOLDER/card.db. What a call has stored survives the daemon's
// death at any moment, and no more: a card forgets with the power too. No call waits for a disk, and none at all when
// the folder is in memory (/run).
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <vector>

#include "base/secret.hpp"
#include "host/store/database.hpp"

namespace sallyport::store {

// The content of one bank of the card's tables, for the generation it is (or was to be) opened with.
struct StoredImage {
  std::uint32_t generation = 0;
  Buffer image;
};

struct StoredSnapshot {
  Secret snapshot;
  std::chrono::system_clock::time_point taken;
};

class CardStore {
 public:
  // `key` seals snapshots and sessions.
  static Result<CardStore> open(const std::filesystem::path& folder, Secret key);

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

  // Of who is logged in: sealed with AES-256-GCM.
  Result<void> save_session(const std::string& id, const Secret& session);
  Result<void> remove_session(const std::string& id);
  Result<std::map<std::string, Result<Secret>>> sessions();  // by id; kAuthFailed: sealed under another key

  // Of IKE: sealed with AES-256-GCM.
  Result<void> save_snapshot(const Secret& snapshot, std::chrono::system_clock::time_point taken);
  Result<std::optional<StoredSnapshot>> snapshot();

 private:
  CardStore(Database database, Secret key) : database_(std::move(database)), key_(std::move(key)) {}

  Database database_;
  Secret key_;
};

}  // namespace sallyport::store
