// SPDX-License-Identifier: Apache-2.0
#include "host/users/sessions/attempt_limiter.hpp"

#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cstdlib>

#include "base/bytes.hpp"

namespace sallyport::users {

AttemptLimiter::AttemptLimiter(AttemptRate rate) : rate_(rate), empty_at_(kBuckets) {
  if (RAND_bytes(key_.data(), static_cast<int>(key_.size())) != 1) std::abort();
}

bool AttemptLimiter::admit(std::string_view name, Time now) {
  if (wait(name, now) > std::chrono::seconds(0)) return false;
  Time& empty_at = empty_at_[bucket(name)];
  empty_at = std::max(empty_at, now) + rate_.interval;
  return true;
}

void AttemptLimiter::forgive(std::string_view name) { empty_at_[bucket(name)] -= rate_.interval; }

std::chrono::seconds AttemptLimiter::wait(std::string_view name, Time now) const {
  const auto full = empty_at_[bucket(name)] - (rate_.burst - 1) * rate_.interval;
  return std::max(std::chrono::ceil<std::chrono::seconds>(full - now), std::chrono::seconds(0));
}

std::size_t AttemptLimiter::bucket(std::string_view name) const {
  ByteWriter keyed;
  keyed.bytes(key_).bytes(as_bytes(name));
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
  SHA256(keyed.view().data(), keyed.size(), digest.data());
  return ByteReader(digest).u64() % kBuckets;
}

}  // namespace sallyport::users
