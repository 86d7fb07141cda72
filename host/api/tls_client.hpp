// SPDX-License-Identifier: Apache-2.0
// The client of a TlsServer, as a user's computer is one: it speaks to the server it knows and to no other.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <memory>

#include "host/api/client.hpp"
#include "host/api/tls.hpp"

namespace sallyport::api {

struct TlsPeer {
  std::string host;  // a name or an address
  std::uint16_t port = 0;
  // How it is known: by the digest of its public key, or as `host` in a certificate of a CA. One of the two at least.
  std::string key_digest{};
  std::optional<std::filesystem::path> ca{};
  std::optional<TlsIdentity> identity{};  // the computer's own, where the server asks for one
  std::string from{};                     // an address of the computer's to speak from; empty: any
};

using TlsStream = boost::beast::ssl_stream<boost::beast::tcp_stream>;

class TlsClient {
 public:
  static Result<std::unique_ptr<TlsClient>> make(TlsPeer peer);

  // As api::exchange. kDenied: it is not the server that is known. Of a server known by its CA the key is learnt at the
  // first exchange, and none with another key is spoken to from then on.
  Result<Answer> exchange(const ClientRequest& request, std::chrono::seconds patience);
  // Connected, and the server's key checked. Each step has `patience`.
  boost::asio::awaitable<Result<std::unique_ptr<TlsStream>>> connect(std::chrono::seconds patience);

  [[nodiscard]] const std::string& key_digest() const { return peer_.key_digest; }
  [[nodiscard]] const TlsPeer& peer() const { return peer_; }

 private:
  TlsClient(TlsPeer peer, TlsContext context) : peer_(std::move(peer)), context_(std::move(context)) {}

  TlsPeer peer_;
  TlsContext context_;
};

}  // namespace sallyport::api
