// SPDX-License-Identifier: Apache-2.0
#include "hls/ghash/ghash.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <memory>
#include <random>

#include "hls/aes/aes.hpp"
#include "hls/aes/aes_encrypt.hpp"
#include "hls/aes/key_schedule.hpp"
#include "hls/trace/bytes.hpp"

namespace sallyport::hls {
namespace {

constexpr int kRandomInputs = 2500;
constexpr std::uint64_t kSeed = 38;

num<128> hex(std::string_view text) { return from_bytes<128>(from_hex(text).value()); }
num<128> random_block(std::mt19937_64& random) { return cat(num<64>(random()), num<64>(random())); }

bool coefficient(const num<128>& x, int i) { return x.bits().bit(127 - i); }  // SP 800-38D 6.1: bit 0 is the leftmost

// SP 800-38D 6.3, algorithm 1, bit by bit as it stands there.
num<128> slow_product(const num<128>& x, const num<128>& y) {
  const num<128> r = cat(num<8>(0xe1), num<120>(0));
  num<128> z;
  num<128> v = y;
  for (int i = 0; i < 128; ++i) {
    if (coefficient(x, i)) z = z ^ v;
    const bool carry = coefficient(v, 127);
    v = shr<1>(v);
    if (carry) v = v ^ r;
  }
  return z;
}

// SP 800-38D 6.4, algorithm 2, on whole blocks.
num<128> ghash(const num<128>& h, std::span<const num<128>> blocks) {
  num<128> y;
  for (const num<128>& x : blocks) y = ghash_mul(y ^ x, h);
  return y;
}

// Test cases 2 and 4 of "The Galois/Counter Mode of Operation" (McGrew and Viega), appendix B, which states GHASH.
TEST(GhashMul, GivesTheHashOfGcmTestCase2) {
  const num<128> h = hex("66e94bd4ef8a2c3b884cfa59ca342b2e");
  const num<128> blocks[] = {hex("0388dace60b6a392f328c2b971b2fe78"), hex("00000000000000000000000000000080")};
  EXPECT_EQ(ghash_mul(blocks[0], h).bits(), hex("5e2ec746917062882c85b0685353deb7").bits());
  EXPECT_EQ(ghash(h, blocks).bits(), hex("f38cbb1ad69223dcc3457ae5b6b0f885").bits());
}

TEST(GhashMul, GivesTheHashOfGcmTestCase4) {
  const num<128> h = hex("b83b533708bf535d0aa6e52980d53b78");
  const num<128> blocks[] = {hex("feedfacedeadbeeffeedfacedeadbeef"), hex("abaddad2000000000000000000000000"),
                             hex("42831ec2217774244b7221b784d0d49c"), hex("e3aa212f2c02a4e035c17e2329aca12e"),
                             hex("21d514b25466931c7d8f6a5aac84aa05"), hex("1ba30b396a0aac973d58e09100000000"),
                             hex("00000000000000a000000000000001e0")};
  EXPECT_EQ(ghash(h, blocks).bits(), hex("698e57f70e6ecc7fd9463b7260a9ae5f").bits());
}

TEST(GhashMul, AgreesWithTheAlgorithmOfTheStandard) {
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < kRandomInputs; ++i) {
    const num<128> a = random_block(random);
    const num<128> b = random_block(random);
    ASSERT_EQ(ghash_mul(a, b).bits(), slow_product(a, b).bits()) << "seed " << kSeed << ", input " << i;
  }
}

TEST(GhashMul, HasTheFirstBitAsOne) {
  const num<128> one = hex("80000000000000000000000000000000");
  const num<128> last = hex("00000000000000000000000000000001");
  EXPECT_EQ(ghash_mul(one, last).bits(), last.bits());
  EXPECT_EQ(ghash_mul(last, last).bits(), slow_product(last, last).bits());
}

TEST(GhashDot, IsTheSumOfTheProducts) {
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < kRandomInputs; ++i) {
    std::array<num<128>, 4> x;
    std::array<num<128>, 4> h;
    num<128> want;
    for (int k = 0; k < 4; ++k) {
      x[k] = random_block(random);
      h[k] = random_block(random);
      want = want ^ slow_product(x[k], h[k]);
    }
    ASSERT_EQ(ghash_dot(x, h).bits(), want.bits()) << "seed " << kSeed << ", input " << i;
  }
}

// The oracle: OpenSSL's AES-GCM tag over four blocks. With powers of H, one dot product takes in all four.
struct Sealed {
  Buffer ciphertext = Buffer(64);
  Buffer tag = Buffer(16);
};
Sealed openssl_gcm(Bytes key, Bytes iv, Bytes plaintext) {
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(EVP_CIPHER_CTX_new(),
                                                                                EVP_CIPHER_CTX_free);
  Sealed sealed;
  int length = 0;
  EXPECT_EQ(EVP_EncryptInit_ex(context.get(), EVP_aes_128_gcm(), nullptr, key.data(), iv.data()), 1);
  EXPECT_EQ(EVP_EncryptUpdate(context.get(), sealed.ciphertext.data(), &length, plaintext.data(),
                              static_cast<int>(plaintext.size())),
            1);
  EXPECT_EQ(EVP_EncryptFinal_ex(context.get(), sealed.ciphertext.data() + length, &length), 1);
  EXPECT_EQ(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, 16, sealed.tag.data()), 1);
  return sealed;
}

TEST(GhashDot, GivesOpenSslsTagsWithPowersOfH) {
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < kRandomInputs; ++i) {
    const Buffer key = to_bytes(random_block(random));
    const Buffer iv = to_bytes(cat(num<64>(random()), num<32>(random() >> 32)));
    const Buffer plaintext =
        to_bytes(cat(random_block(random), random_block(random), random_block(random), random_block(random)));
    const Sealed sealed = openssl_gcm(key, iv, plaintext);

    const auto round_keys = expand_key(key);
    const num<128> h = aes_encrypt(num<2>(0), num<128>(0), round_keys);
    const num<128> h2 = ghash_mul(h, h);
    const num<128> h3 = ghash_mul(h2, h);
    const num<128> h4 = ghash_mul(h3, h);
    std::array<num<128>, 4> x;
    for (int k = 0; k < 4; ++k) x[k] = from_bytes<128>(Bytes(sealed.ciphertext).subspan(16 * k, 16));
    num<128> y = ghash_dot(x, {h4, h3, h2, h});
    y = ghash_mul(y ^ num<128>(512), h);  // lengths in bits: no additional data, 64 bytes
    Buffer counter = iv;
    counter.insert(counter.end(), {0, 0, 0, 1});
    ASSERT_EQ(to_bytes(y ^ aes_encrypt(num<2>(0), from_bytes<128>(counter), round_keys)), sealed.tag)
        << "seed " << kSeed << ", input " << i;
  }
}

}  // namespace
}  // namespace sallyport::hls
