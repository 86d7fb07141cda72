// SPDX-License-Identifier: Apache-2.0
// One SQLite file of ours in the hands of one process: opened, checked, and changed by whole transactions. Every error
// names the file and what to do about it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/bytes.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace sallyport::store {

// What a stored change must survive.
enum class Durability : std::uint8_t {
  kDaemon,  // the death of the daemon, at any moment: nothing waits for a disk
  kPower,   // the loss of power too: a change is on the disk before it is done
};

struct Kind {
  Durability durability;
  const char* schema;
  const char* without;            // the file: what is then, for a person who may have to move it away
  std::int64_t version = 1;       // of the schema, in the file's header
  const char* upgrade = nullptr;  // makes a file of the version before one of this; null: it is refused
};

class Database {
 public:
  // Made whole or not at all when it is not there. kDenied: permissions; kCorrupt: damaged, or no store of ours;
  // kUnsupported: of another version; kBusy: another process has it. A file that is refused stays as it was; one of the
  // version before is upgraded where its kind knows how, all of it or nothing.
  static Result<Database> open(const std::filesystem::path& file, const Kind& kind);

  Result<void> execute(const std::string& sql);
  // Of the last call that failed.
  [[nodiscard]] Error error() const;
  [[nodiscard]] Error damaged(const std::string& how) const;

 private:
  friend class Statement;
  struct Close {
    void operator()(sqlite3* database) const;
  };
  Database(std::unique_ptr<sqlite3, Close> database, std::string file, const Kind& kind)
      : database_(std::move(database)), file_(std::move(file)), without_(kind.without) {}

  Result<void> make_ready(const Kind& kind);
  Result<std::int64_t> integer(const char* sql);

  std::unique_ptr<sqlite3, Close> database_;
  std::string file_;
  const char* without_;
};

// One statement: values bound in their order, rows read one by one.
class Statement {
 public:
  Statement(Database& database, const char* sql);
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  Statement& bind(std::int64_t value);
  Statement& bind(const std::string& text);
  Statement& bind(Bytes blob);

  Result<bool> step();  // true: a row is there
  Result<void> run();

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] Buffer blob(int column) const;

 private:
  Database& database_;
  sqlite3_stmt* statement_ = nullptr;
  int bound_ = 0;
};

// Everything between begin and commit, or nothing of it. A statement that failed is told by commit().
class Transaction {
 public:
  explicit Transaction(Database& database);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  void run(Statement& statement);
  void run(const char* sql);
  Result<void> commit();

 private:
  Database& database_;
  Result<void> begun_;
  Result<void> failed_;  // holds nothing while all is well
  bool done_ = false;
};

// Named values, in the table `meta` that every schema of ours has.
Result<Buffer> meta(Database& database, const std::string& name);  // empty: none
void set_meta(Transaction& transaction, Database& database, const std::string& name, Bytes value);

}  // namespace sallyport::store
