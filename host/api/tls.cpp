// SPDX-License-Identifier: Apache-2.0
#include "host/api/tls.hpp"

#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <array>

#include "base/bytes.hpp"

namespace sallyport::api {
namespace {

Error file_error(const char* what, const std::filesystem::path& file, const boost::system::error_code& why) {
  return Error{Errc::kInvalid, std::string(what) + " " + file.string() + ": " + why.message()};
}

}  // namespace

std::string key_digest(X509* certificate) {
  std::uint8_t* der = nullptr;
  const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
  SHA256(der, static_cast<std::size_t>(length), digest.data());
  OPENSSL_free(der);
  return to_hex(digest);
}

Result<std::string> key_digest(const std::filesystem::path& certificate) {
  TlsContext context = make_tls_context();
  boost::system::error_code error;
  context.use_certificate_chain_file(certificate.string(), error);
  if (error) return file_error("the certificate", certificate, error);
  return key_digest(SSL_CTX_get0_certificate(context.native_handle()));
}

TlsContext make_tls_context() {
  TlsContext context(TlsContext::tls);
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_3_VERSION);
  SSL_CTX_set_session_cache_mode(context.native_handle(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.native_handle(), 0);
  return context;
}

Result<void> load_identity(TlsContext& context, const TlsIdentity& identity) {
  struct stat status {};
  if (::stat(identity.key.c_str(), &status) == 0 && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Error{Errc::kDenied,
                 identity.key.string() + " can be read by others; run: chmod 600 " + identity.key.string()};
  }
  boost::system::error_code error;
  context.use_certificate_chain_file(identity.certificate.string(), error);
  if (error) return file_error("the certificate", identity.certificate, error);
  context.use_private_key_file(identity.key.string(), TlsContext::pem, error);
  if (error) return file_error("the key", identity.key, error);
  return {};
}

Result<void> load_ca(TlsContext& context, const std::filesystem::path& file) {
  boost::system::error_code error;
  context.load_verify_file(file.string(), error);
  if (error) return file_error("the CA", file, error);
  return {};
}

}  // namespace sallyport::api
