// SPDX-License-Identifier: Apache-2.0
#include "host/users/password.hpp"

#include <argon2.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <string_view>
#include <vector>

namespace sallyport::users {
namespace {

constexpr std::size_t kSaltBytes = 16;  // RFC 9106 3.1
constexpr std::size_t kDigestBytes = 32;
// What a hash from elsewhere may ask for: a login must not take the gateway's memory.
constexpr std::uint32_t kMostMemoryKib = 1024 * 1024;
constexpr std::uint32_t kMostPasses = 32;
constexpr std::uint32_t kMostLanes = 64;
constexpr std::uint32_t kLeastMemoryOfLane = 8;  // RFC 9106 3.1, KiB

constexpr std::size_t kShortestSalt = 8;

// Base64 without padding, as argon2 writes it, of so many bytes at least.
bool is_base64(std::string_view text, std::size_t bytes) {
  const auto known = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '/'; };
  return text.size() * 6 / 8 >= bytes && std::all_of(text.begin(), text.end(), known);
}

// Of random bytes.
std::string random_base64(std::size_t bytes) {
  std::vector<std::uint8_t> random(bytes);
  if (RAND_bytes(random.data(), static_cast<int>(bytes)) != 1) std::abort();
  std::vector<std::uint8_t> text(4 * ((bytes + 2) / 3) + 1);
  EVP_EncodeBlock(text.data(), random.data(), static_cast<int>(bytes));
  const std::string padded(text.begin(), text.end() - 1);
  return padded.substr(0, padded.find('='));
}

}  // namespace

Result<std::string> hash_password(const Secret& password, const PasswordCost& cost) {
  if (password.size() < kShortestPassword) {
    return Error{Errc::kInvalid, "a password needs at least " + std::to_string(kShortestPassword) + " characters"};
  }
  if (password.size() > kLongestPassword) {
    return Error{Errc::kInvalid, "a password has at most " + std::to_string(kLongestPassword) + " characters"};
  }
  std::array<std::uint8_t, kSaltBytes> salt{};
  if (RAND_bytes(salt.data(), static_cast<int>(salt.size())) != 1) return Error{Errc::kIo, "no random numbers"};
  std::vector<char> encoded(
      argon2_encodedlen(cost.passes, cost.memory_kib, cost.lanes, kSaltBytes, kDigestBytes, Argon2_id));
  const int failed =
      argon2id_hash_encoded(cost.passes, cost.memory_kib, cost.lanes, password.reveal().data(), password.size(),
                            salt.data(), salt.size(), kDigestBytes, encoded.data(), encoded.size());
  if (failed != ARGON2_OK) return Error{Errc::kFull, std::string("argon2id: ") + argon2_error_message(failed)};
  return std::string(encoded.data());
}

Result<bool> verify_password(const Secret& password, const std::string& hash) {
  const int failed = argon2id_verify(hash.c_str(), password.reveal().data(), password.size());
  if (failed == ARGON2_OK) return true;
  if (failed == ARGON2_VERIFY_MISMATCH) return false;
  return Error{Errc::kCorrupt, std::string("a stored password hash: ") + argon2_error_message(failed)};
}

std::string nobodys_hash() {
  const PasswordCost cost;
  return "$argon2id$v=19$m=" + std::to_string(cost.memory_kib) + ",t=" + std::to_string(cost.passes) +
         ",p=" + std::to_string(cost.lanes) + "$" + random_base64(kSaltBytes) + "$" + random_base64(kDigestBytes);
}

Result<void> check_hash(const std::string& hash) {
  std::uint32_t memory_kib = 0;
  std::uint32_t passes = 0;
  std::uint32_t lanes = 0;
  (void)std::sscanf(hash.c_str(), "$argon2id$v=19$m=%u,t=%u,p=%u$", &memory_kib, &passes, &lanes);
  // As argon2 writes numbers, and in no other way.
  const std::string parameters = "$argon2id$v=19$m=" + std::to_string(memory_kib) + ",t=" + std::to_string(passes) +
                                 ",p=" + std::to_string(lanes) + "$";
  if (!hash.starts_with(parameters)) {
    return Error{Errc::kInvalid, "a password hash must be argon2id, as '$argon2id$v=19$m=65536,t=3,p=4$salt$digest'"};
  }
  if (memory_kib > kMostMemoryKib || passes > kMostPasses || lanes > kMostLanes) {
    return Error{Errc::kInvalid, "a password hash of more than m=" + std::to_string(kMostMemoryKib) +
                                     ", t=" + std::to_string(kMostPasses) + ", p=" + std::to_string(kMostLanes)};
  }
  if (passes == 0 || lanes == 0 || memory_kib < kLeastMemoryOfLane * lanes) {
    return Error{Errc::kInvalid, "a password hash of less than t=1, p=1, or m=" + std::to_string(kLeastMemoryOfLane) +
                                     " for each of p"};
  }
  const std::string_view rest = std::string_view(hash).substr(parameters.size());
  const std::size_t border = rest.find('$');
  if (border == std::string_view::npos || !is_base64(rest.substr(0, border), kShortestSalt) ||
      !is_base64(rest.substr(border + 1), kDigestBytes)) {
    return Error{Errc::kInvalid, "a password hash whose salt or digest is not base64 of at least " +
                                     std::to_string(kShortestSalt) + " and " + std::to_string(kDigestBytes) + " bytes"};
  }
  // Whether argon2 reads them, too, shows at the least cost.
  if (!verify_password(Secret(), "$argon2id$v=19$m=8,t=1,p=1$" + std::string(rest))) {
    return Error{Errc::kInvalid, "a password hash whose salt or digest has bits that are of no byte"};
  }
  return {};
}

}  // namespace sallyport::users
