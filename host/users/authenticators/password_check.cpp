// SPDX-License-Identifier: Apache-2.0
#include "host/users/authenticators/password_check.hpp"

namespace sallyport::users {
PasswordCheck::PasswordCheck(SharedDirectory& directory, Verify verify)
    : directory_(directory), verify_(std::move(verify)), nobodys_(nobodys_hash()) {}

Result<bool> PasswordCheck::holds(const std::string& user, const Secret& password) {
  const auto stored = directory_.with([&](Directory& d) { return d.credential(user, CredentialKind::kPassword); });
  if (!stored) return stored.error();
  const auto verified = verify_(password, stored->value_or(nobodys_));
  if (!verified) return verified.error();
  return *verified && stored->has_value();
}

}  // namespace sallyport::users
