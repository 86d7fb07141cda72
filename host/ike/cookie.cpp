// SPDX-License-Identifier: Apache-2.0
#include "host/ike/cookie.hpp"

namespace sallyport::ike {
namespace {

constexpr std::size_t kSecretSize = 32;

Buffer bake(std::uint8_t version, const Secret& secret, Bytes nonce_i, const IpAddress& initiator,
            std::uint64_t spi_i) {
  ByteWriter data;
  data.bytes(nonce_i).bytes(initiator.bytes()).u64(spi_i);
  ByteWriter cookie;
  cookie.u8(version).bytes(prf(Prf::kHmacSha256, secret.reveal(), data.view()).reveal());
  return cookie.take();
}

}  // namespace

void CookieJar::rotate(Time now) {
  if (!current_.empty() && now - born_ < lifetime_) return;
  const bool fresh = !current_.empty() && now - born_ < 2 * lifetime_;
  previous_ = fresh ? std::move(current_) : Secret();
  Buffer secret = random_bytes(random_, kSecretSize);
  current_ = Secret::consume(secret);
  born_ = now;
  ++version_;
}

Buffer CookieJar::make(Bytes nonce_i, const IpAddress& initiator, std::uint64_t spi_i, Time now) {
  rotate(now);
  return bake(version_, current_, nonce_i, initiator, spi_i);
}

bool CookieJar::verify(Bytes cookie, Bytes nonce_i, const IpAddress& initiator, std::uint64_t spi_i, Time now) {
  rotate(now);
  if (cookie.empty()) return false;
  const auto age = static_cast<std::uint8_t>(version_ - cookie.front());
  if (age > 1) return false;
  const Secret& secret = age == 0 ? current_ : previous_;
  return !secret.empty() && equal_constant_time(cookie, bake(cookie.front(), secret, nonce_i, initiator, spi_i));
}

}  // namespace sallyport::ike
