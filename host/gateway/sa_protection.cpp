// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/sa_protection.hpp"

namespace sallyport::gateway {
namespace {

Result<layout::Cipher> cipher_of(Encryption encryption) {
  switch (encryption) {
    case Encryption::kAesGcm16:
      return layout::Cipher::kAesGcm;
    case Encryption::kAesGmac:
      return layout::Cipher::kAesGmac;
    case Encryption::kNone:  // AH
    case Encryption::kNull:
      return layout::Cipher::kNull;
    case Encryption::kAesCtr:
      return layout::Cipher::kAesCtr;
    case Encryption::kAesCbc:
      return layout::Cipher::kAesCbc;
    case Encryption::kDesCbc:
      return layout::Cipher::kDesCbc;
    case Encryption::kDes3Cbc:
      return layout::Cipher::kDes3Cbc;
  }
  return Error{Errc::kUnsupported, "the card has no cipher of this number"};
}

Result<layout::Integrity> integrity_of(Integrity integrity) {
  switch (integrity) {
    case Integrity::kNone:
      return layout::Integrity::kNone;
    case Integrity::kHmacMd5_96:
      return layout::Integrity::kHmacMd5_96;
    case Integrity::kHmacSha1_96:
      return layout::Integrity::kHmacSha1_96;
    case Integrity::kHmacSha256_128:
      return layout::Integrity::kHmacSha256_128;
    case Integrity::kHmacSha384_192:
      return layout::Integrity::kHmacSha384_192;
    case Integrity::kHmacSha512_256:
      return layout::Integrity::kHmacSha512_256;
  }
  return Error{Errc::kUnsupported, "the card has no integrity algorithm of this number"};
}

}  // namespace

Result<driver::SaProtection> protection_of(Encryption encryption, Integrity integrity, const SaKeys& keys) {
  auto cipher = cipher_of(encryption);
  if (!cipher) return cipher.error();
  auto hmac = integrity_of(integrity);
  if (!hmac) return hmac.error();
  return driver::SaProtection{*cipher, *hmac, keys.encryption, keys.salt, keys.integrity};
}

layout::Protocol card_protocol(Protocol protocol) {
  return protocol == Protocol::kAh ? layout::Protocol::kAh : layout::Protocol::kEsp;
}

const char* word_of(Protocol protocol) {
  return layout::kSaProtocols[static_cast<unsigned>(card_protocol(protocol))].name;
}

const char* word_of(Mode mode) { return layout::kModes[static_cast<unsigned>(mode)].name; }

}  // namespace sallyport::gateway
