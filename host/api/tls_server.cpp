// SPDX-License-Identifier: Apache-2.0
#include "host/api/tls_server.hpp"

#include <boost/beast/ssl.hpp>

#include "host/api/accepting.hpp"
#include "host/api/connection.hpp"

namespace sallyport::api {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

// A login or an answer is hundreds of bytes, a signature hundreds more.
constexpr ConnectionLimits kLimits{32 * 1024, 8 * 1024};

struct TlsTransport {
  using Stream = beast::ssl_stream<beast::tcp_stream>;
  template <class Handler>
  static void open(Stream& stream, Handler handler) {
    stream.async_handshake(asio::ssl::stream_base::server, std::move(handler));
  }
  template <class Handler>
  static void end(Stream& stream, Handler handler) {
    stream.async_shutdown(std::move(handler));
  }
};

// An IPv4 address is one, however the socket writes it.
asio::ip::address plain(const asio::ip::address& address) {
  return address.is_v6() && address.to_v6().is_v4_mapped()
             ? asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6())
             : address;
}

class Listener : public TlsServer {
 public:
  Listener(asio::io_context& loop, const TlsServerSettings& settings, TlsContext context, Service& service)
      : accepting_(loop, [this](tcp::socket socket) { serve(std::move(socket)); }),
        settings_(settings),
        context_(std::move(context)),
        service_(std::make_shared<Service*>(&service)) {}

  Result<void> start() {
    beast::error_code error;
    tcp::acceptor& acceptor = accepting_.acceptor();
    acceptor.open(settings_.endpoint.protocol(), error);
    if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor.bind(settings_.endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return Error{Errc::kIo, "listen on " + settings_.endpoint.address().to_string() + " port " +
                                  std::to_string(settings_.endpoint.port()) + ": " + error.message()};
    }
    accepting_.start();
    return {};
  }

  [[nodiscard]] std::uint16_t port() const override { return accepting_.acceptor().local_endpoint().port(); }
  [[nodiscard]] std::string key_digest() const override {
    return api::key_digest(SSL_CTX_get0_certificate(const_cast<TlsContext&>(context_).native_handle()));
  }

 private:
  void serve(tcp::socket socket) {
    beast::error_code error;
    const auto peer = socket.remote_endpoint(error);
    if (error) return;
    const std::string from = plain(peer.address()).to_string();
    auto place = settings_.places.take(from);
    if (place.use_count() == 0) return;  // no place: the socket closes
    std::make_shared<Connection<TlsTransport>>(TlsTransport::Stream(beast::tcp_stream(std::move(socket)), context_),
                                               from, service_, kLimits, std::move(place))
        ->run();
  }

  Accepting<tcp> accepting_;
  TlsServerSettings settings_;
  TlsContext context_;
  std::shared_ptr<Service*> service_;  // connections may outlive us
};

}  // namespace

Result<std::unique_ptr<TlsServer>> TlsServer::listen(asio::io_context& loop, const TlsServerSettings& settings,
                                                     Service& service) {
  TlsContext context = make_tls_context();
  if (auto r = load_identity(context, settings.identity); !r) return r.error();
  if (settings.client_ca) {
    if (auto r = load_ca(context, *settings.client_ca); !r) return r.error();
    context.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
  }
  auto listener = std::make_unique<Listener>(loop, settings, std::move(context), service);
  if (auto r = listener->start(); !r) return r.error();
  return std::unique_ptr<TlsServer>(std::move(listener));
}

}  // namespace sallyport::api
