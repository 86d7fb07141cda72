// SPDX-License-Identifier: Apache-2.0
#include "host/store/policy_store.hpp"

#include "host/store/checked_value.hpp"

namespace sallyport::store {
namespace {

constexpr const char* kSchema =
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE configurations (number INTEGER PRIMARY KEY, time INTEGER NOT NULL, who TEXT NOT NULL,"
    " comment TEXT NOT NULL, summary TEXT NOT NULL, words TEXT NOT NULL, digest BLOB NOT NULL);"
    "CREATE TABLE state (origin TEXT NOT NULL, fallback INTEGER NOT NULL, pending TEXT NOT NULL,"
    " candidate TEXT NOT NULL);";

constexpr const char* kDigest = "policies_digest";

// What its rows hold is what they held.
constexpr const char* kUpgrade = "ALTER TABLE configurations RENAME COLUMN policies TO words";

constexpr Kind kKind{Durability::kPower, kSchema,
                     "policies and levels are those of the configuration file, without a history", 3, kUpgrade};

ByteWriter& put(ByteWriter& w, const std::string& text) {
  return w.u32(static_cast<std::uint32_t>(text.size())).bytes(as_bytes(text));
}

// SQLite finds a damaged structure, not a changed letter; and a changed policy must not come into force.
Buffer digest_of(const StoredConfiguration& c) {
  ByteWriter all;
  all.u32(c.number).u64(static_cast<std::uint64_t>(c.time_s));
  for (const auto* text : {&c.who, &c.comment, &c.summary, &c.words}) put(all, *text);
  return sha256(all.view());
}

// Over the newest configuration as well: one that is missing must not let the one before it come back.
Buffer digest_of(const StoredState& state, Bytes newest) {
  ByteWriter all;
  all.u32(state.fallback);
  for (const auto* text : {&state.origin, &state.pending, &state.candidate}) put(all, *text);
  all.bytes(newest);
  return sha256(all.view());
}

}  // namespace

Result<PolicyStore> PolicyStore::open(const std::filesystem::path& folder) {
  auto database = Database::open(folder / "policies.db", kKind);
  if (!database) return database.error();
  return PolicyStore(std::move(*database));
}

Result<void> PolicyStore::save(const std::vector<StoredConfiguration>& more, const StoredState& state) {
  Transaction transaction(database_);
  for (const auto& c : more) {
    Statement insert(database_, "INSERT INTO configurations VALUES (?, ?, ?, ?, ?, ?, ?)");
    insert.bind(std::int64_t{c.number}).bind(c.time_s).bind(c.who).bind(c.comment).bind(c.summary).bind(c.words);
    transaction.run(insert.bind(digest_of(c)));
    Statement old(database_, "DELETE FROM configurations WHERE number <= ?");
    transaction.run(old.bind(std::int64_t{c.number} - kMost));
  }
  transaction.run("DELETE FROM state");
  Statement insert(database_, "INSERT INTO state VALUES (?, ?, ?, ?)");
  insert.bind(state.origin).bind(std::int64_t{state.fallback}).bind(state.pending).bind(state.candidate);
  transaction.run(insert);
  Buffer newest;
  Statement last(database_, "SELECT digest FROM configurations ORDER BY number DESC LIMIT 1");
  if (auto row = last.step(); row && *row) newest = last.blob(0);
  set_meta(transaction, database_, kDigest, digest_of(state, newest));
  return transaction.commit();
}

Result<std::vector<StoredConfiguration>> PolicyStore::configurations() {
  std::vector<StoredConfiguration> out;
  Statement statement(database_,
                      "SELECT number, time, who, comment, summary, words, digest FROM configurations "
                      "ORDER BY number");
  for (;;) {
    auto row = statement.step();
    if (!row) return row.error();
    if (!*row) return out;
    out.push_back({static_cast<std::uint32_t>(statement.integer(0)), statement.integer(1), statement.text(2),
                   statement.text(3), statement.text(4), statement.text(5)});
    if (digest_of(out.back()) != statement.blob(6)) {
      return database_.damaged("configuration " + std::to_string(out.back().number) + " is not what was stored");
    }
  }
}

Result<std::optional<StoredPolicies>> PolicyStore::policies() {
  auto digest = meta(database_, kDigest);
  if (!digest) return digest.error();
  auto configurations = this->configurations();
  if (!configurations) return configurations.error();
  StoredPolicies stored{std::move(*configurations), {}};
  Statement statement(database_, "SELECT origin, fallback, pending, candidate FROM state");
  auto row = statement.step();
  if (!row) return row.error();
  if (digest->empty() && !*row && stored.configurations.empty()) return std::optional<StoredPolicies>();
  if (*row) {
    stored.state = {statement.text(0), static_cast<std::uint32_t>(statement.integer(1)), statement.text(2),
                    statement.text(3)};
  }
  const Buffer newest = stored.configurations.empty() ? Buffer() : digest_of(stored.configurations.back());
  if (*digest != digest_of(stored.state, newest)) return database_.damaged("it does not hold what was stored last");
  return std::optional(std::move(stored));
}

}  // namespace sallyport::store
