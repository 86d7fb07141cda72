// SPDX-License-Identifier: Apache-2.0
// What a smart card signs, as gateway and computer both make it, and how a signature is checked.
//
// RSA of 2048 bits and more: RSASSA-PSS with SHA-256 and a salt of 32 bytes (RFC 8017 8.1). EC: ECDSA over P-256 with
// SHA-256, the signature r and s of 32 bytes each, as PKCS#11 gives it.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "base/bytes.hpp"

struct evp_pkey_st;

namespace sallyport::users {

// Each proof is for one attempt of one user at one gateway, so that none can be passed on to another place.
struct CardProof {
  std::string gateway_key;  // SHA-256 of the gateway's public key, 64 hexadecimal digits
  std::string attempt;      // the login, or the session that is renewed
  std::string number;       // of the card
  std::string nonce;        // the gateway's
};

using CardDigest = std::array<std::uint8_t, 32>;

// SHA-256 over a label and every field with its length in front.
[[nodiscard]] CardDigest digest_of(const CardProof& proof);

// A public key that such a proof can be checked with.
class CardKey {
 public:
  // DER of a SubjectPublicKeyInfo (RFC 5280 4.1). kInvalid, kUnsupported.
  static Result<CardKey> parse(Bytes der);
  // PEM of a public key or of a certificate, as an administrator has it.
  static Result<CardKey> parse_pem(const std::string& pem);

  [[nodiscard]] Buffer der() const;
  [[nodiscard]] bool verifies(const CardDigest& digest, Bytes signature) const;

 private:
  explicit CardKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}
  static Result<CardKey> checked(evp_pkey_st* key);

  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace sallyport::users
