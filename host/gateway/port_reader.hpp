// SPDX-License-Identifier: Apache-2.0
// A packet port and its reader on the loop.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>

#include "driver/linux_port/packet_port.hpp"

namespace sallyport::gateway {

class PortReader {
 public:
  PortReader(boost::asio::io_context& io, driver::PacketPort port) : port_(std::move(port)), readable_(io) {}

  [[nodiscard]] driver::PacketPort& port() { return port_; }

  // From now on, and for as long as this object lives: every frame that arrives, and after each batch of them
  // `rested`, when others have their turn.
  Result<void> start(std::function<void(Buffer frame)> received, std::function<void()> rested);

 private:
  void listen();

  driver::PacketPort port_;
  boost::asio::posix::stream_descriptor readable_;
  std::function<void(Buffer)> received_;
  std::function<void()> rested_;
};

}  // namespace sallyport::gateway
