// SPDX-License-Identifier: Apache-2.0
#include "host/store/card_store.hpp"

#include "host/store/seal.hpp"

namespace sallyport::store {
namespace {

constexpr const char* kSchema =
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE policy_ids (target TEXT PRIMARY KEY, policy_id INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE images (generation INTEGER PRIMARY KEY, image BLOB NOT NULL);"
    "CREATE TABLE sas (spi_in INTEGER PRIMARY KEY, sa TEXT NOT NULL);"
    "CREATE TABLE sessions (id TEXT PRIMARY KEY, session BLOB NOT NULL) WITHOUT ROWID;";

constexpr Kind kKind{Durability::kDaemon, kSchema,
                     "the card begins anew, its SAs are negotiated again and users log in again", 4};

}  // namespace

Result<CardStore> CardStore::open(const std::filesystem::path& folder, Secret key) {
  auto database = Database::open(folder / "card.db", kKind);
  if (!database) return database.error();
  return CardStore(std::move(*database), std::move(key));
}

Result<void> CardStore::begin_card(Bytes cookie) {
  Transaction transaction(database_);
  for (const char* sql : {"DELETE FROM images", "DELETE FROM sas", "DELETE FROM policy_ids", "DELETE FROM sessions",
                          "DELETE FROM meta WHERE name = 'ike_snapshot' OR name = 'ike_snapshot_taken'"}) {
    transaction.run(sql);
  }
  set_meta(transaction, database_, "card_cookie", cookie);
  return transaction.commit();
}

Result<Buffer> CardStore::card_cookie() { return meta(database_, "card_cookie"); }

Result<void> CardStore::save_image(const StoredImage& stored) {
  Transaction transaction(database_);
  Statement insert(database_, "INSERT OR REPLACE INTO images VALUES (?, ?)");
  transaction.run(insert.bind(std::int64_t{stored.generation}).bind(Bytes(stored.image)));
  // Whatever is neither this nor the one before: a flip that never happened, or one long past.
  Statement old(database_, "DELETE FROM images WHERE generation NOT IN (?, ?)");
  transaction.run(old.bind(std::int64_t{stored.generation}).bind(std::int64_t{stored.generation} - 1));
  return transaction.commit();
}

Result<std::vector<StoredImage>> CardStore::images() {
  std::vector<StoredImage> out;
  Statement statement(database_, "SELECT generation, image FROM images ORDER BY generation");
  for (;;) {
    auto row = statement.step();
    if (!row) return row.error();
    if (!*row) return out;
    out.push_back({static_cast<std::uint32_t>(statement.integer(0)), statement.blob(1)});
  }
}

Result<void> CardStore::save_policy_ids(const std::map<std::string, std::uint16_t>& ids) {
  Transaction transaction(database_);
  transaction.run("DELETE FROM policy_ids");
  for (const auto& [target, id] : ids) {
    Statement statement(database_, "INSERT INTO policy_ids VALUES (?, ?)");
    transaction.run(statement.bind(target).bind(std::int64_t{id}));
  }
  return transaction.commit();
}

Result<std::map<std::string, std::uint16_t>> CardStore::policy_ids() {
  std::map<std::string, std::uint16_t> out;
  Statement statement(database_, "SELECT target, policy_id FROM policy_ids");
  for (;;) {
    auto row = statement.step();
    if (!row) return row.error();
    if (!*row) return out;
    out[statement.text(0)] = static_cast<std::uint16_t>(statement.integer(1));
  }
}

Result<void> CardStore::save_sa(std::uint32_t spi_in, const std::string& json) {
  Statement statement(database_, "INSERT OR REPLACE INTO sas VALUES (?, ?)");
  return statement.bind(std::int64_t{spi_in}).bind(json).run();
}

Result<void> CardStore::remove_sa(std::uint32_t spi_in) {
  Statement statement(database_, "DELETE FROM sas WHERE spi_in = ?");
  return statement.bind(std::int64_t{spi_in}).run();
}

Result<std::vector<std::string>> CardStore::sas() {
  std::vector<std::string> out;
  Statement statement(database_, "SELECT sa FROM sas ORDER BY rowid");
  for (;;) {
    auto row = statement.step();
    if (!row) return row.error();
    if (!*row) return out;
    out.push_back(statement.text(0));
  }
}

// ---- sessions ------------------------------------------------------------------------------------------------------

Result<void> CardStore::save_session(const std::string& id, const Secret& session) {
  const auto sealed = seal(key_, session);
  if (!sealed) return sealed.error();
  Statement statement(database_, "INSERT OR REPLACE INTO sessions VALUES (?, ?)");
  return statement.bind(id).bind(Bytes(*sealed)).run();
}

Result<void> CardStore::remove_session(const std::string& id) {
  Statement statement(database_, "DELETE FROM sessions WHERE id = ?");
  return statement.bind(id).run();
}

Result<std::map<std::string, Result<Secret>>> CardStore::sessions() {
  std::map<std::string, Result<Secret>> out;
  Statement statement(database_, "SELECT id, session FROM sessions");
  for (;;) {
    auto row = statement.step();
    if (!row) return row.error();
    if (!*row) return out;
    out.emplace(statement.text(0), unseal(key_, statement.blob(1)));
  }
}

// ---- IKE -----------------------------------------------------------------------------------------------------------

Result<void> CardStore::save_snapshot(const Secret& snapshot, std::chrono::system_clock::time_point taken) {
  auto sealed = seal(key_, snapshot);
  if (!sealed) return sealed.error();
  ByteWriter when;
  when.u64(
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(taken.time_since_epoch()).count()));
  Transaction transaction(database_);
  set_meta(transaction, database_, "ike_snapshot", *sealed);
  set_meta(transaction, database_, "ike_snapshot_taken", when.view());
  return transaction.commit();
}

Result<std::optional<StoredSnapshot>> CardStore::snapshot() {
  auto sealed = meta(database_, "ike_snapshot");
  if (!sealed) return sealed.error();
  if (sealed->empty()) return std::optional<StoredSnapshot>();
  auto plain = unseal(key_, *sealed);
  if (!plain) return plain.error();
  auto taken = meta(database_, "ike_snapshot_taken");
  if (!taken) return taken.error();
  ByteReader when(*taken);
  const std::chrono::seconds since_epoch(static_cast<std::int64_t>(when.u64()));
  return std::optional(StoredSnapshot{std::move(*plain), std::chrono::system_clock::time_point(since_epoch)});
}

}  // namespace sallyport::store
