// SPDX-License-Identifier: Apache-2.0
// AES-GCM with the nonce and ICV sizes of ESP (RFC 4106), by OpenSSL.
#pragma once

#include <array>
#include <optional>

#include "base/bytes.hpp"

namespace sallyport::driver {

constexpr std::size_t kIcvBytes = 16;
constexpr std::size_t kNonceBytes = 12;
using Nonce = std::array<std::uint8_t, kNonceBytes>;

// Ciphertext and ICV. The key is 16, 24 or 32 bytes.
Buffer gcm_seal(Bytes key, const Nonce& nonce, Bytes aad, Bytes plaintext);

// The plaintext, or nothing when the ICV (the last kIcvBytes of `sealed`) does not verify.
std::optional<Buffer> gcm_open(Bytes key, const Nonce& nonce, Bytes aad, Bytes sealed);

}  // namespace sallyport::driver
