// SPDX-License-Identifier: Apache-2.0
#include "host/users/authenticators/password_check.hpp"

#include <openssl/rand.h>

namespace sallyport::users {
namespace {

std::string hash_of_a_random_password() {
  Secret password(32);
  if (RAND_bytes(password.bytes().data(), static_cast<int>(password.size())) != 1) std::abort();
  return hash_password(password).value();
}

}  // namespace

PasswordCheck::PasswordCheck(SharedDirectory& directory, Verify verify)
    : directory_(directory), verify_(std::move(verify)), nobodys_(hash_of_a_random_password()) {}

Result<bool> PasswordCheck::holds(const std::string& user, const Secret& password) {
  const auto stored = directory_.with([&](Directory& d) { return d.credential(user, CredentialKind::kPassword); });
  if (!stored) return stored.error();
  const auto verified = verify_(password, stored->value_or(nobodys_));
  if (!verified) return verified.error();
  return *verified && stored->has_value();
}

}  // namespace sallyport::users
