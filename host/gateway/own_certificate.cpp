// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/own_certificate.hpp"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include <cstdlib>
#include <memory>

#include "base/secret.hpp"
#include "host/store/new_file.hpp"

namespace sallyport::gateway {
namespace {

constexpr long kLifetimeS = 20L * 365 * 24 * 3600;  // ours: computers know the key, not the date

template <auto Free>
struct With {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};
using Key = std::unique_ptr<EVP_PKEY, With<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, With<X509_free>>;
using Memory = std::unique_ptr<BIO, With<BIO_free>>;

void must(bool holds) {
  if (!holds) std::abort();  // OpenSSL is out of memory
}

Result<void> write(const std::filesystem::path& file, BIO* content) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(content, &text);
  const std::span<std::uint8_t> bytes(reinterpret_cast<std::uint8_t*>(text), static_cast<std::size_t>(size));
  auto made = store::make_file(file, bytes);
  wipe(bytes);
  return made;
}

Result<Key> load_or_make_key(const std::filesystem::path& file) {
  if (std::filesystem::exists(file)) {
    const Memory in(BIO_new_file(file.c_str(), "r"));
    Key key(in ? PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr) : nullptr);
    if (!key) return Error{Errc::kInvalid, file.string() + " holds no key; remove it, and another is made"};
    return key;
  }
  Key key(EVP_EC_gen("P-256"));
  const Memory out(BIO_new(BIO_s_mem()));
  must(key && out && PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  if (auto written = write(file, out.get()); !written) return written.error();
  return key;
}

}  // namespace

Result<void> make_own_certificate(const api::TlsIdentity& files) {
  const auto key = load_or_make_key(files.key);
  if (!key) return key.error();
  if (std::filesystem::exists(files.certificate)) return {};
  const Certificate certificate(X509_new());
  must(certificate != nullptr);
  X509* x = certificate.get();
  std::uint64_t serial = 0;
  must(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1);
  X509_NAME* name = X509_get_subject_name(x);
  const auto* text = reinterpret_cast<const unsigned char*>("Sallyport");
  must(X509_set_version(x, X509_VERSION_3) == 1 &&
       ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), serial >> 1) == 1 &&
       X509_gmtime_adj(X509_getm_notBefore(x), 0) != nullptr &&
       X509_gmtime_adj(X509_getm_notAfter(x), kLifetimeS) != nullptr && X509_set_pubkey(x, key->get()) == 1 &&
       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0) == 1 &&
       X509_set_issuer_name(x, name) == 1 && X509_sign(x, key->get(), EVP_sha256()) != 0);
  const Memory out(BIO_new(BIO_s_mem()));
  must(out && PEM_write_bio_X509(out.get(), x) == 1);
  return write(files.certificate, out.get());
}

}  // namespace sallyport::gateway
