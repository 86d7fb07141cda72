// SPDX-License-Identifier: Apache-2.0
#include "host/store/database.hpp"

#include <sqlite3.h>
#include <sys/stat.h>

#include <cerrno>

#include "host/store/new_file.hpp"

namespace sallyport::store {
namespace {

// In the file's header.
constexpr std::int64_t kApplicationId = 0x53414c59;  // "SALY"

// What only its owner may open is there, as a file with content.
Result<void> check_file(const std::string& file, const struct stat& status, const char* without) {
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Error{Errc::kDenied, file + " can be opened by others; run: chmod 600 " + file};
  }
  if (!S_ISREG(status.st_mode) || status.st_size == 0) {
    return Error{Errc::kCorrupt,
                 file + " is empty or no file; restore it from a backup, or move it away: without it " + without};
  }
  return {};
}

}  // namespace

// ---- errors --------------------------------------------------------------------------------------------------------

Error Database::error() const {
  const std::string what = file_ + ": " + sqlite3_errmsg(database_.get());
  const char* room = "; nothing of it was changed; make room on its file system";
  // A file system over its quota, or at its largest file, is an error of writing to SQLite.
  if (sqlite3_extended_errcode(database_.get()) == SQLITE_IOERR_WRITE) {
    return {Errc::kIo, what + " while writing" + room + ", or check it"};
  }
  switch (sqlite3_errcode(database_.get())) {
    case SQLITE_FULL:
      return {Errc::kFull, what + room};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return damaged(sqlite3_errmsg(database_.get()));
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {Errc::kDenied, what + "; it and its folder must belong to the daemon's user and be writable"};
    case SQLITE_BUSY:
      return {Errc::kBusy, what + "; another process has it open: is sallyportd running already?"};
    default:
      return {Errc::kIo, what + "; check its file system"};
  }
}

Error Database::damaged(const std::string& how) const {
  return {Errc::kCorrupt, file_ + " is damaged: " + how +
                              "; restore it from a backup, or move it and its -wal away: without it " + without_};
}

// ---- opening -------------------------------------------------------------------------------------------------------

void Database::Close::operator()(sqlite3* database) const { sqlite3_close(database); }

Result<Database> Database::open(const std::filesystem::path& file, const Kind& kind) {
  const auto connect = [&kind](const std::string& name) {
    sqlite3* opened = nullptr;
    sqlite3_open_v2(name.c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr);  // a failure is told by make_ready
    return Database(std::unique_ptr<sqlite3, Close>(opened), name, kind);
  };
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) {
    if (errno != ENOENT) return file_error("open " + file.string());
    // SQLite would write a log that was left behind into whatever has the file's name.
    if (const std::string log = file.string() + "-wal"; std::filesystem::exists(log)) {
      return Error{Errc::kCorrupt, log + " is there without " + file.string() +
                                       "; restore that too, or move this away: without it " + kind.without};
    }
    auto made = make_file(file, {}, [&](const std::string& name) {
      return connect(name).execute("BEGIN IMMEDIATE;" + std::string(kind.schema) +
                                   "PRAGMA application_id = " + std::to_string(kApplicationId) +
                                   ";PRAGMA user_version = " + std::to_string(kind.version) + ";COMMIT");
    });
    if (!made) return made.error();
  } else if (auto fine = check_file(file, status, kind.without); !fine) {
    return fine.error();
  }
  Database database = connect(file);
  if (auto ready = database.make_ready(kind); !ready) return ready.error();
  return database;
}

Result<void> Database::make_ready(const Kind& kind) {
  if (sqlite3_errcode(database_.get()) != SQLITE_OK) return error();
  if (sqlite3_db_readonly(database_.get(), "main") == 1) {
    return Error{Errc::kDenied, file_ + " cannot be written; it and its folder must belong to the daemon's user"};
  }
  // Before anything is written: is it ours, and of a version that we know?
  if (auto r = execute("PRAGMA busy_timeout = 2000; PRAGMA locking_mode = EXCLUSIVE"); !r) return r;
  auto application = integer("PRAGMA application_id");
  if (!application) return application.error();
  auto version = integer("PRAGMA user_version");
  if (!version) return version.error();
  if (*application != kApplicationId) {
    return Error{Errc::kCorrupt, file_ + " is no store of Sallyport; move it away: without it " + without_};
  }
  const bool upgrades = kind.upgrade != nullptr && *version == kind.version - 1;
  if (*version != kind.version && !upgrades) {
    return Error{Errc::kUnsupported, file_ + " is of version " + std::to_string(*version) +
                                         ", and this program knows " + std::to_string(kind.version) +
                                         "; start the sallyportd that wrote it, or move the file away: without it " +
                                         without_};
  }
  if (auto r = execute("PRAGMA journal_mode = WAL"); !r) return r;
  if (auto r =
          execute(kind.durability == Durability::kPower ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = OFF");
      !r) {
    return r;
  }
  {
    Statement check(*this, "PRAGMA quick_check(1)");
    auto row = check.step();
    if (!row) return row.error();
    if (check.text(0) != "ok") return damaged(check.text(0));
  }
  if (!upgrades) return {};
  return execute("BEGIN IMMEDIATE;" + std::string(kind.upgrade) +
                 ";PRAGMA user_version = " + std::to_string(kind.version) + ";COMMIT");
}

Result<void> Database::execute(const std::string& sql) {
  if (sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return error();
  return {};
}

Result<std::int64_t> Database::integer(const char* sql) {
  Statement statement(*this, sql);
  auto row = statement.step();
  if (!row) return row.error();
  return statement.integer(0);
}

// ---- statements ----------------------------------------------------------------------------------------------------

Statement::Statement(Database& database, const char* sql) : database_(database) {
  sqlite3_prepare_v2(database.database_.get(), sql, -1, &statement_, nullptr);  // a failure is told by step()
}
Statement::~Statement() { sqlite3_finalize(statement_); }

Statement& Statement::bind(std::int64_t value) {
  sqlite3_bind_int64(statement_, ++bound_, value);
  return *this;
}
Statement& Statement::bind(const std::string& text) {
  sqlite3_bind_text(statement_, ++bound_, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
  return *this;
}
Statement& Statement::bind(Bytes blob) {
  // Without a byte to point to, SQLite would take an empty value for no value.
  if (blob.empty()) {
    sqlite3_bind_zeroblob(statement_, ++bound_, 0);
  } else {
    sqlite3_bind_blob(statement_, ++bound_, blob.data(), static_cast<int>(blob.size()), SQLITE_TRANSIENT);
  }
  return *this;
}

Result<bool> Statement::step() {
  if (statement_ == nullptr) return database_.error();
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return database_.error();
}
Result<void> Statement::run() {
  auto stepped = step();
  return stepped ? Result<void>() : stepped.error();
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }
std::string Statement::text(int column) const {
  const auto b = blob(column);
  return {b.begin(), b.end()};
}
Buffer Statement::blob(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  return {data, data + sqlite3_column_bytes(statement_, column)};
}

// ---- transactions --------------------------------------------------------------------------------------------------

Transaction::Transaction(Database& database) : database_(database), begun_(database.execute("BEGIN IMMEDIATE")) {}
Transaction::~Transaction() {
  if (begun_ && !done_) (void)database_.execute("ROLLBACK");
}
void Transaction::run(Statement& statement) {
  if (begun_ && failed_) failed_ = statement.run();
}
void Transaction::run(const char* sql) {
  Statement statement(database_, sql);
  run(statement);
}
Result<void> Transaction::commit() {
  if (!begun_) return begun_;
  if (!failed_) return failed_;
  auto committed = database_.execute("COMMIT");
  done_ = committed.has_value();
  return committed;
}

// ---- meta ----------------------------------------------------------------------------------------------------------

Result<Buffer> meta(Database& database, const std::string& name) {
  Statement statement(database, "SELECT value FROM meta WHERE name = ?");
  auto row = statement.bind(name).step();
  if (!row) return row.error();
  return *row ? statement.blob(0) : Buffer();
}

void set_meta(Transaction& transaction, Database& database, const std::string& name, Bytes value) {
  Statement statement(database, "INSERT OR REPLACE INTO meta VALUES (?, ?)");
  transaction.run(statement.bind(name).bind(value));
}

}  // namespace sallyport::store
