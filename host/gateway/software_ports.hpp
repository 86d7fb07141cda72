// SPDX-License-Identifier: Apache-2.0
// The software card behind two Linux interfaces: its Ethernet ports.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>

#include "driver/linux_port/packet_port.hpp"
#include "driver/software/software_card.hpp"

namespace sallyport::gateway {

class SoftwarePorts {
 public:
  static Result<std::unique_ptr<SoftwarePorts>> attach(boost::asio::io_context& io, const std::string& lan,
                                                       const std::string& wan);

  // A card that sends by these ports. It must not outlive them.
  [[nodiscard]] std::unique_ptr<driver::SoftwareCard> make_card();
  // From now on frames that arrive go to `card`; `received` is called after each batch of them.
  void start(driver::SoftwareCard& card, std::function<void()> received);

 private:
  struct Port {
    Port(boost::asio::io_context& io, driver::PacketPort opened) : port(std::move(opened)), readable(io) {}
    driver::PacketPort port;
    boost::asio::posix::stream_descriptor readable;
  };
  SoftwarePorts(boost::asio::io_context& io, driver::PacketPort lan, driver::PacketPort wan)
      : lan_(io, std::move(lan)), wan_(io, std::move(wan)) {}

  Port& of(layout::Port port) { return port == layout::Port::kLan ? lan_ : wan_; }
  void listen(layout::Port port);

  Port lan_;
  Port wan_;
  driver::SoftwareCard* card_ = nullptr;
  std::function<void()> received_;
};

}  // namespace sallyport::gateway
