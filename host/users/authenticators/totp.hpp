// SPDX-License-Identifier: Apache-2.0
// One-time passwords that follow the time (RFC 6238, by liboath): SHA-1, six digits, 30 seconds, as every authenticator
// application understands them.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/secret.hpp"

namespace sallyport::users {

[[nodiscard]] Secret make_totp_secret();  // RFC 4226 4, R6: of 160 bits

// What an authenticator application reads, often as a picture: "otpauth://totp/Sallyport:alice?secret=..".
[[nodiscard]] Secret totp_uri(const std::string& issuer, const std::string& user, const Secret& secret);

// As the directory keeps it: sealed, with the user's name inside, so that it is of no use in another user's place.
[[nodiscard]] Result<std::string> seal_totp(const Secret& key, const std::string& user, const Secret& secret);
[[nodiscard]] Result<Secret> unseal_totp(const Secret& key, const std::string& user, const std::string& sealed);

// The time step whose code it is: now's, or a neighbour's, since clocks differ and people are slow (RFC 6238 5.2).
[[nodiscard]] std::optional<std::uint64_t> totp_step(const Secret& secret, const Secret& code,
                                                     std::chrono::system_clock::time_point now);

}  // namespace sallyport::users
