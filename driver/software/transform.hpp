// SPDX-License-Identifier: Apache-2.0
// What an SA's cipher and integrity do to the bytes of a packet (hw/README.md, "Ciphers and integrity").
#pragma once

#include <optional>

#include "base/bytes.hpp"
#include "hw/layout/codes.hpp"
#include "hw/layout/row.hpp"

namespace sallyport::driver::software {

constexpr std::size_t kEspHeaderBytes = 8;   // SPI, sequence number
constexpr std::size_t kEspTrailerBytes = 2;  // pad length, next header

// The keys stay where they are.
struct Transform {
  layout::Cipher cipher = layout::Cipher::kAesGcm;
  layout::Integrity integrity = layout::Integrity::kNone;  // of a cipher without an ICV of its own
  bool esn = false;
  Bytes key;
  std::uint32_t salt = 0;  // its first byte most significant
  Bytes integrity_key;

  [[nodiscard]] std::size_t iv_bytes() const { return layout::shape(cipher).iv; }
  [[nodiscard]] std::size_t icv_bytes() const;

  // Bytes of ciphertext that ESP makes of so many: with trailer, padded to the cipher's block.
  [[nodiscard]] std::size_t ciphertext_bytes(std::size_t payload) const;
  // Those of an ESP packet of so many bytes, or nothing when no ciphertext makes it that long.
  [[nodiscard]] std::optional<std::size_t> ciphertext_within(std::size_t esp_bytes) const;

  // The IV that the card puts into packet `seq`.
  [[nodiscard]] Buffer iv(std::uint64_t seq) const;

  // The ICV of an integrity beside the cipher over a packet's bytes, and, with ESN, the high half of `seq`, which is
  // authenticated and not sent (RFC 4303 2.2.1, RFC 4302 3.3.3.2.2).
  [[nodiscard]] Buffer hmac(Bytes authenticated, std::uint64_t seq) const;

  // The ESP packet, SPI to ICV. The plaintext has its trailer.
  [[nodiscard]] Buffer seal(std::uint32_t spi, std::uint64_t seq, Bytes iv, Bytes plaintext) const;
  // The plaintext with its trailer, or nothing when the length cannot be or the ICV does not verify. Of `seq` the high
  // half counts, with ESN.
  [[nodiscard]] std::optional<Buffer> open(Bytes esp, std::uint64_t seq) const;
};

// What a row of sa_out or sa_in with this protocol says with its rows of keys, or nothing when its codes make it as
// good as empty.
std::optional<Transform> transform_of(const layout::Row& sa, layout::Protocol protocol, const layout::Row& sa_key,
                                      const layout::Row& integrity_key);

}  // namespace sallyport::driver::software
