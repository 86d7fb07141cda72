// SPDX-License-Identifier: Apache-2.0
// Sealing by OpenSSL.
#include "host/store/seal.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "base/descriptor.hpp"
#include "host/store/new_file.hpp"

namespace sallyport::store {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

Error crypto_error() { return {Errc::kIo, "OpenSSL refused AES-256-GCM"}; }

Result<Secret> make_key(const std::filesystem::path& path) {
  Secret key(kKeyBytes);
  if (RAND_bytes(key.bytes().data(), kKeyBytes) != 1) return crypto_error();
  if (auto made = make_file(path, key.reveal()); !made) return made.error();
  return key;
}

}  // namespace

Result<Secret> load_or_make_key(const std::filesystem::path& path, std::string_view without_it) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return errno == ENOENT ? make_key(path) : file_error("open " + path.string());
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return file_error("stat " + path.string());
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Error{Errc::kDenied, path.string() + " can be read by others; run: chmod 600 " + path.string()};
  }
  Secret key(kKeyBytes);
  if (::read(file.get(), key.bytes().data(), kKeyBytes) != static_cast<ssize_t>(kKeyBytes)) {
    return Error{Errc::kCorrupt, path.string() + " is no key of 32 bytes; restore it from a backup, or move it away: " +
                                     std::string(without_it)};
  }
  return key;
}

Result<Buffer> seal(const Secret& key, const Secret& plain) {
  const Context context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  Buffer out(kNonceBytes + plain.size() + kTagBytes);
  if (RAND_bytes(out.data(), kNonceBytes) != 1) return crypto_error();
  std::uint8_t* body = out.data() + kNonceBytes;
  int length = 0;
  const bool done =
      EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.reveal().data(), out.data()) == 1 &&
      EVP_EncryptUpdate(context.get(), body, &length, plain.reveal().data(), static_cast<int>(plain.size())) == 1 &&
      EVP_EncryptFinal_ex(context.get(), body + length, &length) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTagBytes, body + plain.size()) == 1;
  if (!done) return crypto_error();
  return out;
}

Result<Secret> unseal(const Secret& key, Bytes sealed) {
  if (sealed.size() < kNonceBytes + kTagBytes) return Error{Errc::kTruncated, "a sealed secret ends too early"};
  const Context context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  const Bytes body = sealed.subspan(kNonceBytes, sealed.size() - kNonceBytes - kTagBytes);
  Buffer tag(sealed.end() - kTagBytes, sealed.end());
  Secret plain(body.size());
  int length = 0;
  const bool ready =
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.reveal().data(), sealed.data()) == 1 &&
      EVP_DecryptUpdate(context.get(), plain.bytes().data(), &length, body.data(), static_cast<int>(body.size())) ==
          1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag.data()) == 1;
  if (!ready) return crypto_error();
  std::uint8_t nothing = 0;
  if (EVP_DecryptFinal_ex(context.get(), &nothing, &length) != 1) {
    return Error{Errc::kAuthFailed, "a sealed secret was changed, or is sealed under another key"};
  }
  return plain;
}

}  // namespace sallyport::store
