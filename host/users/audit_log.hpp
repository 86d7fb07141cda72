// SPDX-License-Identifier: Apache-2.0
// Who changed what, when: entries chained by hash, so that none can be altered, taken out or put in between without all
// that follow giving it away. Whoever keeps the newest digest elsewhere also notices a log that was cut or written
// anew.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace sallyport::users {

struct AuditEntry {
  std::uint64_t number = 0;  // 1, 2, 3..
  std::string at;            // UTC, RFC 3339
  std::string actor;         // administrator, or a part of Sallyport itself
  std::string action;        // "user.add"
  std::string subject;       // the user, group or policy that it concerns
  std::string detail;        // never a secret
  std::string digest;        // link(previous entry's digest, this entry)

  friend bool operator==(const AuditEntry&, const AuditEntry&) = default;
};

// Of a log without an entry.
[[nodiscard]] std::string first_digest();

// SHA-256 over the previous digest and every field of the entry with its length in front, as 64 hexadecimal digits.
[[nodiscard]] std::string link(const std::string& previous, const AuditEntry& entry);

// Goes through a log from its beginning.
class AuditChain {
 public:
  // kCorrupt, naming the entry: it is not the one that follows.
  [[nodiscard]] Result<void> follow(const AuditEntry& entry);
  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] const std::string& digest() const { return digest_; }

 private:
  std::uint64_t number_ = 0;
  std::string digest_ = first_digest();
};

}  // namespace sallyport::users
