// SPDX-License-Identifier: Apache-2.0
// For tests: the other end of an SA of ESP or AH, written from the RFCs over nothing but a block cipher, a hash and
// AES-GCM of OpenSSL, and apart from the card's own code: what one seals the other must open.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "hw/layout/codes.hpp"
#include "hw/layout/row.hpp"

namespace sallyport::driver::bench {

struct EspPeer {
  layout::Cipher cipher = layout::Cipher::kAesGcm;
  layout::Integrity integrity = layout::Integrity::kNone;
  bool esn = false;
  Buffer key;
  Buffer salt;
  Buffer integrity_key;

  // Keys of the algorithms' lengths (AES: of `aes_key_bytes`), different for every `mark`.
  static EspPeer with_keys(layout::Cipher cipher, layout::Integrity integrity, std::size_t aes_key_bytes,
                           std::uint8_t mark);

  [[nodiscard]] std::string name() const;
  // As hw/README.md and the RFCs give them, counted here once more.
  [[nodiscard]] std::size_t iv_bytes() const;
  [[nodiscard]] std::size_t block_bytes() const;
  [[nodiscard]] std::size_t icv_bytes() const;

  // The inner packet with padding and trailer.
  [[nodiscard]] Buffer with_trailer(Bytes inner, std::uint8_t next_header = 4) const;
  // SPI to ICV. The IV need not be what the card would choose.
  [[nodiscard]] Buffer seal(std::uint32_t spi, std::uint64_t seq, Bytes iv, Bytes plaintext) const;
  // Plaintext with padding and trailer, or nothing when the ICV is wrong.
  [[nodiscard]] std::optional<Buffer> open(Bytes esp, std::uint32_t seq_high = 0) const;

  // AH (RFC 4302): the packet with `header`, with its options or extension headers, of which length, protocol and
  // checksum are made here, and with `content` that begins with a `next_header`. Over IPv6 the AH is a multiple of 8
  // bytes, or if `align8`.
  [[nodiscard]] Buffer seal_ah(Bytes header, std::uint32_t spi, std::uint64_t seq, std::uint8_t next_header,
                               Bytes content, bool align8 = false) const;
  struct Opened {
    std::uint8_t next_header = 0;
    Buffer content;
  };
  // Of such a packet; nothing when the ICV is wrong or the header no such.
  [[nodiscard]] std::optional<Opened> open_ah(Bytes packet, std::uint32_t seq_high = 0) const;

  // What hw/README.md demands of the card's IV.
  [[nodiscard]] Buffer iv_of_card(std::uint64_t seq) const;

  // The card's rows of keys.
  [[nodiscard]] layout::Row key_row() const;
  [[nodiscard]] layout::Row integrity_key_row() const;
};

// Every cipher with every size of key and every integrity that it can have beside it.
std::vector<EspPeer> every_type();
// Every cipher and every integrity at least once.
std::vector<EspPeer> some_types();
// Every integrity, which is what AH has.
std::vector<EspPeer> ah_types();

}  // namespace sallyport::driver::bench
