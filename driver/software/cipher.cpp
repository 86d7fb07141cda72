// SPDX-License-Identifier: Apache-2.0
#include "driver/software/cipher.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include "base/secret.hpp"

namespace sallyport::driver::software {
namespace {

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

// AES of a key's size, in one of three modes.
const EVP_CIPHER* aes(Bytes key, const EVP_CIPHER* of_16, const EVP_CIPHER* of_24, const EVP_CIPHER* of_32) {
  switch (key.size()) {
    case 16:
      return of_16;
    case 24:
      return of_24;
    case 32:
      return of_32;
    default:
      std::abort();
  }
}

const EVP_CIPHER* gcm(Bytes key) { return aes(key, EVP_aes_128_gcm(), EVP_aes_192_gcm(), EVP_aes_256_gcm()); }

// OpenSSL refuses nothing here but a lack of memory.
void must(int result) {
  if (result != 1) std::abort();
}

int size_of(Bytes bytes) { return static_cast<int>(bytes.size()); }

enum class Way : int { kDecrypt = 0, kEncrypt = 1 };

Buffer crypt(const EVP_CIPHER* cipher, Way way, Bytes key, Bytes iv, Bytes text) {
  const Context context(EVP_CIPHER_CTX_new());
  Buffer out(text.size());
  int length = 0;
  must(EVP_CipherInit_ex(context.get(), cipher, nullptr, key.data(), iv.data(), static_cast<int>(way)));
  must(EVP_CIPHER_CTX_set_padding(context.get(), 0));
  must(EVP_CipherUpdate(context.get(), out.data(), &length, text.data(), size_of(text)));
  must(EVP_CipherFinal_ex(context.get(), out.data() + length, &length));
  return out;
}

Buffer cbc(BlockCipher cipher, Way way, Bytes key, Bytes iv, Bytes text) {
  switch (cipher) {
    case BlockCipher::kAes:
      return crypt(aes(key, EVP_aes_128_cbc(), EVP_aes_192_cbc(), EVP_aes_256_cbc()), way, key, iv, text);
    case BlockCipher::kDes: {
      // Under one key three times, 3DES is DES: the second pass undoes the first. OpenSSL 3 keeps single DES in a
      // provider apart.
      std::array<std::uint8_t, 24> thrice{};
      for (std::size_t i = 0; i < thrice.size(); ++i) thrice[i] = key[i % 8];
      Buffer out = crypt(EVP_des_ede3_cbc(), way, thrice, iv, text);
      wipe(thrice);
      return out;
    }
    case BlockCipher::kDes3:
      return crypt(EVP_des_ede3_cbc(), way, key, iv, text);
  }
  std::abort();
}

}  // namespace

Buffer gcm_seal(Bytes key, Bytes nonce, Bytes aad, Bytes plaintext) {
  const Context context(EVP_CIPHER_CTX_new());
  Buffer sealed(plaintext.size() + kGcmTagBytes);
  int length = 0;
  must(EVP_EncryptInit_ex(context.get(), gcm(key), nullptr, key.data(), nonce.data()));
  must(EVP_EncryptUpdate(context.get(), nullptr, &length, aad.data(), size_of(aad)));
  must(EVP_EncryptUpdate(context.get(), sealed.data(), &length, plaintext.data(), size_of(plaintext)));
  must(EVP_EncryptFinal_ex(context.get(), sealed.data() + length, &length));
  must(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kGcmTagBytes, sealed.data() + plaintext.size()));
  return sealed;
}

std::optional<Buffer> gcm_open(Bytes key, Bytes nonce, Bytes aad, Bytes sealed) {
  if (sealed.size() < kGcmTagBytes) return std::nullopt;
  Buffer tag(sealed.end() - kGcmTagBytes, sealed.end());

  const Context context(EVP_CIPHER_CTX_new());
  Buffer plaintext(sealed.begin(), sealed.end());  // longer by the tag, so that it is never no memory at all
  int length = 0;
  must(EVP_DecryptInit_ex(context.get(), gcm(key), nullptr, key.data(), nonce.data()));
  must(EVP_DecryptUpdate(context.get(), nullptr, &length, aad.data(), size_of(aad)));
  must(EVP_DecryptUpdate(context.get(), plaintext.data(), &length, sealed.data(), size_of(sealed) - int{kGcmTagBytes}));
  must(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kGcmTagBytes, tag.data()));
  std::uint8_t nothing = 0;
  if (EVP_DecryptFinal_ex(context.get(), &nothing, &length) != 1) return std::nullopt;
  plaintext.resize(sealed.size() - kGcmTagBytes);
  return plaintext;
}

Buffer ctr_crypt(Bytes key, Bytes first_counter_block, Bytes text) {
  return crypt(aes(key, EVP_aes_128_ctr(), EVP_aes_192_ctr(), EVP_aes_256_ctr()), Way::kEncrypt, key,
               first_counter_block, text);
}

Buffer cbc_encrypt(BlockCipher cipher, Bytes key, Bytes iv, Bytes plaintext) {
  return cbc(cipher, Way::kEncrypt, key, iv, plaintext);
}

Buffer cbc_decrypt(BlockCipher cipher, Bytes key, Bytes iv, Bytes ciphertext) {
  return cbc(cipher, Way::kDecrypt, key, iv, ciphertext);
}

}  // namespace sallyport::driver::software
