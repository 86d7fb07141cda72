// SPDX-License-Identifier: Apache-2.0
// Passwords at rest: argon2id (RFC 9106). To check one costs memory and time on purpose, so it is done beside the loop.
#pragma once

#include <string>

#include "base/secret.hpp"

namespace sallyport::users {

// RFC 9106 4, the second recommended option, for memory-constrained environments.
struct PasswordCost {
  std::uint32_t passes = 3;
  std::uint32_t memory_kib = 64 * 1024;
  std::uint32_t lanes = 4;
};

constexpr std::size_t kShortestPassword = 8;  // NIST SP 800-63B 5.1.1.1
constexpr std::size_t kLongestPassword = 1024;

// "$argon2id$v=19$m=65536,t=3,p=4$salt$digest" with a random salt. Errors: kInvalid, too short or too long.
[[nodiscard]] Result<std::string> hash_password(const Secret& password, const PasswordCost& cost = {});

// Whether it is the password that `hash` was made of, at the cost that the hash names. Errors: kCorrupt, no argon2id
// hash.
[[nodiscard]] Result<bool> verify_password(const Secret& password, const std::string& hash);

// A hash of the usual cost that no password is known to have, for users who have none.
[[nodiscard]] std::string nobodys_hash();

// Of hashes that come from elsewhere: kInvalid unless it is one that verify_password can work with, at a cost a server
// survives.
[[nodiscard]] Result<void> check_hash(const std::string& hash);

}  // namespace sallyport::users
