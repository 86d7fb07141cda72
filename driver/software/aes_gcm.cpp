// SPDX-License-Identifier: Apache-2.0
#include "driver/software/aes_gcm.hpp"

#include <openssl/evp.h>

#include <cstdlib>
#include <memory>

namespace sallyport::driver {
namespace {

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const EVP_CIPHER* cipher(std::size_t key_bytes) {
  switch (key_bytes) {
    case 16:
      return EVP_aes_128_gcm();
    case 24:
      return EVP_aes_192_gcm();
    case 32:
      return EVP_aes_256_gcm();
    default:
      std::abort();
  }
}

// OpenSSL refuses nothing here but a lack of memory.
void must(int result) {
  if (result != 1) std::abort();
}

int size_of(Bytes bytes) { return static_cast<int>(bytes.size()); }

}  // namespace

Buffer gcm_seal(Bytes key, const Nonce& nonce, Bytes aad, Bytes plaintext) {
  const Context context(EVP_CIPHER_CTX_new());
  Buffer sealed(plaintext.size() + kIcvBytes);
  int length = 0;
  must(EVP_EncryptInit_ex(context.get(), cipher(key.size()), nullptr, key.data(), nonce.data()));
  must(EVP_EncryptUpdate(context.get(), nullptr, &length, aad.data(), size_of(aad)));
  must(EVP_EncryptUpdate(context.get(), sealed.data(), &length, plaintext.data(), size_of(plaintext)));
  must(EVP_EncryptFinal_ex(context.get(), sealed.data() + length, &length));
  must(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kIcvBytes, sealed.data() + plaintext.size()));
  return sealed;
}

std::optional<Buffer> gcm_open(Bytes key, const Nonce& nonce, Bytes aad, Bytes sealed) {
  if (sealed.size() < kIcvBytes) return std::nullopt;
  const Bytes ciphertext = sealed.first(sealed.size() - kIcvBytes);
  std::array<std::uint8_t, kIcvBytes> icv{};
  std::copy(sealed.end() - kIcvBytes, sealed.end(), icv.begin());

  const Context context(EVP_CIPHER_CTX_new());
  Buffer plaintext(ciphertext.size());
  int length = 0;
  must(EVP_DecryptInit_ex(context.get(), cipher(key.size()), nullptr, key.data(), nonce.data()));
  must(EVP_DecryptUpdate(context.get(), nullptr, &length, aad.data(), size_of(aad)));
  must(EVP_DecryptUpdate(context.get(), plaintext.data(), &length, ciphertext.data(), size_of(ciphertext)));
  must(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kIcvBytes, icv.data()));
  std::uint8_t nothing = 0;
  if (EVP_DecryptFinal_ex(context.get(), &nothing, &length) != 1) return std::nullopt;
  return plaintext;
}

}  // namespace sallyport::driver
