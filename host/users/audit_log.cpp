// SPDX-License-Identifier: Apache-2.0
#include "host/users/audit_log.hpp"

#include <openssl/sha.h>

#include <array>

#include "base/bytes.hpp"

namespace sallyport::users {

std::string first_digest() { return std::string(std::size_t{2} * SHA256_DIGEST_LENGTH, '0'); }

std::string link(const std::string& previous, const AuditEntry& entry) {
  ByteWriter w;
  w.bytes(as_bytes(previous)).u64(entry.number);
  for (const std::string* field : {&entry.at, &entry.actor, &entry.action, &entry.subject, &entry.detail}) {
    w.u64(field->size()).bytes(as_bytes(*field));
  }
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
  SHA256(w.view().data(), w.size(), digest.data());
  return to_hex(digest);
}

Result<void> AuditChain::follow(const AuditEntry& entry) {
  if (entry.number != number_ + 1) {
    return Error{Errc::kCorrupt, "the audit log goes from entry " + std::to_string(number_) + " to entry " +
                                     std::to_string(entry.number) + ": what was between is missing"};
  }
  if (link(digest_, entry) != entry.digest) {
    return Error{Errc::kCorrupt, "entry " + std::to_string(entry.number) +
                                     " of the audit log is not what was written, or one before it was changed"};
  }
  number_ = entry.number;
  digest_ = entry.digest;
  return {};
}

}  // namespace sallyport::users
