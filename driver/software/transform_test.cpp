// SPDX-License-Identifier: Apache-2.0
#include "driver/software/transform.hpp"

#include <gtest/gtest.h>

#include "driver/software/hmac.hpp"
#include "hw/layout/tables.hpp"
#include "tests/vectors/esp_vectors.hpp"

namespace sallyport::driver::software {
namespace {

using layout::Cipher;
using layout::Integrity;

Buffer hex(const char* digits) { return from_hex(digits).value(); }

// The packet of a vector, both ways. Where the source has no ICV, HMAC-SHA-256-128 makes one.
void expect_vector(Cipher cipher, const vectors::EspVector& v) {
  SCOPED_TRACE(v.header + std::string(" ") + v.iv);
  const Buffer key = hex(v.key);
  const Buffer integrity_key(32, 0x5a);
  Transform t;
  t.cipher = cipher;
  t.key = key;
  t.salt = ByteReader(hex(v.salt)).u32();
  Buffer packet = ByteWriter().bytes(hex(v.header)).bytes(hex(v.iv)).bytes(hex(v.ciphertext)).take();
  Buffer icv = hex(v.icv);
  if (icv.empty()) {
    t.integrity = Integrity::kHmacSha256_128;
    t.integrity_key = integrity_key;
    icv = hmac_icv(t.integrity, integrity_key, packet);
  }
  packet.insert(packet.end(), icv.begin(), icv.end());
  ByteReader header(packet);
  const std::uint32_t spi = header.u32();
  const std::uint32_t seq = header.u32();
  EXPECT_EQ(t.seal(spi, seq, hex(v.iv), hex(v.plaintext)), packet);
  EXPECT_EQ(t.open(packet, seq), hex(v.plaintext));
}

TEST(Transform, SealsAndOpensThePublishedPackets) {
  for (const vectors::EspVector& v : vectors::kAesCbcEspVectors) expect_vector(Cipher::kAesCbc, v);
  for (const vectors::EspVector& v : vectors::kAesCtrEspVectors) expect_vector(Cipher::kAesCtr, v);
  for (const vectors::EspVector& v : vectors::kAesGmacEspVectors) expect_vector(Cipher::kAesGmac, v);
}

// RFC 3602 4, cases 7 and 8: the tunnel's inner packets are padded as the card pads them, to the block.
TEST(Transform, PadsAsThePublishedTunnelsDo) {
  Transform t;
  t.cipher = Cipher::kAesCbc;
  EXPECT_EQ(t.ciphertext_bytes(84), 96u);
  EXPECT_EQ(t.ciphertext_bytes(68), 80u);
  EXPECT_EQ(t.ciphertext_bytes(78), 80u);
  EXPECT_EQ(t.ciphertext_bytes(79), 96u);
}

TEST(Transform, KnowsWhatARowSaysAndRefusesWhatItCannotMean) {
  layout::Row key;
  key.set(layout::sa_key::kKeySize, static_cast<unsigned>(layout::KeySize::kAes192));
  for (const auto protocol : {layout::Protocol::kEsp, layout::Protocol::kAh}) {
    for (unsigned cipher = 0; cipher < 16; ++cipher) {
      for (unsigned integrity = 0; integrity < 16; ++integrity) {
        layout::Row row;
        row.set(layout::sa_in::kCipher, cipher);
        row.set(layout::sa_in::kIntegrity, integrity);
        const auto t = transform_of(row, protocol, key, {});
        const bool aead = cipher <= 1;
        const bool ah_can = cipher == 2;
        EXPECT_EQ(t.has_value(), (protocol == layout::Protocol::kEsp || ah_can) &&
                                     (aead || (cipher <= 6 && integrity >= 1 && integrity <= 5)))
            << cipher << ' ' << integrity;
        if (!t) continue;
        const std::size_t key_bytes[] = {24, 24, 0, 24, 24, 8, 24};
        EXPECT_EQ(t->key.size(), key_bytes[cipher]);
      }
    }
  }
}

}  // namespace
}  // namespace sallyport::driver::software
