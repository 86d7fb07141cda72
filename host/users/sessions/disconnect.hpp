// SPDX-License-Identifier: Apache-2.0
// A RADIUS server's order to end sessions (RFC 5176): Disconnect-Requests, from servers that know the secret.
//
// An order is fresh (Event-Timestamp, within five minutes), says whom it means (User-Name, Acct-Session-Id,
// Framed-IP-Address, Framed-IPv6-Address or Calling-Station-Id, all of which must fit), and is acknowledged when the
// sessions are gone. The same order again, from whichever port and to whichever of the gateway's addresses, is answered
// the same, and done once.
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

  // `addresses`: the gateway's own.
  Disconnect(DisconnectSettings settings, std::vector<IpAddress> addresses, Sessions& sessions)
      : settings_(std::move(settings)), addresses_(std::move(addresses)), sessions_(sessions) {}

  Disconnect(const Disconnect&) = delete;
  Disconnect& operator=(const Disconnect&) = delete;

  // `reply` is called once, now or later, or never.
  void receive(Bytes datagram, const IpAddress& from, WallClock now, const Reply& reply);
  [[nodiscard]] std::uint16_t port() const { return settings_.port; }

 private:
  struct Order {
    WallClock until;
    Buffer answer{};  // empty: it is under way
  };
  using OrderKey = std::pair<IpAddress, radius::Authenticator>;  // whose, and which

  // Whether whatever it says of the gateway is so.
  [[nodiscard]] bool means_us(const radius::Message& request) const;
  void answer(const OrderKey& key, const radius::Message& request, radius::Code code,
              std::optional<std::uint32_t> cause, const Reply& reply);

  DisconnectSettings settings_;
  std::vector<IpAddress> addresses_;
  Sessions& sessions_;
  std::map<OrderKey, Order> orders_;  // those that could come again
  std::shared_ptr<Disconnect*> self_ = std::make_shared<Disconnect*>(this);
};

// The same on a UDP port of one of the gateway's addresses.
class DisconnectServer {
 public:
  static Result<std::unique_ptr<DisconnectServer>> listen(boost::asio::io_context& loop,
                                                          const boost::asio::ip::address& address,
                                                          std::shared_ptr<Disconnect> disconnect);
  [[nodiscard]] boost::asio::ip::udp::endpoint endpoint() const { return state_->socket.local_endpoint(); }
  ~DisconnectServer() { state_->socket.close(); }

 private:
  struct State {
    boost::asio::ip::udp::socket socket;
    std::shared_ptr<Disconnect> disconnect;
    std::array<std::uint8_t, 4096> datagram{};  // RFC 2865 3: the longest
    boost::asio::ip::udp::endpoint from{};
  };
  explicit DisconnectServer(std::shared_ptr<State> state) : state_(std::move(state)) {}
  static void receive(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;
};

}  // namespace sallyport::users
