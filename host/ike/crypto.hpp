// SPDX-License-Identifier: Apache-2.0
// The primitives that IKE is made of, on OpenSSL: HMAC, the PRFs, prf+, and key exchange.
#pragma once

#include <functional>
#include <memory>

#include "base/secret.hpp"
#include "host/ipsec/algorithm.hpp"

namespace sallyport::ike {

// Fills with bytes nobody can guess. system_random() is the one to use; a test may pass a seeded one.
using RandomSource = std::function<void(std::span<std::uint8_t>)>;
[[nodiscard]] RandomSource system_random();
[[nodiscard]] Buffer random_bytes(const RandomSource& random, std::size_t size);
[[nodiscard]] std::uint64_t random_u64(const RandomSource& random);

[[nodiscard]] std::size_t prf_size(Prf prf);               // octets of output, and of SK_d, SK_pi and SK_pr
[[nodiscard]] Secret prf(Prf prf, Bytes key, Bytes data);  // RFC 2104 with the hash of the PRF

// RFC 7296 2.13: T1 | T2 | ..., cut to size octets; at most 255 blocks.
[[nodiscard]] Secret prf_plus(Prf prf, Bytes key, Bytes seed, std::size_t size);

// Truncated HMAC: RFC 2404, RFC 4868. Not MD5, which IKE itself does without.
[[nodiscard]] std::size_t icv_size(Integrity integrity);
[[nodiscard]] Buffer hmac_icv(Integrity integrity, Bytes key, Bytes data);

[[nodiscard]] Buffer sha1(Bytes data);  // RFC 7296 2.23 hashes addresses with it
[[nodiscard]] Buffer sha256(Bytes data);

// One side of a key exchange: groups 2 (RFC 2409 6.2), 14 to 16 (RFC 3526), 19 to 21 (RFC 5903), 31 (RFC 8031).
class KeyExchange {
 public:
  // A fresh private key. Errors: kUnsupported.
  static Result<KeyExchange> generate(DhGroup group);
  // A private key that is known: big endian number, or the 32 bytes of RFC 7748.
  static Result<KeyExchange> from_private(DhGroup group, Bytes private_value, Bytes public_value);

  [[nodiscard]] DhGroup group() const { return group_; }
  [[nodiscard]] const Buffer& public_value() const { return public_value_; }

  // g^ir as 2.14 wants it: padded to the group's size; for ECP groups the x coordinate. Refuses a public value that is
  // no proper element of the group, and for group 31 an all-zero result (RFC 7748 6.1).
  [[nodiscard]] Result<Secret> shared_secret(Bytes peer_public) const;

 private:
  struct Free {
    void operator()(void* key) const;
  };
  KeyExchange(DhGroup group, void* key) : group_(group), key_(key) {}

  DhGroup group_;
  std::unique_ptr<void, Free> key_;  // EVP_PKEY
  Buffer public_value_;
};

}  // namespace sallyport::ike
