// SPDX-License-Identifier: Apache-2.0
// What both ends of TLS have in common here: version 1.3 (RFC 8446) and nothing older, and the digest by which a public
// key is known.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.hpp"

struct x509_st;

namespace sallyport::api {

// PEM files. `key` is closed to others.
struct TlsIdentity {
  std::filesystem::path certificate;  // the own one first, then those between it and its CA
  std::filesystem::path key;
};

// SHA-256 of the SubjectPublicKeyInfo (RFC 7469 2.4), 64 hexadecimal digits.
[[nodiscard]] std::string key_digest(x509_st* certificate);
// Of a certificate's file, as clients will know the server that has it.
[[nodiscard]] Result<std::string> key_digest(const std::filesystem::path& certificate);

using TlsContext = boost::asio::ssl::context;

// Nothing of a connection is kept for the next: each proves anew.
[[nodiscard]] TlsContext make_tls_context();
[[nodiscard]] Result<void> load_identity(TlsContext& context, const TlsIdentity& identity);
[[nodiscard]] Result<void> load_ca(TlsContext& context, const std::filesystem::path& file);

}  // namespace sallyport::api
