// SPDX-License-Identifier: Apache-2.0
// ESP and AH packets that arrived in fragments: the card gives these to the kernel, which puts them together, and here
// the whole comes back, for the card to open.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include "driver/ip/ip.hpp"

namespace sallyport::gateway {

class WholePackets {
 public:
  // Of what comes in by this interface, as long as the object lives. `take` gets packets from the IP header on. What
  // arrived whole never comes here, because the card keeps it; so nothing goes round in circles.
  static Result<std::unique_ptr<WholePackets>> listen(boost::asio::io_context& io, const std::string& interface,
                                                      std::function<void(Bytes packet)> take);

 private:
  struct Socket {
    Socket(boost::asio::io_context& io, bool of_ipv6, std::uint8_t number)
        : descriptor(io), ipv6(of_ipv6), protocol(number) {}
    boost::asio::posix::stream_descriptor descriptor;
    bool ipv6;
    std::uint8_t protocol;
  };
  explicit WholePackets(std::function<void(Bytes)> take) : take_(std::move(take)) {}
  Result<void> open(boost::asio::io_context& io, const std::string& interface, bool ipv6, std::uint8_t protocol);
  void receive(Socket& socket);
  bool receive_one(Socket& socket);

  std::function<void(Bytes)> take_;
  std::list<Socket> sockets_;
};

}  // namespace sallyport::gateway
