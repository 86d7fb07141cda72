// SPDX-License-Identifier: Apache-2.0
#include "host/users/directory.hpp"

#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <set>

#include "host/base/log.hpp"
#include "host/base/text.hpp"
#include "host/store/database.hpp"

namespace sallyport::users {
namespace {

// The one schema, in what SQLite and PostgreSQL both understand. The audit log's head is a row of its own: to change it
// is to wait for whoever else writes to the log.
constexpr const char* kSchema[] = {
    "CREATE TABLE IF NOT EXISTS users (name VARCHAR(64) PRIMARY KEY, full_name TEXT NOT NULL, role TEXT NOT NULL, "
    "enabled INTEGER "
    "NOT NULL)",
    "CREATE INDEX IF NOT EXISTS users_by_folded_name ON users (LOWER(name))",
    "CREATE INDEX IF NOT EXISTS users_by_name_before_realm ON users (RTRIM(LOWER(name), REPLACE(LOWER(name), '@', "
    "'')))",
    "CREATE TABLE IF NOT EXISTS user_groups (name VARCHAR(64) PRIMARY KEY, description TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS members (user_name VARCHAR(64) NOT NULL REFERENCES users (name) ON DELETE CASCADE, "
    "group_name "
    "VARCHAR(64) NOT NULL REFERENCES user_groups (name), PRIMARY KEY (user_name, group_name))",
    "CREATE INDEX IF NOT EXISTS members_by_group ON members (group_name, user_name)",
    "CREATE TABLE IF NOT EXISTS credentials (user_name VARCHAR(64) NOT NULL REFERENCES users (name) ON DELETE CASCADE, "
    "kind TEXT "
    "NOT NULL, data TEXT NOT NULL, number VARCHAR(128) NOT NULL, last_step BIGINT NOT NULL, PRIMARY KEY (user_name, "
    "kind))",
    "CREATE INDEX IF NOT EXISTS credentials_by_number ON credentials (kind, number)",
    "CREATE TABLE IF NOT EXISTS audit (number BIGINT PRIMARY KEY, at TEXT NOT NULL, actor TEXT NOT NULL, action TEXT "
    "NOT NULL, "
    "subject TEXT NOT NULL, detail TEXT NOT NULL, digest TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS audit_head (id INTEGER PRIMARY KEY, number BIGINT NOT NULL, digest TEXT NOT NULL)",
};

// Ours, so that nobody waits for ever for a server that is away or busy; the words of the configuration come behind and
// count more. A gateway that vanished in the middle of a change must not keep the others waiting, either.
constexpr const char* kConnection =
    "application_name=sallyportd connect_timeout=5 tcp_user_timeout=10000 keepalives_idle=10 keepalives_interval=5 "
    "keepalives_count=3 options='-c client_min_messages=warning -c statement_timeout=10s "
    "-c idle_in_transaction_session_timeout=60s' ";
constexpr const char* kQueryCanceled = "57014";  // PostgreSQL's appendix A

std::string now() {
  const std::time_t t = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  ::gmtime_r(&t, &utc);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text.data();
}

// What a change came to, thrown to leave its transaction: soci tells its own errors this way too.
struct Refused {
  Error error;
};

[[noreturn]] void refuse(Errc code, std::string detail) { throw Refused{{code, std::move(detail)}}; }

void demand(const Result<void>& checked) {
  if (!checked) throw Refused{checked.error()};
}

// One database cuts it at a NUL, the other keeps what no JSON may hold.
void demand_text(const std::string& what, const std::string& written) {
  if (!is_text(written)) refuse(Errc::kInvalid, what + " must be UTF-8, without a NUL");
}

// libpq's messages have lines.
std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  text.erase(std::unique(text.begin(), text.end(), [](char a, char b) { return a == ' ' && b == ' '; }), text.end());
  if (text.ends_with(' ')) text.pop_back();
  return text;
}

std::string groups_sentence(const User& user) {
  std::string text;
  for (const std::string& group : user.groups) text += (text.empty() ? "" : ", ") + group;
  return text.empty() ? "no group" : text;
}

// For the audit log.
std::string description(const User& user) {
  return "full name '" + user.full_name + "', " +
         (user.role ? "role " + std::string(to_string(*user.role)) : "no role") +
         (user.enabled ? ", " : ", disabled, ") + groups_sentence(user);
}

}  // namespace

// ---- session -------------------------------------------------------------------------------------------------------

class Directory::Session {
 public:
  struct Place {
    const soci::backend_factory& backend;
    std::string connection;
    std::string name;                   // for errors
    std::vector<const char*> settings;  // what a new connection is told first
  };
  explicit Session(Place place) : place_(std::move(place)) {}

  // Runs `work` over a connection that is opened where there is none; what it throws is its error. What fails because
  // the connection was lost meanwhile is done once more over a new one, except for a change that had begun.
  template <class Work>
  auto guarded(Work work) -> Result<decltype(work())> {
    for (;;) {
      const bool had_connection = connected_;
      phase_ = Phase::kRepeatable;
      try {
        connect();
        if constexpr (std::is_void_v<decltype(work())>) {
          work();
          return {};
        } else {
          return work();
        }
      } catch (const Refused& refused) {
        return refused.error;
      } catch (const soci::soci_error& error) {
        if (!is_lost()) return told(error);
        const Error why = lost(error);
        if (!had_connection || phase_ != Phase::kRepeatable) return why;
      }
    }
  }

  // Likewise, as one transaction, with its entry in the audit log.
  template <class Work>
  auto change(const std::string& actor, Work work) -> Result<decltype(work())> {
    return guarded([&] {
      soci::transaction transaction(sql);
      // The writers' turn begins here, so that none reads what another is about to change.
      sql << "UPDATE audit_head SET number = number WHERE id = 1";
      phase_ = Phase::kChanging;
      actor_ = actor;
      if constexpr (std::is_void_v<decltype(work())>) {
        work();
        phase_ = Phase::kCommitting;
        transaction.commit();
      } else {
        auto result = work();
        phase_ = Phase::kCommitting;
        transaction.commit();
        return result;
      }
    });
  }

  // Within a change. What it tells may come from whoever asked, refused or not, and must not look like another entry.
  void log(const std::string& action, const std::string& subject, const std::string& detail) {
    long long number = 0;
    std::string previous;
    sql << "SELECT number, digest FROM audit_head WHERE id = 1", soci::into(number), soci::into(previous);
    AuditEntry entry{static_cast<std::uint64_t>(++number),
                     now(),
                     on_one_line(actor_),
                     on_one_line(action),
                     on_one_line(subject),
                     on_one_line(detail),
                     {}};
    entry.digest = link(previous, entry);
    sql << "INSERT INTO audit (number, at, actor, action, subject, detail, digest) VALUES (:n, :t, :a, :c, :s, :d, :h)",
        soci::use(number), soci::use(entry.at), soci::use(entry.actor), soci::use(entry.action),
        soci::use(entry.subject), soci::use(entry.detail), soci::use(entry.digest);
    sql << "UPDATE audit_head SET number = :n, digest = :d WHERE id = 1", soci::use(number), soci::use(entry.digest);
  }

  bool has(const char* table, const std::string& name) {
    int count = 0;
    sql << "SELECT COUNT(*) FROM " << table << " WHERE name = :n", soci::use(name), soci::into(count);
    return count != 0;
  }

  std::uint64_t member_count(const std::string& group) {
    long long count = 0;
    sql << "SELECT COUNT(*) FROM members WHERE group_name = :n", soci::use(group), soci::into(count);
    return static_cast<std::uint64_t>(count);
  }

  void demand_user(const std::string& name) {
    if (!has("users", name)) refuse(Errc::kNotFound, "no user '" + name + "'");
  }

  std::vector<std::string> names(const std::string& query, const std::string& key) {
    std::vector<std::string> found;
    soci::rowset<std::string> rows = (sql.prepare << query, soci::use(key));
    for (const std::string& name : rows) found.push_back(name);
    return found;
  }

  void demand_groups(const User& user) {
    for (const std::string& group : user.groups) {
      if (!has("user_groups", group)) refuse(Errc::kNotFound, "user '" + user.name + "': no group '" + group + "'");
    }
  }

  void write_credential(const std::string& user, const std::string& kind, const std::string& data,
                        const std::string& number = "") {
    sql << "DELETE FROM credentials WHERE user_name = :u AND kind = :k", soci::use(user), soci::use(kind);
    sql << "INSERT INTO credentials (user_name, kind, data, number, last_step) VALUES (:u, :k, :d, :n, 0)",
        soci::use(user), soci::use(kind), soci::use(data), soci::use(number);
  }

  std::optional<std::string> user_with(const std::string& kind, const std::string& number) {
    std::string user;
    sql << "SELECT user_name FROM credentials WHERE kind = :k AND number = :n", soci::use(kind), soci::use(number),
        soci::into(user);
    return sql.got_data() ? std::optional<std::string>(user) : std::nullopt;
  }

  void make_tables() {
    for (const char* statement : kSchema) sql << statement;
    int heads = 0;
    sql << "SELECT COUNT(*) FROM audit_head", soci::into(heads);
    const std::string digest = first_digest();
    if (heads == 0) sql << "INSERT INTO audit_head (id, number, digest) VALUES (1, 0, :d)", soci::use(digest);
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr auto kPause = std::chrono::seconds(1);

  enum class Phase : std::uint8_t {
    kRepeatable,  // nothing that counts more when it is done twice
    kChanging,    // a change is under way; without its end it has not been
    kCommitting,  // nobody knows whether it has
  };

  // A server that is not there is left alone for a moment: those who wait their turn behind one another must not each
  // wait for it.
  void connect() {
    if (connected_) return;
    if (lost_ && Clock::now() < next_try_) throw Refused{*lost_};
    try {
      sql.open(place_.backend, place_.connection);
    } catch (const soci::soci_error& error) {
      throw Refused{lost(error)};
    }
    try {
      for (const char* setting : place_.settings) sql << setting;
      make_tables();
    } catch (const soci::soci_error& error) {
      const Error why = is_lost() ? lost(error) : told(error);
      sql.close();
      throw Refused{why};
    }
    connected_ = true;
    if (lost_) sallyport::log::info("directory.connected", {{"place", place_.name}});
    lost_.reset();
  }

  // Asks the server: libpq may see that it could not write, and not yet that nobody is there.
  [[nodiscard]] bool is_lost() const { return !sql.is_connected(); }

  // Gives the connection up.
  Error lost(const soci::soci_error& error) {
    constexpr std::array<const char*, 3> kWhatOfIt = {"", "; nothing of it was changed",
                                                      "; whether it was done shows when the server is there again"};
    const Error why{Errc::kDisconnected, place_.name + ": " + one_line(error.get_error_message()) +
                                             kWhatOfIt[static_cast<std::size_t>(phase_)] +
                                             "; is the database server running, and its address right?"};
    if (!lost_) sallyport::log::error("directory.lost", {{"why", why.detail}});
    lost_ = why;
    next_try_ = connected_ ? Clock::now() : Clock::now() + kPause;
    if (connected_) sql.close();
    connected_ = false;
    return why;
  }

  [[nodiscard]] Error told(const soci::soci_error& error) const {
    const std::string what = place_.name + ": " + one_line(error.get_error_message());
    if (const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error)) {
      switch (sqlite->result() & 0xff) {
        case SQLITE_FULL:
          return {Errc::kFull, what + "; nothing of it was changed; make room on its file system"};
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
          return {Errc::kCorrupt, what + "; restore it from a backup"};
        case SQLITE_READONLY:
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
          return {Errc::kDenied, what + "; it and its folder must belong to the daemon's user and be writable"};
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
          return {Errc::kBusy, what + "; another process changes it: try again"};
        default:
          return {Errc::kIo, what + "; check its file system"};
      }
    }
    const auto* postgresql = dynamic_cast<const soci::postgresql_soci_error*>(&error);
    if (postgresql != nullptr && postgresql->sqlstate() == kQueryCanceled) {
      return {Errc::kTimeout, what + "; nothing of it was changed: try again"};
    }
    if (error.get_error_category() == soci::soci_error::no_privilege) {
      return {Errc::kDenied, what + "; the database's user must own the directory's tables"};
    }
    return {Errc::kIo, what};
  }

  const Place place_;
  std::string actor_;  // of the change under way
  Phase phase_ = Phase::kRepeatable;
  bool connected_ = false;
  std::optional<Error> lost_;  // why there is no connection, once that is known
  Clock::time_point next_try_{};

 public:
  soci::session sql;
};

namespace {

// Writes users, within a change. Its statements are prepared once: there may be a million users.
class UserWriter {
 public:
  explicit UserWriter(soci::session& sql)
      : know_((sql.prepare << "SELECT full_name, role, enabled FROM users WHERE name = :n", soci::use(name_),
               soci::into(full_name_), soci::into(role_), soci::into(enabled_))),
        add_((sql.prepare << "INSERT INTO users (name, full_name, role, enabled) VALUES (:n, :f, :r, :e)",
              soci::use(name_), soci::use(full_name_), soci::use(role_), soci::use(enabled_))),
        change_((sql.prepare << "UPDATE users SET full_name = :f, role = :r, enabled = :e WHERE name = :n",
                 soci::use(full_name_), soci::use(role_), soci::use(enabled_), soci::use(name_))),
        leave_((sql.prepare << "DELETE FROM members WHERE user_name = :u", soci::use(name_))),
        join_((sql.prepare << "INSERT INTO members (user_name, group_name) VALUES (:u, :g)", soci::use(name_),
               soci::use(group_))) {}
  UserWriter(const UserWriter&) = delete;  // the statements know where the values are
  UserWriter& operator=(const UserWriter&) = delete;

  // True: it is a new one. Its groups are there.
  bool write(const Directory::Imported& said) {
    name_ = said.name;
    full_name_.clear();
    role_.clear();
    enabled_ = 1;
    const bool is_new = !know_.execute(true);
    if (said.full_name) full_name_ = *said.full_name;
    if (said.role) role_ = *said.role ? std::string(to_string(**said.role)) : "";
    if (said.enabled) enabled_ = *said.enabled ? 1 : 0;
    (is_new ? add_ : change_).execute(true);
    if (!said.groups) return is_new;
    if (!is_new) leave_.execute(true);
    for (const std::string& group : std::set<std::string>(said.groups->begin(), said.groups->end())) {
      group_ = group;
      join_.execute(true);
    }
    return is_new;
  }
  bool write(const User& user) {
    return write(Directory::Imported{user.name, user.full_name, user.role, user.enabled, user.groups});
  }

 private:
  std::string name_;
  std::string full_name_;
  std::string role_;
  std::string group_;
  int enabled_ = 0;
  soci::statement know_;
  soci::statement add_;
  soci::statement change_;
  soci::statement leave_;
  soci::statement join_;
};

}  // namespace

Directory::Directory(std::unique_ptr<Session> session) : session_(std::move(session)) {}
Directory::Directory(Directory&&) noexcept = default;
Directory& Directory::operator=(Directory&&) noexcept = default;
Directory::~Directory() = default;

Result<Directory> Directory::open_file(const std::filesystem::path& file) {
  // That it is ours, whole, writable, and closed to others is checked as for every store.
  std::string schema = "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;";
  for (const char* statement : kSchema) schema += std::string(statement) + ";";
  const store::Kind kind{store::Durability::kPower, schema.c_str(), "no user can log in"};
  if (auto checked = store::Database::open(file, kind); !checked) return checked.error();
  Directory directory(
      std::make_unique<Session>(Session::Place{*soci::factory_sqlite3(),
                                               "db=\"" + file.string() + "\" timeout=5",
                                               file.string(),
                                               {"PRAGMA foreign_keys = ON", "PRAGMA synchronous = FULL"}}));
  if (auto opened = directory.connect(); !opened) return opened.error();
  return directory;
}

Result<Directory> Directory::open_postgresql(const std::string& connection) {
  char* why = nullptr;
  PQconninfoOption* words = ::PQconninfoParse((kConnection + connection).c_str(), &why);
  if (words == nullptr) {
    const Error wrong{Errc::kInvalid, "the directory's database: " + one_line(why == nullptr ? "no memory" : why)};
    ::PQfreemem(why);
    return wrong;
  }
  ::PQconninfoFree(words);
  return Directory(std::make_unique<Session>(
      Session::Place{*soci::factory_postgresql(), kConnection + connection, "the directory's database", {}}));
}

Result<void> Directory::connect() {
  return session_->guarded([] {});
}

// ---- users ---------------------------------------------------------------------------------------------------------

Result<void> Directory::add_user(const std::string& actor, const User& user) {
  return session_->change(actor, [&] {
    demand(check_name(user.name));
    demand_text("a full name", user.full_name);
    if (session_->has("users", user.name)) refuse(Errc::kExists, "there is a user '" + user.name + "' already");
    session_->demand_groups(user);
    UserWriter(session_->sql).write(user);
    session_->log("user.add", user.name, description(user));
  });
}

Result<void> Directory::change_user(const std::string& actor, const User& user) {
  return session_->change(actor, [&] {
    session_->demand_user(user.name);
    demand_text("a full name", user.full_name);
    session_->demand_groups(user);
    UserWriter(session_->sql).write(user);
    session_->log("user.change", user.name, description(user));
  });
}

Result<void> Directory::delete_user(const std::string& actor, const std::string& name) {
  return session_->change(actor, [&] {
    session_->demand_user(name);
    session_->sql << "DELETE FROM users WHERE name = :n", soci::use(name);
    session_->log("user.delete", name, "");
  });
}

namespace {

Result<User> user_of(const std::string& name, const std::string& full_name, const std::string& role, int enabled,
                     std::vector<std::string> groups) {
  User user{name, full_name, {}, enabled != 0, std::move(groups)};
  if (!role.empty()) {
    auto known = role_named(role);
    if (!known) return Error{Errc::kCorrupt, "user '" + name + "' in the directory: " + known.error().detail};
    user.role = *known;
  }
  return user;
}

constexpr const char* kGroupsOfUser = "SELECT group_name FROM members WHERE user_name = :u ORDER BY group_name";

}  // namespace

Result<User> Directory::user(const std::string& name) {
  auto found = session_->guarded([&] {
    std::string full_name;
    std::string role;
    int enabled = 0;
    session_->sql << "SELECT full_name, role, enabled FROM users WHERE name = :n", soci::use(name),
        soci::into(full_name), soci::into(role), soci::into(enabled);
    if (!session_->sql.got_data()) refuse(Errc::kNotFound, "no user '" + name + "'");
    return user_of(name, full_name, role, enabled, session_->names(kGroupsOfUser, name));
  });
  if (!found) return found.error();
  return std::move(*found);
}

Result<std::optional<std::string>> Directory::spelt_otherwise(const std::string& name) {
  return session_->guarded([&] {
    const std::string without_realm = folded(name);
    // What is left of "Alice@home" when all at its end that is no @ is trimmed: "alice@"; of "alice" nothing is.
    const std::string with_a_realm = name.find('@') == std::string::npos ? without_realm + "@" : "@";
    std::string other;
    session_->sql << "SELECT name FROM users WHERE (LOWER(name) IN (LOWER(:n), :w) OR "
                     "RTRIM(LOWER(name), REPLACE(LOWER(name), '@', '')) = :r) AND name <> :m ORDER BY name LIMIT 1",
        soci::use(name), soci::use(without_realm), soci::use(with_a_realm), soci::use(name), soci::into(other);
    return session_->sql.got_data() ? std::optional<std::string>(other) : std::nullopt;
  });
}

Result<std::vector<User>> Directory::users(const std::string& after, unsigned most) {
  return session_->guarded([&] {
    std::vector<User> found;
    soci::rowset<soci::row> rows =
        (session_->sql.prepare << "SELECT u.name, u.full_name, u.role, u.enabled, COALESCE(m.group_name, '') FROM "
                                  "(SELECT * FROM users WHERE name > :a ORDER BY name LIMIT " +
                                      std::to_string(most) +
                                      ") u LEFT JOIN members m ON m.user_name = u.name ORDER BY u.name, m.group_name",
         soci::use(after));
    for (const soci::row& row : rows) {  // one for each group, or one
      const auto name = row.get<std::string>(0);
      if (found.empty() || found.back().name != name) {
        auto user = user_of(name, row.get<std::string>(1), row.get<std::string>(2), row.get<int>(3), {});
        if (!user) throw Refused{user.error()};
        found.push_back(std::move(*user));
      }
      if (auto group = row.get<std::string>(4); !group.empty()) found.back().groups.push_back(std::move(group));
    }
    return found;
  });
}

Result<std::uint64_t> Directory::user_count() {
  return session_->guarded([&] {
    long long count = 0;
    session_->sql << "SELECT COUNT(*) FROM users", soci::into(count);
    return static_cast<std::uint64_t>(count);
  });
}

// ---- groups --------------------------------------------------------------------------------------------------------

Result<void> Directory::add_group(const std::string& actor, const Group& group) {
  return session_->change(actor, [&] {
    demand(check_name(group.name));
    demand_text("a description", group.description);
    if (session_->has("user_groups", group.name)) {
      refuse(Errc::kExists, "there is a group '" + group.name + "' already");
    }
    session_->sql << "INSERT INTO user_groups (name, description) VALUES (:n, :d)", soci::use(group.name),
        soci::use(group.description);
    session_->log("group.add", group.name, group.description);
  });
}

Result<void> Directory::change_group(const std::string& actor, const Group& group) {
  return session_->change(actor, [&] {
    if (!session_->has("user_groups", group.name)) refuse(Errc::kNotFound, "no group '" + group.name + "'");
    demand_text("a description", group.description);
    session_->sql << "UPDATE user_groups SET description = :d WHERE name = :n", soci::use(group.description),
        soci::use(group.name);
    session_->log("group.change", group.name, group.description);
  });
}

Result<void> Directory::delete_group(const std::string& actor, const std::string& name) {
  return session_->change(actor, [&] {
    if (!session_->has("user_groups", name)) refuse(Errc::kNotFound, "no group '" + name + "'");
    if (const std::uint64_t members = session_->member_count(name); members != 0) {
      refuse(Errc::kBusy, "group '" + name + "' has " + std::to_string(members) + " members; take them out first");
    }
    session_->sql << "DELETE FROM user_groups WHERE name = :n", soci::use(name);
    session_->log("group.delete", name, "");
  });
}

Result<std::vector<Group>> Directory::groups(const std::string& after, unsigned most) {
  return session_->guarded([&] {
    std::vector<Group> found;
    soci::rowset<soci::row> rows =
        (session_->sql.prepare << "SELECT name, description FROM user_groups WHERE name > :a ORDER BY name LIMIT " +
                                      std::to_string(most),
         soci::use(after));
    for (const soci::row& row : rows) found.push_back({row.get<std::string>(0), row.get<std::string>(1)});
    return found;
  });
}

Result<std::vector<std::string>> Directory::members(const std::string& group) {
  return session_->guarded(
      [&] { return session_->names("SELECT user_name FROM members WHERE group_name = :g ORDER BY user_name", group); });
}

Result<std::vector<std::string>> Directory::members(const std::string& group, const std::string& after, unsigned most) {
  return session_->guarded([&] {
    if (!session_->has("user_groups", group)) refuse(Errc::kNotFound, "no group '" + group + "'");
    std::vector<std::string> found;
    soci::rowset<std::string> rows = (session_->sql.prepare << "SELECT user_name FROM members WHERE group_name = :g "
                                                               "AND user_name > :a ORDER BY user_name LIMIT " +
                                                                   std::to_string(most),
                                      soci::use(group), soci::use(after));
    for (const std::string& name : rows) found.push_back(name);
    return found;
  });
}

Result<std::uint64_t> Directory::member_count(const std::string& group) {
  return session_->guarded([&] { return session_->member_count(group); });
}

// ---- credentials ---------------------------------------------------------------------------------------------------

Result<void> Directory::set_credential(const std::string& actor, const std::string& user, CredentialKind kind,
                                       const std::string& data, const std::string& number) {
  return session_->change(actor, [&] {
    session_->demand_user(user);
    const std::string word(kind.name);
    if (!number.empty() && session_->user_with(word, number).value_or(user) != user) {
      refuse(Errc::kExists, "another user has the " + word + " '" + number + "'");
    }
    session_->write_credential(user, word, data, number);
    session_->log("credential.set", user, word);
  });
}

Result<void> Directory::delete_credential(const std::string& actor, const std::string& user, CredentialKind kind) {
  return session_->change(actor, [&] {
    const std::string word(kind.name);
    int there = 0;
    session_->sql << "SELECT COUNT(*) FROM credentials WHERE user_name = :u AND kind = :k", soci::use(user),
        soci::use(word), soci::into(there);
    if (there == 0) refuse(Errc::kNotFound, "user '" + user + "' has no " + word);
    session_->sql << "DELETE FROM credentials WHERE user_name = :u AND kind = :k", soci::use(user), soci::use(word);
    session_->log("credential.delete", user, word);
  });
}

Result<std::optional<std::string>> Directory::credential(const std::string& user, CredentialKind kind) {
  return session_->guarded([&] {
    const std::string word(kind.name);
    std::string data;
    session_->sql << "SELECT data FROM credentials WHERE user_name = :u AND kind = :k", soci::use(user),
        soci::use(word), soci::into(data);
    return session_->sql.got_data() ? std::optional<std::string>(data) : std::nullopt;
  });
}

Result<std::map<std::string, std::string>> Directory::credentials(CredentialKind kind, const std::string& after,
                                                                  const std::string& last) {
  return session_->guarded([&] {
    const std::string word(kind.name);
    std::map<std::string, std::string> found;
    soci::rowset<soci::row> rows =
        (session_->sql.prepare
             << "SELECT user_name, data FROM credentials WHERE kind = :k AND user_name > :a AND user_name <= :l",
         soci::use(word), soci::use(after), soci::use(last));
    for (const soci::row& row : rows) found.emplace(row.get<std::string>(0), row.get<std::string>(1));
    return found;
  });
}

Result<std::optional<std::string>> Directory::user_with(CredentialKind kind, const std::string& number) {
  return session_->guarded(
      [&] { return number.empty() ? std::nullopt : session_->user_with(std::string(kind.name), number); });
}

Result<bool> Directory::take_step(const std::string& user, CredentialKind kind, std::uint64_t step) {
  return session_->guarded([&] {
    const std::string word(kind.name);
    const auto number = static_cast<long long>(step);
    soci::statement take =
        (session_->sql.prepare
             << "UPDATE credentials SET last_step = :s WHERE user_name = :u AND kind = :k AND last_step < :t",
         soci::use(number), soci::use(user), soci::use(word), soci::use(number));
    take.execute(true);
    return take.get_affected_rows() == 1;
  });
}

// ---- import --------------------------------------------------------------------------------------------------------

Result<Directory::ImportCount> Directory::import(const std::string& actor, const NextUser& next) {
  return session_->change(actor, [&] {
    ImportCount count;
    std::set<std::string> known_groups;
    UserWriter writer(session_->sql);
    for (;;) {
      auto imported = next();
      if (!imported) throw Refused{imported.error()};
      if (!*imported) break;
      const Imported& one = **imported;
      const std::string where = "line " + std::to_string(one.line) + ": ";
      if (auto fine = check_name(one.name); !fine) refuse(Errc::kInvalid, where + fine.error().detail);
      demand_text(where + "a full name", one.full_name.value_or(""));
      for (const std::string& group : one.groups.value_or(std::vector<std::string>())) {
        if (!known_groups.insert(group).second || session_->has("user_groups", group)) continue;
        if (auto fine = check_name(group); !fine) refuse(Errc::kInvalid, where + "group " + fine.error().detail);
        session_->sql << "INSERT INTO user_groups (name, description) VALUES (:n, '')", soci::use(group);
        session_->log("group.add", group, "by an import");
      }
      const bool is_new = writer.write(one);
      if (one.password_hash) {
        if (auto fine = check_hash(*one.password_hash); !fine) refuse(Errc::kInvalid, where + fine.error().detail);
        session_->write_credential(one.name, std::string(CredentialKind::kPassword.name), *one.password_hash);
      }
      ++(is_new ? count.added : count.changed);
    }
    session_->log("user.import", "",
                  std::to_string(count.added) + " added, " + std::to_string(count.changed) + " changed");
    return count;
  });
}

// ---- audit log -----------------------------------------------------------------------------------------------------

Result<void> Directory::record(const std::string& actor, const std::string& action, const std::string& subject,
                               const std::string& detail) {
  return session_->change(actor, [&] { session_->log(action, subject, detail); });
}

Result<std::vector<AuditEntry>> Directory::audit(std::uint64_t after, unsigned most) {
  return session_->guarded([&] {
    std::vector<AuditEntry> found;
    const auto from = static_cast<long long>(after);
    soci::rowset<soci::row> rows =
        (session_->sql.prepare
             << "SELECT number, at, actor, action, subject, detail, digest FROM audit WHERE number > :n "
                "ORDER BY number LIMIT " +
                    std::to_string(most),
         soci::use(from));
    for (const soci::row& row : rows) {
      found.push_back({static_cast<std::uint64_t>(row.get<long long>(0)), row.get<std::string>(1),
                       row.get<std::string>(2), row.get<std::string>(3), row.get<std::string>(4),
                       row.get<std::string>(5), row.get<std::string>(6)});
    }
    return found;
  });
}

Result<Directory::AuditHead> Directory::verify_audit() {
  constexpr std::uint64_t kAtOnce = 1000;
  // First the head: what another gateway writes from now on comes behind it.
  const auto head = session_->guarded([&] {
    long long number = 0;
    std::string digest;
    session_->sql << "SELECT number, digest FROM audit_head WHERE id = 1", soci::into(number), soci::into(digest);
    return AuditHead{static_cast<std::uint64_t>(number), digest};
  });
  if (!head) return head.error();
  AuditChain chain;
  while (chain.number() < head->number) {
    const auto entries = audit(chain.number(), static_cast<unsigned>(std::min(kAtOnce, head->number - chain.number())));
    if (!entries) return entries.error();
    if (entries->empty()) break;
    for (const AuditEntry& entry : *entries) {
      if (auto follows = chain.follow(entry); !follows) return follows.error();
    }
  }
  if (chain.number() != head->number || chain.digest() != head->digest) {
    return Error{Errc::kCorrupt, "the audit log ends with entry " + std::to_string(chain.number()) +
                                     ", and its head names entry " + std::to_string(head->number) +
                                     ": its end was cut or changed"};
  }
  return *head;
}

}  // namespace sallyport::users
