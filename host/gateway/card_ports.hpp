// SPDX-License-Identifier: Apache-2.0
// The Ethernet ports of a card in this process: two Linux interfaces.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>

#include "host/gateway/port_reader.hpp"
#include "hw/layout/codes.hpp"

namespace sallyport::gateway {

class CardPorts {
 public:
  static Result<std::unique_ptr<CardPorts>> attach(boost::asio::io_context& io, const std::string& lan,
                                                   const std::string& wan);

  // A frame of the card. One that the interface does not take is lost, as on a wire.
  void send(layout::Port port, Bytes frame);
  // From now on frames that arrive go to `take`; `taken` is called after each batch of them.
  Result<void> start(const std::function<void(layout::Port, Bytes)>& take, const std::function<void()>& taken);

 private:
  CardPorts(boost::asio::io_context& io, driver::PacketPort lan, driver::PacketPort wan)
      : lan_(io, std::move(lan)), wan_(io, std::move(wan)) {}

  PortReader& of(layout::Port port) { return port == layout::Port::kLan ? lan_ : wan_; }

  PortReader lan_;
  PortReader wan_;
};

}  // namespace sallyport::gateway
