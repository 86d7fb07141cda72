// SPDX-License-Identifier: Apache-2.0
#include "hls/des/des.hpp"

#include <gtest/gtest.h>
#include <openssl/des.h>

#include <random>

#include "base/bytes.hpp"
#include "hls/des/des_vectors.hpp"

namespace sallyport::hls {
namespace {

constexpr int kRandomBlocks = 2500;
constexpr std::uint64_t kSeed = 46;
constexpr std::uint64_t kParity = 0x0101010101010101;  // FIPS 46-3: the last bit of each byte of a key

std::uint64_t encrypt(std::uint64_t key, std::uint64_t block) {
  return des_block(num<1>(0), num<64>(key), num<64>(block)).value();
}
std::uint64_t decrypt(std::uint64_t key, std::uint64_t block) {
  return des_block(num<1>(1), num<64>(key), num<64>(block)).value();
}

// The oracle. OpenSSL 3 has single DES in the old interface without loading another provider.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
Buffer bytes(std::uint64_t x) { return ByteWriter().u64(x).take(); }
DES_key_schedule schedule(std::uint64_t key) {
  Buffer data = bytes(key);
  DES_key_schedule made;
  DES_set_key_unchecked(reinterpret_cast<DES_cblock*>(data.data()), &made);
  return made;
}
std::uint64_t openssl_des(std::uint64_t key, std::uint64_t block, int direction) {
  Buffer data = bytes(block);
  DES_key_schedule made = schedule(key);
  auto* const at = reinterpret_cast<DES_cblock*>(data.data());
  DES_ecb_encrypt(at, at, &made, direction);
  return ByteReader(data).u64();
}
std::uint64_t openssl_triple_des(const std::array<std::uint64_t, 3>& keys, std::uint64_t block, int direction) {
  Buffer data = bytes(block);
  std::array<DES_key_schedule, 3> made = {schedule(keys[0]), schedule(keys[1]), schedule(keys[2])};
  auto* const at = reinterpret_cast<DES_cblock*>(data.data());
  DES_ecb3_encrypt(at, at, &made[0], &made[1], &made[2], direction);
  return ByteReader(data).u64();
}
#pragma GCC diagnostic pop

TEST(DesBlock, GivesTheKnownAnswersOfSp80017) {
  for (const DesVector& vector : kDesVectors) {
    EXPECT_EQ(encrypt(vector.key, vector.plaintext), vector.ciphertext) << std::hex << vector.key;
    EXPECT_EQ(decrypt(vector.key, vector.ciphertext), vector.plaintext) << std::hex << vector.key;
  }
}

TEST(DesBlock, AgreesWithOpenSslInBothDirections) {
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < kRandomBlocks; ++i) {
    const std::uint64_t key = random();
    const std::uint64_t block = random();
    ASSERT_EQ(encrypt(key, block), openssl_des(key, block, DES_ENCRYPT)) << "seed " << kSeed << ", block " << i;
    ASSERT_EQ(decrypt(key, block), openssl_des(key, block, DES_DECRYPT)) << "seed " << kSeed << ", block " << i;
  }
}

TEST(DesBlock, IgnoresTheParityOfTheKey) {
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < kRandomBlocks; ++i) {
    const std::uint64_t key = random();
    const std::uint64_t block = random();
    ASSERT_EQ(encrypt(key, block), encrypt(key ^ (random() & kParity), block)) << "seed " << kSeed << ", block " << i;
  }
}

// What an engine makes of it (FIPS 46-3, TDEA): encrypt, decrypt, encrypt, and the other way round with the keys
// reversed.
TEST(DesBlock, MakesTripleDesInThreePasses) {
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < kRandomBlocks; ++i) {
    const std::array<std::uint64_t, 3> keys = {random(), random(), random()};
    const std::uint64_t block = random();
    ASSERT_EQ(encrypt(keys[2], decrypt(keys[1], encrypt(keys[0], block))), openssl_triple_des(keys, block, DES_ENCRYPT))
        << "seed " << kSeed << ", block " << i;
    ASSERT_EQ(decrypt(keys[0], encrypt(keys[1], decrypt(keys[2], block))), openssl_triple_des(keys, block, DES_DECRYPT))
        << "seed " << kSeed << ", block " << i;
  }
}

}  // namespace
}  // namespace sallyport::hls
