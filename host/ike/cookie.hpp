// SPDX-License-Identifier: Apache-2.0
// RFC 7296 2.6: a responder under load asks an initiator to show that it can receive, and remembers nothing of it.
#pragma once

#include "host/ike/action.hpp"
#include "host/ike/crypto.hpp"

namespace sallyport::ike {

// Cookie = version of the secret | HMAC-SHA2-256(secret, Ni | IPi | SPIi). The secret changes every lifetime; the one
// before it is still believed.
class CookieJar {
 public:
  CookieJar(std::chrono::seconds lifetime, RandomSource random) : lifetime_(lifetime), random_(std::move(random)) {}

  [[nodiscard]] Buffer make(Bytes nonce_i, const IpAddress& initiator, std::uint64_t spi_i, Time now);
  [[nodiscard]] bool verify(Bytes cookie, Bytes nonce_i, const IpAddress& initiator, std::uint64_t spi_i, Time now);

 private:
  void rotate(Time now);

  std::chrono::seconds lifetime_;
  RandomSource random_;
  std::uint8_t version_ = 0;
  Secret current_;
  Secret previous_;
  Time born_{};
};

}  // namespace sallyport::ike
