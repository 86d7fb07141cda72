// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <memory>
#include <random>

#include "hls/aes/aes_decrypt.hpp"
#include "hls/aes/aes_encrypt.hpp"
#include "hls/aes/key_schedule.hpp"
#include "hls/trace/bytes.hpp"

namespace sallyport::hls {
namespace {

constexpr int kRandomBlocks = 2500;
constexpr std::uint64_t kSeed = 197;

Buffer hex(std::string_view text) { return from_hex(text).value(); }

Buffer random_bytes(std::mt19937_64& random, std::size_t n) {
  Buffer data(n);
  for (auto& b : data) b = static_cast<std::uint8_t>(random());
  return data;
}

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const EVP_CIPHER* openssl_cipher(Bytes key) {
  return key.size() == 16 ? EVP_aes_128_ecb() : key.size() == 24 ? EVP_aes_192_ecb() : EVP_aes_256_ecb();
}

// The oracle: one block through OpenSSL.
Buffer openssl_encrypt(Bytes key, Bytes block) {
  const EVP_CIPHER* cipher = openssl_cipher(key);
  const Context context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  Buffer out(32);
  int length = 0;
  EXPECT_EQ(EVP_EncryptInit_ex(context.get(), cipher, nullptr, key.data(), nullptr), 1);
  EXPECT_EQ(EVP_EncryptUpdate(context.get(), out.data(), &length, block.data(), static_cast<int>(block.size())), 1);
  out.resize(length);
  return out;
}

// The oracle of the other direction, without padding.
Buffer openssl_decrypt(Bytes key, Bytes block) {
  const EVP_CIPHER* cipher = openssl_cipher(key);
  const Context context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  Buffer out(32);
  int length = 0;
  EXPECT_EQ(EVP_DecryptInit_ex(context.get(), cipher, nullptr, key.data(), nullptr), 1);
  EXPECT_EQ(EVP_CIPHER_CTX_set_padding(context.get(), 0), 1);
  EXPECT_EQ(EVP_DecryptUpdate(context.get(), out.data(), &length, block.data(), static_cast<int>(block.size())), 1);
  out.resize(length);
  return out;
}

num<2> size_code(Bytes key) { return num<2>((key.size() - 16) / 8); }

Buffer encrypt(Bytes key, Bytes block) {
  return to_bytes(aes_encrypt(size_code(key), from_bytes<128>(block), expand_key(key)));
}

Buffer decrypt(Bytes key, Bytes block) {
  return to_bytes(aes_decrypt(size_code(key), from_bytes<128>(block), expand_inverse_key(key)));
}

template <int Rounds>
Buffer encrypt_plain(Bytes key, Bytes block) {
  const auto positions = expand_key(key);
  std::array<num<128>, Rounds + 1> round_keys;
  std::copy(positions.end() - (Rounds + 1), positions.end(), round_keys.begin());
  return to_bytes(aes_cipher<Rounds>(from_bytes<128>(block), round_keys));
}

// FIPS 197 appendix C: one plaintext under the three key sizes.
const Buffer kPlaintext = hex("00112233445566778899aabbccddeeff");
const Buffer kKey128 = hex("000102030405060708090a0b0c0d0e0f");
const Buffer kKey192 = hex("000102030405060708090a0b0c0d0e0f1011121314151617");
const Buffer kKey256 = hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
const Buffer kCiphertext128 = hex("69c4e0d86a7b0430d8cdb78070b4c55a");
const Buffer kCiphertext192 = hex("dda97ca4864cdfe06eaf70a0ec0d7191");
const Buffer kCiphertext256 = hex("8ea2b7ca516745bfeafc49904b496089");

TEST(SubByte, IsTheSBoxOfFips197) {
  EXPECT_EQ(sub_byte(0x00), 0x63);  // FIPS 197 figure 7
  EXPECT_EQ(sub_byte(0x53), 0xed);  // the example of 5.1.1
  EXPECT_EQ(sub_byte(0xff), 0x16);
  EXPECT_EQ(sub_byte(0x52), 0x00);  // what aes_encrypt keeps a waiting block's state at
}

// FIPS 197 4.3: the column of products that MixColumns makes of one byte.
TEST(MixTable, HoldsTheProductsOfEachRow) {
  for (int a = 0; a < 256; ++a) {
    const std::uint32_t s = sub_byte(static_cast<std::uint8_t>(a));
    const std::uint32_t two = field_product(2, static_cast<std::uint8_t>(s));
    const std::uint32_t three = field_product(3, static_cast<std::uint8_t>(s));
    const std::array<std::uint32_t, 4> want = {
        two << 24 | s << 16 | s << 8 | three, three << 24 | two << 16 | s << 8 | s,
        s << 24 | three << 16 | two << 8 | s, s << 24 | s << 16 | three << 8 | two};
    for (int row = 0; row < 4; ++row) {
      const std::uint64_t entry = mix_table(row).values[a];
      EXPECT_EQ(static_cast<std::uint32_t>(entry >> 32) ^ static_cast<std::uint32_t>(entry), want[row]) << "byte " << a;
    }
    EXPECT_EQ(substituted<0>(num<64>(mix_table(0).values[a])).value(), s);
    EXPECT_EQ(substituted<3>(num<64>(mix_table(3).values[a])).value(), s);
  }
}

TEST(InverseTable, TakesBackWhatTheSBoxDid) {
  for (int a = 0; a < 256; ++a) {
    const std::uint64_t entry = inverse_table(1).values[sub_byte(static_cast<std::uint8_t>(a))];
    EXPECT_EQ(substituted<1>(num<64>(entry)).value(), static_cast<unsigned>(a));
  }
  EXPECT_EQ(substituted<0>(num<64>(inverse_table(0).values[0x63])).value(), 0u);  // aes_decrypt waits at {63}
}

// FIPS 197 5.3.3, the matrix as it stands there.
TEST(AesInvMix, IsTheProductWithTheInverseMatrix) {
  constexpr std::array<std::uint8_t, 4> kRow = {0x0e, 0x0b, 0x0d, 0x09};
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < kRandomBlocks; ++i) {
    const Buffer block = random_bytes(random, 16);
    Buffer want(16);
    for (int byte = 0; byte < 16; ++byte) {
      for (int k = 0; k < 4; ++k) {
        want[byte] ^= field_product(kRow[(k + 4 - byte % 4) % 4], block[byte / 4 * 4 + k]);
      }
    }
    ASSERT_EQ(to_bytes(aes_inv_mix(from_bytes<128>(block))), want) << "seed " << kSeed << ", block " << i;
  }
}

// FIPS 197 appendix A
TEST(KeySchedule, GivesTheWordsOfFips197AppendixA) {
  const auto k128 = expand_key(hex("2b7e151628aed2a6abf7158809cf4f3c"));
  EXPECT_EQ(to_hex(to_bytes(k128[4])), "2b7e151628aed2a6abf7158809cf4f3c");
  EXPECT_EQ(to_hex(to_bytes(k128[5])), "a0fafe1788542cb123a339392a6c7605");
  EXPECT_EQ(to_hex(to_bytes(k128[14])), "d014f9a8c9ee2589e13f0cc8b6630ca6");
  const auto k192 = expand_key(hex("8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b"));
  EXPECT_EQ(to_hex(to_bytes(k192[3])), "62f8ead2522c6b7bfe0c91f72402f5a5");
  EXPECT_EQ(to_hex(to_bytes(k192[14])), "e98ba06f448c773c8ecc720401002202");
  const auto k256 = expand_key(hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"));
  EXPECT_EQ(to_hex(to_bytes(k256[2])), "9ba354118e6925afa51a8b5f2067fcde");
  EXPECT_EQ(to_hex(to_bytes(k256[3])), "a8b09c1a93d194cdbe49846eb75d5b9a");
  EXPECT_EQ(to_hex(to_bytes(k256[14])), "fe4890d1e6188d0b046df344706c631e");
}

TEST(KeySchedule, LeavesPositionsBeforeTheWhiteningEmpty) {
  EXPECT_EQ(expand_key(kKey128)[3].bits(), Bits(128));
  EXPECT_EQ(expand_key(kKey192)[1].bits(), Bits(128));
  EXPECT_EQ(to_bytes(expand_key(kKey192)[2]), Buffer(kKey192.begin(), kKey192.begin() + 16));
  EXPECT_EQ(to_bytes(expand_key(kKey256)[0]), Buffer(kKey256.begin(), kKey256.begin() + 16));
}

TEST(AesCipher, EncryptsTheExamplesOfFips197AppendixC) {
  EXPECT_EQ(encrypt_plain<10>(kKey128, kPlaintext), kCiphertext128);
  EXPECT_EQ(encrypt_plain<12>(kKey192, kPlaintext), kCiphertext192);
  EXPECT_EQ(encrypt_plain<14>(kKey256, kPlaintext), kCiphertext256);
}

TEST(AesEncrypt, EncryptsTheExamplesOfFips197AppendixC) {
  EXPECT_EQ(encrypt(kKey128, kPlaintext), kCiphertext128);
  EXPECT_EQ(encrypt(kKey192, kPlaintext), kCiphertext192);
  EXPECT_EQ(encrypt(kKey256, kPlaintext), kCiphertext256);
}

TEST(AesDecrypt, DecryptsTheExamplesOfFips197AppendixC) {
  EXPECT_EQ(decrypt(kKey128, kCiphertext128), kPlaintext);
  EXPECT_EQ(decrypt(kKey192, kCiphertext192), kPlaintext);
  EXPECT_EQ(decrypt(kKey256, kCiphertext256), kPlaintext);
}

// FIPS 197 appendix C.1, EQUIVALENT INVERSE CIPHER: round[1].ik_sch and round[10].ik_sch.
TEST(InverseKeySchedule, GivesTheRoundKeysOfFips197AppendixC) {
  const auto keys = expand_inverse_key(kKey128);
  EXPECT_EQ(to_hex(to_bytes(keys[4])), "13111d7fe3944a17f307a78b4d2b30c5");
  EXPECT_EQ(to_hex(to_bytes(keys[5])), "13aa29be9c8faff6f770f58000f7bf03");
  EXPECT_EQ(to_bytes(keys[14]), kKey128);
}

class AesKeyLength : public testing::TestWithParam<std::size_t> {};

TEST_P(AesKeyLength, AgreesWithOpenSslOnRandomBlocks) {
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < kRandomBlocks; ++i) {
    const Buffer key = random_bytes(random, GetParam());
    const Buffer block = random_bytes(random, 16);
    const Buffer want = openssl_encrypt(key, block);
    ASSERT_EQ(encrypt(key, block), want) << "seed " << kSeed << ", block " << i;
    const Buffer plain = key.size() == 16   ? encrypt_plain<10>(key, block)
                         : key.size() == 24 ? encrypt_plain<12>(key, block)
                                            : encrypt_plain<14>(key, block);
    ASSERT_EQ(plain, want) << "seed " << kSeed << ", block " << i;
  }
}

TEST_P(AesKeyLength, DoesNotReadRoundKeysBeforeTheWhitening) {
  std::mt19937_64 random(kSeed);
  const Buffer key = random_bytes(random, GetParam());
  const Buffer block = random_bytes(random, 16);
  auto round_keys = expand_key(key);
  const int first = aes_first_position(static_cast<AesSize>((key.size() - 16) / 8));
  for (int i = 0; i < first; ++i) round_keys[i] = from_bytes<128>(random_bytes(random, 16));
  EXPECT_EQ(to_bytes(aes_encrypt(size_code(key), from_bytes<128>(block), round_keys)), openssl_encrypt(key, block));
}

TEST_P(AesKeyLength, IsDecryptedLikeOpenSslDoesOnRandomBlocks) {
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < kRandomBlocks; ++i) {
    const Buffer key = random_bytes(random, GetParam());
    const Buffer block = random_bytes(random, 16);
    ASSERT_EQ(decrypt(key, block), openssl_decrypt(key, block)) << "seed " << kSeed << ", block " << i;
  }
}

TEST_P(AesKeyLength, IsDecryptedWithoutReadingRoundKeysBeforeTheFirst) {
  std::mt19937_64 random(kSeed);
  const Buffer key = random_bytes(random, GetParam());
  const Buffer block = random_bytes(random, 16);
  auto round_keys = expand_inverse_key(key);
  const int first = aes_first_position(static_cast<AesSize>((key.size() - 16) / 8));
  for (int i = 0; i < first; ++i) round_keys[i] = from_bytes<128>(random_bytes(random, 16));
  EXPECT_EQ(to_bytes(aes_decrypt(size_code(key), from_bytes<128>(block), round_keys)), openssl_decrypt(key, block));
}

// An engine that goes round aes_any_round, with a whitening XOR before, is the cipher too.
TEST_P(AesKeyLength, IsEncryptedByIteratingOneRound) {
  std::mt19937_64 random(kSeed);
  const Buffer key = random_bytes(random, GetParam());
  const Buffer block = random_bytes(random, 16);
  const auto round_keys = expand_key(key);
  const int first = aes_first_position(static_cast<AesSize>((key.size() - 16) / 8));
  AesState<num> s = columns(from_bytes<128>(block) ^ round_keys[first]);
  for (int position = first + 1; position < kAesPositions; ++position) {
    s = aes_any_round(num<1>(position == kAesPositions - 1), s, columns(round_keys[position]));
  }
  EXPECT_EQ(to_bytes(block_of(s)), openssl_encrypt(key, block));
}

INSTANTIATE_TEST_SUITE_P(Bytes, AesKeyLength, testing::Values(16, 24, 32));

}  // namespace
}  // namespace sallyport::hls
