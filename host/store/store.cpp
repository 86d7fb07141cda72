// SPDX-License-Identifier: Apache-2.0
// The store, in SQLite.
#include "host/store/store.hpp"

#include <sqlite3.h>
#include <sys/stat.h>

#include "host/store/seal.hpp"

namespace sallyport::store {
namespace {

constexpr int kSchemaVersion = 1;
constexpr int kApplicationId = 0x53414c59;  // "SALY", in the file's header

constexpr const char* kSchema = R"(
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE policies (position INTEGER PRIMARY KEY, policy TEXT NOT NULL);
CREATE TABLE policy_ids (target TEXT PRIMARY KEY, policy_id INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE images (generation INTEGER PRIMARY KEY, image BLOB NOT NULL);
CREATE TABLE sas (spi_in INTEGER PRIMARY KEY, sa TEXT NOT NULL);
)";

Error sql_error(sqlite3* database, const std::string& what) {
  return {Errc::kIo, "store: " + what + ": " + sqlite3_errmsg(database)};
}

Result<void> execute(sqlite3* database, const std::string& sql) {
  if (sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return sql_error(database, sql);
  return {};
}

// One statement: values bound in their order, rows read one by one.
class Statement {
 public:
  Statement(sqlite3* database, const char* sql) : database_(database), sql_(sql) {
    sqlite3_prepare_v2(database, sql, -1, &statement_, nullptr);  // a failure is told by step()
  }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() { sqlite3_finalize(statement_); }

  Statement& bind(std::int64_t value) {
    sqlite3_bind_int64(statement_, ++bound_, value);
    return *this;
  }
  Statement& bind(const std::string& text) {
    sqlite3_bind_text(statement_, ++bound_, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
    return *this;
  }
  Statement& bind(Bytes blob) {
    sqlite3_bind_blob(statement_, ++bound_, blob.data(), static_cast<int>(blob.size()), SQLITE_TRANSIENT);
    return *this;
  }

  // True: a row is there.
  Result<bool> step() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return sql_error(database_, sql_);
  }
  Result<void> run() {
    auto stepped = step();
    return stepped ? Result<void>() : stepped.error();
  }

  [[nodiscard]] std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  [[nodiscard]] std::string text(int column) const {
    const auto b = blob(column);
    return {b.begin(), b.end()};
  }
  [[nodiscard]] Buffer blob(int column) const {
    const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
    return {data, data + sqlite3_column_bytes(statement_, column)};
  }

 private:
  sqlite3* database_;
  const char* sql_;
  sqlite3_stmt* statement_ = nullptr;
  int bound_ = 0;
};

// Everything between begin and commit, or nothing of it.
class Transaction {
 public:
  explicit Transaction(sqlite3* database) : database_(database), begun_(execute(database, "BEGIN IMMEDIATE")) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
    if (begun_ && !done_) (void)execute(database_, "ROLLBACK");
  }
  void run(Statement& statement) {
    if (begun_ && failed_) failed_ = statement.run();
  }
  Result<void> commit() {
    if (!begun_) return begun_;
    if (!failed_) return failed_;
    auto committed = execute(database_, "COMMIT");
    done_ = committed.has_value();
    return committed;
  }

 private:
  sqlite3* database_;
  Result<void> begun_;
  Result<void> failed_;  // holds nothing while all is well
  bool done_ = false;
};

Result<std::int64_t> pragma(sqlite3* database, const char* sql) {
  Statement statement(database, sql);
  auto row = statement.step();
  if (!row) return row.error();
  return *row ? statement.integer(0) : 0;
}

Result<Buffer> meta(sqlite3* database, const std::string& name) {
  Statement statement(database, "SELECT value FROM meta WHERE name = ?");
  auto row = statement.bind(name).step();
  if (!row) return row.error();
  return *row ? statement.blob(0) : Buffer();
}

void set_meta(Transaction& transaction, sqlite3* database, const std::string& name, Bytes value) {
  Statement statement(database, "INSERT OR REPLACE INTO meta VALUES (?, ?)");
  transaction.run(statement.bind(name).bind(value));
}

void run(Transaction& transaction, sqlite3* database, const char* sql) {
  Statement statement(database, sql);
  transaction.run(statement);
}

// To the disk, now.
Result<void> sync(sqlite3* database) {
  if (sqlite3_wal_checkpoint_v2(database, nullptr, SQLITE_CHECKPOINT_FULL, nullptr, nullptr) != SQLITE_OK) {
    return sql_error(database, "checkpoint");
  }
  return {};
}

Result<void> prepare(sqlite3* database, const std::string& file) {
  for (const char* sql : {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL", "PRAGMA busy_timeout = 2000"}) {
    if (auto r = execute(database, sql); !r) return Error{Errc::kCorrupt, file + " is no store: " + r.error().detail};
  }
  auto version = pragma(database, "PRAGMA user_version");
  if (!version) return version.error();
  if (*version == kSchemaVersion) return {};
  if (*version != 0) {
    return Error{Errc::kCorrupt,
                 file + " is a store of version " + std::to_string(*version) + ", newer than this program"};
  }
  return execute(database, "BEGIN IMMEDIATE;" + std::string(kSchema) +
                               "PRAGMA application_id = " + std::to_string(kApplicationId) +
                               ";PRAGMA user_version = " + std::to_string(kSchemaVersion) + ";COMMIT");
}

}  // namespace

void Store::Close::operator()(sqlite3* database) const { sqlite3_close(database); }

Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

Result<Store> Store::open(const std::filesystem::path& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) return Error{Errc::kIo, "make " + folder.string() + ": " + failed.message()};
  auto key = load_or_make_key(folder / "seal.key");
  if (!key) return key.error();
  const std::string file = (folder / "state.db").string();
  const auto mask = ::umask(0077);
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  std::unique_ptr<sqlite3, Close> database(opened);
  Result<void> ready = code == SQLITE_OK ? prepare(database.get(), file) : Error{Errc::kIo, "open " + file};
  ::umask(mask);
  if (!ready) return ready.error();
  return Store(std::move(database), std::move(*key));
}

// ---- policies ------------------------------------------------------------------------------------------------------

Result<void> Store::save_policies(const StoredPolicies& stored) {
  Transaction transaction(database_.get());
  run(transaction, database_.get(), "DELETE FROM policies");
  for (std::size_t i = 0; i < stored.policies.size(); ++i) {
    Statement statement(database_.get(), "INSERT INTO policies VALUES (?, ?)");
    transaction.run(statement.bind(static_cast<std::int64_t>(i)).bind(stored.policies[i]));
  }
  set_meta(transaction, database_.get(), "policies_origin", as_bytes(stored.origin));
  if (auto r = transaction.commit(); !r) return r;
  return sync(database_.get());
}

Result<std::optional<StoredPolicies>> Store::policies() {
  auto origin = meta(database_.get(), "policies_origin");
  if (!origin) return origin.error();
  if (origin->empty()) return std::optional<StoredPolicies>();
  StoredPolicies stored;
  stored.origin.assign(origin->begin(), origin->end());
  Statement statement(database_.get(), "SELECT policy FROM policies ORDER BY position");
  for (;;) {
    auto row = statement.step();
    if (!row) return row.error();
    if (!*row) return std::optional(std::move(stored));
    stored.policies.push_back(statement.text(0));
  }
}

Result<void> Store::forget_policies() {
  Transaction transaction(database_.get());
  run(transaction, database_.get(), "DELETE FROM policies");
  run(transaction, database_.get(), "DELETE FROM meta WHERE name = 'policies_origin'");
  return transaction.commit();
}

// ---- card ----------------------------------------------------------------------------------------------------------

Result<void> Store::begin_card(Bytes cookie) {
  Transaction transaction(database_.get());
  for (const char* sql : {"DELETE FROM images", "DELETE FROM sas", "DELETE FROM policy_ids",
                          "DELETE FROM meta WHERE name = 'ike_snapshot' OR name = 'ike_snapshot_taken'"}) {
    run(transaction, database_.get(), sql);
  }
  set_meta(transaction, database_.get(), "card_cookie", cookie);
  return transaction.commit();
}

Result<Buffer> Store::card_cookie() { return meta(database_.get(), "card_cookie"); }

Result<void> Store::save_image(const StoredImage& stored) {
  Transaction transaction(database_.get());
  Statement insert(database_.get(), "INSERT OR REPLACE INTO images VALUES (?, ?)");
  transaction.run(insert.bind(std::int64_t{stored.generation}).bind(Bytes(stored.image)));
  // Whatever is neither this nor the one before: a flip that never happened, or one long past.
  Statement old(database_.get(), "DELETE FROM images WHERE generation NOT IN (?, ?)");
  transaction.run(old.bind(std::int64_t{stored.generation}).bind(std::int64_t{stored.generation} - 1));
  return transaction.commit();
}

Result<std::vector<StoredImage>> Store::images() {
  std::vector<StoredImage> out;
  Statement statement(database_.get(), "SELECT generation, image FROM images ORDER BY generation");
  for (;;) {
    auto row = statement.step();
    if (!row) return row.error();
    if (!*row) return out;
    out.push_back({static_cast<std::uint32_t>(statement.integer(0)), statement.blob(1)});
  }
}

Result<void> Store::save_policy_ids(const std::map<std::string, std::uint16_t>& ids) {
  Transaction transaction(database_.get());
  run(transaction, database_.get(), "DELETE FROM policy_ids");
  for (const auto& [target, id] : ids) {
    Statement statement(database_.get(), "INSERT INTO policy_ids VALUES (?, ?)");
    transaction.run(statement.bind(target).bind(std::int64_t{id}));
  }
  return transaction.commit();
}

Result<std::map<std::string, std::uint16_t>> Store::policy_ids() {
  std::map<std::string, std::uint16_t> out;
  Statement statement(database_.get(), "SELECT target, policy_id FROM policy_ids");
  for (;;) {
    auto row = statement.step();
    if (!row) return row.error();
    if (!*row) return out;
    out[statement.text(0)] = static_cast<std::uint16_t>(statement.integer(1));
  }
}

Result<void> Store::save_sa(std::uint32_t spi_in, const std::string& json) {
  Statement statement(database_.get(), "INSERT OR REPLACE INTO sas VALUES (?, ?)");
  return statement.bind(std::int64_t{spi_in}).bind(json).run();
}

Result<void> Store::remove_sa(std::uint32_t spi_in) {
  Statement statement(database_.get(), "DELETE FROM sas WHERE spi_in = ?");
  return statement.bind(std::int64_t{spi_in}).run();
}

Result<std::vector<std::string>> Store::sas() {
  std::vector<std::string> out;
  Statement statement(database_.get(), "SELECT sa FROM sas ORDER BY rowid");
  for (;;) {
    auto row = statement.step();
    if (!row) return row.error();
    if (!*row) return out;
    out.push_back(statement.text(0));
  }
}

// ---- IKE -----------------------------------------------------------------------------------------------------------

Result<void> Store::save_snapshot(const Secret& snapshot, std::chrono::system_clock::time_point taken) {
  auto sealed = seal(key_, snapshot);
  if (!sealed) return sealed.error();
  ByteWriter when;
  when.u64(
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(taken.time_since_epoch()).count()));
  Transaction transaction(database_.get());
  set_meta(transaction, database_.get(), "ike_snapshot", *sealed);
  set_meta(transaction, database_.get(), "ike_snapshot_taken", when.view());
  return transaction.commit();
}

Result<std::optional<StoredSnapshot>> Store::snapshot() {
  auto sealed = meta(database_.get(), "ike_snapshot");
  if (!sealed) return sealed.error();
  if (sealed->empty()) return std::optional<StoredSnapshot>();
  auto plain = unseal(key_, *sealed);
  if (!plain) return plain.error();
  auto taken = meta(database_.get(), "ike_snapshot_taken");
  if (!taken) return taken.error();
  ByteReader when(*taken);
  const std::chrono::seconds since_epoch(static_cast<std::int64_t>(when.u64()));
  return std::optional(StoredSnapshot{std::move(*plain), std::chrono::system_clock::time_point(since_epoch)});
}

}  // namespace sallyport::store
