// SPDX-License-Identifier: Apache-2.0
// A server for users' computers: HTTP/1.1 over TLS 1.3 on an address of the LAN side. What it holds for them is
// bounded, for all together and for each address; streams of events are the service's to bound.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "host/api/places.hpp"
#include "host/api/service.hpp"
#include "host/api/tls.hpp"

namespace sallyport::api {

struct TlsServerSettings {
  boost::asio::ip::tcp::endpoint endpoint;
  TlsIdentity identity;
  std::optional<std::filesystem::path> client_ca{};  // whoever has no certificate of it is refused
  Places places{512, 64};  // for all computers and for each, at however many servers with a copy of them
};

class TlsServer {
 public:
  // Listens at once. `service` outlives it.
  static Result<std::unique_ptr<TlsServer>> listen(boost::asio::io_context& loop, const TlsServerSettings& settings,
                                                   Service& service);
  virtual ~TlsServer() = default;

  [[nodiscard]] virtual std::uint16_t port() const = 0;
  [[nodiscard]] virtual std::string key_digest() const = 0;  // by which clients know it

 protected:
  TlsServer() = default;
};

}  // namespace sallyport::api
