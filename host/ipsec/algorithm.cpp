// SPDX-License-Identifier: Apache-2.0
#include "host/ipsec/algorithm.hpp"

#include <algorithm>
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
    {"aes128ctr", cipher(Encryption::kAesCtr, 128)},
    {"aes192ctr", cipher(Encryption::kAesCtr, 192)},
    {"aes256ctr", cipher(Encryption::kAesCtr, 256)},
    {"aes128gmac", cipher(Encryption::kAesGmac, 128)},
    {"aes192gmac", cipher(Encryption::kAesGmac, 192)},
    {"aes256gmac", cipher(Encryption::kAesGmac, 256)},
    {"null", cipher(Encryption::kNull, 0)},
    {"des", cipher(Encryption::kDesCbc, 0)},
    {"3des", cipher(Encryption::kDes3Cbc, 0)},
    {"prfsha1", prf(Prf::kHmacSha1)},
    {"prfsha256", prf(Prf::kHmacSha256)},
    {"prfsha384", prf(Prf::kHmacSha384)},
    {"prfsha512", prf(Prf::kHmacSha512)},
    {"md5", integrity(Integrity::kHmacMd5_96)},
    {"sha1", integrity(Integrity::kHmacSha1_96)},
    {"sha256", integrity(Integrity::kHmacSha256_128)},
    {"sha384", integrity(Integrity::kHmacSha384_192)},
    {"sha512", integrity(Integrity::kHmacSha512_256)},
    {"modp1024", group(DhGroup::kModp1024)},
    {"modp2048", group(DhGroup::kModp2048)},
    {"modp3072", group(DhGroup::kModp3072)},
    {"modp4096", group(DhGroup::kModp4096)},
    {"ecp256", group(DhGroup::kEcp256)},
    {"ecp384", group(DhGroup::kEcp384)},
    {"ecp521", group(DhGroup::kEcp521)},
    {"x25519", group(DhGroup::kCurve25519)},
    {"curve25519", group(DhGroup::kCurve25519)},
    {"noesn", esn(0)},
    {"esn", esn(1)},
};

// IANA "IKEv2 Parameters": what peers offer and we refuse, so that a refusal can be read. Key lengths are told apart.
struct RefusedName {
  TransformType type;
  std::uint16_t id;
  std::string_view name;
};
constexpr RefusedName kRefusedNames[] = {
    {TransformType::kEncryption, 5, "cast128"},
    {TransformType::kEncryption, 7, "blowfish"},
    {TransformType::kEncryption, 14, "aesccm8"},
    {TransformType::kEncryption, 15, "aesccm12"},
    {TransformType::kEncryption, 16, "aesccm16"},
    {TransformType::kEncryption, 18, "aesgcm8"},
    {TransformType::kEncryption, 19, "aesgcm12"},
    {TransformType::kEncryption, 23, "camellia"},
    {TransformType::kEncryption, 28, "chacha20poly1305"},
    {TransformType::kPrf, 1, "prfmd5"},
    {TransformType::kPrf, 4, "prfaesxcbc"},
    {TransformType::kPrf, 8, "prfaescmac"},
    {TransformType::kIntegrity, 5, "aesxcbc"},
    {TransformType::kIntegrity, 8, "aescmac"},
    {TransformType::kIntegrity, 9, "aes128gmac"},
    {TransformType::kIntegrity, 10, "aes192gmac"},
    {TransformType::kIntegrity, 11, "aes256gmac"},
    {TransformType::kKeyExchange, 1, "modp768"},
    {TransformType::kKeyExchange, 5, "modp1536"},
    {TransformType::kKeyExchange, 17, "modp6144"},
    {TransformType::kKeyExchange, 18, "modp8192"},
    {TransformType::kKeyExchange, 22, "modp1024s160"},
    {TransformType::kKeyExchange, 23, "modp2048s224"},
    {TransformType::kKeyExchange, 24, "modp2048s256"},
    {TransformType::kKeyExchange, 25, "ecp192"},
    {TransformType::kKeyExchange, 26, "ecp224"},
    {TransformType::kKeyExchange, 27, "ecp224bp"},
    {TransformType::kKeyExchange, 28, "ecp256bp"},
    {TransformType::kKeyExchange, 29, "ecp384bp"},
    {TransformType::kKeyExchange, 30, "ecp512bp"},
    {TransformType::kKeyExchange, 32, "x448"},
};

constexpr Transform kLegacy[] = {cipher(Encryption::kDesCbc, 0), cipher(Encryption::kDes3Cbc, 0),
                                 integrity(Integrity::kHmacMd5_96), group(DhGroup::kModp1024)};

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

std::string name_of(Protocol protocol) {
  switch (protocol) {
    case Protocol::kIke:
      return "IKE";
    case Protocol::kAh:
      return "AH";
    case Protocol::kEsp:
      return "ESP";
    case Protocol::kNone:
      break;
  }
  return "protocol " + std::to_string(static_cast<unsigned>(protocol));
}

std::string name_of(TransformType type) {
  switch (type) {
    case TransformType::kEncryption:
      return "encryption";
    case TransformType::kPrf:
      return "PRF";
    case TransformType::kIntegrity:
      return "integrity";
    case TransformType::kKeyExchange:
      return "key exchange";
    case TransformType::kEsn:
      return "sequence numbers";
  }
  return "transform type " + std::to_string(static_cast<unsigned>(type));
}

std::string name_of(const Transform& transform) {
  if (const auto keyword = keyword_of(transform); keyword != "unknown") return std::string(keyword);
  const auto* found = std::ranges::find_if(
      kRefusedNames, [&](const RefusedName& n) { return n.type == transform.type && n.id == transform.id; });
  std::string name =
      found != std::end(kRefusedNames) ? std::string(found->name) : "number " + std::to_string(transform.id);
  if (transform.key_bits != 0) name += "/" + std::to_string(transform.key_bits);
  return name;
}

bool is_legacy(const Transform& transform) { return std::ranges::find(kLegacy, transform) != std::end(kLegacy); }

std::size_t key_size(Encryption cipher, unsigned key_bits) {
  switch (cipher) {
    case Encryption::kDesCbc:
      return 8;
    case Encryption::kDes3Cbc:
      return 24;
    case Encryption::kNull:
    case Encryption::kNone:
      return 0;
    case Encryption::kAesCbc:
    case Encryption::kAesCtr:
    case Encryption::kAesGcm16:
    case Encryption::kAesGmac:
      break;
  }
  return key_bits / 8;
}

std::size_t salt_size(Encryption cipher) { return is_aead(cipher) || cipher == Encryption::kAesCtr ? 4 : 0; }

Prf prf_of(Integrity integrity) {
  switch (integrity) {
    case Integrity::kHmacMd5_96:
      return Prf::kNone;  // IKE itself does without MD5
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
    case Integrity::kHmacMd5_96:
      return 16;
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
