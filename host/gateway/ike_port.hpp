// SPDX-License-Identifier: Apache-2.0
// The IKE engine's sockets and clock: datagrams in and out by the kernel, deadlines by a timer.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "host/ike/engine.hpp"

namespace sallyport::gateway {

class IkePort {
 public:
  // Everything the engine asks for except datagrams, in order. May call the engine again through `perform`.
  using OnAction = std::function<void(const ike::Action&)>;
  // Called before datagrams go out when the engine's state has moved: who keeps snapshots takes one now.
  using OnChange = std::function<void()>;

  // ESP that came to port 4500: the card did not see that it was ESP, since it came in fragments.
  using OnEsp = std::function<void(const Endpoint& from, const Endpoint& to, Bytes esp)>;

  IkePort(boost::asio::io_context& io, ike::SpiAllocator& spis, OnAction on_action, OnChange on_change, OnEsp on_esp);

  // Binds ports 500 and 4500 of each address, of either IP version.
  Result<void> open(const std::vector<IpAddress>& addresses);

  [[nodiscard]] ike::Engine& engine() { return engine_; }
  // Carries out what a call of the engine returned.
  void perform(ike::Actions actions);

 private:
  struct Socket {
    Socket(boost::asio::io_context& io, Endpoint bound) : socket(io), local(bound) {}
    boost::asio::ip::udp::socket socket;
    Endpoint local;
    boost::asio::ip::udp::endpoint from;
    std::vector<std::uint8_t> room;
  };

  void receive(Socket& socket);
  void on_datagram(const Socket& socket, Bytes datagram);
  void send(const Endpoint& local, const Endpoint& remote, Bytes datagram);
  void note_changes();
  void arm();

  boost::asio::io_context& io_;
  ike::Engine engine_;
  OnAction on_action_;
  OnChange on_change_;
  OnEsp on_esp_;
  boost::asio::steady_timer timer_;
  std::vector<std::unique_ptr<Socket>> sockets_;
  std::deque<ike::Action> waiting_;
  bool performing_ = false;
  std::uint64_t seen_revision_ = 0;
};

}  // namespace sallyport::gateway
