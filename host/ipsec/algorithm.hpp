// SPDX-License-Identifier: Apache-2.0
// Algorithms as IKE negotiates them (RFC 7296 3.3.2), with IANA's numbers and the keywords people write.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sallyport {

// RFC 7296 3.3.1.
enum class Protocol : std::uint8_t { kNone = 0, kIke = 1, kAh = 2, kEsp = 3 };
[[nodiscard]] std::string name_of(Protocol protocol);  // "ESP"

// RFC 7296 3.3.2; "key exchange" is RFC 9370's name of type 4.
enum class TransformType : std::uint8_t { kEncryption = 1, kPrf = 2, kIntegrity = 3, kKeyExchange = 4, kEsn = 5 };

// IANA "IKEv2 Parameters": Transform Type 1 to 4 Transform IDs.
enum class Encryption : std::uint16_t {
  kNone = 0,
  kDesCbc = 2,
  kDes3Cbc = 3,
  kNull = 11,
  kAesCbc = 12,
  kAesCtr = 13,
  kAesGcm16 = 20,
  kAesGmac = 21,  // "ENCR_NULL_AUTH_AES_GMAC": authenticated, not encrypted
};
enum class Prf : std::uint16_t { kNone = 0, kHmacSha1 = 2, kHmacSha256 = 5, kHmacSha384 = 6, kHmacSha512 = 7 };
enum class Integrity : std::uint16_t {
  kNone = 0,
  kHmacMd5_96 = 1,
  kHmacSha1_96 = 2,
  kHmacSha256_128 = 12,
  kHmacSha384_192 = 13,
  kHmacSha512_256 = 14,
};
enum class DhGroup : std::uint16_t {
  kNone = 0,
  kModp1024 = 2,
  kModp2048 = 14,
  kModp3072 = 15,
  kModp4096 = 16,
  kEcp256 = 19,
  kEcp384 = 20,
  kEcp521 = 21,
  kCurve25519 = 31,
};

// RFC 7296 3.3.2: a type, a number within the type, and the one attribute there is: the key length.
struct Transform {
  TransformType type = TransformType::kEncryption;
  std::uint16_t id = 0;
  std::uint16_t key_bits = 0;  // 0: the algorithm has one key length only
  friend auto operator<=>(const Transform&, const Transform&) = default;
};

// A keyword of proposals. Where two keywords mean the same, the first of the table is the one that is printed.
struct Keyword {
  std::string_view name;
  Transform transform;
};
[[nodiscard]] std::span<const Keyword> keywords();
[[nodiscard]] std::optional<Transform> find_transform(std::string_view keyword);
[[nodiscard]] std::string_view keyword_of(const Transform& transform);  // "unknown" when no keyword names it

// For people: the keyword, or what IANA calls a transform that we refuse ("chacha20poly1305"), or its number ("number
// 99").
[[nodiscard]] std::string name_of(const Transform& transform);
[[nodiscard]] std::string name_of(TransformType type);  // "transform type 6" when we do not know it

// Broken or nearly so (RFC 8221 5 and 6, RFC 8247 2.4): only where somebody has written "legacy".
[[nodiscard]] bool is_legacy(const Transform& transform);

// A cipher that carries its own integrity check: AES-GCM (RFC 4106, RFC 5282), AES-GMAC (RFC 4543).
[[nodiscard]] constexpr bool is_aead(Encryption cipher) {
  return cipher == Encryption::kAesGcm16 || cipher == Encryption::kAesGmac;
}

// Octets of key, `key_bits` being the attribute of a cipher that has several lengths.
[[nodiscard]] std::size_t key_size(Encryption cipher, unsigned key_bits);
// Octets of nonce that come with the key: RFC 4106 8.1, RFC 4543 5.1, RFC 3686 5.1.
[[nodiscard]] std::size_t salt_size(Encryption cipher);

// The PRF that a proposal of IKE uses when it names an integrity algorithm and no PRF.
[[nodiscard]] Prf prf_of(Integrity integrity);

// Octets of key; RFC 2403, RFC 2404, RFC 4868 2.6.
[[nodiscard]] std::size_t key_size(Integrity integrity);

}  // namespace sallyport
