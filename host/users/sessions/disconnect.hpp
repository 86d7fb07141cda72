// SPDX-License-Identifier: Apache-2.0
// A RADIUS server's order to end sessions (RFC 5176): Disconnect-Requests, from servers that know the secret.
//
// An order is fresh (Event-Timestamp, within five minutes), says whom it means (User-Name, Acct-Session-Id,
// Framed-IP-Address, Framed-IPv6-Address or Calling-Station-Id, all of which must fit), and is acknowledged when the
// sessions are gone. The same order again is answered the same, and done once.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>

#include "host/users/radius/disconnect_settings.hpp"
#include "host/users/radius/radius_message.hpp"
#include "host/users/sessions/sessions.hpp"

namespace sallyport::users {

// What is done with a datagram; whoever it is from, it is answered or passed over in silence.
class Disconnect {
 public:
  using WallClock = std::chrono::system_clock::time_point;
  using Reply = std::function<void(Buffer)>;

  Disconnect(DisconnectSettings settings, Sessions& sessions) : settings_(std::move(settings)), sessions_(sessions) {}

  Disconnect(const Disconnect&) = delete;
  Disconnect& operator=(const Disconnect&) = delete;

  // `reply` is called once, now or later, or never.
  void receive(Bytes datagram, const Endpoint& from, WallClock now, const Reply& reply);

 private:
  struct Order {
    WallClock until;
    Buffer answer{};  // empty: it is under way
  };
  using OrderKey = std::pair<Endpoint, radius::Authenticator>;

  void answer(const OrderKey& key, const radius::Message& request, radius::Code code,
              std::optional<std::uint32_t> cause, const Reply& reply);

  DisconnectSettings settings_;
  Sessions& sessions_;
  std::map<OrderKey, Order> orders_;  // those that could come again
  std::shared_ptr<Disconnect*> self_ = std::make_shared<Disconnect*>(this);
};

// The same on a UDP port of the gateway.
class DisconnectServer {
 public:
  static Result<std::unique_ptr<DisconnectServer>> listen(boost::asio::io_context& loop,
                                                          const boost::asio::ip::address& address,
                                                          DisconnectSettings settings, Sessions& sessions);
  [[nodiscard]] std::uint16_t port() const { return state_->socket.local_endpoint().port(); }
  ~DisconnectServer() { state_->socket.close(); }

 private:
  struct State {
    State(boost::asio::ip::udp::socket open, DisconnectSettings settings, Sessions& sessions)
        : socket(std::move(open)), disconnect(std::move(settings), sessions) {}
    boost::asio::ip::udp::socket socket;
    Disconnect disconnect;
    std::array<std::uint8_t, 4096> datagram{};  // RFC 2865 3: the longest
    boost::asio::ip::udp::endpoint from{};
  };
  explicit DisconnectServer(std::shared_ptr<State> state) : state_(std::move(state)) {}
  static void receive(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;
};

}  // namespace sallyport::users
