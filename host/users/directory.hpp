// SPDX-License-Identifier: Apache-2.0
// The directory: users, groups and credentials in a database, and a log of every change made to them.
//
// SQLite embedded, or PostgreSQL for a fleet of gateways; the same schema. Every change is one transaction with its
// entry in the audit log, on the disk when the call returns. Calls wait for the disk: one thread has a directory, and
// it is not the loop's.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "host/users/audit_log.hpp"
#include "host/users/password.hpp"
#include "host/users/user.hpp"

namespace sallyport::users {

// What a user proves who they are with: one for each way to log in that keeps something here, by its name.
struct CredentialKind {
  std::string_view name;

  static const CredentialKind kPassword;   // an argon2id hash
  static const CredentialKind kTotp;       // RFC 6238: its secret, sealed
  static const CredentialKind kSmartCard;  // its number and public key
};
inline constexpr CredentialKind CredentialKind::kPassword{"password"};
inline constexpr CredentialKind CredentialKind::kTotp{"totp"};
inline constexpr CredentialKind CredentialKind::kSmartCard{"smart_card"};

class Directory {
 public:
  // Made when it is not there. Errors as those of store::Database.
  static Result<Directory> open_file(const std::filesystem::path& file);
  // `connection` in libpq's words: "host=... dbname=... user=... sslmode=verify-full". A password belongs into a file
  // that libpq reads (passfile). kInvalid: they are no such words. The server need not be there: whatever is done first
  // connects, and makes the tables when they are not there; kDisconnected until it can. A connection that is lost is
  // opened again by whoever comes next, who need not notice.
  static Result<Directory> open_postgresql(const std::string& connection);
  // To know early.
  Result<void> connect();
  Directory(Directory&&) noexcept;
  Directory& operator=(Directory&&) noexcept;
  ~Directory();

  // ---- users. `actor` is who asks for the change. kExists, kNotFound, kInvalid name the user or group.
  Result<void> add_user(const std::string& actor, const User& user);
  Result<void> change_user(const std::string& actor, const User& user);  // all but the name
  Result<void> delete_user(const std::string& actor, const std::string& name);
  Result<User> user(const std::string& name);
  // The name of a user that differs from this one by case alone, or by a realm that only one of them has ("alice" and
  // "Alice@example.net").
  Result<std::optional<std::string>> spelt_otherwise(const std::string& name);
  // In the order of their names, those behind `after`.
  Result<std::vector<User>> users(const std::string& after, unsigned most);
  Result<std::uint64_t> user_count();

  // ---- groups. One that has members cannot be deleted.
  Result<void> add_group(const std::string& actor, const Group& group);
  Result<void> change_group(const std::string& actor, const Group& group);
  Result<void> delete_group(const std::string& actor, const std::string& name);
  // As users.
  Result<std::vector<Group>> groups(const std::string& after, unsigned most);
  Result<std::vector<std::string>> members(const std::string& group);  // all
  Result<std::vector<std::string>> members(const std::string& group, const std::string& after, unsigned most);
  Result<std::uint64_t> member_count(const std::string& group);

  // ---- credentials
  // `number`: what is publicly known of it and finds its user, as a smart card's; empty when there is none. kExists
  // when somebody else's has it.
  Result<void> set_credential(const std::string& actor, const std::string& user, CredentialKind kind,
                              const std::string& data, const std::string& number = "");
  Result<void> delete_credential(const std::string& actor, const std::string& user, CredentialKind kind);
  Result<std::optional<std::string>> credential(const std::string& user, CredentialKind kind);
  // Of the users behind `after`, up to `last`, who have one: by their names.
  Result<std::map<std::string, std::string>> credentials(CredentialKind kind, const std::string& after,
                                                         const std::string& last);
  Result<std::optional<std::string>> user_with(CredentialKind kind, const std::string& number);
  // For what may be used once, as the code of a time step: true for the first caller, whichever gateway asks, and only
  // forwards.
  Result<bool> take_step(const std::string& user, CredentialKind kind, std::uint64_t step);

  // ---- many at once: all of it, or nothing. What is not said of a user that is there stays as it is.
  struct Imported {
    std::string name;
    std::optional<std::string> full_name{};
    std::optional<std::optional<Role>> role{};
    std::optional<bool> enabled{};
    std::optional<std::vector<std::string>> groups{};
    std::optional<std::string> password_hash{};
    unsigned line = 0;  // of the file it stands in, for an error
  };
  struct ImportCount {
    std::uint64_t added = 0;
    std::uint64_t changed = 0;
  };
  // `next` gives one user after the other, then none. Groups that are not there are made. Whoever else would change
  // something waits until it is over.
  using NextUser = std::function<Result<std::optional<Imported>>()>;
  Result<ImportCount> import(const std::string& actor, const NextUser& next);

  // ---- audit log
  Result<void> record(const std::string& actor, const std::string& action, const std::string& subject,
                      const std::string& detail);
  Result<std::vector<AuditEntry>> audit(std::uint64_t after, unsigned most);
  struct AuditHead {
    std::uint64_t number = 0;
    std::string digest;
  };
  Result<AuditHead> verify_audit();  // kCorrupt names the first entry that is wrong

 private:
  class Session;
  explicit Directory(std::unique_ptr<Session> session);
  std::unique_ptr<Session> session_;
};

}  // namespace sallyport::users
