// SPDX-License-Identifier: Apache-2.0
// For tests: an empty directory in each kind of database. PostgreSQL is a real server of the test's own, on a socket in
// its folder.
#pragma once

#include <gtest/gtest.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

#include "host/store/test_folder.hpp"
#include "host/users/directory.hpp"

namespace sallyport::users {

enum class Kind : std::uint8_t { kFile, kPostgresql };

// One server for a test program; it refuses root, so it belongs to the user `postgres` that Debian's package makes.
class PostgresqlServer {
 public:
  static PostgresqlServer& get() {
    static PostgresqlServer server;
    return server;
  }
  void start() const {
    run("pg_ctl -w -t 600 -D " + folder_ +
        "/data -o \"-c fsync=off -c listen_addresses='' -c unix_socket_directories=" + folder_ + "\" -l " + folder_ +
        "/server.log start");
  }
  void stop() const { run("pg_ctl -w -t 600 -m fast -D " + folder_ + "/data stop"); }
  void restart() const {
    stop();
    start();
  }
  // A database of its own.
  std::string connection() {
    const std::string name = "directory" + std::to_string(++databases_);
    run("createdb -h " + folder_ + " " + name);
    return "host=" + folder_ + " dbname=" + name + " user=postgres";
  }
  void run(const std::string& command) const {
    const std::string as_postgres = "cd / && runuser -u postgres -- " + bin_ + command + " >>" + folder_ + "/log 2>&1";
    if (std::system(as_postgres.c_str()) != 0) {
      ADD_FAILURE() << as_postgres;
      std::system(("cat " + folder_ + "/log").c_str());
    }
  }

 private:
  PostgresqlServer() {
    const passwd* postgres = ::getpwnam("postgres");
    if (postgres == nullptr || ::chown(folder_.c_str(), postgres->pw_uid, postgres->pw_gid) != 0) {
      ADD_FAILURE() << "no user 'postgres': run tools/install as root";
    }
    run("initdb -D " + folder_ + "/data -A trust -N");
    start();
  }
  ~PostgresqlServer() { stop(); }

  std::string bin_ = "/usr/lib/postgresql/15/bin/";
  TemporaryFolder temporary_;
  std::string folder_ = temporary_.path();
  unsigned databases_ = 0;
};

class AnyDirectory : public store::TestFolder, public testing::WithParamInterface<Kind> {
 protected:
  Directory open() {
    if (GetParam() == Kind::kFile) return std::move(Directory::open_file(folder_ / "users.db").value());
    if (connection_.empty()) connection_ = PostgresqlServer::get().connection();
    return std::move(Directory::open_postgresql(connection_).value());
  }
  // As somebody who is not the gateway.
  void tamper(const std::string& statement) {
    if (GetParam() == Kind::kFile) {
      ASSERT_EQ(std::system(("sqlite3 " + (folder_ / "users.db").string() + " \"" + statement + "\"").c_str()), 0);
    } else {
      PostgresqlServer::get().run("psql -q -c \"" + statement + "\" '" + connection_ + "'");
    }
  }

  std::string connection_;
};

}  // namespace sallyport::users
