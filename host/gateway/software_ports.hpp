// SPDX-License-Identifier: Apache-2.0
// The software card behind two Linux interfaces: its Ethernet ports.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>

#include "driver/software/software_card.hpp"
#include "host/gateway/port_reader.hpp"

namespace sallyport::gateway {

class SoftwarePorts {
 public:
  // Attaches to both interfaces and keeps the kernel's own IP away from them: the frames are the card's.
  static Result<std::unique_ptr<SoftwarePorts>> attach(boost::asio::io_context& io, const std::string& lan,
                                                       const std::string& wan);

  // A card that sends by these ports. It must not outlive them.
  [[nodiscard]] std::unique_ptr<driver::SoftwareCard> make_card();
  // From now on frames that arrive go to `card`, which outlives this; `received` is called after each batch of them.
  Result<void> start(driver::SoftwareCard& card, const std::function<void()>& received);

 private:
  SoftwarePorts(boost::asio::io_context& io, driver::PacketPort lan, driver::PacketPort wan)
      : lan_(io, std::move(lan)), wan_(io, std::move(wan)) {}

  PortReader& of(layout::Port port) { return port == layout::Port::kLan ? lan_ : wan_; }

  PortReader lan_;
  PortReader wan_;
};

// Writes one setting under /proc/sys/net; one that this kernel does not have counts as written.
Result<void> set_sysctl(const std::string& path, const char* value);

}  // namespace sallyport::gateway
