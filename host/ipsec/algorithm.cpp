// SPDX-License-Identifier: Apache-2.0
#include "host/ipsec/algorithm.hpp"

#include <cstddef>

namespace sallyport {
namespace {

constexpr Transform cipher(Encryption id, std::uint16_t key_bits) {
  return {TransformType::kEncryption, static_cast<std::uint16_t>(id), key_bits};
}
constexpr Transform prf(Prf id) { return {TransformType::kPrf, static_cast<std::uint16_t>(id), 0}; }
constexpr Transform integrity(Integrity id) { return {TransformType::kIntegrity, static_cast<std::uint16_t>(id), 0}; }
constexpr Transform group(DhGroup id) { return {TransformType::kKeyExchange, static_cast<std::uint16_t>(id), 0}; }
constexpr Transform esn(std::uint16_t id) { return {TransformType::kEsn, id, 0}; }

constexpr Keyword kKeywords[] = {
    {"aes128gcm16", cipher(Encryption::kAesGcm16, 128)},
    {"aes192gcm16", cipher(Encryption::kAesGcm16, 192)},
    {"aes256gcm16", cipher(Encryption::kAesGcm16, 256)},
    {"aes128gcm128", cipher(Encryption::kAesGcm16, 128)},
    {"aes192gcm128", cipher(Encryption::kAesGcm16, 192)},
    {"aes256gcm128", cipher(Encryption::kAesGcm16, 256)},
    {"aes128", cipher(Encryption::kAesCbc, 128)},
    {"aes192", cipher(Encryption::kAesCbc, 192)},
    {"aes256", cipher(Encryption::kAesCbc, 256)},
    {"prfsha1", prf(Prf::kHmacSha1)},
    {"prfsha256", prf(Prf::kHmacSha256)},
    {"prfsha384", prf(Prf::kHmacSha384)},
    {"prfsha512", prf(Prf::kHmacSha512)},
    {"sha1", integrity(Integrity::kHmacSha1_96)},
    {"sha256", integrity(Integrity::kHmacSha256_128)},
    {"sha384", integrity(Integrity::kHmacSha384_192)},
    {"sha512", integrity(Integrity::kHmacSha512_256)},
    {"modp2048", group(DhGroup::kModp2048)},
    {"ecp256", group(DhGroup::kEcp256)},
    {"ecp384", group(DhGroup::kEcp384)},
    {"x25519", group(DhGroup::kCurve25519)},
    {"curve25519", group(DhGroup::kCurve25519)},
    {"noesn", esn(0)},
    {"esn", esn(1)},
};

}  // namespace

std::span<const Keyword> keywords() { return kKeywords; }

std::optional<Transform> find_transform(std::string_view keyword) {
  for (const auto& known : kKeywords) {
    if (known.name == keyword) return known.transform;
  }
  return std::nullopt;
}

std::string_view keyword_of(const Transform& transform) {
  for (const auto& known : kKeywords) {
    if (known.transform == transform) return known.name;
  }
  return "unknown";
}

Prf prf_of(Integrity integrity) {
  switch (integrity) {
    case Integrity::kHmacSha1_96:
      return Prf::kHmacSha1;
    case Integrity::kHmacSha256_128:
      return Prf::kHmacSha256;
    case Integrity::kHmacSha384_192:
      return Prf::kHmacSha384;
    case Integrity::kHmacSha512_256:
      return Prf::kHmacSha512;
    case Integrity::kNone:
      break;
  }
  return Prf::kNone;
}

std::size_t key_size(Integrity integrity) {
  switch (integrity) {
    case Integrity::kHmacSha1_96:
      return 20;
    case Integrity::kHmacSha256_128:
      return 32;
    case Integrity::kHmacSha384_192:
      return 48;
    case Integrity::kHmacSha512_256:
      return 64;
    case Integrity::kNone:
      break;
  }
  return 0;
}

}  // namespace sallyport
