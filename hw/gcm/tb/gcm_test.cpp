// SPDX-License-Identifier: Apache-2.0
// The engine against OpenSSL, in both directions: the build makes one program of each.
#include <gtest/gtest.h>

#include <random>

#include "hw/gcm/tb/gcm_bench.hpp"
#include "hw/gcm/tb/gcm_esp_vectors.hpp"
#include "tests/vectors/esp_edges.hpp"
#include "tests/vectors/esp_vectors.hpp"

namespace sallyport::hw {
namespace {

using layout::Cipher;

unsigned no_gap() { return 0; }

class Gcm : public testing::Test {
 protected:
  static constexpr unsigned kSeed = 20;

  Buffer some_bytes(std::size_t n) {
    Buffer b(n);
    for (auto& x : b) x = static_cast<std::uint8_t>(random_());
    return b;
  }
  Key some_key() { return {some_bytes(16 + 8 * (random_() % 3)), static_cast<std::uint32_t>(random_())}; }
  Packet some_packet(unsigned sa_index, std::size_t length) {
    const bool gmac = random_() % 3 == 0;
    return {sa_index, std::uint64_t{random_()} << 32 | random_(),
            some_bytes(gmac                 ? 16
                       : random_() % 2 != 0 ? 12
                                            : 8),
            some_bytes(length), gmac};
  }
  // Rows spread over the table, both its ends among them.
  void load_keys(unsigned n) {
    for (unsigned i = 0; i < n; ++i) {
      rows_.push_back(i == 0 ? 0 : i == 1 ? layout::kSaRows - 1 : random_() % layout::kSaRows);
      keys_.push_back(some_key());
      bench_.load_key(rows_.back(), keys_.back());
    }
    for (unsigned i = 0; i < n; ++i) {  // a row drawn twice has the later key
      for (unsigned j = i + 1; j < n; ++j) {
        if (rows_[i] == rows_[j]) keys_[i] = keys_[j];
      }
    }
  }
  void send_some(std::size_t length, const std::function<unsigned()>& gap) {
    const std::size_t which = random_() % rows_.size();
    bench_.send(some_packet(rows_[which], length), keys_[which], gap);
  }

  testing::ScopedTrace trace_{__FILE__, __LINE__, "seed " + std::to_string(kSeed)};
  std::mt19937 random_{kSeed};
  GcmBench bench_;
  std::vector<unsigned> rows_;
  std::vector<Key> keys_;
};

TEST_F(Gcm, AgreesWithTheEspVectorsOfDraftMcgrew) {
  unsigned row = 7;
  for (const EspVector& v : kEspVectors) {
    SCOPED_TRACE(v.key);
    const Buffer nonce = *from_hex(v.nonce);
    ByteReader r(nonce);
    const Key key{*from_hex(v.key), r.u32()};
    const Packet packet{++row, r.u64(), *from_hex(v.aad), *from_hex(v.plaintext)};
    bench_.load_key(row, key);
    const Sealed sealed = seal(key, packet);
    EXPECT_EQ(to_hex(sealed.ciphertext), v.ciphertext);
    EXPECT_EQ(to_hex(sealed.tag), v.tag);
    bench_.send(packet, key, no_gap);
  }
  bench_.drain();
}

// The engine takes the first 16 bytes of what is authenticated as AAD: here they end where the IV does.
TEST_F(Gcm, AgreesWithTheGmacVectorOfDraftMcgrew) {
  unsigned row = 11;
  for (const vectors::EspVector& v : vectors::kAesGmacEspVectors) {
    SCOPED_TRACE(v.key);
    const Key key{*from_hex(v.key), ByteReader(*from_hex(v.salt)).u32()};
    const Buffer aad = ByteWriter().bytes(*from_hex(v.header)).bytes(*from_hex(v.iv)).take();
    const Buffer payload = *from_hex(v.plaintext);
    bench_.load_key(++row, key);
    bench_.send({row, ByteReader(*from_hex(v.iv)).u64(), aad, payload, true}, payload, payload, *from_hex(v.icv),
                no_gap);
  }
  bench_.drain();
}

TEST_F(Gcm, AgreesWithTheEdgesOfEsp) {
  unsigned row = 0;
  for (const vectors::EspEdge& e : vectors::esp_edges()) {
    if (e.cipher != Cipher::kAesGcm && e.cipher != Cipher::kAesGmac) continue;
    SCOPED_TRACE(e.line);
    const bool gmac = e.cipher == Cipher::kAesGmac;
    const Key key{e.key, e.salt};
    ByteWriter aad;
    aad.u32(e.spi);
    if (e.esn) aad.u32(static_cast<std::uint32_t>(e.seq >> 32));
    aad.u32(static_cast<std::uint32_t>(e.seq));
    if (gmac) aad.bytes(e.iv).bytes(e.plaintext);
    Buffer head = aad.take();
    Buffer payload = e.plaintext;
    Buffer sealed(e.esp.begin() + 16, e.esp.end() - 16);
    if (gmac) {  // the engine takes the first 16 bytes of what is authenticated as AAD, and the rest as payload
      payload = sealed = Buffer(head.begin() + 16, head.end());
      head.resize(16);
    }
    const Packet packet{++row, ByteReader(e.iv).u64(), head, payload, gmac};
    bench_.load_key(row, key);
    bench_.send(packet, bench_.decrypts() ? sealed : payload, bench_.decrypts() ? payload : sealed,
                Buffer(e.esp.end() - 16, e.esp.end()), no_gap);
  }
  bench_.drain();
}

// RFC 4543 3.3: AAD = SPI, sequence number, IV, plaintext; with ESN the sequence number has 64 bits, and what is the
// payload of the engine begins with the IV's last four bytes.
TEST_F(Gcm, AuthenticatesWithoutEncryptingAsRfc4543Says) {
  load_keys(2);
  for (const bool esn : {false, true}) {
    for (const std::size_t length : {4, 16, 44, 64, 1400}) {
      SCOPED_TRACE(std::to_string(length) + (esn ? " with ESN" : ""));
      const std::uint64_t seq = std::uint64_t{random_()} << 32 | random_();
      const Buffer plaintext = some_bytes(length);
      ByteWriter header;
      header.u32(0x4a2cbfe3);
      if (esn) {
        header.u64(seq);
      } else {
        header.u32(static_cast<std::uint32_t>(seq));
      }
      const Buffer aad = header.u64(seq).bytes(plaintext).take();
      // The oracle gets the RFC's AAD as one piece; where the engine's payload begins in it makes no difference.
      const Packet whole{rows_[0], seq, aad, {}, true};
      const Packet packet{rows_[0], seq, Buffer(aad.begin(), aad.begin() + 16), Buffer(aad.begin() + 16, aad.end()),
                          true};
      bench_.send(packet, packet.payload, packet.payload, seal(keys_[0], whole).tag, no_gap);
    }
  }
  bench_.drain();
}

TEST_F(Gcm, TakesEveryShortLength) {
  load_keys(3);
  for (std::size_t length = 1; length <= 400; ++length) send_some(length, no_gap);
  bench_.drain();
}

TEST_F(Gcm, TakesAnyLengthOfAnySaUnderRandomGaps) {
  load_keys(20);
  unsigned largest_gap = 0;
  for (int i = 0; i < 400; ++i) {
    if (i % 20 == 0) largest_gap = random_() % 8;
    const std::size_t length = i % 100 == 0 ? 9216 : 1 + random_() % (i % 3 == 0 ? 9216 : 256);
    send_some(length, [&] { return random_() % 3 == 0 ? random_() % (largest_gap + 1) : 0; });
  }
  bench_.drain();
}

// ceil((n + 2) / 4) clocks a packet of n blocks: its GHASH blocks are AAD, payload and lengths.
TEST_F(Gcm, TakesAPacketAfterTheOtherWithoutLosingAClock) {
  load_keys(8);
  for (const std::size_t length : {16, 48, 52, 64, 80, 112, 1504, 9216}) {
    constexpr unsigned kPackets = 200;
    const std::uint64_t start = bench_.clocks();
    for (unsigned i = 0; i < kPackets; ++i) send_some(length, no_gap);
    const std::uint64_t blocks = (length + 15) / 16;
    const std::uint64_t words = (length + kWordBytes - 1) / kWordBytes;
    const std::uint64_t slots = (blocks + 2 + 3) / 4;
    EXPECT_EQ(bench_.clocks() - start, kPackets * slots - (slots - words)) << length;  // the last tail is still due
    bench_.idle(2);
  }
  bench_.drain();
}

TEST_F(Gcm, TakesShortAndLongPacketsMixedBackToBack) {
  load_keys(16);
  for (int i = 0; i < 1500; ++i) send_some(1 + random_() % (random_() % 10 == 0 ? 2000 : 200), no_gap);
  bench_.drain();
}

TEST_F(Gcm, UsesTheNewKeyOfARowOnceItIsSetUp) {
  for (int i = 0; i < 6; ++i) {
    const Key key = some_key();
    bench_.load_key(99, key);
    bench_.send(some_packet(99, 333), key, no_gap);
    bench_.drain();
  }
}

TEST_F(Gcm, SetsUpARowWhilePacketsOfOthersPass) {
  load_keys(4);
  // Rows 1000 and up belong to nobody who sends. load_key() lets the clock run, so words of the packet before are
  // inside.
  for (unsigned i = 0; i < 20; ++i) {
    send_some(700, no_gap);
    bench_.load_key(1000 + i, some_key());
  }
  bench_.drain();
}

// A word of the key schedule a clock, then fifteen products.
TEST_F(Gcm, SetsUpAKeyInConstantTime) {
  for (const auto& [bytes, clocks] : {std::pair(16U, 109U), {24U, 117U}, {32U, 125U}}) {
    EXPECT_EQ(bench_.load_key(5, {some_bytes(bytes), 1}), clocks) << bytes;
  }
}

// With round keys and powers of H zero, neither the row nor, in the tag, the payload makes a difference.
TEST_F(Gcm, ForgetsEveryKeyWhenWiped) {
  load_keys(2);
  bench_.wipe();
  bench_.compare(false);
  Packet packet = some_packet(rows_[0], 64);
  packet.gmac = false;
  Packet other = packet;
  other.sa_index = rows_[1];
  other.payload = some_bytes(64);
  const auto outcome = [&](const Packet& p) {
    bench_.send(p, p.payload, p.payload, {}, no_gap);
    bench_.drain();
    Buffer keystream = bench_.last_word();
    for (std::size_t i = 0; i < keystream.size(); ++i) keystream[i] ^= p.payload[i];
    return std::pair(to_hex(keystream), to_hex(bench_.last_tag()));
  };
  EXPECT_EQ(outcome(packet), outcome(other));
}

// Packets stand everywhere inside when the reset comes: whole ones, and one that had only begun.
TEST_F(Gcm, LosesEverythingInsideInOneClockOfReset) {
  for (unsigned clocks = 0; clocks < 16; ++clocks) {
    const Key key = some_key();
    bench_.load_key(3, key);
    bench_.send(some_packet(3, 100), key, no_gap);
    bench_.idle(1);
    bench_.begin(some_packet(3, 700));
    bench_.idle(clocks);
    bench_.reset();
    bench_.load_key(3, key);
    bench_.send(some_packet(3, 300), key, no_gap);
    bench_.drain();
  }
}

}  // namespace
}  // namespace sallyport::hw
