// SPDX-License-Identifier: Apache-2.0
// Drives the verilated engine a packet at a time and checks every output and its clock against OpenSSL.
#pragma once

#include <openssl/evp.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <vector>

#include "Vgcm_harness.h"
#include "base/bytes.hpp"
#include "gtest/gtest.h"
#include "hw/common/tb/clock.hpp"
#include "hw/layout/codes.hpp"
#include "hw/layout/row.hpp"
#include "hw/layout/tables.hpp"

namespace sallyport::hw {

constexpr std::size_t kWordBytes = 64;

struct Key {
  Buffer key;  // 16, 24 or 32 bytes
  std::uint32_t salt = 0;

  [[nodiscard]] layout::Row row() const {
    layout::Row r;
    std::copy(key.begin(), key.end(), r.bytes().begin());  // its first byte in bits 7:0
    r.set(layout::sa_key::kSalt, salt);
    r.set(layout::sa_key::kKeySize, key.size() / 8 - 2);
    return r;
  }
};

struct Packet {
  unsigned sa_index = 0;
  std::uint64_t iv = 0;
  Buffer aad;  // 8 or 12 bytes; GMAC: 16, its beginning
  Buffer payload;
  bool gmac = false;
};

struct Sealed {
  Buffer ciphertext;
  Buffer tag;
};

// The oracle: SP 800-38D by OpenSSL. With GMAC the payload is the rest of the AAD, and nothing is encrypted (RFC
// 4543 3.3).
inline Sealed seal(const Key& key, const Packet& p) {
  const EVP_CIPHER* cipher = key.key.size() == 16   ? EVP_aes_128_gcm()
                             : key.key.size() == 24 ? EVP_aes_192_gcm()
                                                    : EVP_aes_256_gcm();
  const Buffer nonce = ByteWriter().u32(key.salt).u64(p.iv).take();
  const Buffer aad = p.gmac ? ByteWriter().bytes(p.aad).bytes(p.payload).take() : p.aad;
  Sealed out{p.payload, Buffer(16)};
  EVP_CIPHER_CTX* c = EVP_CIPHER_CTX_new();
  int n = 0;
  const bool ok = EVP_EncryptInit_ex(c, cipher, nullptr, key.key.data(), nonce.data()) == 1 &&
                  EVP_EncryptUpdate(c, nullptr, &n, aad.data(), static_cast<int>(aad.size())) == 1 &&
                  (p.gmac || EVP_EncryptUpdate(c, out.ciphertext.data(), &n, p.payload.data(),
                                               static_cast<int>(p.payload.size())) == 1) &&
                  EVP_EncryptFinal_ex(c, out.tag.data(), &n) == 1 &&  // writes nothing: GCM is a stream cipher
                  EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, 16, out.tag.data()) == 1;
  EVP_CIPHER_CTX_free(c);
  if (!ok) ADD_FAILURE() << "OpenSSL refused";
  return out;
}

class GcmBench {
 public:
  explicit GcmBench(int seed = 1) : dut_(seed) {
    m_.valid_i = m_.write_i = m_.wipe_i = 0;
    dut_.tick();
    wait_until([&] { return m_.wiping_o == 0; }, 3000);
  }

  // Loads a key row and waits for the engine to be ready again; returns the clocks that took.
  std::uint64_t load_key(unsigned sa_index, const Key& key) {
    const layout::Row row = key.row();
    m_.write_i = 1;
    m_.write_table_i = static_cast<unsigned>(m_.decrypt_o ? layout::TableId::kSaInKey : layout::TableId::kSaOutKey);
    m_.write_row_i = sa_index;
    std::memcpy(&m_.write_data_i, row.bytes().data(), layout::kRowBytes);
    const std::uint64_t start = dut_.clocks;
    tick();
    m_.write_i = 0;
    wait_until([&] { return m_.write_ready_o == 1; }, 1000);
    return dut_.clocks - start;
  }

  void wipe() {
    m_.wipe_i = 1;
    tick();
    m_.wipe_i = 0;
    wait_until([&] { return m_.wiping_o == 0; }, 3000);
  }

  // One clock of reset wherever the engine is: what was inside never comes out.
  void reset() {
    m_.valid_i = 0;
    dut_.reset(1);
    words_.clear();
    tags_.clear();
    idle(100);
    wait_until([&] { return m_.wiping_o == 0; }, 3000);
  }

  // The first word of a packet, and no more of it.
  void begin(const Packet& p) {
    put_word(p, p.payload, 0);
    tick();
  }

  // `gap` says before each word how many clocks to wait; the engine's own pause (ready_o) comes on top.
  void send(const Packet& p, const Key& key, const std::function<unsigned()>& gap) {
    const Sealed sealed = seal(key, p);
    send(p, m_.decrypt_o ? sealed.ciphertext : p.payload, m_.decrypt_o ? p.payload : sealed.ciphertext, sealed.tag,
         gap);
  }
  void send(const Packet& p, const Buffer& in, const Buffer& out, const Buffer& tag,
            const std::function<unsigned()>& gap) {
    for (std::size_t at = 0; at < in.size(); at += kWordBytes) {
      m_.valid_i = 0;
      for (unsigned wait = gap(); wait > 0; --wait) tick();
      while (m_.ready_o == 0) tick();
      put_word(p, in, at);
      const bool last = at + kWordBytes >= in.size();
      Buffer expected(kWordBytes, 0);
      std::copy(out.begin() + at, last ? out.end() : out.begin() + at + kWordBytes, expected.begin());
      words_.push_back({dut_.clocks + m_.latency_o, last, expected});
      if (last) tags_.push_back({dut_.clocks + m_.tag_latency_o + m_.has_tail_o, tag});
      tick();
    }
    m_.valid_i = 0;
  }

  // Lets everything inside come out.
  void drain() {
    m_.valid_i = 0;
    for (int i = 0; i < 100; ++i) tick();
    EXPECT_TRUE(words_.empty() && tags_.empty())
        << "the engine owes " << words_.size() << " words, " << tags_.size() << " tags";
  }

  void idle(unsigned clocks) {
    m_.valid_i = 0;
    while (clocks-- > 0) tick();
  }

  [[nodiscard]] bool decrypts() const { return m_.decrypt_o; }
  [[nodiscard]] std::uint64_t clocks() const { return dut_.clocks; }
  [[nodiscard]] const Buffer& last_word() const { return last_word_; }
  [[nodiscard]] const Buffer& last_tag() const { return last_tag_; }
  void compare(bool on) { compare_ = on; }  // off: order and clocks only

 private:
  struct Word {
    std::uint64_t clock;
    bool last;
    Buffer bytes;
  };
  struct Tag {
    std::uint64_t clock;
    Buffer bytes;
  };

  void put_word(const Packet& p, const Buffer& in, std::size_t at) {
    std::uint8_t word[kWordBytes];
    std::memset(word, 0xa5, sizeof(word));  // what lies beyond the payload is anything
    std::memcpy(word, in.data() + at, std::min(kWordBytes, in.size() - at));
    std::memcpy(&m_.data_i, word, kWordBytes);
    m_.valid_i = 1;
    m_.first_i = at == 0;
    m_.sa_index_i = p.sa_index;
    m_.iv_i = p.iv;
    m_.gmac_i = p.gmac;
    m_.length_i = in.size();
    ByteReader aad(p.aad);
    m_.aad_bytes_i = p.aad.size();
    for (int i = 3; i >= 0; --i) m_.aad_i[i] = aad.u32();  // zeros behind the end
    m_.eval();
  }

  void tick() {
    dut_.tick();
    check_word();
    check_tag();
  }

  void check_word() {
    if (m_.valid_o == 0) {
      ASSERT_TRUE(words_.empty() || words_.front().clock > dut_.clocks) << "a word is late";
      return;
    }
    ASSERT_FALSE(words_.empty()) << "a word from nowhere";
    ASSERT_EQ(words_.front().clock, dut_.clocks);
    ASSERT_EQ(words_.front().last, m_.last_o == 1);
    last_word_.resize(kWordBytes);
    std::memcpy(last_word_.data(), &m_.data_o, kWordBytes);
    if (compare_) {
      ASSERT_EQ(to_hex(last_word_), to_hex(words_.front().bytes));
    }
    words_.pop_front();
  }

  void check_tag() {
    if (m_.tag_valid_o == 0) {
      ASSERT_TRUE(tags_.empty() || tags_.front().clock > dut_.clocks) << "a tag is late";
      return;
    }
    ASSERT_FALSE(tags_.empty()) << "a tag from nowhere";
    ASSERT_EQ(tags_.front().clock, dut_.clocks);
    last_tag_ = ByteWriter().u32(m_.tag_o[3]).u32(m_.tag_o[2]).u32(m_.tag_o[1]).u32(m_.tag_o[0]).take();
    if (compare_) {
      ASSERT_EQ(to_hex(last_tag_), to_hex(tags_.front().bytes));
    }
    tags_.pop_front();
  }

  void wait_until(const std::function<bool()>& done, unsigned limit) {
    while (!done() && limit-- > 0) tick();
    ASSERT_TRUE(done()) << "waited too long";
  }

  Clocked<Vgcm_harness> dut_;
  Vgcm_harness& m_ = dut_.model;
  std::deque<Word> words_;
  std::deque<Tag> tags_;
  Buffer last_word_, last_tag_;
  bool compare_ = true;
};

}  // namespace sallyport::hw
