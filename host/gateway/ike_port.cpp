// SPDX-License-Identifier: Apache-2.0
// The IKE engine's sockets and clock.
#include "host/gateway/ike_port.hpp"

#include <algorithm>

#include "host/base/log.hpp"

namespace sallyport::gateway {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

constexpr std::uint16_t kIkePort = 500;      // RFC 7296 2
constexpr std::uint16_t kIkeNatPort = 4500;  // RFC 7296 2.23
constexpr std::size_t kNonEspMarker = 4;     // RFC 3948 2.2: zero bytes in front of IKE on port 4500
constexpr std::size_t kMaxDatagram = 65536;

asio::ip::udp::endpoint to_asio(const Endpoint& endpoint) {
  return {asio::ip::make_address(endpoint.address.to_string()), endpoint.port};
}

Result<Endpoint> from_asio(const asio::ip::udp::endpoint& endpoint) {
  auto address = IpAddress::parse(endpoint.address().to_string());
  if (!address) return address.error();
  return Endpoint{*address, endpoint.port()};
}

}  // namespace

IkePort::IkePort(asio::io_context& io, ike::SpiAllocator& spis, OnAction on_action, OnChange on_change, OnEsp on_esp)
    : io_(io),
      engine_(ike::Settings{}, ike::system_random(), spis),
      on_action_(std::move(on_action)),
      on_change_(std::move(on_change)),
      on_esp_(std::move(on_esp)),
      timer_(io) {}

Result<void> IkePort::open(const std::vector<IpAddress>& addresses) {
  for (const IpAddress& address : addresses) {
    for (const std::uint16_t port : {kIkePort, kIkeNatPort}) {
      auto socket = std::make_unique<Socket>(io_, Endpoint{address, port});
      const auto local = to_asio(socket->local);
      boost::system::error_code failed;
      socket->socket.open(local.protocol(), failed);
      if (!failed) socket->socket.bind(local, failed);
      if (failed) {
        return Error{Errc::kIo, "bind UDP " + socket->local.to_string() + ": " + failed.message() +
                                    " (is another IKE daemon running?)"};
      }
      socket->room.resize(kMaxDatagram);
      receive(*socket);
      sockets_.push_back(std::move(socket));
    }
  }
  return {};
}

void IkePort::receive(Socket& socket) {
  socket.socket.async_receive_from(asio::buffer(socket.room), socket.from,
                                   [this, &socket](boost::system::error_code e, std::size_t size) {
                                     if (e == asio::error::operation_aborted) return;
                                     // Other errors are ICMP's answers to what we sent: the engine's timers see to
                                     // that.
                                     if (!e) on_datagram(socket, Bytes(socket.room).first(size));
                                     receive(socket);
                                   });
}

void IkePort::on_datagram(const Socket& socket, Bytes datagram) {
  if (socket.local.port == kIkeNatPort) {
    const bool marked = datagram.size() >= kNonEspMarker &&
                        std::all_of(datagram.begin(), datagram.begin() + kNonEspMarker, [](auto b) { return b == 0; });
    if (!marked) {  // shorter: a keepalive
      if (datagram.size() < kNonEspMarker) return;
      if (const auto from = from_asio(socket.from)) on_esp_(*from, socket.local, datagram);
      return;
    }
    datagram = datagram.subspan(kNonEspMarker);
  }
  const auto remote = from_asio(socket.from);
  if (remote) perform(engine_.on_datagram(socket.local, *remote, datagram, steady_clock::now()));
}

void IkePort::send(const Endpoint& local, const Endpoint& remote, Bytes datagram) {
  const auto found = std::find_if(sockets_.begin(), sockets_.end(), [&](const auto& s) { return s->local == local; });
  if (found == sockets_.end()) {
    log::warning("ike.no_socket", {{"local", local.to_string()}, {"remote", remote.to_string()}});
    return;
  }
  boost::system::error_code failed;
  (*found)->socket.send_to(asio::buffer(datagram.data(), datagram.size()), to_asio(remote), 0, failed);
  if (failed) log::debug("ike.send_failed", {{"remote", remote.to_string()}, {"why", failed.message()}});
}

void IkePort::perform(ike::Actions actions) {
  std::move(actions.begin(), actions.end(), std::back_inserter(waiting_));
  if (performing_) return;  // called from within an action: its own come behind those that are waiting
  performing_ = true;
  note_changes();
  while (!waiting_.empty()) {
    const ike::Action action = std::move(waiting_.front());
    waiting_.pop_front();
    if (const auto* datagram = std::get_if<ike::SendDatagram>(&action)) {
      Buffer out;
      note_changes();  // an action before it may have made more of them
      if (datagram->local.port == kIkeNatPort) out.assign(kNonEspMarker, 0);
      out.insert(out.end(), datagram->bytes.begin(), datagram->bytes.end());
      send(datagram->local, datagram->remote, out);
    } else if (const auto* keepalive = std::get_if<ike::SendKeepalive>(&action)) {
      const std::uint8_t one = 0xff;
      send(keepalive->local, keepalive->remote, Bytes(&one, 1));
    } else {
      on_action_(action);
    }
  }
  performing_ = false;
  arm();
}

void IkePort::note_changes() {
  if (engine_.revision() == seen_revision_) return;
  seen_revision_ = engine_.revision();
  on_change_();
}

void IkePort::arm() {
  const auto deadline = engine_.next_deadline();
  if (!deadline) {
    timer_.cancel();
    return;
  }
  timer_.expires_at(*deadline);
  timer_.async_wait([this](boost::system::error_code e) {
    if (!e) perform(engine_.on_time(steady_clock::now()));
  });
}

}  // namespace sallyport::gateway
