// SPDX-License-Identifier: Apache-2.0
#include "host/api/tls_client.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>

#include "host/api/exchange.hpp"

namespace sallyport::api {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

// A server that is known by its key needs no chain.
int accept_any_chain(X509_STORE_CTX*, void*) { return 1; }

}  // namespace

Result<std::unique_ptr<TlsClient>> TlsClient::make(TlsPeer peer) {
  TlsContext context = make_tls_context();
  if (peer.key_digest.empty() && !peer.ca) {
    return Error{Errc::kInvalid, "a gateway must be known by the digest of its key, or by a CA"};
  }
  if (peer.ca) {
    if (auto r = load_ca(context, *peer.ca); !r) return r.error();
  }
  if (peer.identity) {
    if (auto r = load_identity(context, *peer.identity); !r) return r.error();
  }
  return std::unique_ptr<TlsClient>(new TlsClient(std::move(peer), std::move(context)));
}

asio::awaitable<Result<std::unique_ptr<TlsStream>>> TlsClient::connect(std::chrono::seconds patience) {
  constexpr auto kWait = asio::as_tuple(asio::use_awaitable);
  const std::string name = peer_.host + " port " + std::to_string(peer_.port);
  const auto executor = co_await asio::this_coro::executor;
  tcp::resolver resolver(executor);
  const auto [unknown, found] = co_await resolver.async_resolve(peer_.host, std::to_string(peer_.port), kWait);
  if (unknown) co_return Error{Errc::kDisconnected, "no gateway at " + name + ": " + unknown.message()};

  context_.set_verify_mode(asio::ssl::verify_peer);
  if (peer_.ca) {
    context_.set_verify_callback(asio::ssl::host_name_verification(peer_.host));
  } else {
    SSL_CTX_set_cert_verify_callback(context_.native_handle(), accept_any_chain, nullptr);
  }
  auto stream = std::make_unique<TlsStream>(beast::tcp_stream(executor), context_);
  SSL_set_tlsext_host_name(stream->native_handle(), peer_.host.c_str());
  beast::get_lowest_layer(*stream).expires_after(patience);
  auto& socket = beast::get_lowest_layer(*stream);
  boost::system::error_code silent;
  if (peer_.from.empty()) {
    std::tie(silent, std::ignore) = co_await socket.async_connect(found, kWait);
  } else {
    const tcp::endpoint own(asio::ip::make_address(peer_.from), 0);
    socket.socket().open(own.protocol(), silent);
    if (!silent) socket.socket().bind(own, silent);
    if (!silent) std::tie(silent) = co_await socket.async_connect(found.begin()->endpoint(), kWait);
  }
  if (silent) co_return Error{Errc::kDisconnected, "no gateway answers at " + name + ": " + silent.message()};
  const auto [failure] = co_await stream->async_handshake(asio::ssl::stream_base::client, kWait);
  if (failure && SSL_get_verify_result(stream->native_handle()) != X509_V_OK) {
    co_return Error{Errc::kDenied, name + " is not the gateway that the CA knows: " + failure.message()};
  }
  if (failure) co_return Error{Errc::kDisconnected, name + " does not speak TLS 1.3 with us: " + failure.message()};

  X509* certificate = SSL_get1_peer_certificate(stream->native_handle());
  const std::string digest = api::key_digest(certificate);
  X509_free(certificate);
  if (peer_.key_digest.empty()) peer_.key_digest = digest;
  if (digest != peer_.key_digest) {
    co_return Error{Errc::kDenied, name + " is not the gateway that is known: the digest of its key is " + digest};
  }
  co_return std::move(stream);
}

Result<Answer> TlsClient::exchange(const ClientRequest& request, std::chrono::seconds patience) {
  asio::io_context loop;
  std::optional<Result<std::unique_ptr<TlsStream>>> stream;
  asio::co_spawn(
      loop, [&]() -> asio::awaitable<void> { stream = co_await connect(patience); }, asio::detached);
  loop.run();
  if (!*stream) return stream->error();
  beast::get_lowest_layer(***stream).expires_after(patience);
  auto answer = exchange_over(loop, ***stream, request, peer_.host);
  if (!answer) return Error{answer.error().code, "the gateway " + answer.error().detail};
  return answer;
}

}  // namespace sallyport::api
